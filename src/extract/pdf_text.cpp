#include "extract/pdf_text.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/utf8.h"
#include "extract/document_builder.h"
#include "extract/pdf_margins.h"
#include "extract/pdf_tables.h"
#include "extract/reading.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr double kHeadingScale = 1.15;  // to the height of most of the text
constexpr double kSmallScale = .93;
constexpr std::size_t kMaxHeadingBytes = 200, kMaxHeadingLines = 3, kMaxHeadingLevels = 4;
constexpr double kHeadingShare = .3;  // of the text: more, and size says nothing (posters, slides)
constexpr double kRound_pt = .5;      // heights that differ by less are the same

double rounded(double height) { return std::round(height / kRound_pt) * kRound_pt; }

char32_t first_of(std::string_view text) { return text.empty() ? 0 : decode_utf8(text).code_point; }

char32_t last_of(std::string_view text) {
  std::size_t at = text.size();
  while (at > 0 && (static_cast<unsigned char>(text[--at]) & 0xC0U) == 0x80U) {
  }
  return text.empty() ? 0 : decode_utf8(text.substr(at)).code_point;
}

bool is_letter(char32_t c) { return u_isalpha(static_cast<UChar32>(c)) != 0; }
bool is_lower(char32_t c) { return u_islower(static_cast<UChar32>(c)) != 0; }

// Bullets of fonts such as Symbol and Wingdings are in the private use area.
bool is_bullet(char32_t c) {
  constexpr std::u32string_view kBullets = U"•◦▪▫■□●○‣⁃∙·►▶➢➤✓✔–—*-";
  return kBullets.find(c) != std::u32string_view::npos || (c >= 0xE000 && c <= 0xF8FF);
}
bool is_bullet(std::string_view text) {
  return !text.empty() && decode_utf8(text).length == text.size() && is_bullet(first_of(text));
}

bool ends_sentence(std::string_view text) {
  constexpr std::u32string_view kEnds = U".!?:;…»”\")]";
  return kEnds.find(last_of(text)) != std::u32string_view::npos;
}

// "3.", "3)", "a)", "(iv)" and a space.
bool is_numbered(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || space > 6 || space < 2) return false;
  std::string_view mark = text.substr(0, space);
  if (mark.back() != '.' && mark.back() != ')') return false;
  mark.remove_suffix(1);
  if (mark.starts_with('(')) mark.remove_prefix(1);
  return !mark.empty() && (mark.find_first_not_of("0123456789") == std::string_view::npos ||
                           (mark.size() == 1 && is_letter(first_of(mark))) ||
                           (text[space - 1] == ')' && mark.find_first_not_of("ivxlc") == std::string_view::npos));
}

// A line of a table of contents: dots lead to a page number.
bool is_contents(const PdfLine& line) {
  return line.text.find(". . . . .") != std::string::npos || line.text.find(".....") != std::string::npos;
}

// A bullet that is a word or block of its own goes to the line beside it.
void join_bullets(PdfPage& page) {
  std::vector<std::size_t> bullets;
  for (std::size_t i = 0; i < page.lines.size(); ++i)
    if (is_bullet(page.lines[i].text)) bullets.push_back(i);
  constexpr std::size_t kMaxBullets = 500;  // each looks at every line
  if (bullets.size() > kMaxBullets) bullets.resize(kMaxBullets);
  std::set<std::size_t> gone;
  for (const std::size_t i : bullets) {
    const PdfLine& bullet = page.lines[i];
    const double middle = (bullet.y_min + bullet.y_max) / 2;
    PdfLine* beside = nullptr;
    for (PdfLine& line : page.lines) {
      if (&line == &bullet || line.x_min < bullet.x_max || middle < line.y_min || middle > line.y_max) continue;
      if (beside == nullptr || line.x_min < beside->x_min) beside = &line;
    }
    if (beside != nullptr && !is_bullet(first_of(beside->text))) beside->text = "• " + beside->text;
    gone.insert(i);
  }
  std::vector<PdfLine> kept;
  for (std::size_t i = 0; i < page.lines.size(); ++i)
    if (!gone.contains(i)) kept.push_back(std::move(page.lines[i]));
  page.lines = std::move(kept);
}

