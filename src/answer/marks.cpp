#include "answer/marks.h"

#include <algorithm>
#include <cctype>
#include <functional>

namespace renvoi::answer {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The length of the mark at the start of `text` ("[12]", "[1, 2]"), 0 when there is none.
std::size_t mark_length(std::string_view text) {
  if (text.size() < 3 || text[0] != '[' || !is_digit(text[1])) return 0;
  std::size_t i = 1;
  while (i < text.size() && i < 40 && (is_digit(text[i]) || text[i] == ',' || text[i] == ' ')) ++i;
  return i < text.size() && text[i] == ']' ? i + 1 : 0;
}

std::string replace_marks(std::string_view text, const std::function<void(std::string&, std::string_view)>& put) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t length = mark_length(text.substr(i)); length != 0) {
      put(out, text.substr(i, length));
      i += length;
    } else {
      out += text[i++];
    }
  }
  return out;
}

bool starts_address(std::string_view word) {
  std::string lower(word.substr(0, 64));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word.find("://") != std::string_view::npos || lower.starts_with("www.") || lower.starts_with("javascript:") ||
         lower.starts_with("data:") || lower.starts_with("mailto:");
}

bool ends_word(char c) {
  return is_space(c) || c == '(' || c == ')' || c == '<' || c == '>' || c == '"' || c == '[' || c == ']' || c == '|';
}

}  // namespace

std::vector<std::uint32_t> marks_in(std::string_view text) {
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t length = mark_length(text.substr(i));
    std::uint32_t number = 0;
    for (std::size_t j = 1; j < length; ++j) {
      const char c = text[i + j];
      if (is_digit(c)) {
        number = std::min(number * 10 + static_cast<std::uint32_t>(c - '0'), 1'000'000U);
      } else if (number != 0) {
        numbers.push_back(number);
        number = 0;
      }
    }
  }
  return numbers;
}

std::string without_marks(std::string_view text) {
  return replace_marks(text, [](std::string& out, std::string_view mark) {
    out += '(';
    out += mark.substr(1, mark.size() - 2);
    out += ')';
  });
}

std::string remove_marks(std::string_view text) {
  return replace_marks(text, [](std::string& out, std::string_view) {
    while (!out.empty() && out.back() == ' ') out.pop_back();
  });
}

std::string remove_addresses(std::string_view text) {
  std::string out;
  bool removed = false;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && !ends_word(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    if (!word.empty() && starts_address(word)) {
      removed = true;
      if (word.back() == '.' || word.back() == '!' || word.back() == '?') out += word.back();
    } else {
      out += word;
    }
    if (end < text.size()) out += text[end];
    i = end + 1;
  }
  if (!removed) return out;
  for (const std::string_view empty : {"()", "<>", "[]", " ()"}) {
    for (std::size_t at = out.find(empty); at != std::string::npos; at = out.find(empty)) out.erase(at, empty.size());
  }
  std::erase_if(out, [](char c) { return c == '[' || c == ']'; });
  return out;
}

}  // namespace renvoi::answer
