#include "extract/page_dates.h"

#include <lexbor/tag/const.h>

#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>

#include "base/date.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxDateBytes = 100;

std::string lower(std::string_view text) {
  std::string out(text.substr(0, 64));
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// One date from several places, the better ones first.
using Places = std::array<std::optional<Timestamp>, 4>;
enum Place : std::size_t { open_graph, linked_data, other_meta, time_element };

std::optional<Timestamp> first_of(const Places& places) {
  for (const auto& place : places)
    if (place) return place;
  return std::nullopt;
}

void keep_first(std::optional<Timestamp>& kept, std::string_view value) {
  if (!kept && value.size() <= kMaxDateBytes) kept = parse_date_time(value);
}

class DateReader {
 public:
  explicit DateReader(const PageTree& page) : page_(page), nodes_(page.nodes()) {}

  void run(const std::vector<LinkedThing>& things, Document& document) {
    for (const LinkedThing& thing : things) {
      keep_first(published_[linked_data], thing.published);
      keep_first(modified_[linked_data], thing.modified);
    }
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].tag == LXB_TAG_META) read_meta(i);
      if (nodes_[i].tag == LXB_TAG_TIME) read_time(i);
    }
    if (outer_articles() == 1 || pubdate_) published_[time_element] = pubdate_ ? pubdate_ : in_header_;
    document.published = first_of(published_);
    document.modified = first_of(modified_);
  }

 private:
  void read_meta(std::uint32_t i) {
    const std::string_view content = page_.attribute(i, "content");
    for (const char* attribute : {"property", "name", "itemprop"}) {
      const std::string name = lower(page_.attribute(i, attribute));
      if (name == "article:published_time") keep_first(published_[open_graph], content);
      if (name == "article:modified_time") keep_first(modified_[open_graph], content);
      if (name == "datepublished" || name == "dcterms.issued") keep_first(published_[other_meta], content);
      if (name == "datemodified" || name == "dcterms.modified") keep_first(modified_[other_meta], content);
    }
  }

  // In the header of an article that is in no other: an article in an article is a comment (HTML, 4.3.2).
  void read_time(std::uint32_t i) {
    const std::string_view value = page_.attribute(i, "datetime");
    if (page_.has_attribute(i, "pubdate")) keep_first(pubdate_, value);
    bool in_header = false;
    std::uint32_t articles = 0;
    for (std::uint32_t at = i; at != nodes_[at].parent; at = nodes_[at].parent) {
      if (nodes_[at].tag == LXB_TAG_HEADER && articles == 0) in_header = true;
      if (nodes_[at].tag == LXB_TAG_ARTICLE) ++articles;
    }
    if (in_header && articles == 1) keep_first(in_header_, value);
  }

  std::size_t outer_articles() const {
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < nodes_.size(); i = nodes_[i].tag == LXB_TAG_ARTICLE ? nodes_[i].end : i + 1)
      count += nodes_[i].tag == LXB_TAG_ARTICLE ? 1 : 0;
    return count;
  }

  const PageTree& page_;
  const std::vector<PageNode>& nodes_;
  Places published_, modified_;
  std::optional<Timestamp> pubdate_, in_header_;
};

}  // namespace

void read_page_dates(const PageTree& page, const std::vector<LinkedThing>& things, Document& document) {
  DateReader(page).run(things, document);
}

}  // namespace renvoi::extract
