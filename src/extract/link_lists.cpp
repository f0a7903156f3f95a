#include "extract/link_lists.h"

#include <lexbor/tag/const.h>

#include <algorithm>

#include "extract/page_tags.h"

namespace renvoi::extract {
namespace {

// Set on html-scrapinghub, like those of main_content.cpp.
constexpr double kListMostOfText = 0.6;         // of the page's text: lists that hold more are its content
constexpr double kLinkDensity = 0.5;            // of a box that is a list of links
constexpr double kLineLinkDensity = 0.8;        // of a paragraph that is one
constexpr std::uint32_t kWordyItem = 20;        // characters of an item that are not in a link
constexpr std::uint32_t kBackLink = 6;          // characters of the link from a note back to its place: "^", "back"
constexpr std::uint32_t kItemsToJudge = 20;     // of a list
constexpr std::uint32_t kNodesToJudge = 5'000;  // in which these are looked for
constexpr std::uint32_t kMaxHeadingBox = 300;   // characters
constexpr std::uint32_t kIndexProse = 400;      // characters: a page with more is no mere index

class Lists {
 public:
  Lists(const PageTree& page, PageKind kind, const PageMeasure& measures, std::vector<std::uint8_t>& dropped)
      : page_(page), nodes_(page.nodes()), kind_(kind), measures_(measures), dropped_(dropped) {}

  void run() {
    find_paragraphs();
    const double whole = std::max<std::uint32_t>(measures_[0].text, 1);
    if (kind_ != PageKind::article && measures_[0].prose < kIndexProse && link_lists() > kListMostOfText * whole)
      return;
    for (std::uint32_t i = 0; i < nodes_.size();) {
      if (!dropped_[i] && is_link_list(i) && measures_[i].text < kListMostOfText * whole) dropped_[i] = 1;
      i = dropped_[i] ? nodes_[i].end : i + 1;
    }
  }

 private:
  // The text in lists of links, which a page that is an index consists of.
  std::uint32_t link_lists() const {
    std::uint32_t text = 0;
    for (std::uint32_t i = 0; i < nodes_.size();) {
      const bool list = !dropped_[i] && is_link_list(i);
      if (list) text += measures_[i].text;
      i = list || dropped_[i] ? nodes_[i].end : i + 1;
    }
    return text;
  }

  bool is_link_list(std::uint32_t node) const {
    const std::uint16_t tag = nodes_[node].tag;
    const bool box = is_list(tag) || tag == LXB_TAG_DIV || tag == LXB_TAG_SECTION || tag == LXB_TAG_TABLE ||
                     tag == LXB_TAG_TD || tag == LXB_TAG_P || tag == LXB_TAG_FORM;
    const Measure& own = measures_[node];
    const double density = tag == LXB_TAG_P ? kLineLinkDensity : kLinkDensity;
    if (!box || own.text == 0 || own.links <= density * own.text || own.prose >= 100) return false;
    return !(is_list(tag) && (stands_in_prose(node) || has_wordy_items(node))) && !holds_notes(node) &&
           !is_heading_box(node);
  }

  // One heading that is a link, and a few words: an item of a listing begins so.
  bool is_heading_box(std::uint32_t node) const {
    if (nodes_[node].tag != LXB_TAG_DIV || measures_[node].text > kMaxHeadingBox) return false;
    std::uint32_t headings = 0, text = 0;
    for (std::uint32_t i = node + 1; i < nodes_[node].end;) {
      const bool heading = !dropped_[i] && heading_level(page_, i) != 0;
      if (heading) ++headings, text += measures_[i].text;
      i = heading ? nodes_[i].end : i + 1;
    }
    return headings == 1 && 2 * text > measures_[node].text;
  }

  // Items that say something beside their links.
  bool has_wordy_items(std::uint32_t list) const {
    std::uint32_t items = 0;
    for (std::uint32_t i = list + 1; i < nodes_[list].end; i = nodes_[i].end)
      items += nodes_[i].tag == LXB_TAG_LI || nodes_[i].tag == LXB_TAG_DD ? 1 : 0;
    return measures_[list].text - measures_[list].links >= kWordyItem * std::max<std::uint32_t>(items, 1);
  }

  // Footnotes and references: items with a short link back into the page. A table of contents has only such links.
  bool holds_notes(std::uint32_t node) const {
    std::uint32_t items = 0, notes = 0;
    const std::uint32_t end = std::min(nodes_[node].end, node + kNodesToJudge);
    for (std::uint32_t i = node + 1; i < end && items < kItemsToJudge; ++i) {
      if (nodes_[i].tag != LXB_TAG_LI) continue;
      ++items;
      for (std::uint32_t link = i + 1; link < nodes_[i].end; ++link) {
        if (nodes_[link].tag != LXB_TAG_A || page_.attribute(link, "href").find('#') == std::string_view::npos)
          continue;
        const std::uint32_t words = measures_.whole(link);
        if (words <= kBackLink && 2 * words < measures_[i].text) ++notes;
        break;
      }
    }
    return notes > 0 && 2 * notes >= items;
  }

  // A list with a paragraph of the text before it and one after it, in one box with both: the text's own.
  bool stands_in_prose(std::uint32_t list) const {
    const Paragraphs& paragraphs = paragraphs_[nodes_[list].parent];
    return paragraphs.first != 0 && paragraphs.first < list && paragraphs.last > list;
  }

  void find_paragraphs() {
    paragraphs_.assign(nodes_.size(), {});
    for (std::uint32_t i = 1; i < nodes_.size(); ++i) {
      if (nodes_[i].tag != LXB_TAG_P || measures_[i].prose == 0) continue;
      Paragraphs& of_parent = paragraphs_[nodes_[i].parent];
      if (of_parent.first == 0) of_parent.first = i;
      of_parent.last = i;
    }
  }

  struct Paragraphs {
    std::uint32_t first = 0, last = 0;  // of the children of a node, those with prose; 0: none
  };

  const PageTree& page_;
  const std::vector<PageNode>& nodes_;
  const PageKind kind_;
  const PageMeasure& measures_;
  std::vector<std::uint8_t>& dropped_;
  std::vector<Paragraphs> paragraphs_;
};

}  // namespace

void drop_link_lists(const PageTree& page, PageKind kind, const PageMeasure& measures,
                     std::vector<std::uint8_t>& dropped) {
  Lists(page, kind, measures, dropped).run();
}

}  // namespace renvoi::extract
