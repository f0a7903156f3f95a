#include "extract/page_hidden.h"

#include <lexbor/tag/const.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "extract/page_tags.h"
#include "extract/style_sheet.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxClassBytes = 1'000;
constexpr std::size_t kMaxSheetBytes = 512 * 1'024;  // of all <style> of a page
constexpr std::size_t kMaxHiddenNames = 4'096;
constexpr std::uint32_t kSwitchNodes = 12;  // of a heading, looked through for one
constexpr double kOffScreenPixels = 500;    // nobody scrolls to the left, and this is no indent

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

void HiddenElements::read_rules(std::string_view sheet) {
  for_each_rule(sheet, [this](std::string_view selector, std::string_view style) {
    if (!is_one_name(selector)) return;
    Visibility said = of_style(style);
    if (said == Visibility::masked && is_screen_reader_text(style)) said = Visibility::hidden;
    if (said != Visibility::shown && names_.size() < kMaxHiddenNames)
      names_[std::string(selector)] = said;
    else if (!property(style, "display").empty() || !property(style, "visibility").empty())
      names_.erase(std::string(selector));
  });
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
  std::string_view classes = page_.attribute(node, "class").substr(0, kMaxClassBytes);
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
