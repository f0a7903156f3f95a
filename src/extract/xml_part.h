// A part of an office document as XML, through pugixml, within limits. For the room's own use.
#pragma once

#include <cstddef>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace renvoi::extract {

inline constexpr std::size_t kMaxXmlPartTags = 4'000'000;  // tags and attributes: a tree takes some 60 bytes for each
inline constexpr int kMaxXmlPartDepth = 256;

// Parses `text` (white space between elements is kept). One with more than kMaxXmlPartTags is cut there, and one that
// is `cut` already (its end is missing) is read as far as it goes; `cut` says so. Entities beyond those of XML itself
// stay as written. Errors: `invalid` (a DOCTYPE, which could declare entities; nested deeper than kMaxXmlPartDepth),
// `corrupt` (not well-formed).
Result<void> parse_part(pugi::xml_document& document, std::string_view text, std::string_view what, bool& cut);

// Prefixes of namespaces are the author's choice.
std::string_view local_name(const pugi::xml_node& node);
// The first child of that local name; no node when there is none.
pugi::xml_node child(const pugi::xml_node& node, std::string_view name);
// The node at the end of a path of local names: child(child(node, a), b)...
pugi::xml_node descend(pugi::xml_node node, std::initializer_list<std::string_view> path);
// The value of the attribute of that local name; "" when there is none.
std::string_view attribute(const pugi::xml_node& node, std::string_view name);
// All text below a node.
std::string all_text(const pugi::xml_node& node);

}  // namespace renvoi::extract
