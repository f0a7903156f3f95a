// Text line by line. For the room's own use.
#pragma once

#include <string>
#include <string_view>

namespace renvoi::extract {

// Takes the first line, without its end ("\n", "\r\n" or "\r"), off `text`.
std::string_view next_line(std::string_view& text);

std::string_view trim_left(std::string_view text);
std::string_view trim_right(std::string_view text);
std::string_view trimmed(std::string_view text);

// The spaces at the start of a line; a tab goes to the next multiple of eight.
std::size_t indent_of(std::string_view line);

// ASCII letters in lower case.
std::string lower(std::string_view text);

// Whether the text is three or more of one and the same character, and which; 0 when it is not.
char line_of_one(std::string_view text);

}  // namespace renvoi::extract
