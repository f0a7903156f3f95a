// Bytes to document. Deterministic: the same bytes and hints give the same document on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "extract/document.h"

namespace renvoi::extract {

struct Hints {
  std::string content_type{};  // the Content-Type header, with its charset; may be empty or wrong
  std::string name{};          // file name or URL path, for its extension; may be empty
  std::string language{};      // Content-Language or the source's; may be empty
};

struct Limits {
  std::uint64_t max_input_bytes = 64u << 20;  // more is cut, and Document::truncated set
  std::uint32_t max_text_bytes = 8u << 20;
  std::uint32_t max_links = 10'000;
  std::uint32_t max_milliseconds = 10'000;  // of work on one document; then `exhausted`
};

// Errors: `invalid` when the bytes are of a kind that is not read (the message names the kind found and those
// accepted), protected by a password, a scan, empty, or hold no text; `corrupt` when a file that is no plain text is
// damaged or cut short; `unavailable` when a PDF's program is not installed; `exhausted` when the time limit or one of
// an archive's was met.
Result<Document> extract(std::string_view bytes, const Hints& hints, const Limits& limits = {});

// The text as Markdown (headings, lists, code as such), for `renvoi extract`.
std::string to_markdown(const Document& document);

}  // namespace renvoi::extract
