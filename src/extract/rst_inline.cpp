#include "extract/rst_inline.h"

#include "extract/lines.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxSpan = 1'000;  // of one piece of markup: a mark without its end is text

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

// The text of `text <target>`, and its target.
std::string_view split_target(std::string_view inside, std::string_view& target) {
  const std::size_t open = inside.rfind('<');
  if (open == std::string_view::npos || !inside.ends_with('>')) return inside;
  target = inside.substr(open + 1, inside.size() - open - 2);
  const std::string_view name = trimmed(inside.substr(0, open));
  return name.empty() ? target : name;
}

}  // namespace

std::string rst_inline(std::string_view text, MarkupWriter& writer) {
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    const bool starts = out.empty() || !is_word(out.back());
    if (c == '\\' && text.size() > 1) {  // an escape; before white space it is nothing
      if (text[1] != ' ') out += text[1];
      text.remove_prefix(2);
      continue;
    }
    if (c == ':' && starts) {  // a role before its text
      const std::size_t end = text.substr(0, 60).find(":`");
      if (end != std::string_view::npos && end > 1 &&
          text.substr(1, end - 1).find_first_of(" `") == std::string_view::npos) {
        text.remove_prefix(end + 1);
        continue;
      }
    }
    const std::string_view mark = text.starts_with("``")   ? "``"
                                  : text.starts_with("**") ? "**"
                                  : c == '`'               ? "`"
                                  : c == '*'               ? "*"
                                                           : "";
    if (!mark.empty() && starts && text.size() > mark.size() && text[mark.size()] != ' ') {
      const std::size_t end = text.substr(0, kMaxSpan).find(mark, mark.size() + 1);
      if (end != std::string_view::npos) {
        std::string_view inside = text.substr(mark.size(), end - mark.size()), target;
        text.remove_prefix(end + mark.size());
        if (mark == "`") {
          inside = split_target(inside, target);
          if (inside.starts_with('~'))
            inside = inside.substr(inside.rfind('.') == std::string_view::npos ? 1 : inside.rfind('.') + 1);
          while (text.starts_with('_')) text.remove_prefix(1);
          if (target.find("://") != std::string_view::npos) writer.link(target, inside);
        }
        out += inside;
        continue;
      }
    }
    if (c == '|' && starts && text.size() > 2 && text[1] != ' ') {  // a substitution
      const std::size_t end = text.substr(0, 60).find('|', 2);
      if (end != std::string_view::npos) {
        out += text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        continue;
      }
    }
    if (c == '_' && !out.empty() && is_word(out.back()) && (text.size() == 1 || !is_word(text[1]))) {  // name_
      text.remove_prefix(1);
      continue;
    }
    out += c;
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace renvoi::extract
