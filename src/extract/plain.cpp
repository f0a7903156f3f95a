#include "extract/plain.h"

#include <algorithm>
#include <vector>

#include "base/utf8.h"
#include "extract/document_builder.h"
#include "extract/section_languages.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxTitleBytes = 200;
constexpr std::size_t kMaxHeadingBytes = 120;
constexpr std::uint32_t kLinesBetweenClockReads = 4'096;

std::string_view trim_right(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r' || line.back() == '\f'))
    line.remove_suffix(1);
  return line;
}
std::string_view trim_left(std::string_view line) {
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t' || line.front() == '\f')) line.remove_prefix(1);
  return line;
}

// 1 for a line of "=" only, 2 for "-" only (as reStructuredText and setext Markdown underline headings), else 0.
std::uint8_t underline_level(std::string_view line) {
  if (line.size() < 3) return 0;
  if (line.find_first_not_of('=') == std::string_view::npos) return 1;
  return line.find_first_not_of('-') == std::string_view::npos ? 2 : 0;
}

bool is_list_item(std::string_view line) {
  line = trim_left(line);
  if (line.starts_with("- ") || line.starts_with("* ") || line.starts_with("• ") || line.starts_with("– ")) return true;
  const std::size_t digits = line.find_first_not_of("0123456789");
  return digits != 0 && digits <= 3 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
         line[digits + 1] == ' ';
}

// The bullet says only that it is an item; a number says which.
std::string_view without_bullet(std::string_view line) {
  const auto first = static_cast<unsigned char>(line.front());
  return first >= '0' && first <= '9' ? line : trim_left(line.substr(line.find(' ')));
}

class PlainReader {
 public:
  PlainReader(DocumentBuilder& builder, Document& document) : builder_(builder), document_(document) {}

  void line(std::string_view raw) {
    const std::string_view line = trim_right(raw);
    if (line.empty()) return end_paragraph();
    const std::uint8_t level = underline_level(line);
    if (level != 0 && lines_ == 1 && paragraph_.size() <= kMaxHeadingBytes) {
      // An underlined line alone between empty lines: the one sign of a heading that is never wrong.
      heading(level);
      return;
    }
    if (is_list_item(line)) end_paragraph();
    if (lines_ == 0) item_ = is_list_item(line);
    if (!paragraph_.empty()) paragraph_ += ' ';
    paragraph_ += lines_ == 0 && item_ ? without_bullet(trim_left(line)) : trim_left(line);
    ++lines_;
  }

  void end_paragraph() {
    if (lines_ == 0) {
      in_list_ = false;
      return;
    }
    builder_.add(item_ ? BlockKind::list_item : BlockKind::paragraph, 0, paragraph_, item_ && in_list_);
    in_list_ = item_;
    clear();
  }

 private:
  void heading(std::uint8_t level) {
    if (document_.title.empty() && document_.blocks.empty())
      document_.title = truncate_utf8(collapse_space(paragraph_), kMaxTitleBytes);
    else
      builder_.add(BlockKind::heading, level, paragraph_);
    in_list_ = false;
    clear();
  }
  void clear() {
    paragraph_.clear();
    lines_ = 0;
  }

  DocumentBuilder& builder_;
  Document& document_;
  std::string paragraph_;
  std::uint32_t lines_ = 0;
  bool item_ = false, in_list_ = false;
};

}  // namespace

Result<void> read_plain(std::string_view text, const Hints& hints, const Limits& limits, Deadline deadline,
                        Document& document) {
  DocumentBuilder builder(document, limits.max_text_bytes);
  PlainReader reader(builder, document);
  std::uint32_t lines = 0;
  while (!text.empty() && !builder.full()) {
    const std::size_t end = std::min(text.find_first_of("\n\r"), text.size());
    reader.line(text.substr(0, end));
    const bool pair = text.substr(end).starts_with("\r\n");
    text.remove_prefix(std::min(text.size(), end + (pair ? 2 : 1)));
    if (++lines % kLinesBetweenClockReads == 0 && std::chrono::steady_clock::now() > deadline)
      return Error{ErrorCode::exhausted, "reading this text took longer than its time limit"};
  }
  reader.end_paragraph();
  set_languages(document, text::detect_language(document.text, hints.language));
  return {};
}

}  // namespace renvoi::extract