// The words of the document, to judge a hyphen at a line's end by: is it "long-term" elsewhere, or "longterm"?
class Words {
 public:
  void add(std::string_view line) {
    while (!line.empty()) {
      const std::size_t end = std::min(line.find(' '), line.size());
      std::string_view word = line.substr(0, end);
      line.remove_prefix(std::min(line.size(), end + 1));
      while (!word.empty() && word.front() > 0 && std::ispunct(word.front()) != 0) word.remove_prefix(1);
      while (!word.empty() && word.back() > 0 && std::ispunct(word.back()) != 0) word.remove_suffix(1);
      if (word.size() > 3 && words_.size() < kMaxWords) words_.insert(std::string(word));
    }
  }

  // Whether the word of `left` before its hyphen and the first of `right` are one word with a hyphen.
  bool keeps_hyphen(std::string_view left, std::string_view right) const {
    left = left.substr(left.rfind(' ') + 1);
    right = right.substr(0, right.find(' '));
    while (!right.empty() && right.back() > 0 && std::ispunct(right.back()) != 0) right.remove_suffix(1);
    const std::string with = std::string(left) + std::string(right);
    const std::string without = std::string(left.substr(0, left.size() - 1)) + std::string(right);
    return words_.contains(with) && !words_.contains(without);
  }

 private:
  static constexpr std::size_t kMaxWords = 500'000;
  std::unordered_set<std::string> words_;
};

// Adds `line` to `text`, the hyphen between them undone where it only parted a word.
void join_line(std::string& text, std::string_view line, const Words& words) {
  if (text.empty()) {
    text = line;
    return;
  }
  if (text.ends_with("\u00AD")) {  // a soft hyphen
    text.resize(text.size() - 2);
    text += line;
    return;
  }
  const bool hyphen = text.ends_with('-') || text.ends_with("\u2010");
  const std::size_t bytes = text.ends_with('-') ? 1 : 3;
  if (hyphen && text.size() > bytes && is_letter(last_of(std::string_view(text).substr(0, text.size() - bytes)))) {
    if (is_lower(first_of(line)) && !(bytes == 1 && words.keeps_hyphen(text, line))) text.resize(text.size() - bytes);
  } else {
    text += ' ';
  }
  text += line;
}

class PdfWriter {
 public:
  PdfWriter(PdfLayout& layout, const Limits& limits, Document& document)
      : layout_(layout), document_(document), builder_(document, limits.max_text_bytes) {}

  void run() {
    drop_running_heads(layout_);
    for (PdfPage& page : layout_.pages) {
      std::erase_if(page.lines, is_contents);
      join_bullets(page);
      join_table_rows(page);
      for (const PdfLine& line : page.lines) words_.add(line.text);
    }
    measure();
    for (std::size_t i = 0; i < layout_.pages.size() && !builder_.full(); ++i) {
      page_ = static_cast<std::uint32_t>(i + 1);
      read_page(layout_.pages[i]);
    }
    flush();
    for (std::size_t i = 0; i < document_.pages.size(); ++i)
      document_.pages[i].range.end = i + 1 < document_.pages.size() ? document_.pages[i + 1].range.begin
                                                                    : static_cast<std::uint32_t>(document_.text.size());
  }

 private:
  struct Start {
    std::uint32_t page = 0;
    std::size_t at = 0;  // in the paragraph
  };
  struct Paragraph {
    std::string text;
    BlockKind kind = BlockKind::paragraph;
    double height = 0;
    std::vector<Start> starts;  // of pages
    std::uint32_t block = 0;
  };

