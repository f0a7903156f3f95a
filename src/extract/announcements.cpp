#include "extract/announcements.h"

#include <lexbor/tag/const.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "extract/furniture_words.h"
#include "extract/page_tags.h"
#include "extract/page_text.h"

namespace renvoi::extract {
namespace {

constexpr std::uint32_t kMinCards = 3;
constexpr std::uint32_t kMinCardCharacters = 20;
constexpr std::uint32_t kMaxCardCharacters = 700;
constexpr double kCardLinkShare = 0.12;
constexpr std::uint32_t kTitleCharacters = 12;
constexpr std::uint32_t kMinBodyProse =
    300;                              // characters, of an article beside cards; of any other page three times that
constexpr double kAfterShare = 0.25;  // of the body's prose: with more after them, cards are in the text
constexpr double kMostOfText = 0.6;   // what holds more than this is not dropped
constexpr std::size_t kMaxHeadingBytes = 120;
constexpr std::uint32_t kMaxAsideLine = 250;  // characters
constexpr std::uint32_t kMaxMoreLink = 24;    // characters
constexpr double kAsideLinkShare = 0.4;

class Dropper {
 public:
  Dropper(const PageTree& page, PageKind kind, const PageMeasure& measures, MainContent& content)
      : page_(page), nodes_(page.nodes()), kind_(kind), measures_(measures), content_(content) {}

  void run() {
    drop_announced();
    if (kind_ != PageKind::thread) drop_cards();
  }

 private:
  std::uint32_t end() const { return nodes_[content_.root].end; }

  void drop_announced() {
    for (std::uint32_t i = content_.root; i < end();) {
      if (!content_.dropped[i] && i != content_.root) {
        if (is_aside_line(i) || is_more(i) || is_tool_line(i))
          content_.dropped[i] = 1;
        else if (is_announcement(i))
          drop_section(i);
      }
      i = content_.dropped[i] ? nodes_[i].end : i + 1;
    }
  }

  bool is_tool_line(std::uint32_t i) const {
    const std::uint16_t tag = nodes_[i].tag;
    if (tag != LXB_TAG_P && tag != LXB_TAG_DIV && tag != LXB_TAG_LI) return false;
    if (measures_[i].text == 0 || measures_[i].text > kMaxHeadingBytes) return false;
    const std::string line = text_below(page_, i, 2 * kMaxHeadingBytes);
    return is_page_tool(line) || (kind_ == PageKind::thread && counts_reactions(line));
  }

  bool is_more(std::uint32_t i) const {
    if (nodes_[i].tag != LXB_TAG_A || measures_.whole(i) == 0 || measures_.whole(i) > kMaxMoreLink) return false;
    return is_more_link(text_below(page_, i, 2 * kMaxMoreLink));
  }

  // "Read also: The harbour wall", with the link in the line itself.
  bool is_aside_line(std::uint32_t i) const {
    const std::uint16_t tag = nodes_[i].tag;
    if (tag != LXB_TAG_P && tag != LXB_TAG_DIV) return false;
    const Measure& own = measures_[i];
    if (own.text == 0 || own.text > kMaxAsideLine || own.links < kAsideLinkShare * own.text) return false;
    const std::string words = text_below(page_, i, 4 * kMaxAsideLine);
    const std::size_t colon = words.find(':');
    return (colon != std::string::npos && announces_other_pages(std::string_view(words).substr(0, colon)));
  }

  // A heading, or a line that stands like one, with the words of an announcement.
  bool is_announcement(std::uint32_t i) const {
    const std::uint16_t tag = nodes_[i].tag;
    const std::uint8_t level = heading_level(page_, i);
    const bool line = tag == LXB_TAG_P || tag == LXB_TAG_DIV || tag == LXB_TAG_STRONG || tag == LXB_TAG_LEGEND;
    if ((level == 0 && !line) || level == 1) return false;
    if (measures_[i].text == 0 || measures_[i].text > kMaxHeadingBytes) return false;
    const std::string words = text_below(page_, i, kMaxHeadingBytes + 1);
    if (level == 0) return announces_other_pages(words) && tag != LXB_TAG_STRONG && leads_away(i);
    return announces_other_pages(words) || (kind_ != PageKind::thread && announces_reactions(words));
  }

  // What follows a line is a list of links, or cards: a sentence may begin with the same words.
  bool leads_away(std::uint32_t i) const {
    const std::uint32_t next = nodes_[i].end;
    if (next >= nodes_[nodes_[i].parent].end) return false;
    for (std::uint32_t at = next; at < nodes_[nodes_[i].parent].end; at = nodes_[at].end)
      if (measures_[at].text > 0) return 3 * measures_[at].links > measures_[at].text;
    return false;
  }

  // From a heading to the next of its level or above, in the box that holds it; when the heading is all of its box,
  // from that box.
  void drop_section(std::uint32_t heading) {
    std::uint32_t at = heading;
    while (nodes_[at].parent != content_.root && measures_[nodes_[at].parent].text == measures_[heading].text)
      at = nodes_[at].parent;
    const std::uint8_t level = heading_level(page_, heading);
    const std::uint32_t box_end = nodes_[nodes_[at].parent].end;
    std::uint32_t last = at, text = 0;
    for (std::uint32_t i = at; i < box_end; i = nodes_[i].end) {
      if (i != at && holds_heading(i, level)) break;
      text += measures_[i].text;
      last = i;
      if (level == 0 && i != at && measures_[i].text > 0) break;  // of a line, what comes next
    }
    if (text > kMostOfText * measures_[content_.root].text) return;
    for (std::uint32_t i = at; i <= last; i = nodes_[i].end) content_.dropped[i] = 1;
  }

