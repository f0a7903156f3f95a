#include "extract/archive_member.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace renvoi::extract {
namespace {

constexpr std::array<std::string_view, 6> kEndings{".zip", ".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2"};
constexpr std::string_view kInside = "!/";
constexpr int kMaxDepth = 3;
constexpr std::uint64_t kMaxInnerArchiveBytes = 256u << 20;

bool ends_with_ignoring_case(std::string_view text, std::string_view end) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  return text.size() > end.size() &&
         std::equal(text.end() - static_cast<std::ptrdiff_t>(end.size()), text.end(), end.begin(), end.end(), same);
}

Result<std::string> read_entry(std::string_view archive, std::string_view name, std::uint64_t max_bytes,
                               ArchiveDeadline deadline) {
  ArchiveLimits limits;
  limits.max_entries = 100'000;
  limits.max_entry_bytes = max_bytes;
  limits.max_total_bytes = std::max(limits.max_total_bytes, max_bytes);
  std::optional<ArchiveEntry> found;
  RENVOI_CHECK(walk_archive(
      archive, [&](std::string_view each) { return each == name; },
      [&](ArchiveEntry entry) -> Result<bool> {
        found = std::move(entry);
        return false;
      },
      limits, deadline));
  if (!found) return Error{ErrorCode::not_found, fmt::format("there is no {} in this archive", name)};
  if (!found->problem.empty()) return Error{ErrorCode::corrupt, fmt::format("{}: {}", name, found->problem)};
  if (found->truncated)
    return Error{ErrorCode::exhausted,
                 fmt::format("{} is longer than {} bytes: raise fetch.max_body_bytes", name, max_bytes)};
  return std::move(found->bytes);
}

}  // namespace

bool is_archive_name(std::string_view name) {
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view end) { return ends_with_ignoring_case(name, end); });
}

std::optional<MemberName> split_member(std::string_view name) {
  for (std::size_t at = 0; (at = name.find(kInside, at)) != std::string_view::npos; at += kInside.size()) {
    const MemberName split{name.substr(0, at), name.substr(at + kInside.size())};
    if (is_archive_name(split.archive) && !split.member.empty()) return split;
  }
  return {};
}

Result<std::string> read_member(std::string_view archive, std::string_view member, std::uint64_t max_bytes,
                                ArchiveDeadline deadline) {
  std::string inner;
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto split = split_member(member);
    if (!split) return read_entry(archive, member, max_bytes, deadline);
    RENVOI_TRY(std::string bytes, read_entry(archive, split->archive, kMaxInnerArchiveBytes, deadline));
    inner = std::move(bytes);
    archive = inner;
    member = split->member;
  }
  return Error{ErrorCode::invalid, fmt::format("archives lie deeper than {} in one another", kMaxDepth)};
}

}  // namespace renvoi::extract
