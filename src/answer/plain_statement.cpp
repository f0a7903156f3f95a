#include "answer/plain_statement.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "answer/instruction_like.h"
#include "answer/marks.h"
#include "base/utf8.h"

namespace renvoi::answer {
namespace {

constexpr std::size_t kLongestMarkBytes = 80;

// ASCII for fullwidth forms and for the brackets that citations are written in.
char32_t plain(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) return c - 0xFF01 + 0x21;
  switch (c) {
    case 0x3010:
    case 0x3014:
    case 0x3016:
    case 0x3018:
    case 0x301A:
    case 0x27E6:
    case 0x27E8:
    case 0x2045:
    case 0xFF3B:
    case 0x2772:
    case 0xFE5D:
    case 0xFE47:
      return '[';
    case 0x3011:
    case 0x3015:
    case 0x3017:
    case 0x3019:
    case 0x301B:
    case 0x27E7:
    case 0x27E9:
    case 0x2046:
    case 0xFF3D:
    case 0x2773:
    case 0xFE5E:
    case 0xFE48:
      return ']';
    case 0x3000:
      return ' ';
    default:
      return c;
  }
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string with_plain_brackets(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint next = decode_utf8(text.substr(at));
    append_utf8(out, plain(next.code_point));
    at += next.length;
  }
  return out;
}

// "<b>", "</a>", "<!-- ... -->", "<img src=x>": to the ">", or to the end when there is none.
std::string without_tags(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool tag = text[at] == '<' && at + 1 < text.size() &&
                     (is_letter(text[at + 1]) || text[at + 1] == '/' || text[at + 1] == '!' || text[at + 1] == '?' ||
                      text[at + 1] == '|');
    if (!tag) {
      out += text[at++];
      continue;
    }
    const bool comment = text.compare(at, 4, "<!--") == 0;
    const std::size_t end = comment ? text.find("-->", at) : text.find('>', at);
    if (end == std::string::npos) break;
    at = end + (comment ? 3 : 1);
    if (!out.empty() && out.back() != ' ') out += ' ';
  }
  return out;
}

// Whatever stands between square brackets is a mark, or the words of a link: "[1-3]", "[^a]", "[[2]]", "[source 4]" go,
// and of "[the words](address)" the words stay (remove_addresses).
std::string without_bracketed_marks(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '[') {
      out += text[at++];
      continue;
    }
    std::size_t depth = 0, end = at;
    for (; end < text.size() && end - at <= kLongestMarkBytes; ++end) {
      if (text[end] == '[') ++depth;
      if (text[end] == ']' && --depth == 0) break;
    }
    const bool closed = end < text.size() && text[end] == ']' && depth == 0;
    const std::string inner = closed ? text.substr(at + 1, end - at - 1) : std::string();
    const bool has_digit = std::any_of(inner.begin(), inner.end(), [](char c) { return c >= '0' && c <= '9'; });
    const bool link = closed && end + 1 < text.size() && text[end + 1] == '(';
    if (closed && !link && (has_digit || inner.starts_with('^') || inner.starts_with('['))) {
      while (!out.empty() && out.back() == ' ') out.pop_back();
      at = end + 1;
    } else {
      out += text[at++];
    }
  }
  return out;
}

// The whole address goes, whatever is in its brackets: "[words](//host/a (b))" leaves "words".
std::string without_link_targets(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, 2, "](") != 0) {
      out += text[at++];
      continue;
    }
    std::size_t depth = 0, end = at + 1;
    for (; end < text.size(); ++end) {
      if (text[end] == '(') ++depth;
      if (text[end] == ')' && --depth == 0) break;
    }
    at = std::min(end + 1, text.size());
  }
  return out;
}

// Letters, digits and marks of any script; no symbol, pictogram or private character.
bool is_of_a_word(char32_t c) {
  if (c < 0x80) return is_letter(static_cast<char>(c)) || (c >= '0' && c <= '9');
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  const bool symbol = c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x2BFF) || (c >= 0x3000 && c <= 0x3004) ||
                      (c >= 0x3008 && c <= 0x3020) || (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xFE00 && c <= 0xFE6F) ||
                      (c >= 0xFF00 && c <= 0xFF20) || (c >= 0xFFE0 && c <= 0xFFFF) || c >= 0x1F000;
  const bool ideograph = c >= 0x20000 && c <= 0x3FFFF;
  return !symbol || ideograph;
}

bool is_plain_sign(char32_t c) {
  static constexpr std::u32string_view kPlain =
      U" .,;:!?'\"()-%\u2019\u2018\u201C\u201D\u00AB\u00BB\u2013\u2014\u2026\u00A0\u202F\u20AC$\u00A3";
  return kPlain.find(c) != std::u32string_view::npos;
}

}  // namespace