  // The next section begins here: a heading no deeper than `level` (0: any), outside of links.
  bool holds_heading(std::uint32_t node, std::uint8_t level) const {
    const std::uint8_t own = heading_level(page_, node);
    return own != 0 && (level == 0 || own <= level) && 2 * measures_[node].links < measures_[node].text;
  }

  void drop_cards() {
    std::vector<std::uint32_t> groups;  // the parents of rows of cards, outermost first
    std::uint32_t in_cards = 0;
    for (std::uint32_t i = content_.root; i < end();) {
      const bool group = !content_.dropped[i] && nodes_[i].tag != 0 && is_group(i);
      if (group) groups.push_back(i), in_cards += measures_[i].prose;
      i = group || content_.dropped[i] ? nodes_[i].end : i + 1;
    }
    if (groups.empty()) return;
    const std::uint32_t body = measures_[content_.root].prose - in_cards;
    if (kind_ == PageKind::article ? body < kMinBodyProse : body < 3 * kMinBodyProse || body < in_cards / 2) return;
    for (const std::uint32_t group : groups)
      if (prose_after(group, groups) < kAfterShare * body && group != content_.root) drop(group);
  }

  std::uint32_t prose_after(std::uint32_t group, const std::vector<std::uint32_t>& groups) const {
    std::uint32_t prose = 0;
    for (std::uint32_t i = nodes_[group].end, at = group; at != content_.root; at = nodes_[at].parent)
      for (i = nodes_[at].end; i < nodes_[nodes_[at].parent].end; i = nodes_[i].end)
        if (!content_.dropped[i]) prose += measures_[i].prose;
    for (const std::uint32_t other : groups)
      if (other > group) prose -= std::min(prose, measures_[other].prose);
    return prose;
  }

  void drop(std::uint32_t group) {
    for (std::uint32_t i = group + 1; i < nodes_[group].end; i = nodes_[i].end)
      if (is_card(i) || heading_level(page_, i) != 0) content_.dropped[i] = 1;
  }

  bool is_group(std::uint32_t parent) const {
    std::uint32_t cards = 0, others = 0;
    for (std::uint32_t i = parent + 1; i < nodes_[parent].end; i = nodes_[i].end) {
      if (nodes_[i].tag == 0 || content_.dropped[i] || measures_[i].text == 0) continue;
      is_card(i) ? ++cards : ++others;
    }
    return cards >= kMinCards && cards > 3 * others;
  }

  // A box with a title that is a link, a few lines, and nothing before the title but a label.
  bool is_card(std::uint32_t node) const {
    const std::uint16_t tag = nodes_[node].tag;
    if (tag != LXB_TAG_DIV && tag != LXB_TAG_LI && tag != LXB_TAG_ARTICLE && tag != LXB_TAG_SECTION &&
        tag != LXB_TAG_A && tag != kCustomTag)
      return false;
    const Measure& own = measures_[node];
    if (own.text < kMinCardCharacters || own.text > kMaxCardCharacters) return false;
    if (own.links < kCardLinkShare * own.text) return false;
    return (tag != LXB_TAG_LI || holds_box(node)) && leads_by_its_title(node);
  }

  // Its heading is a link, or, where it has none, the first words of some length are: a box about a service that ends
  // with "Learn more" is no card.
  bool leads_by_its_title(std::uint32_t node) const {
    if (nodes_[node].tag == LXB_TAG_A) return true;
    std::uint32_t link_end = 0;
    bool by_words = false, words_seen = false;
    for (std::uint32_t i = node + 1; i < nodes_[node].end; ++i) {
      if (content_.dropped[i]) continue;
      if (nodes_[i].tag == LXB_TAG_A) link_end = std::max(link_end, nodes_[i].end);
      if (heading_level(page_, i) != 0 && measures_[i].text > 0)
        return i < link_end || 2 * measures_[i].links >= measures_[i].text;
      if (!words_seen && nodes_[i].tag == 0 && visible_characters(nodes_[i].text) >= kTitleCharacters) {
        words_seen = true;
        by_words = i < link_end;
      }
    }
    return by_words;
  }

  // An item of a list in a text holds words; a card holds boxes, or a heading.
  bool holds_box(std::uint32_t node) const {
    for (std::uint32_t i = node + 1; i < nodes_[node].end; ++i)
      if (nodes_[i].tag == LXB_TAG_DIV || nodes_[i].tag == LXB_TAG_ARTICLE || nodes_[i].tag == LXB_TAG_FIGURE ||
          nodes_[i].tag == LXB_TAG_IMG || heading_level(page_, i) != 0)
        return true;
    return false;
  }

  const PageTree& page_;
  const std::vector<PageNode>& nodes_;
  const PageKind kind_;
  const PageMeasure& measures_;
  MainContent& content_;
};

}  // namespace

void drop_announcements(const PageTree& page, PageKind kind, const PageMeasure& measures, MainContent& content) {
  Dropper(page, kind, measures, content).run();
}

}  // namespace renvoi::extract
