// A search whose hits are read again, so that they come with text: what protocols for search engines and for tools
// give.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "answer/excerpt.h"
#include "engine.h"

namespace renvoi::app {

struct Found {
  answer::Excerpt excerpt;
  float score = 0;
  std::uint32_t position = 0;  // 1 for the best
};

struct FindRequest {
  std::string query;
  search::SearchFilter filter{};
  std::uint32_t first = 0;  // how many of the best are passed over
  std::uint32_t limit = 10;
};

// What must not be shown any more is left out. Errors: those of Searcher::search; `invalid` also when first + limit is
// more than 1,000.
Result<std::vector<Found>> find_documents(Engine& engine, const FindRequest& request, std::stop_token stop = {});

// One reference of the collection, read again.
struct ReadDocument {
  catalog::Reference reference;
  std::string title, text;
  Timestamp checked_at = 0;
  bool verified = false, truncated = false;
};
// By number, or by the address of a reference: nothing else is ever fetched. `text` is cut at `max_bytes`. Errors:
// `not_found` (no such reference), `gone` (not to be shown any more), `unavailable` (it could not be read now).
Result<ReadDocument> read_document(Engine& engine, const std::string& id, std::size_t max_bytes,
                                   std::stop_token stop = {});

}  // namespace renvoi::app
