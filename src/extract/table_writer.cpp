#include "extract/table_writer.h"

#include <algorithm>
#include <set>

namespace renvoi::extract {
namespace {

constexpr std::size_t kLongTableRows = 12;  // a shorter table and its head are likely to share a passage
constexpr std::size_t kMaxHeadBytes = 80;

bool is_number(std::string_view cell) {
  return cell.find_first_not_of("0123456789.,+-%€$£ ") == std::string_view::npos;
}

// Two columns or more, each with a name of its own that is no number.
bool is_head(const std::vector<std::string>& row) {
  std::set<std::string_view> seen;
  for (const std::string& cell : row)
    if (cell.empty() || cell.size() > kMaxHeadBytes || is_number(cell) || !seen.insert(cell).second) return false;
  return row.size() >= 2;
}

}  // namespace

void TableWriter::add_row(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = collapse_space(cell);
  while (!cells.empty() && cells.back().empty()) cells.pop_back();
  if (cells.empty()) return;
  if (style_ == TableStyle::rows || decided_) return write(cells);
  waiting_.push_back(std::move(cells));
  if (waiting_.size() <= kLongTableRows) return;
  decided_ = true;
  if (is_head(waiting_.front())) head_ = std::move(waiting_.front());
  for (const auto& row : waiting_)
    if (!row.empty()) write(row);
  waiting_.clear();
}

void TableWriter::finish() {
  for (const auto& row : waiting_) write(row);
  waiting_.clear();
  head_.clear();
  decided_ = started_ = false;
}

void TableWriter::write(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (head_.empty()) {
      line += (i == 0 ? "" : " | ") + cells[i];
    } else if (!cells[i].empty()) {
      if (!line.empty()) line += "; ";
      if (i < head_.size()) line += head_[i] + ": ";
      line += cells[i];
    }
  }
  builder_.add(head_.empty() ? BlockKind::table_row : BlockKind::list_item, head_.empty() ? 0 : 1, line, started_);
  started_ = true;
}

}  // namespace renvoi::extract
