#include "extract/epub_headings.h"

#include <algorithm>
#include <cctype>

#include "base/utf8.h"
#include "extract/document_builder.h"
#include "extract/style_sheet.h"
#include "extract/text_codings.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr double kUsualPoints = 12;  // of text that no rule gives a size
constexpr double kHeadingSize = 1.15;
constexpr double kMaxPoints = 1'000;
constexpr std::size_t kMaxHeadingBytes = 200;
constexpr std::size_t kMaxSheetBytes = 512 * 1'024;
constexpr std::size_t kMaxEntries = 20'000;
constexpr int kMaxContentsDepth = 32;

// A table of contents declares its type, and entities of its own in no book that was seen: what it declares is dropped,
// with a list of its own it is refused by the parser.
std::string without_doctype(std::string_view xml) {
  const std::size_t begin = xml.find("<!DOCTYPE");
  if (begin == std::string_view::npos) return std::string(xml);
  const std::size_t end = xml.find('>', begin);
  if (end == std::string_view::npos || xml.substr(begin, end - begin).find('[') != std::string_view::npos)
    return std::string(xml);
  return std::string(xml.substr(0, begin)).append(xml.substr(end + 1));
}

class ContentsReader {
 public:
  explicit ContentsReader(std::string_view part) : part_(part) {}

  void read_ncx(const pugi::xml_node& points, int level) {
    if (level > kMaxContentsDepth) return;
    for (const pugi::xml_node& point : points.children()) {
      if (local_name(point) != "navPoint") continue;
      add(attribute(child(point, "content"), "src"), all_text(child(point, "navLabel")), level);
      read_ncx(point, level + 1);
    }
  }

  // <nav epub:type="toc"><ol><li><a href>...</a><ol>...
  void read_nav(const pugi::xml_node& node, int depth) {
    if (depth > kMaxContentsDepth) return;
    if (local_name(node) == "nav" && attribute(node, "type") == "toc") return read_list(child(node, "ol"), 1);
    for (const pugi::xml_node& below : node.children()) read_nav(below, depth + 1);
  }

  Contents take() { return std::move(contents_); }

 private:
  void read_list(const pugi::xml_node& list, int level) {
    if (level > kMaxContentsDepth) return;
    for (const pugi::xml_node& item : list.children()) {
      const pugi::xml_node link = child(item, "a");
      if (link) add(attribute(link, "href"), all_text(link), level);
      read_list(child(item, "ol"), level + 1);
    }
  }

  void add(std::string_view target, const std::string& label, int level) {
    const std::string_view path = target.substr(0, target.find('#'));
    if (path.empty() || ++entries_ > kMaxEntries) return;
    contents_[resolve_part(part_, percent_decode(path))].push_back(
        {collapse_space(label), static_cast<std::uint8_t>(std::min(level, 6))});
  }

  const std::string_view part_;
  Contents contents_;
  std::size_t entries_ = 0;
};

// The value of an attribute in a start tag, "" when there is none. XHTML: always quoted.
std::string_view attribute_of(std::string_view tag, std::string_view name) {
  for (std::size_t at = 0; (at = tag.find(name, at)) != std::string_view::npos; at += name.size()) {
    const std::size_t quote = at + name.size() + 1;
    if (at == 0 || std::isspace(static_cast<unsigned char>(tag[at - 1])) == 0 || quote >= tag.size()) continue;
    if (tag[quote - 1] != '=' || (tag[quote] != '"' && tag[quote] != '\'')) continue;
    const std::size_t end = tag.find(tag[quote], quote + 1);
    return end == std::string_view::npos ? "" : tag.substr(quote + 1, end - quote - 1);
  }
  return {};
}

std::string_view name_of(std::string_view tag) {
  std::size_t end = 0;
  while (end < tag.size() && std::isalnum(static_cast<unsigned char>(tag[end])) != 0) ++end;
  return tag.substr(0, end);
}

bool is_heading_name(std::string_view name) {
  return name.size() == 2 && (name[0] == 'h' || name[0] == 'H') && name[1] >= '1' && name[1] <= '6';
}

}  // namespace

Contents read_contents(const Package& package, std::string_view part) {
  const std::string xml = without_doctype(package.part(part));
  pugi::xml_document tree;
  bool cut = false;
  if (xml.empty() || !parse_part(tree, xml, part, cut).ok()) return {};
  ContentsReader reader(part);
  if (const pugi::xml_node map = descend(tree, {"ncx", "navMap"}))
    reader.read_ncx(map, 1);
  else
    reader.read_nav(tree.document_element(), 0);
  return reader.take();
}

// "<p ...>" to "</p>", with the smallest size that any of its text has.
struct BookStyle::Paragraph {
  std::size_t begin = 0, end = 0;            // of the whole, in the chapter
  std::size_t begin_text = 0, end_text = 0;  // of what is between the tags
  std::string text;                          // without tags
  double size = 0;
};

