// XML within limits, through pugixml. For the room's own use.
#pragma once

#include <cstddef>
#include <pugixml.hpp>
#include <string_view>

#include "base/result.h"

namespace renvoi::crawl {

// Of tags and attributes together, counted before anything is built: a tree takes some hundred bytes for each.
inline constexpr std::size_t kMaxXmlParts = 4'000'000;

// A DOCTYPE that declares anything (entities!) is always refused. One that only names its DTD is what RSS 0.91 asks
// for: it can be passed over, and is never fetched.
enum class Doctype : unsigned char { refused, passed_over_if_empty };

// `text` is UTF-8, whatever it declares. Entities beyond those of XML itself stay as they are written. The walk of
// the tree must not recurse without a limit: its depth has none. Errors: `invalid` (not well-formed, a DOCTYPE),
// `exhausted` (too many tags).
Result<void> parse_xml(pugi::xml_document& document, std::string_view text, std::string_view what,
                       Doctype doctype = Doctype::refused);

// Prefixes of namespaces are the author's choice.
std::string_view local_name(const pugi::xml_node& node);
std::string_view prefix_of(const pugi::xml_node& node);  // "" when there is none
// The child of that local name and of the node's own prefix; no node when there is none.
pugi::xml_node field(const pugi::xml_node& node, std::string_view name);
// Text and CDATA of a node, trimmed.
std::string text_of(const pugi::xml_node& node);

}  // namespace renvoi::crawl
