#include "extract/main_content.h"

#include <lexbor/tag/const.h>

#include <algorithm>

#include "extract/boilerplate.h"
#include "extract/page_tags.h"

namespace renvoi::extract {
namespace {

// Shares of the text of the page (or of what is left of it) at which a judgment is made; set on html-scrapinghub.
constexpr double kFrameMostOfText = 0.5;  // a "frame" that holds more is not one
constexpr double kListMostOfText = 0.6;   // nor a list of links
constexpr double kLinkDensity = 0.5;      // of a box that is a list of links
constexpr double kContentShare = 0.4;     // of the prose, for an element that claims to be the content
constexpr double kClaimedShare = 0.7;     // of the prose of all elements that claim so
constexpr double kDescendShare = 0.8;     // of the prose, for one child to stand for its parent

class Finder {
 public:
  explicit Finder(const PageTree& page) : page_(page), nodes_(page.nodes()), claims_(nodes_.size(), Claim::none) {
    content_.dropped.assign(nodes_.size(), 0);
  }

  MainContent run() {
    read_claims();
    measure();
    drop_frames();
    measure();
    drop_link_lists();
    measure();
    choose_root();
    if (measures_[content_.root].text == 0) keep_all();
    return std::move(content_);
  }

 private:
  struct Measure {
    std::uint32_t text = 0;   // characters that are not white space, below the node
    std::uint32_t links = 0;  // of those, in links
    std::uint32_t prose = 0;  // of those, in blocks that read like sentences
  };

  void read_claims() {
    for (std::uint32_t i = 0; i < nodes_.size();) {
      const std::uint16_t tag = nodes_[i].tag;
      if (tag != 0) claims_[i] = is_never_content(tag) ? Claim::hidden : claim_of(page_, i);
      if (claims_[i] == Claim::hidden && is_shown_in_the_end(i)) claims_[i] = Claim::none;
      if (claims_[i] != Claim::hidden) {
        ++i;
        continue;
      }
      content_.dropped[i] = 1;
      i = nodes_[i].end;
    }
  }

  // Alternatives in a line, all hidden ("Command" or "Ctrl"), of which a script shows one: the last is the general one.
  bool is_shown_in_the_end(std::uint32_t node) const {
    const std::uint32_t parent = nodes_[node].parent;
    if (nodes_[node].tag != LXB_TAG_SPAN || nodes_[parent].tag != LXB_TAG_SPAN) return false;
    if (nodes_[node].end != nodes_[parent].end || node == parent + 1) return false;
    for (std::uint32_t i = parent + 1; i < node; i = nodes_[i].end)
      if (claims_[i] != Claim::hidden && visible_characters(nodes_[i].text) != 0) return false;
    return claims_[parent + 1] == Claim::hidden;
  }

  static std::uint32_t visible_characters(std::string_view text) {
    std::uint32_t count = 0;
    for (const char c : text) {
      const auto u = static_cast<unsigned char>(c);
      if (u > ' ' && (u & 0xC0) != 0x80) ++count;
    }
    return count;
  }

  // The nearest block at or above a node: whose line its text is on.
  std::uint32_t block_of(std::uint32_t node) const {
    while (node != 0 && !is_block(nodes_[node].tag)) node = nodes_[node].parent;
    return node;
  }

  void measure() {
    measures_.assign(nodes_.size(), {});
    std::vector<Measure> lines(nodes_.size());  // of each block, the text directly on its lines
    std::uint32_t link_end = 0;
    for (std::uint32_t i = 0; i < nodes_.size();) {
      if (content_.dropped[i]) {
        i = nodes_[i].end;
        continue;
      }
      if (nodes_[i].tag == LXB_TAG_A) link_end = std::max(link_end, nodes_[i].end);
      if (nodes_[i].tag == 0) {
        const std::uint32_t count = visible_characters(nodes_[i].text);
        Measure& line = lines[block_of(nodes_[i].parent)];
        line.text += count;
        if (i < link_end) line.links += count;
      }
      ++i;
    }
    for (std::uint32_t i = static_cast<std::uint32_t>(nodes_.size()); i-- > 0;) {
      Measure& own = measures_[i];
      own.text += lines[i].text;
      own.links += lines[i].links;
      const std::uint32_t plain = lines[i].text - lines[i].links;
      if (plain >= kProseCharacters && lines[i].links <= plain) own.prose += plain;
      if (i == 0) break;
      Measure& above = measures_[nodes_[i].parent];
      above.text += own.text;
      above.links += own.links;
      above.prose += own.prose;
    }
  }