  // The height of most of the text, and of headings, the largest first.
  void measure() {
    std::map<double, std::size_t> bytes;
    std::size_t all = 0;
    for (const PdfPage& page : layout_.pages)
      for (const PdfLine& line : page.lines) {
        bytes[rounded(line.height)] += line.text.size();
        all += line.text.size();
      }
    std::size_t most = 0, large = 0;
    for (const auto& [height, size] : bytes)
      if (size > most) {
        most = size;
        body_ = height;
      }
    for (auto it = bytes.rbegin(); it != bytes.rend() && it->first >= body_ * kHeadingScale; ++it) {
      large += it->second;
      levels_.push_back(it->first);
    }
    if (static_cast<double>(large) > static_cast<double>(all) * kHeadingShare) levels_.clear();
  }

  void read_page(const PdfPage& page) {
    for (std::size_t i = 0; i < page.lines.size();) {
      std::size_t end = i;
      while (end < page.lines.size() && page.lines[end].block == page.lines[i].block) ++end;
      read_block(page, i, end);
      i = end;
    }
  }

  void read_block(const PdfPage& page, std::size_t begin, std::size_t end) {
    double left = page.lines[begin].x_min, right = page.lines[begin].x_max;
    for (std::size_t i = begin; i < end; ++i) {
      left = std::min(left, page.lines[i].x_min);
      right = std::max(right, page.lines[i].x_max);
    }
    for (std::size_t i = begin; i < end;) {
      if (page.lines[i].row) {
        table_row(page.lines[i++]);
        continue;
      }
      const std::size_t heading_end = heading_at(page, i, end);
      if (heading_end > i) {
        heading(page, i, heading_end);
        i = heading_end;
        continue;
      }
      line(page.lines[i], i == begin ? nullptr : &page.lines[i - 1], left, right);
      ++i;
    }
  }

  // Lines from `i` on that are one heading; `i` when they are none.
  std::size_t heading_at(const PdfPage& page, std::size_t i, std::size_t end) const {
    const double height = rounded(page.lines[i].height);
    if (std::find(levels_.begin(), levels_.end(), height) == levels_.end()) return i;
    std::size_t bytes = 0, last = i, letters = 0;
    for (; last < end && !page.lines[last].row && rounded(page.lines[last].height) == height; ++last) {
      bytes += page.lines[last].text.size();
      for (const char c : page.lines[last].text)
        letters += c < 0 || std::isalpha(static_cast<unsigned char>(c)) ? 1 : 0;
    }
    return last - i <= kMaxHeadingLines && bytes <= kMaxHeadingBytes && letters >= 2 ? last : i;
  }

  void heading(const PdfPage& page, std::size_t begin, std::size_t end) {
    flush();
    Paragraph next{{}, BlockKind::heading, rounded(page.lines[begin].height), {{page_, 0}}, 0};
    for (std::size_t i = begin; i < end; ++i) join_line(next.text, page.lines[i].text, words_);
    // The largest text of the first page is the title, when the file does not say another.
    const bool largest = page_ == 1 && next.height == levels_.front() && document_.blocks.empty();
    if (largest && document_.title.empty()) document_.title = title_of(next.text);
    if (largest && text::fold(document_.title) == text::fold(title_of(next.text))) return;
    open_ = std::move(next);
    flush();
  }

  void table_row(const PdfLine& row) {
    const bool goes_on = open_.text.empty() && last_ == BlockKind::table_row && last_table_ == row.block;
    flush();
    joins_table_ = goes_on;
    last_table_ = row.block;
    builder_add({row.text, BlockKind::table_row, row.height, {{page_, 0}}, row.block});
  }

