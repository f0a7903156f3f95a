#include "catalog/types.h"

#include <array>

namespace renvoi::catalog {
namespace {

constexpr std::array<std::string_view, 9> kKinds = {"folder", "file", "url",  "site",   "sitemap",
                                                    "feed",   "list", "opml", "archive"};
constexpr std::array<std::string_view, 3> kRetentions = {"none", "text", "page"};
constexpr std::array<std::string_view, kReferenceStates> kStates = {"LIVE",    "SUSPECT", "GONE",    "HOST_DOWN",
                                                                    "BLOCKED", "MOVED",   "ARCHIVED"};

template <typename Enum, std::size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

std::string_view to_string(SourceKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }
std::optional<SourceKind> parse_source_kind(std::string_view text) { return parse<SourceKind>(kKinds, text); }
std::string_view to_string(Retention retention) { return kRetentions.at(static_cast<std::size_t>(retention)); }
std::optional<Retention> parse_retention(std::string_view text) { return parse<Retention>(kRetentions, text); }
std::string_view to_string(ReferenceState state) { return kStates.at(static_cast<std::size_t>(state)); }
std::optional<ReferenceState> parse_reference_state(std::string_view text) {
  return parse<ReferenceState>(kStates, text);
}

bool is_showable(ReferenceState state) {
  return state == ReferenceState::live || state == ReferenceState::host_down || state == ReferenceState::moved ||
         state == ReferenceState::archived;
}

}  // namespace renvoi::catalog
