#include "extract/page_hidden.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxStyleBytes = 1'000;
constexpr double kOffScreenPixels = 500;  // nobody scrolls to the left, and this is no indent

// The declarations of a style attribute, lower case, without white space: "color:#fff;display:none".
std::string compact_style(std::string_view style) {
  std::string out;
  for (const char c : style.substr(0, kMaxStyleBytes)) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isspace(u) == 0) out += static_cast<char>(std::tolower(u));
  }
  return out;
}

// The value of a property, without "!important"; the last one counts (CSS Cascade 4, 6.1).
std::string_view property(std::string_view style, std::string_view name) {
  std::string_view found;
  while (!style.empty()) {
    const std::size_t end = std::min(style.find(';'), style.size());
    std::string_view declaration = style.substr(0, end);
    style.remove_prefix(std::min(end + 1, style.size()));
    if (declaration.size() <= name.size() || !declaration.starts_with(name) || declaration[name.size()] != ':')
      continue;
    declaration.remove_prefix(name.size() + 1);
    found = declaration.substr(0, declaration.find('!'));
  }
  return found;
}

struct Length {
  double value = 0;
  std::string_view unit;
};

std::optional<Length> length(std::string_view value) {
  Length out;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out.value);
  if (error != std::errc()) return std::nullopt;
  out.unit = value.substr(static_cast<std::size_t>(end - value.data()));
  return out;
}

bool is_zero(std::string_view value) {
  const auto number = length(value);
  return number && number->value == 0;
}

bool is_far_left(std::string_view value) {
  const auto number = length(value);
  if (!number) return false;
  const double pixels = number->unit == "em" || number->unit == "rem" ? number->value * 16
                        : number->unit == "%" || number->unit == "vw" ? number->value * 5
                                                                      : number->value;
  return pixels <= -kOffScreenPixels;
}

// "#fff", "#ffffff", "white" and "rgb(255,255,255)" are one colour; only white and black have names here.
std::string colour(std::string_view value) {
  if (value == "white") return "#ffffff";
  if (value == "black") return "#000000";
  if (value.starts_with("rgb(255,255,255")) return "#ffffff";
  if (value.starts_with("rgb(0,0,0")) return "#000000";
  if (value.size() == 4 && value[0] == '#') return {'#', value[1], value[1], value[2], value[2], value[3], value[3]};
  return std::string(value);
}

bool is_own_background(std::string_view style) {
  const std::string_view text = property(style, "color");
  if (text.empty()) return false;
  if (text == "transparent") return property(style, "background-clip").empty();
  std::string_view ground = property(style, "background-color");
  if (ground.empty()) ground = property(style, "background");
  return !ground.empty() && colour(text) == colour(ground);
}

// A panel that opens when it is asked to is made so too.
bool is_folded(std::string_view style) {
  if (property(style, "overflow") != "hidden") return false;
  for (const std::string_view side : {"height"sv, "max-height"sv, "width"sv, "max-width"sv})
    if (is_zero(property(style, side))) return true;
  return false;
}

bool is_masked(std::string_view style) {
  if (is_zero(property(style, "font-size"))) return true;
  // With a movement it is what an animation starts from.
  if (is_zero(property(style, "opacity")) && style.find("trans") == std::string_view::npos) return true;
  if (is_far_left(property(style, "text-indent"))) return true;
  const std::string_view position = property(style, "position");
  const bool placed = position == "absolute" || position == "fixed";
  if (placed && (is_far_left(property(style, "left")) || is_far_left(property(style, "top")))) return true;
  if (placed && property(style, "clip").starts_with("rect(0")) return true;
  if (is_far_left(property(style, "margin-left"))) return true;
  return is_own_background(style);
}

}  // namespace

Visibility visibility_of(const PageTree& page, std::uint32_t node) {
  if (page.has_attribute(node, "hidden")) return Visibility::hidden;
  if (page.attribute(node, "aria-hidden") == "true") return Visibility::hidden;
  const std::string_view raw = page.attribute(node, "style");
  if (raw.empty()) return Visibility::shown;
  const std::string style = compact_style(raw);
  if (property(style, "display") == "none" || property(style, "visibility") == "hidden") return Visibility::hidden;
  if (is_folded(style)) return Visibility::hidden;
  return is_masked(style) ? Visibility::masked : Visibility::shown;
}

}  // namespace renvoi::extract
