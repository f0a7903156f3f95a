#include "extract/code.h"

#include <cctype>

#include "extract/code_languages.h"
#include "extract/document_builder.h"
#include "extract/lines.h"
#include "extract/sniff.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::uint32_t kLinesBetweenClockReads = 4'096;
constexpr std::size_t kMaxCodeBlockBytes = 16 * 1'024;

// Without the stars, slashes and marks that frame a comment's lines.
std::string_view unframed(std::string_view line) {
  line = trimmed(line);
  const std::size_t begin = line.find_first_not_of("*/#!;%-=<>+~_|");
  if (begin == std::string_view::npos) return {};
  // A minus or a number of marks that begin a word is text: "-1", "#define".
  if (begin > 0 && line[begin] != ' ' && line[begin] != '\t' && begin < 3 && line[0] != '*' && line[0] != '/' &&
      line[0] != '!')
    return line;
  line = trim_left(line.substr(begin));
  const std::size_t end = line.find_last_not_of("*/#;%-=~_| ");
  return line.substr(0, line.size() - end > 3 ? end + 1 : line.size());
}

class CodeReader {
 public:
  CodeReader(const CodeLanguage& language, DocumentBuilder& builder) : language_(language), builder_(builder) {}

  void line(std::string_view line) {
    if (!until_.empty()) return in_comment(line);
    const std::string_view text = trimmed(line);
    if (text.empty()) {
      empty_before_ = true;
      if (!comment_.empty()) comment_ += '\n';
      return;
    }
    if (starts_comment(text)) return;
    flush_comment();
    if ((empty_before_ && indent_of(line) == 0) || code_.size() > kMaxCodeBlockBytes) flush_code();
    empty_before_ = false;
    code_.append(line).append("\n");
    after_code(text);
  }

  void end() {
    flush_comment();
    flush_code();
  }

 private:
  bool starts_comment(std::string_view text) {
    for (const std::string_view mark : {language_.line, language_.line_too}) {
      if (mark.empty() || !text.starts_with(mark) || text.starts_with("#!")) continue;
      flush_code();
      comment_line(text.substr(mark.size()));
      return true;
    }
    for (const std::string_view quotes : {"\"\"\"", "'''", "r\"\"\""}) {
      if (!language_.docstrings || !text.starts_with(quotes)) continue;
      flush_code();
      until_ = quotes.substr(quotes.size() - 3);
      in_comment(text.substr(quotes.size()));
      return true;
    }
    if (language_.open.empty() || !text.starts_with(language_.open)) return false;
    const std::size_t close = text.find(language_.close, language_.open.size());
    // A comment before code on one line belongs to the code.
    if (close != std::string_view::npos && close + language_.close.size() < text.size()) return false;
    flush_code();
    until_ = language_.close;
    in_comment(text.substr(language_.open.size()));
    return true;
  }

  // A comment that begins after code and goes on over the line's end.
  void after_code(std::string_view text) {
    if (language_.open.empty()) return;
    const std::size_t open = text.rfind(language_.open);
    if (open == std::string_view::npos ||
        text.find(language_.close, open + language_.open.size()) != std::string_view::npos)
      return;
    for (const char quote : language_.quotes)  // in a string it is none
      if (text.substr(0, open).find(quote) != std::string_view::npos) return;
    until_ = language_.close;
  }

  void in_comment(std::string_view line) {
    const std::size_t close = line.find(until_);
    comment_line(line.substr(0, close));
    if (close != std::string_view::npos) until_ = {};
  }

  void comment_line(std::string_view line) {
    flush_code();
    const std::string_view text = unframed(line);
    // An empty line, or the next of a list of parameters, begins a paragraph of its own.
    if (text.empty() || text.starts_with('@') || text.starts_with('\\') || text.starts_with(':')) comment_ += '\n';
    comment_.append(text).append(" ");
  }

  void flush_comment() {
    std::string_view rest = comment_;
    while (!rest.empty()) builder_.add(BlockKind::paragraph, 0, next_line(rest));
    comment_.clear();
  }

  void flush_code() {
    builder_.add(BlockKind::code, 0, code_);
    code_.clear();
  }

  const CodeLanguage& language_;
  DocumentBuilder& builder_;
  std::string code_, comment_;
  std::string_view until_;  // in a comment: what ends it
  bool empty_before_ = false;
};

}  // namespace

Result<void> read_code(std::string_view text, const Reading& reading, Document& document) {
  const CodeLanguage* language = code_language(extension_of(reading.hints.name));
  if (language == nullptr) language = code_language("c");  // told by a media type alone
  document.media_type = "text/x-source";
  DocumentBuilder builder(document, reading.limits.max_text_bytes);
  CodeReader reader(*language, builder);
  for (std::uint32_t lines = 1; !text.empty() && !builder.full(); ++lines) {
    reader.line(next_line(text));
    if (lines % kLinesBetweenClockReads == 0) RENVOI_CHECK(check_time(reading, "this source code"));
  }
  reader.end();
  std::string comments;
  for (const Block& block : document.blocks)
    if (block.kind == BlockKind::paragraph && comments.size() < 16'384)
      comments.append(text::slice(document.text, block.range)).append("\n");
  document.language = text::detect_language(comments, reading.hints.language);
  return {};
}

}  // namespace renvoi::extract
