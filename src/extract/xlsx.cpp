#include "extract/xlsx.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <vector>

#include "base/date.h"
#include "extract/document_builder.h"
#include "extract/table_writer.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::uint32_t kRowsBetweenClockReads = 256;
constexpr std::size_t kMaxSheets = 1'000;
constexpr std::size_t kMaxSharedStringBytes = 64u << 20;
constexpr std::int64_t kDaySeconds = 86'400;

// The number formats that are dates without being defined in the file (18.8.30).
bool is_built_in_date(int format) {
  return (format >= 14 && format <= 17) || format == 22 || (format >= 27 && format <= 36) ||
         (format >= 50 && format <= 58);
}

// A format code with a day or a year outside of quotes, colours and escapes.
bool is_date_format(std::string_view code) {
  bool quoted = false, bracketed = false;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (c == '\\' || c == '_' || c == '*')
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (c == '[')
      bracketed = true;
    else if (c == ']')
      bracketed = false;
    else if (!quoted && !bracketed && (c == 'y' || c == 'd' || c == 'Y' || c == 'D'))
      return true;
  }
  return false;
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The text of a string item; phonetic guides (rPh) say it twice.
void string_item(const pugi::xml_node& parent, std::string& out) {
  for (const pugi::xml_node& node : parent.children()) {
    const std::string_view name = local_name(node);
    if (name == "t") out += node.child_value();
    if (name == "r" || name == "is") string_item(node, out);
  }
}

class XlsxReader {
 public:
  XlsxReader(const Package& package, std::string_view main_part, const Reading& reading, Document& document)
      : package_(package),
        main_part_(main_part),
        reading_(reading),
        document_(document),
        builder_(document, reading.limits.max_text_bytes) {}

  Result<void> run() {
    std::string declared;
    read_core_properties(package_, document_, declared);
    pugi::xml_document workbook;
    RENVOI_CHECK(package_.parse(main_part_, workbook, document_.truncated));
    const pugi::xml_node root = child(workbook, "workbook");
    const std::string_view since = attribute(child(root, "workbookPr"), "date1904");
    since_1904_ = since == "1" || since == "true";
    const Relationships parts = package_.relationships(main_part_);
    for (const auto& [id, relationship] : parts) {
      if (relationship.type == "sharedStrings") RENVOI_CHECK(shared_strings(relationship.target));
      if (relationship.type == "styles") RENVOI_CHECK(styles(relationship.target));
    }
    std::size_t sheets = 0;
    for (const pugi::xml_node& node : child(root, "sheets").children()) {
      if (local_name(node) != "sheet" || builder_.full()) continue;
      if (const std::string_view state = attribute(node, "state"); state == "hidden" || state == "veryHidden") continue;
      if (++sheets > kMaxSheets) {
        document_.truncated = true;
        break;
      }
      const auto part = parts.find(attribute(node, "id"));
      if (part == parts.end() || part->second.type != "worksheet") continue;
      RENVOI_CHECK(sheet(part->second.target, attribute(node, "name")));
    }
    document_.language = text::detect_language(document_.text, declared.empty() ? reading_.hints.language : declared);
    return {};
  }

 private:
  Result<void> shared_strings(const std::string& part) {
    pugi::xml_document tree;
    RENVOI_CHECK(package_.parse(part, tree, document_.truncated));
    std::size_t bytes = 0;
    for (const pugi::xml_node& node : child(tree, "sst").children()) {
      if (local_name(node) != "si") continue;
      std::string text;
      string_item(node, text);
      if ((bytes += text.size()) > kMaxSharedStringBytes) {
        document_.truncated = true;
        return {};
      }
      strings_.push_back(std::move(text));
    }
    return check_time(reading_, "this workbook");
  }

  Result<void> styles(const std::string& part) {
    pugi::xml_document tree;
    RENVOI_CHECK(package_.parse(part, tree, document_.truncated));
    const pugi::xml_node root = child(tree, "styleSheet");
    std::set<int> dates;
    for (const pugi::xml_node& format : child(root, "numFmts").children())
      if (is_date_format(attribute(format, "formatCode"))) dates.insert(number(attribute(format, "numFmtId")));
    for (const pugi::xml_node& style : child(root, "cellXfs").children()) {
      if (local_name(style) != "xf") continue;
      const int format = number(attribute(style, "numFmtId"));
      date_styles_.push_back(is_built_in_date(format) || dates.contains(format));
    }
    return {};
  }

