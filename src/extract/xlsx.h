// Excel workbooks (ECMA-376 part 1, SpreadsheetML) to document. For the room's own use.
#pragma once

#include <cstdint>
#include <string>

#include "extract/package.h"

namespace renvoi::extract {

// Each sheet a heading, its rows as table or as named rows (table_writer.h). Values as stored, dates as dates; formulas
// by their last result. Hidden sheets are left out; so are cells beyond kMaxSheetColumns. Errors: those of
// Package::parse(); `exhausted` when the deadline passes.
inline constexpr std::size_t kMaxSheetColumns = 256;
Result<void> read_xlsx(const Package& package, std::string_view main_part, const Reading& reading, Document& document);

// The number of days since 1899-12-30 (or 1904-01-01) that Excel keeps, as "2026-11-24" or "2026-11-24 10:15"; "" when
// it is no date of the years 1900 to 9999.
std::string excel_date(double serial, bool since_1904);

// The number of a column: 0 for "A1", 27 for "AB7"; kMaxSheetColumns and more for what is beyond, or no cell name.
std::size_t excel_column(std::string_view cell);

}  // namespace renvoi::extract
