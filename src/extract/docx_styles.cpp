#include "extract/docx_styles.h"

#include <algorithm>
#include <cstdlib>

#include "extract/lines.h"

namespace renvoi::extract {
namespace {

constexpr int kMaxStyleChain = 32;  // Word itself stops at 10

int number(std::string_view text) { return std::atoi(std::string(text.substr(0, 9)).c_str()); }

// w:name is in English whatever the program's language is ("heading 1"); only w:styleId is translated ("Titre1").
void say(DocxStyle& style, const std::string& name) {
  if (name == "title") style.role = DocxRole::title;
  if (name.starts_with("heading ") && name.size() == 9) {
    style.role = DocxRole::heading;
    style.level = static_cast<std::uint8_t>(std::clamp(name[8] - '0', 1, 6));
  }
  if (name.starts_with("toc ") || name == "toc heading" || name == "table of figures") style.role = DocxRole::contents;
  if (name.find("quot") != std::string::npos || name == "block text") style.role = DocxRole::quote;
  if (name.find("code") != std::string::npos || name.find("preformatted") != std::string::npos ||
      name == "plain text" || name == "macro")
    style.role = DocxRole::code;
}

}  // namespace

Result<void> DocxStyles::read(const Package& package, std::string_view part, bool& cut) {
  pugi::xml_document tree;
  RENVOI_CHECK(package.parse(part, tree, cut));
  const pugi::xml_node styles = child(tree, "styles");
  language_ = attribute(descend(styles, {"docDefaults", "rPrDefault", "rPr", "lang"}), "val");
  for (const pugi::xml_node& node : styles.children()) {
    if (local_name(node) != "style" || attribute(node, "type") != "paragraph") continue;
    Entry entry;
    entry.name = lower(attribute(child(node, "name"), "val"));
    entry.based_on = attribute(child(node, "basedOn"), "val");
    const pugi::xml_node properties = child(node, "pPr");
    if (const pugi::xml_node outline = child(properties, "outlineLvl"))
      entry.outline_level = number(attribute(outline, "val"));
    if (const pugi::xml_node list = child(properties, "numPr")) {
      entry.no_list = attribute(child(list, "numId"), "val") == "0";
      entry.list_level = number(attribute(child(list, "ilvl"), "val"));
    }
    entries_.emplace(std::string(attribute(node, "styleId")), std::move(entry));
  }
  return {};
}

DocxStyle DocxStyles::style(std::string_view id) const {
  DocxStyle style;
  bool outline_known = false, list_known = false;
  std::string_view at = id;
  for (int steps = 0; steps < kMaxStyleChain; ++steps) {
    const auto found = entries_.find(at);
    if (found == entries_.end()) break;
    const Entry& entry = found->second;
    if (style.role == DocxRole::body) say(style, entry.name);
    if (entry.outline_level && !outline_known) {
      outline_known = true;
      if (*entry.outline_level >= 0 && *entry.outline_level < 9 && style.role == DocxRole::body) {
        style.role = DocxRole::heading;
        style.level = static_cast<std::uint8_t>(std::min(*entry.outline_level + 1, 6));
      }
    }
    if (entry.list_level && !list_known) {
      list_known = true;
      if (!entry.no_list) style.list_level = static_cast<std::uint8_t>(std::clamp(*entry.list_level, 0, 8) + 1);
    }
    at = entry.based_on;
  }
  return style;
}

}  // namespace renvoi::extract
