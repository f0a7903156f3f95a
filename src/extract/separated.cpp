#include "extract/separated.h"

#include <algorithm>
#include <string>
#include <vector>

#include "extract/document_builder.h"
#include "extract/lines.h"
#include "extract/sniff.h"
#include "extract/table_writer.h"
#include "extract/xlsx.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kLookLines = 20;
constexpr std::size_t kMaxCellBytes = 64 * 1'024;
constexpr std::uint32_t kRowsBetweenClockReads = 1'024;

// Takes one row off `text`. A quote that is never closed ends with its line, after kMaxCellBytes.
std::vector<std::string> next_row(std::string_view& text, char separator) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    std::string& cell = cells.back();
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"')
        cell += text[++i];
      else if (c == '"')
        quoted = false;
      else
        cell += c;
      if (cell.size() > kMaxCellBytes) quoted = false;
    } else if (c == '"' && cell.empty()) {
      quoted = true;
    } else if (c == separator) {
      if (cells.size() < kMaxSheetColumns) cells.emplace_back();
    } else if (c == '\n' || c == '\r') {
      break;
    } else {
      cell += c;
    }
  }
  text.remove_prefix(i);
  if (text.starts_with("\r\n")) text.remove_prefix(1);
  if (!text.empty()) text.remove_prefix(1);
  return cells;
}

// The separator that gives the most lines the same number of columns, more than one.
char separator_of(std::string_view text) {
  char best = ',';
  std::size_t best_lines = 0, best_columns = 1;
  for (const char candidate : {',', ';', '\t', '|'}) {
    std::string_view rest = text;
    std::vector<std::size_t> columns;
    while (!rest.empty() && columns.size() < kLookLines) columns.push_back(next_row(rest, candidate).size());
    if (columns.empty()) continue;
    const auto lines = static_cast<std::size_t>(std::count(columns.begin(), columns.end(), columns.front()));
    if (columns.front() < 2) continue;
    if (lines > best_lines || (lines == best_lines && columns.front() > best_columns)) {
      best = candidate;
      best_lines = lines;
      best_columns = columns.front();
    }
  }
  return best;
}

}  // namespace

Result<void> read_separated(std::string_view text, const Reading& reading, Document& document) {
  const std::string extension = extension_of(reading.hints.name);
  const bool tabs = extension == "tsv" || extension == "tab" ||
                    media_type_of(reading.hints.content_type) == "text/tab-separated-values";
  document.media_type = tabs ? "text/tab-separated-values" : "text/csv";
  char separator = tabs ? '\t' : '\0';
  if (text.starts_with("sep=") && text.size() > 5 && (text[5] == '\n' || text[5] == '\r')) {  // as Excel writes it
    separator = text[4];
    next_line(text);
  }
  if (separator == '\0') separator = separator_of(text);
  DocumentBuilder builder(document, reading.limits.max_text_bytes);
  TableWriter writer(builder, TableStyle::named_rows);
  for (std::uint32_t rows = 1; !text.empty() && !builder.full(); ++rows) {
    writer.add_row(next_row(text, separator));
    if (rows % kRowsBetweenClockReads == 0) RENVOI_CHECK(check_time(reading, "this table"));
  }
  writer.finish();
  document.language = text::detect_language(document.text, reading.hints.language);
  return {};
}

}  // namespace renvoi::extract