std::string masked_markup(std::string_view written) {
  std::string masked(written);
  const auto mask = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < std::min(to, masked.size()); ++i)
      if (std::string_view(".!?;:\n\r").find(masked[i]) != std::string_view::npos) masked[i] = 'x';
  };
  for (std::size_t at = 0; at < written.size(); ++at) {
    const std::string_view rest = written.substr(at);
    if (rest.starts_with("![")) {
      masked[at] = 'X';  // a capital: a sentence may begin here
    } else if (rest.starts_with("](")) {
      const std::size_t end = written.find_first_of(")\n", at);
      mask(at, end);
    } else if (rest[0] == '<' && rest.size() > 1 && (is_letter(rest[1]) || rest[1] == '/' || rest[1] == '!')) {
      mask(at, rest.starts_with("<!--") ? written.find("-->", at) : written.find_first_of(">\n", at));
    } else if (rest.starts_with("://")) {
      const std::size_t end = written.find_first_of(" \n\t)>\"]", at);
      // What ends the sentence ends the address.
      std::size_t last = std::min(end, written.size());
      while (end != std::string_view::npos && last > at &&
             std::string_view(".!?;:").find(written[last - 1]) != std::string_view::npos)
        --last;
      mask(at, last);
    }
  }
  return masked;
}

std::string plain_statement(std::string_view written) {
  std::string text = without_tags(with_plain_brackets(without_invisible(written)));
  text = without_link_targets(remove_marks(without_bracketed_marks(text)));
  text = remove_addresses(text);
  // Superscripts are marks of footnotes.
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint next = decode_utf8(std::string_view(text).substr(at));
    const char32_t c = next.code_point;
    const bool superscript =
        c == 0xB9 || c == 0xB2 || c == 0xB3 || (c >= 0x2070 && c <= 0x2079) || c == 0x2020 || c == 0x2021;
    const bool after_unit = !out.empty() && out.back() == 'm' && (c == 0xB2 || c == 0xB3);
    if (c == '\n' || c == '\t' || c == '\r') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else if (!superscript || after_unit) {
      out += std::string_view(text).substr(at, next.length);
    }
    at += next.length;
  }
  std::erase_if(out, [](char c) { return c == '[' || c == ']'; });
  for (std::size_t at = out.find("  "); at != std::string::npos; at = out.find("  ", at)) out.erase(at, 1);
  const std::size_t begin = out.find_first_not_of(" -*#>`_|~+");
  if (begin == std::string::npos) return {};
  return out.substr(begin, out.find_last_not_of(" *_`|~") - begin + 1);
}

std::string with_signs_of(std::string_view statement, std::string_view evidence) {
  std::unordered_set<char32_t> known;
  for (std::size_t at = 0; at < evidence.size();) {
    const DecodedCodePoint next = decode_utf8(evidence.substr(at));
    known.insert(next.code_point);
    at += next.length;
  }
  for (const char32_t c : {U'[', U']', U'<', U'>', U'`', U'|', U'*', U'_', U'#', U'\\', U'&'}) known.erase(c);
  std::string out;
  for (std::size_t at = 0; at < statement.size();) {
    const DecodedCodePoint next = decode_utf8(statement.substr(at));
    const char32_t c = next.code_point;
    if (is_of_a_word(c) || is_plain_sign(c) || known.contains(c)) out += statement.substr(at, next.length);
    at += next.length;
  }
  for (std::size_t at = out.find("  "); at != std::string::npos; at = out.find("  ")) out.erase(at, 1);
  return out;
}

std::string disarmed(std::string_view quote) {
  const std::string seen = without_invisible(quote);
  std::string text;
  for (std::size_t at = 0; at < seen.size(); ++at) {
    text += seen[at];
    if (at + 1 == seen.size()) break;
    const char here = seen[at], next = seen[at + 1];
    const bool link = here == ']' && (next == '(' || next == ':' || next == '[');
    const bool tag = here == '<' && (is_letter(next) || next == '/' || next == '!' || next == '?' || next == '|');
    const bool image = here == '!' && next == '[';
    const bool entity = here == '&' && (next == '#' || is_letter(next));
    if (link || tag || image || entity) text += ' ';
  }
  // Addresses, as code: renderers make links of bare ones too.
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && text[end] != ' ' && text[end] != '\n' && text[end] != '\t' && text[end] != '`' &&
           text[end] != '<' && text[end] != '>' && text[end] != '(' && text[end] != ')' && text[end] != '"')
      ++end;
    std::string word = text.substr(at, end - at);
    std::string tail;
    while (!word.empty() && std::string_view(".,;:!?'*_").find(word.back()) != std::string_view::npos) {
      tail.insert(0, 1, word.back());
      word.pop_back();
    }
    const bool in_code = at > 0 && text[at - 1] == '`' && end < text.size() && text[end] == '`';
    const bool address = word.find("://") != std::string::npos || word.find("//") == 0 || word.starts_with("www.") ||
                         word.starts_with("WWW.") || word.starts_with("mailto:") || word.starts_with("javascript:") ||
                         word.starts_with("data:");
    out += address && !in_code ? '`' + word + '`' : word;
    out += tail;
    if (end < text.size()) out += text[end];
    at = end + 1;
  }
  return out;
}

}  // namespace renvoi::answer
