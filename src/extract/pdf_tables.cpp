#include "extract/pdf_tables.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

namespace renvoi::extract {
namespace {

const std::string kBar = " | ";
constexpr double kAligned_pt = 4;
constexpr double kMaxGap = 3;             // between rows, in heights of a line
constexpr std::size_t kMaxCellWords = 4;  // in the lines of its block, on average: more is prose, perhaps in columns
constexpr std::size_t kMaxCellBytes = 80;
constexpr double kSlack_pt = 40;  // as far as a head may reach beyond its table
constexpr std::size_t kMaxPageLines = 20'000;

using Row = std::vector<std::size_t>;  // lines from left to right

std::size_t words_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) + 1;
}

double middle(const PdfLine& line) { return (line.y_min + line.y_max) / 2; }

// Lines that may be cells: not those of blocks of prose.
std::vector<std::size_t> short_lines(const PdfPage& page) {
  std::vector<std::size_t> out;
  for (std::size_t begin = 0; begin < page.lines.size();) {
    std::size_t end = begin, words = 0;
    for (; end < page.lines.size() && page.lines[end].block == page.lines[begin].block; ++end)
      words += words_in(page.lines[end].text);
    if (words <= (end - begin) * kMaxCellWords)
      for (std::size_t i = begin; i < end; ++i) out.push_back(i);
    begin = end;
  }
  return out;
}

// Lines at one height, from the top of the page down.
std::vector<Row> rows_of(const PdfPage& page) {
  std::vector<std::size_t> order = short_lines(page);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return middle(page.lines[a]) < middle(page.lines[b]); });
  std::vector<Row> rows;
  for (const std::size_t i : order) {
    const PdfLine& line = page.lines[i];
    const bool same = !rows.empty() && middle(line) - middle(page.lines[rows.back().front()]) < line.height * .4;
    if (!same) rows.emplace_back();
    rows.back().push_back(i);
  }
  for (Row& row : rows)
    std::sort(row.begin(), row.end(),
              [&](std::size_t a, std::size_t b) { return page.lines[a].x_min < page.lines[b].x_min; });
  return rows;
}

bool is_row(const PdfPage& page, const Row& row) {
  if (row.size() < 2) return false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const PdfLine& line = page.lines[row[i]];
    if (line.text.size() > kMaxCellBytes) return false;
    if (i > 0 && line.x_min < page.lines[row[i - 1]].x_max) return false;
  }
  return true;
}

bool aligned(const PdfLine& a, const PdfLine& b) {
  return std::abs(a.x_min - b.x_min) < kAligned_pt || std::abs(a.x_max - b.x_max) < kAligned_pt ||
         std::abs(a.x_min + a.x_max - b.x_min - b.x_max) / 2 < kAligned_pt;
}

// `below` stands close under `above`, with two cells or more in its columns.
bool follows(const PdfPage& page, const Row& above, const Row& below) {
  const PdfLine &upper = page.lines[above.front()], &lower = page.lines[below.front()];
  if (lower.y_min - upper.y_max > std::max(upper.height, lower.height) * kMaxGap) return false;
  std::size_t columns = 0;
  for (const std::size_t i : below)
    columns +=
        std::any_of(above.begin(), above.end(), [&](std::size_t j) { return aligned(page.lines[i], page.lines[j]); })
            ? 1
            : 0;
  return columns >= 2;
}

// The line close above the first row with as many words as that has cells; the number of lines when there is none. It
// may be in a block of prose, whose last line it then seems to be.
std::size_t head_of(const PdfPage& page, const Row& first) {
  const PdfLine &left = page.lines[first.front()], &right = page.lines[first.back()];
  std::size_t found = page.lines.size();
  for (std::size_t i = 0; i < page.lines.size(); ++i) {
    const PdfLine& line = page.lines[i];
    if (line.row || line.y_max > left.y_min + kAligned_pt || left.y_min - line.y_max > left.height * kMaxGap) continue;
    if (line.x_min < left.x_min - kSlack_pt || line.x_max > right.x_max + kSlack_pt) continue;
    if (found == page.lines.size() || line.y_max > page.lines[found].y_max) found = i;
  }
  return found < page.lines.size() && words_in(page.lines[found].text) == first.size() ? found : page.lines.size();
}

}  // namespace

void join_table_rows(PdfPage& page) {
  if (page.lines.size() > kMaxPageLines) return;
  const std::vector<Row> rows = rows_of(page);
  std::vector<bool> gone(page.lines.size(), false);
  std::vector<std::vector<PdfLine>> tables(page.lines.size());  // at the place of the first cell
  bool any = false;
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    while (end < rows.size() && is_row(page, rows[end]) && (end == begin || follows(page, rows[end - 1], rows[end])))
      ++end;
    if (end - begin < 2) {
      begin = std::max(end, begin + 1);
      continue;
    }
    std::size_t head = head_of(page, rows[begin]);
    if (head < page.lines.size() && gone[head]) head = page.lines.size();  // it belongs to the table above
    std::size_t first = head;
    for (std::size_t i = begin; i < end; ++i)
      first = std::min(first, *std::min_element(rows[i].begin(), rows[i].end()));
    if (head < page.lines.size()) {
      PdfLine whole = page.lines[head];
      whole.row = gone[head] = true;
      whole.block = page.lines[first].block;
      for (std::size_t at = 0; (at = whole.text.find(' ', at)) != std::string::npos; at += kBar.size())
        whole.text.replace(at, 1, kBar);
      tables[first].push_back(std::move(whole));
    }
    for (std::size_t i = begin; i < end; ++i) {
      PdfLine whole = page.lines[rows[i].front()];
      whole.row = true;
      whole.block = page.lines[first].block;
      whole.text.clear();
      for (const std::size_t cell : rows[i]) {
        whole.text += (whole.text.empty() ? "" : kBar) + page.lines[cell].text;
        whole.x_max = page.lines[cell].x_max;
        gone[cell] = true;
      }
      tables[first].push_back(std::move(whole));
    }
    any = true;
    begin = end;
  }
  if (!any) return;
  std::vector<PdfLine> lines;
  for (std::size_t i = 0; i < page.lines.size(); ++i) {
    for (PdfLine& row : tables[i]) lines.push_back(std::move(row));
    if (!gone[i]) lines.push_back(std::move(page.lines[i]));
  }
  page.lines = std::move(lines);
}

}  // namespace renvoi::extract