  void drop_frames() {
    const double whole = std::max<std::uint32_t>(measures_[0].text, 1);
    for (std::uint32_t i = 0; i < nodes_.size();) {
      const bool frame =
          claims_[i] == Claim::frame && measures_[i].text < kFrameMostOfText * whole && !holds_content(i);
      if (frame) content_.dropped[i] = 1;
      i = content_.dropped[i] ? nodes_[i].end : i + 1;
    }
  }

  // A "page-with-sidebar" around everything, or a header around the article's own title and text.
  bool holds_content(std::uint32_t node) const {
    for (std::uint32_t i = node + 1; i < nodes_[node].end; ++i)
      if (claims_[i] == Claim::content && measures_[i].prose * 2 > measures_[node].prose && measures_[i].prose > 400)
        return true;
    return false;
  }

  // A page of frames only (an index, a portal) still says something.
  void keep_all() {
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) content_.dropped[i] = claims_[i] == Claim::hidden;
    content_.root = 0;
  }

  void drop_link_lists() {
    const double whole = std::max<std::uint32_t>(measures_[0].text, 1);
    for (std::uint32_t i = 0; i < nodes_.size();) {
      if (!content_.dropped[i] && is_link_list(i) && measures_[i].text < kListMostOfText * whole)
        content_.dropped[i] = 1;
      i = content_.dropped[i] ? nodes_[i].end : i + 1;
    }
  }

  bool is_link_list(std::uint32_t node) const {
    const std::uint16_t tag = nodes_[node].tag;
    const bool box = is_list(tag) || tag == LXB_TAG_DIV || tag == LXB_TAG_SECTION || tag == LXB_TAG_TABLE ||
                     tag == LXB_TAG_TD || tag == LXB_TAG_LI || tag == LXB_TAG_P || tag == LXB_TAG_FORM;
    const Measure& own = measures_[node];
    return box && own.text > 0 && own.links > kLinkDensity * own.text && own.prose < 100;
  }

  void choose_root() {
    std::uint32_t at = 0;
    while (true) {
      const std::uint32_t next = claimed_below(at);
      const std::uint32_t chosen = next != at ? next : heaviest_child(at);
      if (chosen == at) break;
      at = chosen;
    }
    content_.root = at;
  }

  // The element below `node` that claims to be the content, when it holds enough of the prose there, and most of what
  // all that claim so hold: of many articles on one page, or an article in many parts, none is the content by itself.
  std::uint32_t claimed_below(std::uint32_t node) const {
    std::uint32_t best = node, claimed_prose = 0;
    for (std::uint32_t i = node + 1; i < nodes_[node].end;) {
      const bool claims = !content_.dropped[i] && claims_[i] == Claim::content && measures_[i].prose > 0;
      if (claims) {
        claimed_prose += measures_[i].prose;
        if (best == node || measures_[i].prose > measures_[best].prose) best = i;
      }
      i = claims || content_.dropped[i] ? nodes_[i].end : i + 1;
    }
    if (best == node || measures_[best].prose < kContentShare * measures_[node].prose) return node;
    return measures_[best].prose < kClaimedShare * claimed_prose ? node : best;
  }

  std::uint32_t heaviest_child(std::uint32_t node) const {
    for (std::uint32_t i = node + 1; i < nodes_[node].end; i = nodes_[i].end) {
      const std::uint16_t tag = nodes_[i].tag;
      if (content_.dropped[i] || (!is_block(tag) && tag != kCustomTag) || heading_level(page_, i) != 0) continue;
      const bool leaf = tag == LXB_TAG_P || tag == LXB_TAG_PRE || tag == LXB_TAG_LI || is_list(tag) ||
                        tag == LXB_TAG_TABLE || tag == LXB_TAG_BLOCKQUOTE;
      if (!leaf && measures_[i].prose > kDescendShare * measures_[node].prose && measures_[i].prose > 0) return i;
    }
    return node;
  }

  static constexpr std::uint32_t kProseCharacters = 40;

  const PageTree& page_;
  const std::vector<PageNode>& nodes_;
  std::vector<Claim> claims_;
  std::vector<Measure> measures_;
  MainContent content_;
};

}  // namespace

MainContent find_main_content(const PageTree& page) { return Finder(page).run(); }

}  // namespace renvoi::extract