void BookStyle::add_sheet(std::string_view sheet) {
  for_each_rule(sheet.substr(0, kMaxSheetBytes), [this](std::string_view selector, std::string_view style) {
    if (const std::size_t dot = selector.find('.'); dot != std::string_view::npos) selector.remove_prefix(dot);
    if (!is_one_name(selector)) return;
    const auto size = length(property(style, "font-size"));
    if (!size || size->value <= 0 || size->value > kMaxPoints) return;
    const double points = size->unit == "px"                          ? size->value * 0.75
                          : size->unit == "em" || size->unit == "rem" ? size->value * kUsualPoints
                          : size->unit == "%"                         ? size->value * kUsualPoints / 100
                                                                      : size->value;
    sizes_[std::string(selector.substr(1))] = points;
  });
}

std::vector<BookStyle::Paragraph> BookStyle::paragraphs(std::string_view xhtml) const {
  std::vector<Paragraph> found;
  std::vector<double> open;  // sizes, of the elements that are open in the paragraph
  for (std::size_t at = 0; at < xhtml.size();) {
    const std::size_t tag = std::min(xhtml.find('<', at), xhtml.size());
    if (!open.empty() && tag > at) {
      const std::string_view piece = xhtml.substr(at, tag - at);
      if (piece.find_first_not_of(" \t\r\n") != std::string_view::npos)
        found.back().size = std::min(found.back().size, open.back());
      found.back().text += piece;
    }
    const std::size_t end = xhtml.find('>', tag);
    if (end == std::string_view::npos) break;
    at = end + 1;
    std::string_view inside = xhtml.substr(tag + 1, end - tag - 1);
    const bool closes = inside.starts_with('/');
    if (closes) inside.remove_prefix(1);
    const std::string_view name = name_of(inside);
    if (closes && !open.empty()) {
      if (name == "p") {
        found.back().end_text = tag;
        found.back().end = at;
        open.clear();
      } else if (open.size() > 1) {
        open.pop_back();
      }
      continue;
    }
    if (closes || name.empty() || inside.ends_with('/') || (open.empty() && name != "p")) continue;
    double size = open.empty() ? kUsualPoints : open.back();
    const std::string_view classes = attribute_of(inside, "class");
    if (const auto known = sizes_.find(classes.substr(0, classes.find(' '))); known != sizes_.end())
      size = known->second;
    if (name == "p") {
      if (!open.empty()) found.pop_back();  // the one before was never closed
      open.clear();
      found.push_back({});
      found.back().begin = tag;
      found.back().begin_text = at;
      found.back().size = kMaxPoints;
    }
    open.push_back(size);
  }
  if (!open.empty()) found.pop_back();
  return found;
}

void BookStyle::learn(std::string_view xhtml) {
  for (std::size_t at = 0; (at = xhtml.find('<', at)) != std::string_view::npos; ++at)
    has_headings_ |= is_heading_name(name_of(xhtml.substr(at + 1, 3)));
  if (has_headings_) return;
  for (const Paragraph& paragraph : paragraphs(xhtml)) {
    text_[paragraph.size] += paragraph.text.size();
    if (!collapse_space(paragraph.text).empty() && paragraph.text.size() <= kMaxHeadingBytes) ++short_[paragraph.size];
  }
}

double BookStyle::text_size() const {
  const auto most =
      std::max_element(text_.begin(), text_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == text_.end() ? kUsualPoints : most->first;
}

// The largest size that headings have is the first level.
std::uint8_t BookStyle::level_of(double size) const {
  const auto larger = std::distance(short_.upper_bound(size), short_.end());
  return static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(larger + 1, 6));
}

std::string BookStyle::with_headings(std::string_view xhtml, const std::vector<ContentsEntry>& contents) const {
  if (has_headings_) return std::string(xhtml);
  std::multimap<std::string, std::uint8_t> named;
  for (const ContentsEntry& entry : contents) named.emplace(text::fold(entry.label), entry.level);
  const double usual = text_size();
  std::string out;
  std::size_t done = 0;
  for (const Paragraph& paragraph : paragraphs(xhtml)) {
    const std::string text = text::fold(collapse_space(paragraph.text));
    if (text.empty() || paragraph.text.size() > kMaxHeadingBytes) continue;
    std::uint8_t level = paragraph.size >= kHeadingSize * usual ? level_of(paragraph.size) : 0;
    if (const auto entry = named.find(text); entry != named.end()) {
      if (level == 0) level = entry->second;
      named.erase(entry);  // the next paragraph that says so is none
    }
    if (level == 0) continue;
    const std::string number = std::to_string(level);
    out.append(xhtml.substr(done, paragraph.begin - done)).append("<h").append(number).append(">");
    out.append(xhtml.substr(paragraph.begin_text, paragraph.end_text - paragraph.begin_text));
    out.append("</h").append(number).append(">");
    done = paragraph.end;
  }
  return out.append(xhtml.substr(done));
}

}  // namespace renvoi::extract
