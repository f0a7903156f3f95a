#include "extract/lines.h"

#include <algorithm>

namespace renvoi::extract {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";

}  // namespace

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("\n\r"), text.size());
  const std::string_view line = text.substr(0, end);
  const bool pair = text.substr(end).starts_with("\r\n");
  text.remove_prefix(std::min(text.size(), end + (pair ? 2 : 1)));
  return line;
}

std::string_view trim_left(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kSpace), text.size()));
}

std::string_view trim_right(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kSpace);
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

std::string_view trimmed(std::string_view text) { return trim_left(trim_right(text)); }

std::size_t indent_of(std::string_view line) {
  std::size_t columns = 0;
  for (const char c : line) {
    if (c != ' ' && c != '\t') break;
    columns = c == ' ' ? columns + 1 : columns / 8 * 8 + 8;
  }
  return columns;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

char line_of_one(std::string_view text) {
  if (text.size() < 3) return 0;
  return text.find_first_not_of(text.front()) == std::string_view::npos ? text.front() : '\0';
}

}  // namespace renvoi::extract
