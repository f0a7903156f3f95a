// From a question to the stems that are looked up.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace renvoi::search {

// The stems of `query` in its own language and in `others` (the collection's), each once: a question in one language
// finds the names and numbers of documents in another. Order of first appearance.
std::vector<std::string> query_terms(std::string_view query, std::string_view language,
                                     std::span<const std::string> others);

}  // namespace renvoi::search
