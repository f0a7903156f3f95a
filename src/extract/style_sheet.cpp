#include "extract/style_sheet.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxStyleBytes = 1'000;

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Behind the "}" that closes what was opened before `at`.
std::size_t end_of_block(std::string_view sheet, std::size_t at) {
  for (std::uint32_t depth = 1; depth > 0 && at < sheet.size(); ++at) {
    if (sheet[at] == '{') ++depth;
    if (sheet[at] == '}') --depth;
  }
  return at;
}

void take_rule(std::string_view selectors, std::string_view declarations, const TakeRule& take) {
  const std::string style = compact_style(declarations);
  while (!selectors.empty()) {
    const std::size_t end = std::min(selectors.find(','), selectors.size());
    take(trim(selectors.substr(0, end)), style);
    selectors.remove_prefix(std::min(end + 1, selectors.size()));
  }
}

}  // namespace

std::string compact_style(std::string_view style) {
  std::string out;
  for (const char c : style.substr(0, kMaxStyleBytes)) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::string_view property(std::string_view style, std::string_view name) {
  std::string_view found;
  while (!style.empty()) {
    const std::size_t end = std::min(style.find(';'), style.size());
    std::string_view declaration = style.substr(0, end);
    style.remove_prefix(std::min(end + 1, style.size()));
    if (declaration.size() <= name.size() || !declaration.starts_with(name) || declaration[name.size()] != ':')
      continue;
    declaration.remove_prefix(name.size() + 1);
    found = declaration.substr(0, declaration.find('!'));
  }
  return found;
}

std::optional<Length> length(std::string_view value) {
  Length out;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out.value);
  if (error != std::errc()) return std::nullopt;
  out.unit = value.substr(static_cast<std::size_t>(end - value.data()));
  return out;
}

void for_each_rule(std::string_view sheet, const TakeRule& take) {
  std::string plain;
  plain.reserve(sheet.size());
  for (std::size_t at = 0; at < sheet.size();) {
    const std::size_t comment = std::min(sheet.find("/*", at), sheet.size());
    plain += sheet.substr(at, comment - at);
    const std::size_t end = sheet.find("*/", std::min(comment + 2, sheet.size()));
    at = end == std::string_view::npos ? sheet.size() : end + 2;
  }
  const std::string_view text = plain;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t open = at;
    while (open < text.size() && text[open] != '{' && text[open] != ';') ++open;
    if (open == text.size()) return;
    const std::string_view head = trim(text.substr(at, open - at));
    at = open + 1;
    if (text[open] == ';') continue;  // @import
    const std::size_t end = end_of_block(text, at);
    if (!head.starts_with('@')) take_rule(head, text.substr(at, end - at - (end > at ? 1 : 0)), take);
    at = end;
  }
}

bool is_one_name(std::string_view selector) {
  return selector.size() >= 2 && (selector[0] == '.' || selector[0] == '#') &&
         std::all_of(selector.begin() + 1, selector.end(), is_name);
}

}  // namespace renvoi::extract
