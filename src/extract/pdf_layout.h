// What pdftotext -bbox-layout says of a PDF: where the lines of its pages stand. For the room's own use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace renvoi::extract {

// In points from the page's upper left corner. `height` is that of its words' fonts, from ascender to descender.
struct PdfLine {
  double x_min = 0, y_min = 0, x_max = 0, y_max = 0;
  double height = 0;
  std::uint32_t block = 0;  // numbered in reading order over the whole document
  std::string text;         // white space collapsed, never empty
  bool row = false;         // of a table: see pdf_tables.h
};

struct PdfPage {
  double width = 0, height = 0;
  std::vector<PdfLine> lines;  // in reading order
};

struct PdfLayout {
  std::string title, author, created, modified;
  std::vector<PdfPage> pages;
};

// Never fails: what is not understood is passed over.
PdfLayout read_pdf_layout(std::string_view xhtml);

}  // namespace renvoi::extract