  Result<void> sheet(const std::string& part, std::string_view name) {
    pugi::xml_document tree;
    RENVOI_CHECK(package_.parse(part, tree, document_.truncated));
    TableWriter writer(builder_, TableStyle::named_rows);
    bool named = false;
    std::uint32_t rows = 0;
    for (const pugi::xml_node& row : descend(tree, {"worksheet", "sheetData"}).children()) {
      if (local_name(row) != "row" || builder_.full()) continue;
      if (++rows % kRowsBetweenClockReads == 0) RENVOI_CHECK(check_time(reading_, "this workbook"));
      std::vector<std::string> cells = cells_of(row);
      if (cells.empty()) continue;
      if (!named) builder_.add(BlockKind::heading, 2, name);
      named = true;
      writer.add_row(std::move(cells));
    }
    writer.finish();
    return {};
  }

  std::vector<std::string> cells_of(const pugi::xml_node& row) {
    std::vector<std::string> cells;
    std::size_t next = 0;
    for (const pugi::xml_node& node : row.children()) {
      if (local_name(node) != "c") continue;
      const std::string_view name = attribute(node, "r");
      const std::size_t column = name.empty() ? next : excel_column(name);
      if (column >= kMaxSheetColumns) continue;
      next = column + 1;
      std::string value = value_of(node);
      if (value.empty()) continue;
      if (cells.size() <= column) cells.resize(column + 1);
      cells[column] = std::move(value);
    }
    return cells;
  }

  std::string value_of(const pugi::xml_node& cell) const {
    const std::string_view type = attribute(cell, "t");
    const std::string_view value = child(cell, "v").child_value();
    if (type == "inlineStr") {
      std::string text;
      string_item(cell, text);
      return text;
    }
    if (type == "s") {
      std::size_t index = SIZE_MAX;
      std::from_chars(value.data(), value.data() + value.size(), index);
      return index < strings_.size() ? strings_[index] : std::string();
    }
    if (type == "b") return value == "1" ? "TRUE" : "FALSE";
    if (!type.empty() && type != "n") return std::string(value);
    return number_text(value, static_cast<std::size_t>(std::max(0, number(attribute(cell, "s")))));
  }

  // Excel writes 17 digits ("0.10000000000000001"); the shortest that means the same is what it shows.
  std::string number_text(std::string_view value, std::size_t style) const {
    double parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (error != std::errc() || end != value.data() + value.size()) return std::string(value);
    if (style < date_styles_.size() && date_styles_[style])
      if (std::string date = excel_date(parsed, since_1904_); !date.empty()) return date;
    return std::abs(parsed) < 1e15 && parsed == std::floor(parsed) ? fmt::format("{:.0f}", parsed)
                                                                   : fmt::format("{}", parsed);
  }

  const Package& package_;
  const std::string_view main_part_;
  const Reading& reading_;
  Document& document_;
  DocumentBuilder builder_;
  std::vector<std::string> strings_;
  std::vector<bool> date_styles_;  // by the number of the cell's style
  bool since_1904_ = false;
};

}  // namespace

std::string excel_date(double serial, bool since_1904) {
  if (!(serial >= 1) || serial >= 2'958'466) return {};
  // 1970-01-01 is day 25,569 of one calendar and 24,107 of the other. (Before March 1900 Excel counts a day that never
  // was; such dates are one too early here.)
  const double days = serial - (since_1904 ? 24'107 : 25'569);
  const auto seconds = static_cast<Timestamp>(std::llround(days * static_cast<double>(kDaySeconds)));
  const Timestamp within = ((seconds % kDaySeconds) + kDaySeconds) % kDaySeconds;
  std::string out = to_date(seconds);
  if (within != 0) out += fmt::format(" {:02}:{:02}", within / 3'600, within / 60 % 60);
  return out;
}

std::size_t excel_column(std::string_view cell) {
  std::size_t column = 0, letters = 0;
  for (; letters < cell.size() && cell[letters] >= 'A' && cell[letters] <= 'Z'; ++letters) {
    if (letters == 4) return SIZE_MAX;
    column = column * 26 + static_cast<std::size_t>(cell[letters] - 'A' + 1);
  }
  return letters == 0 ? SIZE_MAX : column - 1;
}

Result<void> read_xlsx(const Package& package, std::string_view main_part, const Reading& reading, Document& document) {
  return XlsxReader(package, main_part, reading, document).run();
}

}  // namespace renvoi::extract
