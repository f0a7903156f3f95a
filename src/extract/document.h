// A document: what extraction makes of bytes. Passes through; is not kept unless the source's retention says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "extract/element_map.h"
#include "text/range.h"

namespace renvoi::extract {

// Changes whenever the same bytes could give another text or other passages (invariant 6).
inline constexpr std::uint32_t kExtractorVersion = 4;

enum class BlockKind : std::uint8_t { heading, paragraph, list_item, table_row, code, quote };

// A block of the text. Blocks are in order, do not overlap, and are separated by "\n\n" in the text ("\n" between the
// rows of one table and the items of one list).
struct Block {
  BlockKind kind = BlockKind::paragraph;
  std::uint8_t level = 0;  // of a heading: 1 to 6
  text::Range range;       // in Document::text
};

struct Link {
  std::string target;  // as written, not resolved; resolve it against Document::base (or the page's own URL)
  std::string text;    // at most 200 bytes
  bool nofollow = false;
};

// A part of the text from one heading to the next, or an element that declares it, in another language.
struct LanguageRange {
  text::Range range;
  std::string language;
};

// Where an element with an id begins: a link to it is the page's address, "#" and the id.
struct Anchor {
  std::uint32_t offset = 0;  // in Document::text
  std::string id;            // at most 200 bytes
};

struct Property {
  std::string name, value;
};

// A page as paper has it (PDF), for citations. Pages are in order and do not overlap; one without text has none here.
struct Page {
  std::uint32_t number = 0;  // 1 for the first page of the file
  text::Range range;         // in Document::text
};

struct Document {
  std::string text;  // UTF-8, valid, the main content only, "\n" line ends; without the heading that is the title
  std::vector<Block> blocks;
  std::string title;     // at most 200 bytes
  std::string language;  // ISO 639-1 or "und"
  // Sections of the text that are in another one; in order, not overlapping.
  std::vector<LanguageRange> other_languages;
  // What the document says of itself in its metadata; nothing where it says nothing, or no date of the calendar. Not
  // compared with the clock: a date may be wrong, and in the future.
  std::optional<Timestamp> published, modified;
  std::vector<std::string> authors;        // at most 8
  std::string site, description, licence;  // licence: an address, or its name; each at most 2,000 bytes
  std::vector<std::string> types;          // of schema.org, from its JSON-LD: "NewsArticle", "Product"; at most 16
  std::vector<Property> open_graph;        // og:*, article:*: as written, at most 32, of at most 500 bytes each
  std::vector<Anchor> anchors;             // of the main content, by offset; at most 5,000
  ElementMap elements;                     // of an HTML page; empty for everything else, and for pages within it
  std::vector<Page> pages;                 // empty when the document has no pages
  std::vector<Link> links;                 // of the whole page, not of the main content alone
  std::string base;                        // <base href>, "" when none
  std::string canonical;                   // <link rel=canonical>, "" when none
  bool noindex = false;                    // <meta name=robots> (or name=renvoi)
  bool nofollow = false;
  bool noarchive = false;
  // Characters of text that is in the page and that nobody sees, and that is not in `text`; of those, hidden in ways
  // that only programs are to read (off the screen, without size, in the colour of the ground): prompts are smuggled
  // so.
  std::uint32_t hidden_characters = 0, masked_characters = 0;
  std::string media_type;  // what it was taken for: "text/html", "text/plain", "application/pdf", ...
  std::string charset;     // what it was decoded from: "utf-8", "windows-1252", ...
  bool truncated = false;  // the input was longer than the limit, or malformed beyond it; the text is the part before
};

// The number of the page that byte of the text stands on; 0 when the document has no pages. O(log pages).
std::uint32_t page_at(const Document& document, std::uint32_t offset);

}  // namespace renvoi::extract
