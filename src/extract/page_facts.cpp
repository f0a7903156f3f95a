#include "extract/page_facts.h"

#include <lexbor/tag/const.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/utf8.h"
#include "extract/document_builder.h"
#include "extract/page_tags.h"
#include "extract/page_text.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxTitleBytes = 200;
constexpr std::size_t kMaxLinkTextBytes = 200;
constexpr std::size_t kMaxAddressBytes = 8'192;
constexpr std::size_t kMaxFactBytes = 2'000;
constexpr std::size_t kMaxAuthors = 8;
constexpr std::size_t kMaxAuthorBytes = 100;
constexpr std::size_t kMaxTypes = 16;
constexpr std::size_t kMaxProperties = 32;
constexpr std::size_t kMaxPropertyBytes = 500;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// A word in a list separated by spaces or commas: "nofollow" in rel or in robots.
bool has_word(std::string_view list, std::string_view word) {
  const std::string all = lower(list);
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find_first_of(" ,;\t\r\n", begin), all.size());
    if (std::string_view(all).substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
}

bool leads_to_a_document(std::string_view target) {
  if (target.empty() || target.front() == '#' || target.size() > kMaxAddressBytes) return false;
  const std::string head = lower(target.substr(0, 12));
  for (const std::string_view scheme : {"javascript:"sv, "mailto:"sv, "tel:"sv, "data:"sv, "sms:"sv, "about:"sv})
    if (head.starts_with(scheme)) return false;
  return true;
}

std::string clean(std::string_view value, std::size_t max_bytes) {
  return std::string(truncate_utf8(collapse_space(repair_utf8(value.substr(0, 4 * max_bytes))), max_bytes));
}

struct Names {
  std::string tag, open_graph, site, first_heading;
  std::vector<std::string> second_headings;  // folded, of the second level
  std::uint32_t first_level_headings = 0;
};
constexpr std::size_t kMaxSecondHeadings = 8;

class FactReader {
 public:
  FactReader(const PageTree& page, const Limits& limits, Document& document)
      : page_(page), nodes_(page.nodes()), limits_(limits), document_(document) {}