  void line(const PdfLine& line, const PdfLine* before, double left, double right) {
    std::string_view text = line.text;
    const bool bullet = is_bullet(first_of(text)) && text.size() > 4 && text[decode_utf8(text).length] == ' ';
    if (bullet) text.remove_prefix(decode_utf8(text).length + 1);
    const bool item = bullet || is_numbered(text);
    if (!item && goes_on(line, before, left, right)) {
      join_line(open_.text, text, words_);
      if (!starts_page_known()) open_.starts.push_back({page_, open_.text.size() - text.size()});
      open_.block = line.block;
      return;
    }
    // A footnote stands between a paragraph and its end on the next page.
    if (!item && is_small(line) && waits()) {
      const bool same_page = open_.starts.size() == 1 && open_.starts.front().page == page_;
      builder_add({std::string(text), BlockKind::paragraph, line.height,
                   same_page ? open_.starts : std::vector<Start>{}, line.block});
      return;
    }
    flush();
    open_ = {
        std::string(text), item ? BlockKind::list_item : BlockKind::paragraph, line.height, {{page_, 0}}, line.block};
  }

  bool starts_page_known() const {
    const std::uint32_t last = !open_.starts.empty() ? open_.starts.back().page : page_;
    return last == page_;
  }

  bool is_small(const PdfLine& line) const { return line.height < body_ * kSmallScale; }
  bool waits() const {
    return !open_.text.empty() && !ends_sentence(open_.text) && open_.height >= body_ * kSmallScale;
  }

  bool goes_on(const PdfLine& line, const PdfLine* before, double left, double right) const {
    if (open_.text.empty() || std::abs(line.height - open_.height) > kRound_pt * 2) return false;
    if (before == nullptr || open_.block != line.block) {  // a new column, page or block
      const bool broken = open_.text.ends_with('-') || is_lower(first_of(line.text));
      return broken && !ends_sentence(open_.text);
    }
    if (!ends_sentence(before->text)) return true;
    const bool indented = line.x_min - left > line.height * .8 && before->x_min - left < line.height * .3;
    const bool short_before = before->x_max < right - (right - left) * .15 && !is_lower(first_of(line.text));
    return !indented && !short_before;
  }

  void flush() {
    if (!open_.text.empty()) builder_add(open_);
    open_ = {};
  }

  void builder_add(const Paragraph& paragraph) {
    const std::size_t before = document_.blocks.size();
    std::uint8_t level = 0;
    if (paragraph.kind == BlockKind::heading) {
      const auto rank = std::find(levels_.begin(), levels_.end(), paragraph.height) - levels_.begin();
      level =
          static_cast<std::uint8_t>(std::min<std::size_t>(static_cast<std::size_t>(rank), kMaxHeadingLevels - 1) + 1);
    }
    if (paragraph.kind == BlockKind::list_item) level = 1;
    const bool joined = paragraph.kind == BlockKind::table_row
                            ? joins_table_
                            : paragraph.kind == BlockKind::list_item && last_ == BlockKind::list_item;
    builder_.add(paragraph.kind, level, paragraph.text, joined);
    if (document_.blocks.size() == before) return;
    last_ = paragraph.kind;
    const text::Range range = document_.blocks.back().range;
    for (const Start& start : paragraph.starts) {
      if (!document_.pages.empty() && document_.pages.back().number >= start.page) continue;
      std::uint32_t at = range.begin + static_cast<std::uint32_t>(std::min<std::size_t>(start.at, range.size()));
      while (at < range.end && (static_cast<unsigned char>(document_.text[at]) & 0xC0U) == 0x80U) ++at;
      if (at < range.end) document_.pages.push_back({start.page, {at, range.end}});
    }
  }

  PdfLayout& layout_;
  Document& document_;
  DocumentBuilder builder_;
  Words words_;
  std::vector<double> levels_;  // heights of headings, the largest first
  double body_ = 0;
  Paragraph open_;
  BlockKind last_ = BlockKind::paragraph;
  std::uint32_t page_ = 0, last_table_ = 0;
  bool joins_table_ = false;
};

}  // namespace

void write_pdf_text(PdfLayout& layout, const Limits& limits, Document& document) {
  PdfWriter(layout, limits, document).run();
}

}  // namespace renvoi::extract
