#include "extract/page_hidden.h"

#include <lexbor/tag/const.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "extract/page_tags.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxStyleBytes = 1'000;
constexpr std::size_t kMaxSheetBytes = 512 * 1'024;  // of all <style> of a page
constexpr std::size_t kMaxHiddenNames = 4'096;
constexpr std::uint32_t kSwitchNodes = 12;  // of a heading, looked through for one
constexpr double kOffScreenPixels = 500;    // nobody scrolls to the left, and this is no indent

// The declarations of a style attribute, lower case, without white space: "color:#fff;display:none".
std::string compact_style(std::string_view style) {
  std::string out;
  for (const char c : style.substr(0, kMaxStyleBytes)) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
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

Visibility of_style(std::string_view style) {
  if (property(style, "display") == "none" || property(style, "visibility") == "hidden") return Visibility::hidden;
  if (is_folded(style)) return Visibility::hidden;
  return is_masked(style) ? Visibility::masked : Visibility::shown;
}

bool is_screen_reader_text(std::string_view style) {
  return property(style, "clip").starts_with("rect(") || is_far_left(property(style, "left")) ||
         is_far_left(property(style, "top")) || is_far_left(property(style, "text-indent"));
}

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Behind the "}" that closes what was opened before `at`.
std::size_t end_of_block(std::string_view sheet, std::size_t at) {
  for (std::uint32_t depth = 1; depth > 0 && at < sheet.size(); ++at) {
    if (sheet[at] == '{') ++depth;
    if (sheet[at] == '}') --depth;
  }
  return at;
}

}  // namespace

HiddenElements::HiddenElements(const PageTree& page) : page_(page) {
  const auto& nodes = page.nodes();
  std::size_t room = kMaxSheetBytes;
  for (std::uint32_t i = 0; i < nodes.size() && room > 0; ++i) {
    if (nodes[i].tag != LXB_TAG_STYLE || nodes[i].end != i + 2) continue;
    const std::string_view sheet = nodes[i + 1].text.substr(0, room);
    room -= sheet.size();
    const std::string_view media = page.attribute(i, "media");
    if (media.empty() || media == "all" || media == "screen") read_rules(sheet);
  }
}

// CSS Syntax 3 as far as these rules need it: comments, blocks in blocks.
void HiddenElements::read_rules(std::string_view sheet) {
  std::string plain;
  plain.reserve(sheet.size());
  for (std::size_t at = 0; at < sheet.size();) {
    const std::size_t comment = std::min(sheet.find("/*", at), sheet.size());
    plain += sheet.substr(at, comment - at);
    const std::size_t end = sheet.find("*/", std::min(comment + 2, sheet.size()));
    at = end == std::string_view::npos ? sheet.size() : end + 2;
  }
  const std::string_view text = plain;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t open = at;
    while (open < text.size() && text[open] != '{' && text[open] != ';') ++open;
    if (open == text.size()) return;
    const std::string_view head = trim(text.substr(at, open - at));
    at = open + 1;
    if (text[open] == ';') continue;  // @import
    const std::size_t end = end_of_block(text, at);
    if (!head.starts_with('@')) read_rule(head, text.substr(at, end - at - (end > at ? 1 : 0)));
    at = end;
  }
}

void HiddenElements::read_rule(std::string_view selectors, std::string_view declarations) {
  std::string style;
  while (!selectors.empty()) {
    const std::size_t end = std::min(selectors.find(','), selectors.size());
    const std::string_view one = trim(selectors.substr(0, end));
    selectors.remove_prefix(std::min(end + 1, selectors.size()));
    if (one.size() < 2 || (one[0] != '.' && one[0] != '#') || !std::all_of(one.begin() + 1, one.end(), is_name))
      continue;
    if (style.empty()) style = compact_style(declarations);
    Visibility said = of_style(style);
    if (said == Visibility::masked && is_screen_reader_text(style)) said = Visibility::hidden;
    if (said != Visibility::shown && names_.size() < kMaxHiddenNames)
      names_[std::string(one)] = said;
    else if (!property(style, "display").empty() || !property(style, "visibility").empty())
      names_.erase(std::string(one));
  }
}

