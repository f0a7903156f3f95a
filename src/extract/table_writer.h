// A table of cells as blocks. For the room's own use.
#pragma once

#include <string>
#include <vector>

#include "extract/document_builder.h"

namespace renvoi::extract {

enum class TableStyle : std::uint8_t {
  rows,        // always as a table: "a | b"
  named_rows,  // a long table with a head as a list whose items name their columns: "Name: Anna; Age: 30"; a passage
               // cut from the middle of it can then be read by itself
};

// Give rows, then finish(). Empty cells at the end of a row are dropped, and so are rows of empty cells.
class TableWriter {
 public:
  TableWriter(DocumentBuilder& builder, TableStyle style) : builder_(builder), style_(style) {}
  void add_row(std::vector<std::string> cells);
  void finish();

 private:
  void write(const std::vector<std::string>& cells);

  DocumentBuilder& builder_;
  TableStyle style_;
  std::vector<std::vector<std::string>> waiting_;  // until it is known whether the table is long
  std::vector<std::string> head_;                  // in use when not empty
  bool decided_ = false, started_ = false;
};

}  // namespace renvoi::extract
