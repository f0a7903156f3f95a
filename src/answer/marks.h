// Citation marks and addresses in text that is not ours. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace renvoi::answer {

// The numbers of the marks [1], [2, 3] in order.
std::vector<std::uint32_t> marks_in(std::string_view text);
// `text` with each "[12]" made "(12)".
std::string without_marks(std::string_view text);
// `text` with marks taken out, and the space before them.
std::string remove_marks(std::string_view text);
// `text` without web addresses (anything with "://", and "www."), and Markdown links reduced to their words.
std::string remove_addresses(std::string_view text);

}  // namespace renvoi::answer
