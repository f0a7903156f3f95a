#include "extract/xml_part.h"

#include <fmt/format.h>

namespace renvoi::extract {
namespace {

std::string_view local(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// Where the part stops that has at most kMaxXmlPartTags.
std::size_t fitting_bytes(std::string_view text) {
  std::size_t tags = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] == '<' || text[i] == '=') && ++tags > kMaxXmlPartTags && text[i] == '<') return i;
  return text.size();
}

// Walks without recursion, as the tree may be as deep as its text is long.
bool too_deep(const pugi::xml_node& root) {
  int depth = 0;
  for (pugi::xml_node node = root.first_child(); node;) {
    if (node.first_child()) {
      if (++depth > kMaxXmlPartDepth) return true;
      node = node.first_child();
      continue;
    }
    while (node != root && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    if (node == root) break;
    node = node.next_sibling();
  }
  return false;
}

}  // namespace

Result<void> parse_part(pugi::xml_document& document, std::string_view text, std::string_view what, bool& cut) {
  const std::size_t fits = fitting_bytes(text);
  if (fits < text.size()) cut = true;
  const auto parsed =
      document.load_buffer(text.data(), fits, pugi::parse_default | pugi::parse_doctype | pugi::parse_ws_pcdata);
  for (const pugi::xml_node& node : document.children())
    if (node.type() == pugi::node_doctype)
      return Error{ErrorCode::invalid, fmt::format("{} has a DOCTYPE, which is not read", what)};
  if (!parsed && !cut)
    return Error{ErrorCode::corrupt,
                 fmt::format("{} is not well-formed XML: {} at byte {}", what, parsed.description(), parsed.offset)};
  if (too_deep(document))
    return Error{ErrorCode::invalid, fmt::format("{} is nested deeper than {} elements", what, kMaxXmlPartDepth)};
  return {};
}

std::string_view local_name(const pugi::xml_node& node) { return local(node.name()); }

pugi::xml_node child(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& each : node.children())
    if (local_name(each) == name) return each;
  return {};
}

pugi::xml_node descend(pugi::xml_node node, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) node = child(node, name);
  return node;
}

std::string_view attribute(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_attribute& each : node.attributes())
    if (local(each.name()) == name) return each.value();
  return {};
}

std::string all_text(const pugi::xml_node& node) {
  std::string text;
  struct Collect : pugi::xml_tree_walker {
    explicit Collect(std::string& text) : out(text) {}
    bool for_each(pugi::xml_node& each) override {
      out += each.value();
      return true;
    }
    std::string& out;
  } collect(text);
  pugi::xml_node root = node;
  root.traverse(collect);
  return text;
}

}  // namespace renvoi::extract