// The element that stands right before this one; 0 when there is none.
std::uint32_t HiddenElements::before(std::uint32_t node) const {
  const auto& nodes = page_.nodes();
  const std::uint32_t parent = nodes[node].parent;
  std::uint32_t at = node - 1;
  if (at != parent && nodes[at].tag == 0 && nodes[at].parent == parent) --at;  // white space
  while (at > parent && nodes[at].parent != parent) at = nodes[at].parent;
  return at > parent ? at : 0;
}

// Something to press that says so, or holds such.
bool HiddenElements::is_switch(std::uint32_t node) const {
  const auto& nodes = page_.nodes();
  const std::uint32_t end = std::min(nodes[node].end, node + kSwitchNodes);
  for (std::uint32_t i = node; i < end; ++i)
    if (nodes[i].tag == LXB_TAG_SUMMARY || page_.has_attribute(i, "aria-expanded") ||
        page_.has_attribute(i, "aria-controls"))
      return true;
  return false;
}

// What stands before it is what one presses to see it.
bool HiddenElements::opens(std::uint32_t node) const {
  const std::string_view role = page_.attribute(node, "role");
  if (role == "tabpanel" || role == "region") return true;
  const std::uint32_t prior = before(node);
  if (prior == 0) return false;
  const std::uint16_t tag = page_.nodes()[prior].tag;
  return heading_level(page_, prior) != 0 || tag == LXB_TAG_BUTTON || tag == LXB_TAG_DT || is_switch(prior) ||
         page_.attribute(prior, "role") == "button";
}

// "hidden" and "display:none" of the element itself are believed, but after a heading with a switch in it: an answer.
bool HiddenElements::answers(std::uint32_t node) const {
  const std::uint32_t prior = before(node);
  if (prior == 0 || !is_switch(prior)) return false;
  const std::uint16_t tag = page_.nodes()[prior].tag;
  return heading_level(page_, prior) != 0 || tag == LXB_TAG_DT || tag == LXB_TAG_SUMMARY;
}

Visibility HiddenElements::by_rules(std::uint32_t node) const {
  Visibility found = Visibility::shown;
  const auto look = [&](char kind, std::string_view name) {
    const auto rule = names_.find(std::string(1, kind).append(name));
    if (rule != names_.end()) found = std::max(found, rule->second);
  };
  std::string_view classes = page_.attribute(node, "class").substr(0, kMaxStyleBytes);
  while (!classes.empty()) {
    const std::size_t end = std::min(classes.find_first_of(" \t\r\n\f"), classes.size());
    if (end > 0) look('.', classes.substr(0, end));
    classes.remove_prefix(std::min(end + 1, classes.size()));
  }
  if (const std::string_view id = page_.attribute(node, "id"); !id.empty()) look('#', id);
  return found != Visibility::shown && opens(node) ? Visibility::shown : found;
}

Visibility HiddenElements::operator()(std::uint32_t node) const {
  if (page_.has_attribute(node, "hidden") || page_.attribute(node, "aria-hidden") == "true")
    return answers(node) ? Visibility::shown : Visibility::hidden;
  const Visibility ruled = names_.empty() ? Visibility::shown : by_rules(node);
  const std::string_view raw = page_.attribute(node, "style");
  if (raw.empty()) return ruled;
  const std::string style = compact_style(raw);
  const Visibility own = of_style(style);
  // Its own style wins over the sheet's.
  const std::string_view display = property(style, "display");
  if (own == Visibility::shown && !display.empty()) return own;
  if (display == "none" && answers(node)) return Visibility::shown;
  return std::max(own, ruled);
}

}  // namespace renvoi::extract
