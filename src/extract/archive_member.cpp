#include "extract/archive_member.h"

#include <algorithm>
#include <array>

namespace renvoi::extract {
namespace {

constexpr std::array<std::string_view, 6> kEndings{".zip", ".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2"};
constexpr std::string_view kInside = "!/";

bool ends_with_ignoring_case(std::string_view text, std::string_view end) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  return text.size() > end.size() &&
         std::equal(text.end() - static_cast<std::ptrdiff_t>(end.size()), text.end(), end.begin(), end.end(), same);
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

}  // namespace renvoi::extract
