// What found documents say: text for those who search, which the index has none of. Each document is read again, as for
// an answer; nothing is encoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "answer/evidence.h"

namespace renvoi::answer {

struct Excerpt {
  catalog::Reference reference;  // with the state that this look gave it
  std::string text;              // of the passage that was found, on one line; "" when it could not be read in time
  std::string reason;            // why there is no text
  Timestamp checked_at = 0;      // when its server last said what the text says
  bool verified = false;         // that was now
  // It was looked at and must not be shown any more: gone, blocked, or asks not to be indexed.
  bool withdrawn = false;
};

struct ExcerptOptions {
  std::size_t max_bytes = 1'000;  // of a text
  std::uint32_t time_ms = 1'500;  // for all of them together; a document that is being extracted then is waited for
};

inline constexpr std::size_t kMostExcerpts = 50;

// One for each of `hits`, in their order, of which none may have the same reference as another; those beyond
// kMostExcerpts are not read. The documents are read side by side, a thread for each. A passage is found by its
// fingerprint; where the document has changed, it is the one that shares most words with `query`. What was learnt of a
// reference is written back.
std::vector<Excerpt> read_excerpts(const EvidenceReader& reader, std::span<const search::SearchHit> hits,
                                   std::string_view query, const ExcerptOptions& options, std::stop_token stop);

// The part of `passage` that says most of what `wanted` asks: whole sentences, `max_bytes` at most, white space
// folded.
std::string excerpt_of(std::string_view passage, std::string_view language, const TermSet& wanted,
                       std::size_t max_bytes);

}  // namespace renvoi::answer