  void run(const std::vector<LinkedThing>& things) {
    read_things(things);
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].tag != 0) read_marks(i);
      switch (nodes_[i].tag) {
        case LXB_TAG_TITLE:
          read_title(i);
          break;
        case LXB_TAG_META:
          read_meta(i);
          break;
        case LXB_TAG_BASE:
          keep_first(document_.base, page_.attribute(i, "href"));
          break;
        case LXB_TAG_LINK:
          if (has_word(page_.attribute(i, "rel"), "canonical"))
            keep_first(document_.canonical, page_.attribute(i, "href"));
          break;
        case LXB_TAG_A:
        case LXB_TAG_AREA:
          read_link(i);
          break;
        case LXB_TAG_H1:
          read_heading(i);
          break;
        case LXB_TAG_H2:
          if (names_.second_headings.size() < kMaxSecondHeadings)
            names_.second_headings.push_back(text::fold(text_below(page_, i, 2 * kMaxTitleBytes)));
          break;
        default:
          break;
      }
    }
    document_.title = choose_title();
    if (document_.authors.empty()) document_.authors = std::move(named_authors_);
    if (document_.site.empty()) document_.site = names_.site.empty() ? linked_site_ : clean(names_.site, kMaxFactBytes);
    if (document_.description.empty()) document_.description = linked_description_;
  }

 private:
  static void keep_first(std::string& kept, std::string_view value) {
    value = trim(value);
    if (kept.empty() && value.size() <= kMaxAddressBytes) kept = repair_utf8(value);
  }

  static void add_author(std::vector<std::string>& authors, std::string_view name) {
    std::string author = clean(name, kMaxAuthorBytes + 1);
    if (author.empty() || author.size() > kMaxAuthorBytes || author.find("://") != std::string::npos) return;
    if (authors.size() < kMaxAuthors && std::find(authors.begin(), authors.end(), author) == authors.end())
      authors.push_back(std::move(author));
  }

  // The article's own facts before those of the page and the site around it.
  void read_things(const std::vector<LinkedThing>& things) {
    for (const bool article : {true, false}) {
      for (const LinkedThing& thing : things) {
        if (thing.is_article() != article) continue;
        if (document_.authors.empty())
          for (const std::string& author : thing.authors) add_author(document_.authors, author);
        if (document_.licence.empty()) document_.licence = clean(thing.licence, kMaxFactBytes);
        if (linked_description_.empty()) linked_description_ = clean(thing.description, kMaxFactBytes);
        if (linked_site_.empty())
          linked_site_ = clean(thing.is("WebSite") ? thing.name : thing.publisher, kMaxFactBytes);
      }
    }
    for (const LinkedThing& thing : things)
      for (const std::string& type : thing.types)
        if (document_.types.size() < kMaxTypes &&
            std::find(document_.types.begin(), document_.types.end(), type) == document_.types.end())
          document_.types.push_back(clean(type, kMaxAuthorBytes));
  }

  void read_marks(std::uint32_t i) {
    const std::string_view rel = page_.attribute(i, "rel");
    if (!rel.empty() && document_.licence.empty() && has_word(rel, "license"))
      document_.licence = clean(page_.attribute(i, "href"), kMaxFactBytes);
    const bool author = (!rel.empty() && nodes_[i].tag == LXB_TAG_A && has_word(rel, "author")) ||
                        page_.attribute(i, "itemprop") == "author";
    if (author && marked_authors_ < kMaxAuthors && nodes_[i].tag != LXB_TAG_META) {
      ++marked_authors_;
      if (named_authors_.empty()) add_author(named_authors_, text_below(page_, i, 2 * kMaxAuthorBytes));
    }
  }

  void read_named(std::string_view name, std::string_view content) {
    if (name == "author" || name == "dcterms.creator" || name == "dc.creator" || name == "article:author")
      add_author(named_authors_, content);
    if (name == "description" || (name == "og:description" && document_.description.empty()))
      document_.description = clean(content, kMaxFactBytes);
    if (name == "application-name" && names_.site.empty()) names_.site = clean(content, kMaxFactBytes);
    if ((name == "dcterms.license" || name == "dc.rights.license") && document_.licence.empty())
      document_.licence = clean(content, kMaxFactBytes);
    if ((name.starts_with("og:") || name.starts_with("article:")) && document_.open_graph.size() < kMaxProperties)
      document_.open_graph.push_back({std::string(name), clean(content, kMaxPropertyBytes)});
  }

  void read_title(std::uint32_t i) {
    if (!names_.tag.empty()) return;
    std::string raw;
    for (std::uint32_t child = i + 1; child < nodes_[i].end; ++child) raw += nodes_[child].text.substr(0, 4'000);
    names_.tag = collapse_space(raw);
  }

  void read_heading(std::uint32_t i) {
    if (++names_.first_level_headings == 1) names_.first_heading = text_below(page_, i, 2 * kMaxTitleBytes);
  }

  void read_meta(std::uint32_t i) {
    const std::string name = lower(page_.attribute(i, "name").substr(0, 40));
    const std::string property = lower(page_.attribute(i, "property").substr(0, 40));
    const std::string_view content = page_.attribute(i, "content").substr(0, 4'000);
    if (property == "og:title" || name == "og:title") names_.open_graph = collapse_space(content);
    if (property == "og:site_name") names_.site = collapse_space(content);
    read_named(property.empty() ? name : property, content);
    if (name != "robots" && name != "renvoi") return;
    const bool none = has_word(content, "none");
    document_.noindex |= none || has_word(content, "noindex");
    document_.nofollow |= none || has_word(content, "nofollow");
    document_.noarchive |= has_word(content, "noarchive");
  }

  void read_link(std::uint32_t i) {
    if (document_.links.size() >= limits_.max_links) return;
    const std::string_view target = trim(page_.attribute(i, "href"));
    if (!leads_to_a_document(target)) return;
    document_.links.push_back({repair_utf8(target), text_below(page_, i, kMaxLinkTextBytes),
                               has_word(page_.attribute(i, "rel"), "nofollow")});
  }

  // The page's <title> is made for a list of results, its only first-level heading for the page itself: when one holds
  // the other, the heading is the title without the site's name.
  std::string choose_title() const {
    const std::string& heading = names_.first_heading;
    const std::string& full = names_.tag.empty() ? names_.open_graph : names_.tag;
    std::string title = part_under_site_heading(full);
    if (title.empty()) title = full.empty() ? heading : without_site_name(full, names_.site, heading);
    if (title.empty()) title = heading;
    return std::string(trim(truncate_utf8(title, kMaxTitleBytes)));
  }

  // Where the first-level heading is the site's ("Town forum" of "Which bike? - Town forum"), the other part of the
  // title, when a heading of the second level says it and it is the longer one; "" otherwise.
  std::string part_under_site_heading(const std::string& full) const;

  const PageTree& page_;
  const std::vector<PageNode>& nodes_;
  const Limits& limits_;
  Document& document_;
  Names names_;
  std::vector<std::string> named_authors_;
  std::string linked_site_, linked_description_;
  std::size_t marked_authors_ = 0;
};

constexpr std::array kSeparators{" | "sv,  " - "sv, " – "sv, " — "sv, " · "sv,
                                 " :: "sv, " » "sv, " « "sv, " • "sv, " / "sv};

struct Cut {
  std::size_t at = std::string::npos, length = 0;
};

Cut last_separator(std::string_view title) {
  Cut cut;
  for (const std::string_view separator : kSeparators)
    if (const std::size_t at = title.rfind(separator);
        at != std::string_view::npos && (cut.at == std::string::npos || at > cut.at))
      cut = {at, separator.size()};
  return cut;
}

std::string FactReader::part_under_site_heading(const std::string& full) const {
  const std::string site = text::fold(names_.first_heading);
  if (site.empty()) return {};
  const auto titled = [&](std::string_view part, std::string_view other) {
    const auto& seconds = names_.second_headings;
    return part.size() > other.size() && text::fold(other) == site &&
           std::find(seconds.begin(), seconds.end(), text::fold(part)) != seconds.end();
  };
  for (const std::string_view separator : kSeparators) {
    const std::size_t first = full.find(separator), last = full.rfind(separator);
    if (first == std::string::npos) continue;
    if (const std::string head = full.substr(0, last); titled(head, full.substr(last + separator.size()))) return head;
    if (const std::string tail = full.substr(first + separator.size()); titled(tail, full.substr(0, first)))
      return tail;
  }
  return {};
}

std::size_t count_words(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
}

}  // namespace

