#include "crawl/xml.h"

#include <algorithm>
#include <string>

#include "crawl/ascii.h"

namespace renvoi::crawl {

Result<void> parse_xml(pugi::xml_document& document, std::string_view text, std::string_view what, Doctype doctype) {
  const std::string name(what);
  const auto parts = std::count_if(text.begin(), text.end(), [](char c) { return c == '<' || c == '='; });
  if (static_cast<std::size_t>(parts) > kMaxXmlParts)
    return Error{ErrorCode::exhausted, name + " has more than " + std::to_string(kMaxXmlParts) + " tags"};
  const auto parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_doctype, pugi::encoding_utf8);
  for (const pugi::xml_node& node : document.children()) {
    if (node.type() != pugi::node_doctype) continue;
    const bool declares = std::string_view(node.value()).find('[') != std::string_view::npos;
    if (declares || doctype == Doctype::refused)
      return Error{ErrorCode::invalid, name + " has a DOCTYPE, which is not read"};
  }
  if (parsed) return {};
  return Error{ErrorCode::invalid, name + " is not well-formed XML: " + std::string(parsed.description()) +
                                       " at byte " + std::to_string(parsed.offset)};
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string_view prefix_of(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view{} : name.substr(0, colon);
}

pugi::xml_node field(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& child : node.children())
    if (local_name(child) == name && prefix_of(child) == prefix_of(node)) return child;
  return {};
}

std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  return std::string(trim(text));
}

}  // namespace renvoi::crawl
