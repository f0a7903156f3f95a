// The headings of books whose chapters have none: programs write them as paragraphs of a class that the style sheet
// makes large (LibreOffice, Word by way of Calibre), and name them in the table of contents. For the room's own use.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "extract/package.h"

namespace renvoi::extract {

// An entry of the table of contents.
struct ContentsEntry {
  std::string label;
  std::uint8_t level = 1;  // 1 to 6
};
// By the part of the book that it leads to.
using Contents = std::map<std::string, std::vector<ContentsEntry>, std::less<>>;

// Of an EPUB 3 navigation document or an EPUB 2 "toc.ncx", which `part` names; what is damaged gives fewer entries.
Contents read_contents(const Package& package, std::string_view part);

class BookStyle {
 public:
  // A style sheet of the book: rules of one class with a size.
  void add_sheet(std::string_view sheet);
  // Every chapter, before the first is asked for its headings: what is the size of the text, which are there.
  void learn(std::string_view xhtml);

  // The chapter with its headings as such (<h1> to <h6>): paragraphs of at most 200 bytes all of whose text is at least
  // 1.15 times as large as the book's text, and those that an entry of the contents names. A chapter that has headings,
  // or is of a book that has any, is given back as it is.
  std::string with_headings(std::string_view xhtml, const std::vector<ContentsEntry>& contents) const;

 private:
  struct Paragraph;
  std::vector<Paragraph> paragraphs(std::string_view xhtml) const;
  double text_size() const;
  std::uint8_t level_of(double size) const;

  std::map<std::string, double, std::less<>> sizes_;  // of classes, in points
  std::map<double, std::uint64_t> text_;              // bytes of text of each size
  std::map<double, std::uint32_t> short_;             // paragraphs that could be headings, by size
  bool has_headings_ = false;
};

}  // namespace renvoi::extract