std::string without_site_name(const std::string& title, const std::string& site, const std::string& heading) {
  const std::string folded_heading = text::fold(heading);
  const std::string folded_title = text::fold(title);
  if (heading.size() >= 4 && folded_heading != folded_title && folded_title.find(folded_heading) != std::string::npos &&
      folded_heading != text::fold(site) && count_words(heading) * 4 >= count_words(title))
    return heading;
  if (!site.empty()) {
    const std::string folded_site = text::fold(site);
    if (const Cut cut = last_separator(title);
        cut.at != std::string::npos && text::fold(title.substr(cut.at + cut.length)) == folded_site)
      return title.substr(0, cut.at);
    for (const std::string_view separator : kSeparators)
      if (const std::size_t at = title.find(separator);
          at != std::string::npos && text::fold(title.substr(0, at)) == folded_site)
        return title.substr(at + separator.size());
  }
  // Nothing told the site's name: a short end after a title that stands by itself is taken for it.
  const Cut cut = last_separator(title);
  if (cut.at == std::string::npos || folded_heading == folded_title) return title;
  const std::string head = title.substr(0, cut.at);
  const std::string tail = title.substr(cut.at + cut.length);
  return count_words(tail) <= 4 && count_words(head) >= 2 && head.size() > tail.size() ? head : title;
}

void read_page_facts(const PageTree& page, const std::vector<LinkedThing>& things, const Limits& limits,
                     Document& document) {
  FactReader(page, limits, document).run(things);
}

std::string declared_language(const PageTree& page) {
  const std::vector<PageNode>& nodes = page.nodes();
  std::string open_graph, meta;
  for (std::uint32_t i = 0; i < nodes.size() && nodes[i].tag != LXB_TAG_BODY; ++i) {
    if (nodes[i].tag == LXB_TAG_HTML) {
      for (const std::string_view name : {"lang"sv, "xml:lang"sv})
        if (const std::string_view value = trim(page.attribute(i, name)); !value.empty()) return std::string(value);
    }
    if (nodes[i].tag != LXB_TAG_META) continue;
    if (lower(page.attribute(i, "http-equiv")) == "content-language") meta = trim(page.attribute(i, "content"));
    if (lower(page.attribute(i, "property")) == "og:locale") open_graph = trim(page.attribute(i, "content"));
  }
  return meta.empty() ? open_graph : meta;
}

}  // namespace renvoi::extract
