#include "extract/reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "extract/document_builder.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxAuthors = 8;

}  // namespace

Result<void> check_time(const Reading& reading, std::string_view what) {
  if (std::chrono::steady_clock::now() <= reading.deadline) return {};
  return Error{ErrorCode::exhausted, fmt::format("reading {} took longer than its time limit of {} ms", what,
                                                 reading.limits.max_milliseconds)};
}

std::string title_of(std::string_view text) {
  return std::string(truncate_utf8(collapse_space(text.substr(0, 16 * kMaxTitleBytes)), kMaxTitleBytes));
}

void add_author(Document& document, std::string_view name) {
  std::string author = title_of(name);
  if (author.empty() || document.authors.size() >= kMaxAuthors) return;
  if (std::find(document.authors.begin(), document.authors.end(), author) == document.authors.end())
    document.authors.push_back(std::move(author));
}

}  // namespace renvoi::extract
