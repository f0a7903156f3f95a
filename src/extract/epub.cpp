#include "extract/epub.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/date.h"
#include "base/utf8.h"
#include "extract/append.h"
#include "extract/decode.h"
#include "extract/epub_headings.h"
#include "extract/html.h"
#include "extract/section_languages.h"
#include "extract/text_codings.h"
#include "text/language.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxChapters = 10'000;

constexpr std::array kVoid{"area"sv,  "base"sv, "br"sv,   "col"sv,   "embed"sv,  "hr"sv,    "img"sv,
                           "input"sv, "link"sv, "meta"sv, "param"sv, "source"sv, "track"sv, "wbr"sv};

struct Item {
  std::string part, media_type;
  bool navigation = false;
};

struct Book {
  std::map<std::string, Item, std::less<>> items;
  std::vector<std::string> spine;
};

std::string package_document(const Package& package, bool& cut) {
  pugi::xml_document container;
  if (!package.parse("META-INF/container.xml", container, cut)) return {};
  for (const pugi::xml_node& node : descend(container, {"container", "rootfiles"}).children())
    if (local_name(node) == "rootfile") return resolve_part("", attribute(node, "full-path"));
  return {};
}

void read_metadata(const pugi::xml_node& metadata, Document& document, std::string& language) {
  for (const pugi::xml_node& node : metadata.children()) {
    const std::string_view name = local_name(node);
    const std::string value = all_text(node);
    if (name == "title" && document.title.empty()) document.title = title_of(value);
    if (name == "creator") add_author(document, value);
    if (name == "language" && language.empty()) language = value;
    if (name == "date" && !document.published) document.published = parse_date_time(value);
    if (name == "meta" && attribute(node, "property") == "dcterms:modified") document.modified = parse_date_time(value);
  }
}

Book read_book(const pugi::xml_node& root, std::string_view part) {
  Book book;
  for (const pugi::xml_node& node : child(root, "manifest").children()) {
    if (local_name(node) != "item") continue;
    const std::string_view properties = attribute(node, "properties");
    book.items.emplace(
        std::string(attribute(node, "id")),
        Item{resolve_part(part, percent_decode(attribute(node, "href"))), std::string(attribute(node, "media-type")),
             properties.find("nav") != std::string_view::npos});
  }
  for (const pugi::xml_node& node : child(root, "spine").children())
    if (local_name(node) == "itemref" && book.spine.size() < kMaxChapters)
      book.spine.emplace_back(attribute(node, "idref"));
  return book;
}

bool same(std::string_view a, std::string_view b) { return text::fold(a) == text::fold(b); }

// The navigation document of EPUB 3; in older books the table that the spine names, or any of its type.
Contents contents_of(const Package& package, const Book& book) {
  for (const bool navigation : {true, false})
    for (const auto& [id, item] : book.items)
      if (navigation ? item.navigation : item.media_type == "application/x-dtbncx+xml")
        if (Contents contents = read_contents(package, item.part); !contents.empty()) return contents;
  return {};
}

// What the book's sheets and chapters say of what its headings look like.
BookStyle style_of(const Package& package, const Book& book) {
  BookStyle style;
  for (const auto& [id, item] : book.items)
    if (item.media_type == "text/css") style.add_sheet(package.part(item.part));
  for (const std::string& id : book.spine)
    if (const auto item = book.items.find(id); item != book.items.end() && !item->second.navigation)
      style.learn(package.part(item->second.part));
  return style;
}

Result<void> read_chapter(std::string_view bytes, const BookStyle& style, const std::vector<ContentsEntry>& contents,
                          std::string& last_title, const Reading& reading, Document& document) {
  Decoded decoded;
  decode(bytes, "", true, decoded);
  const std::string html = html_of_xhtml(style.with_headings(decoded.text, contents));
  Document chapter;
  RENVOI_CHECK(read_html(html, reading.hints, reading.limits, reading.deadline, chapter));
  chapter.links.clear();  // they lead to other chapters
  if (chapter.blocks.empty()) return {};
  const bool new_title =
      !chapter.title.empty() && !same(chapter.title, document.title) && !same(chapter.title, last_title);
  append(document, chapter, new_title ? chapter.title : "", 0, reading.limits);
  if (new_title) last_title = chapter.title;
  return {};
}

}  // namespace

std::string html_of_xhtml(std::string_view xhtml) {
  std::string out;
  out.reserve(xhtml.size() + xhtml.size() / 64);
  if (xhtml.starts_with("<?xml")) xhtml.remove_prefix(std::min(xhtml.size(), xhtml.find("?>") + 2));
  for (std::size_t at = 0; at < xhtml.size();) {
    const std::size_t end = xhtml.find("/>", at);
    if (end == std::string_view::npos) {
      out += xhtml.substr(at);
      break;
    }
    const std::size_t open = xhtml.substr(at, end - at).rfind('<');
    std::string_view name;
    if (open != std::string_view::npos) {
      name = xhtml.substr(at + open + 1, end - at - open - 1);
      name = name.substr(0, name.find_first_of(" \t\r\n"));
    }
    const bool plain =
        !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ==
                             std::string_view::npos;
    if (plain && std::find(kVoid.begin(), kVoid.end(), name) == kVoid.end()) {
      out.append(xhtml.substr(at, end - at)).append("></").append(name).append(">");
    } else {
      out.append(xhtml.substr(at, end + 2 - at));
    }
    at = end + 2;
  }
  return out;
}

Result<void> read_epub(const Package& package, const Reading& reading, Document& document) {
  const std::string part = package_document(package, document.truncated);
  pugi::xml_document tree;
  if (!part.empty()) RENVOI_CHECK(package.parse(part, tree, document.truncated));
  const pugi::xml_node root = child(tree, "package");
  if (!root) return Error{ErrorCode::corrupt, "this EPUB has no package document: it is damaged or cut short"};
  std::string language;
  read_metadata(child(root, "metadata"), document, language);
  const Book book = read_book(root, part);
  const std::string_view encryption = package.part("META-INF/encryption.xml");
  const BookStyle style = style_of(package, book);
  const Contents contents = contents_of(package, book);
  std::string last_title;
  for (const std::string& id : book.spine) {
    RENVOI_CHECK(check_time(reading, "this book"));
    const auto item = book.items.find(id);
    if (item == book.items.end() || item->second.navigation || !package.has(item->second.part)) continue;
    if (encryption.find("\"" + item->second.part + "\"") != std::string_view::npos)
      return Error{ErrorCode::invalid, "the chapters of this EPUB are encrypted (DRM): they cannot be read"};
    const auto named = contents.find(item->second.part);
    RENVOI_CHECK(read_chapter(package.part(item->second.part), style,
                              named == contents.end() ? std::vector<ContentsEntry>() : named->second, last_title,
                              reading, document));
    if (document.text.size() >= reading.limits.max_text_bytes) break;
  }
  set_languages(document, text::detect_language(document.text, language.empty() ? reading.hints.language : language));
  return {};
}

}  // namespace renvoi::extract
