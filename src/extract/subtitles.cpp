#include "extract/subtitles.h"

#include <charconv>
#include <optional>
#include <vector>

#include "base/utf8.h"
#include "extract/document_builder.h"
#include "extract/lines.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr double kPause_s = 4;
constexpr std::size_t kLongParagraphBytes = 400, kMaxParagraphBytes = 4'000;
constexpr std::uint32_t kLinesBetweenClockReads = 4'096;

// "01:02:03,500", "02:03.500".
std::optional<double> seconds_of(std::string_view time) {
  double total = 0;
  for (int parts = 0; parts < 3 && !time.empty(); ++parts) {
    const std::size_t end = std::min(time.find(':'), time.size());
    std::string part(time.substr(0, end));
    for (char& c : part) c = c == ',' ? '.' : c;
    double value = 0;
    if (std::from_chars(part.data(), part.data() + part.size(), value).ec != std::errc()) return std::nullopt;
    total = total * 60 + value;
    time.remove_prefix(std::min(time.size(), end + 1));
  }
  return total;
}

// Without tags ("<i>", "{\an8}") and entities; "<v Anna>" names who speaks.
std::string plain(std::string_view line) {
  std::string out;
  while (!line.empty()) {
    const char open = line.front();
    const std::size_t close = open == '<'                              ? line.find('>')
                              : open == '{' && line.starts_with("{\\") ? line.find('}')
                                                                       : 0;
    if (close != 0 && close != std::string_view::npos) {
      if (line.starts_with("<v ") || line.starts_with("<v.")) {
        const std::size_t name = line.find(' ');
        if (name < close) out.append(line.substr(name + 1, close - name - 1)).append(": ");
      }
      line.remove_prefix(close + 1);
      continue;
    }
    bool entity = false;
    constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
        {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&nbsp;", " "}, {"&lrm;", ""}, {"&rlm;", ""}};
    for (const auto& [name, text] : kEntities) {
      if (open != '&' || !line.starts_with(name)) continue;
      out += text;
      line.remove_prefix(name.size());
      entity = true;
      break;
    }
    if (entity) continue;
    out += open;
    line.remove_prefix(1);
  }
  return collapse_space(out);
}

bool ends_sentence(std::string_view text) {
  return text.ends_with('.') || text.ends_with('!') || text.ends_with('?') || text.ends_with("…");
}

}  // namespace

Result<void> read_subtitles(std::string_view text, const Reading& reading, Document& document) {
  document.media_type = text.starts_with("WEBVTT") ? "text/vtt" : "application/x-subrip";
  DocumentBuilder builder(document, reading.limits.max_text_bytes);
  std::string paragraph, last;
  std::optional<double> end_before;
  bool in_cue = false;
  std::uint32_t lines = 0;
  const auto flush = [&] {
    builder.add(BlockKind::paragraph, 0, paragraph);
    paragraph.clear();
  };
  while (!text.empty() && !builder.full()) {
    if (++lines % kLinesBetweenClockReads == 0) RENVOI_CHECK(check_time(reading, "these subtitles"));
    const std::string_view line = trimmed(next_line(text));
    if (line.empty()) {
      in_cue = false;
      continue;
    }
    if (const std::size_t arrow = line.find("-->"); arrow != std::string_view::npos) {
      in_cue = true;
      const auto begin = seconds_of(trimmed(line.substr(0, arrow)));
      std::string_view end = trimmed(line.substr(arrow + 3));
      end = end.substr(0, end.find(' '));
      if (begin && end_before && *begin - *end_before > kPause_s) flush();
      end_before = seconds_of(end);
      continue;
    }
    if (!in_cue) continue;  // a cue's number or name, the head of the file, a note, a style
    const std::string said = plain(line);
    if (said.empty() || said == last) continue;
    last = said;
    if (paragraph.size() > kMaxParagraphBytes || (paragraph.size() > kLongParagraphBytes && ends_sentence(paragraph)))
      flush();
    if (!paragraph.empty()) paragraph += ' ';
    paragraph += said;
  }
  flush();
  document.language = text::detect_language(document.text, reading.hints.language);
  return {};
}

}  // namespace renvoi::extract
