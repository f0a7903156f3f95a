#include "extract/pdf_layout.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/utf8.h"
#include "extract/document_builder.h"

namespace renvoi::extract {
namespace {

// The value of name="value" in a tag.
std::string_view value_of(std::string_view tag, std::string_view name) {
  for (std::size_t at = 0; (at = tag.find(name, at)) != std::string_view::npos; at += name.size()) {
    const std::string_view rest = tag.substr(at + name.size());
    if (!rest.starts_with("=\"") || at == 0 || tag[at - 1] != ' ') continue;
    return rest.substr(2, rest.find('"', 2) - 2);
  }
  return {};
}

double number(std::string_view tag, std::string_view name) {
  const std::string_view value = value_of(tag, name);
  double out = 0;
  std::from_chars(value.data(), value.data() + value.size(), out);
  return std::isfinite(out) && std::abs(out) < 1e7 ? out : 0;
}

std::string unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t mark = std::min(text.find('&'), text.size());
    out += text.substr(0, mark);
    text.remove_prefix(mark);
    if (text.empty()) break;
    bool known = false;
    constexpr std::pair<std::string_view, char> kNames[] = {{"&amp;", '&'},  {"&lt;", '<'},    {"&gt;", '>'},
                                                            {"&quot;", '"'}, {"&apos;", '\''}, {"&#39;", '\''}};
    for (const auto& [name, character] : kNames) {
      if (!text.starts_with(name)) continue;
      out += character;
      text.remove_prefix(name.size());
      known = true;
      break;
    }
    if (known) continue;
    out += '&';
    text.remove_prefix(1);
  }
  return out;
}

class LayoutReader {
 public:
  explicit LayoutReader(PdfLayout& layout) : layout_(layout) {}

  void tag(std::string_view tag, std::string_view after) {
    if (tag.starts_with("word ")) {
      word(tag, after);
    } else if (tag.starts_with("line ")) {
      line_ = {
          number(tag, "xMin"), number(tag, "yMin"), number(tag, "xMax"), number(tag, "yMax"), 0, block_, {}, false};
      heights_.clear();
    } else if (tag == "/line") {
      end_line();
    } else if (tag.starts_with("block ")) {
      ++block_;
    } else if (tag.starts_with("page ")) {
      layout_.pages.push_back({number(tag, "width"), number(tag, "height"), {}});
    } else if (tag == "title") {
      layout_.title = unescape(after);
    } else if (tag.starts_with("meta ")) {
      const std::string_view name = value_of(tag, "name");
      if (name == "Author") layout_.author = unescape(value_of(tag, "content"));
      if (name == "CreationDate") layout_.created = value_of(tag, "content");
      if (name == "ModDate") layout_.modified = value_of(tag, "content");
    }
  }

 private:
  void word(std::string_view tag, std::string_view text) {
    const std::string word = collapse_space(unescape(text));
    if (word.empty()) return;
    if (!line_.text.empty()) line_.text += ' ';
    line_.text += word;
    // A rotated word is as high as it is long; a line's height is what most of its text has.
    heights_.push_back({number(tag, "yMax") - number(tag, "yMin"), word.size()});
  }

  void end_line() {
    if (line_.text.empty() || layout_.pages.empty()) return;
    std::sort(heights_.begin(), heights_.end());
    std::size_t all = 0, seen = 0;
    for (const auto& [height, bytes] : heights_) all += bytes;
    for (const auto& [height, bytes] : heights_) {
      line_.height = height;
      if ((seen += bytes) * 2 >= all) break;
    }
    layout_.pages.back().lines.push_back(std::move(line_));
    line_ = {};
  }

  PdfLayout& layout_;
  PdfLine line_;
  std::vector<std::pair<double, std::size_t>> heights_;  // of each word, with its bytes
  std::uint32_t block_ = 0;
};

}  // namespace

PdfLayout read_pdf_layout(std::string_view xhtml) {
  PdfLayout layout;
  LayoutReader reader(layout);
  while (true) {
    const std::size_t open = xhtml.find('<');
    if (open == std::string_view::npos) return layout;
    const std::size_t close = xhtml.find('>', open);
    if (close == std::string_view::npos) return layout;
    const std::string_view tag = xhtml.substr(open + 1, close - open - 1);
    xhtml.remove_prefix(close + 1);
    reader.tag(tag, xhtml.substr(0, xhtml.find('<')));
  }
}

}  // namespace renvoi::extract
