#include "extract/text_fragment.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/utf8.h"
#include "extract/archive_member.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxWholeWords = 12;  // of a quote that stands in the directive whole
constexpr std::array<std::size_t, 6> kContextWords = {0, 2, 4, 8, 16, 32};
constexpr std::size_t kMaxAfterBytes = 4'000;
constexpr std::size_t kEndWords = 4;  // of the start and the end of a longer quote, before context is added

// A word as it stands, between white space; and as it is compared: folded, without the marks around it. A browser
// compares less coarsely (it knows accents), so that what is unique here is unique there.
struct Token {
  text::Range range;
  std::string folded;
  std::uint32_t piece = 0;  // words of one piece stand in one block of the page: a term must not cross pieces
};

bool is_mark(char c) {
  return static_cast<unsigned char>(c) < 0x80 && std::isalnum(static_cast<unsigned char>(c)) == 0;
}

std::string folded_word(std::string_view word) {
  while (!word.empty() && is_mark(word.front())) word.remove_prefix(1);
  while (!word.empty() && is_mark(word.back())) word.remove_suffix(1);
  if (std::any_of(word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return text::fold(word);
  std::string lower(word);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Cells of a table are separated by " | " in a text, and by elements in the page.
std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  std::uint32_t piece = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ' || text[at] == '\n') {
      if (text[at] == '\n') ++piece;
      ++at;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (word == "|")
      ++piece;
    else
      tokens.push_back({{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)}, folded_word(word), piece});
    at = end;
  }
  return tokens;
}

struct Words {
  std::size_t begin = 0, end = 0;  // of the tokens
  std::size_t size() const { return end - begin; }
};

struct Directive {
  Words prefix, start, last, suffix;  // `last` empty: the start is the whole quote
};

class Maker {
 public:
  // What stands after the quote matters only as its context.
  Maker(std::string_view text, text::Range range)
      : text_(text), tokens_(tokens_of(truncate_utf8(text, std::size_t{range.end} + kMaxAfterBytes))) {
    while (quote_.begin < tokens_.size() && tokens_[quote_.begin].range.end <= range.begin) ++quote_.begin;
    quote_.end = quote_.begin;
    while (quote_.end < tokens_.size() && tokens_[quote_.end].range.begin < range.end) ++quote_.end;
  }

  std::string run() const {
    if (quote_.size() == 0) return {};
    Directive best;
    for (const std::size_t context : kContextWords) {
      best = with_context(context);
      if (is_first(best)) break;
    }
    return write(best);
  }

 private:
  Directive with_context(std::size_t words) const {
    Directive made;
    if (quote_.size() <= kMaxWholeWords && same_piece(quote_.begin, quote_.end - 1)) {
      made.start = quote_;
    } else {
      made.start = forward(quote_.begin, std::min(kEndWords + words, quote_.size()));
      made.last = backward(quote_.end, std::min(kEndWords + words, quote_.size()));
      if (made.last.begin < made.start.end) {  // they meet: each its half
        made.last.begin = std::max(made.start.end, made.last.begin);
        if (made.last.size() == 0 && made.start.end < quote_.end) made.last = {quote_.end - 1, quote_.end};
      }
    }
    if (words > 0 && quote_.begin > 0) made.prefix = backward(quote_.begin, words);
    if (words > 4 && quote_.end < tokens_.size()) made.suffix = forward(quote_.end, words);
    return made;
  }

  bool same_piece(std::size_t a, std::size_t b) const { return tokens_[a].piece == tokens_[b].piece; }

  // At most so many words of one piece, from `begin` on or before `end`.
  Words forward(std::size_t begin, std::size_t words) const {
    Words out{begin, begin};
    while (out.end < tokens_.size() && out.size() < words && same_piece(begin, out.end)) ++out.end;
    return out;
  }
  Words backward(std::size_t end, std::size_t words) const {
    Words out{end, end};
    while (out.begin > 0 && out.size() < words && same_piece(end - 1, out.begin - 1)) --out.begin;
    return out;
  }

  bool fits(Words words, std::size_t at) const {
    if (at + words.size() > tokens_.size()) return false;
    for (std::size_t i = 0; i < words.size(); ++i)
      if (tokens_[words.begin + i].folded != tokens_[at + i].folded) return false;
    return true;
  }

  // The first place that the directive fits, as the browser looks for it, is the quote's own.
  bool is_first(const Directive& made) const {
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      if (!fits(made.start, at)) continue;
      if (made.prefix.size() > at || !fits(made.prefix, at - made.prefix.size())) continue;
      std::size_t end = at + made.start.size();
      if (made.last.size() > 0) {
        while (end < tokens_.size() && !(fits(made.last, end) && fits(made.suffix, end + made.last.size()))) ++end;
        if (end >= tokens_.size()) continue;
        end += made.last.size();
      } else if (!fits(made.suffix, end)) {
        continue;
      }
      return at == quote_.begin && end == quote_.end;
    }
    return false;
  }

  std::string write(const Directive& made) const {
    std::string out = ":~:text=";
    if (made.prefix.size() > 0) out += encoded(made.prefix) + "-,";
    out += encoded(made.start);
    if (made.last.size() > 0) out += "," + encoded(made.last);
    if (made.suffix.size() > 0) out += ",-" + encoded(made.suffix);
    return out;
  }

  // Percent-encoded; "-", "," and "&" too, which mean something in a directive. A quote that begins or ends inside a
  // word takes that word whole: a browser marks whole words.
  std::string encoded(Words words) const {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    const std::string_view part = text_.substr(tokens_[words.begin].range.begin,
                                               tokens_[words.end - 1].range.end - tokens_[words.begin].range.begin);
    std::string out;
    for (const char c : part) {
      const auto u = static_cast<unsigned char>(c);
      if (u < 0x80 && (std::isalnum(u) != 0 || c == '.' || c == '_' || c == '~')) {
        out += c;
      } else {
        out += '%';
        out += kHex[u >> 4];
        out += kHex[u & 15];
      }
    }
    return out;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  Words quote_;
};

}  // namespace

std::string text_fragment(std::string_view text, text::Range range) {
  if (range.begin >= range.end || range.end > text.size()) return {};
  return Maker(text, range).run();
}

std::string link_to(std::string_view address, std::string_view text, text::Range range) {
  if (const auto split = split_member(address); split && address.starts_with("file:"))
    return std::string(split->archive);
  std::string out(address);
  if (!address.starts_with("https://") && !address.starts_with("http://")) return out;
  const std::string fragment = text_fragment(text, range);
  if (fragment.empty()) return out;
  if (address.find(":~:") != std::string_view::npos) return out;
  return out + (address.find('#') == std::string_view::npos ? "#" : "") + fragment;
}

}  // namespace renvoi::extract
