#include "extract/archive_folder.h"

#include <fmt/format.h>

#include "extract/append.h"
#include "extract/archive.h"
#include "extract/extract_any.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

// What file managers and version control leave in archives.
bool is_hidden(std::string_view name) {
  return name.starts_with('.') || name.find("/.") != std::string_view::npos || name.starts_with("__MACOSX/");
}

}  // namespace

Result<void> read_archive_folder(std::string_view bytes, const Reading& reading, Document& document) {
  if (reading.depth >= kMaxArchiveDepth)
    return Error{ErrorCode::invalid, fmt::format("archives lie deeper than {} in one another", kMaxArchiveDepth)};
  std::uint32_t files = 0;
  std::string first_problem;
  const auto take = [&](ArchiveEntry entry) -> Result<bool> {
    ++files;
    const Hints hints{"", entry.name, reading.hints.language};
    Result<Document> part = Error{ErrorCode::corrupt, entry.problem};
    if (entry.problem.empty())
      part = extract_any(entry.bytes, {hints, reading.limits, reading.deadline, reading.depth + 1});
    RENVOI_CHECK(check_time(reading, "this archive"));
    if (!part.ok()) {
      if (first_problem.empty()) first_problem = entry.name + ": " + part.error().message;
      return true;
    }
    part->truncated |= entry.truncated;
    append(document, *part, entry.name, 1, reading.limits);
    return document.text.size() < reading.limits.max_text_bytes;
  };
  RENVOI_CHECK(walk_archive(
      bytes, [](std::string_view name) { return !is_hidden(name); }, take, ArchiveLimits{}, reading.deadline));
  if (files == 0) return Error{ErrorCode::invalid, "there are no files in this archive"};
  if (document.blocks.empty())
    return Error{ErrorCode::invalid,
                 fmt::format("none of the {} files in this archive can be read; the first: {}", files, first_problem)};
  document.language = text::detect_language(document.text, reading.hints.language);
  return {};
}

}  // namespace renvoi::extract
