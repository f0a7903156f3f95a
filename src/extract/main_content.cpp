#include "extract/main_content.h"

#include <lexbor/tag/const.h>

#include <algorithm>

#include "extract/announcements.h"
#include "extract/boilerplate.h"
#include "extract/link_lists.h"
#include "extract/page_hidden.h"
#include "extract/page_measure.h"
#include "extract/page_tags.h"
#include "extract/page_text.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

// Shares of the text of the page (or of what is left of it) at which a judgment is made; set on html-scrapinghub.
constexpr double kFrameMostOfText = 0.5;        // a "frame" that holds more is not one
constexpr double kContentShare = 0.4;           // of the prose, for an element that claims to be the content
constexpr double kClaimedShare = 0.7;           // of the prose of all elements that claim so
constexpr double kDescendShare = 0.8;           // of the prose, for one child to stand for its parent
constexpr double kLittleProseShare = 0.5;       // of the text, likewise, where there is little prose
constexpr double kShownShare = 0.6;             // of the text: what is hidden and holds more is shown by a script
constexpr std::uint32_t kEnoughProse = 250;     // characters: the judgments left a text
constexpr std::uint32_t kLittleText = 200;      // characters: they left none
constexpr std::uint32_t kContentInFrame = 400;  // characters of prose
constexpr std::uint32_t kTextOfMain = 40;       // characters: it says something
constexpr std::uint32_t kQuoteProse = 40;
constexpr std::uint32_t kTitleProse = 600;  // of the box with the title: with more it is another text
// Characters of prose outside the heaviest child of the content, with more of which the child does not stand for it.
constexpr std::uint32_t kTextLostOfArticle = 600;
constexpr std::uint32_t kTextLost = 30;

// How much is judged away.
enum class Judgment : std::uint8_t { strict, mild, least };

class Finder {
 public:
  Finder(const PageTree& page, PageKind kind, std::string_view title)
      : page_(page),
        nodes_(page.nodes()),
        kind_(kind),
        measures_(page),
        unseen_(page),
        claims_(nodes_.size(), Claim::none),
        hidden_(nodes_.size(), 0) {
    hide();
    find_title(title);
    read_claims();
  }

  MainContent run() {
    MainContent best;
    std::uint32_t most = 0;
    for (const Judgment judgment : {Judgment::strict, Judgment::mild, Judgment::least}) {
      if (judgment != Judgment::mild || mild_differs_) find(judgment);
      const Measure found = measures_[content_.root];
      if (judgment == Judgment::strict || found.text > 3 * most) best = content_, most = found.text;
      if (found.prose >= kEnoughProse || (judgment == Judgment::mild && most >= kLittleText)) break;
    }
    if (most == 0) best.root = 0, best.dropped = hidden_;
    best.hidden_characters = hidden_characters_;
    best.masked_characters = masked_characters_;
    return best;
  }

 private:
  void find(Judgment judgment) {
    judgment_ = judgment;
    content_.dropped = hidden_;
    content_.root = 0;
    measures_.measure(content_.dropped);
    find_content_below();
    drop_frames();
    measures_.measure(content_.dropped);
    if (judgment != Judgment::least) {
      drop_link_lists(page_, kind_, measures_, content_.dropped);
      measures_.measure(content_.dropped);
    }
    find_content_below();
    choose_root();
    if (judgment == Judgment::least) return;
    drop_announcements(page_, kind_, measures_, content_);
    measures_.measure(content_.dropped);
  }

  // Marks what nobody sees, and counts what of it is text.
  void hide() {
    for (std::uint32_t i = 0; i < nodes_.size();) {
      const std::uint16_t tag = nodes_[i].tag;
      if (tag != 0 && is_never_content(tag)) {
        hidden_[i] = 1;
      } else if (tag != 0 && tag != LXB_TAG_HTML && tag != LXB_TAG_BODY) {
        hide_if_unseen(i);
      }
      i = hidden_[i] ? nodes_[i].end : i + 1;
    }
  }

  void hide_if_unseen(std::uint32_t i) {
    const Visibility visibility = unseen_(i);
    if (visibility == Visibility::shown) return;
    const std::uint32_t text = measures_.whole(i);
    if (visibility == Visibility::hidden && (text > kShownShare * measures_.whole(0) || is_shown_in_the_end(i))) return;
    hidden_[i] = 1;
    hidden_characters_ += text;
    if (visibility == Visibility::masked) masked_characters_ += text;
  }

  // Alternatives in a line, all hidden ("Command" or "Ctrl"), of which a script shows one: the last is the general one.
  bool is_shown_in_the_end(std::uint32_t node) const {
    const std::uint32_t parent = nodes_[node].parent;
    if (nodes_[node].tag != LXB_TAG_SPAN || nodes_[parent].tag != LXB_TAG_SPAN) return false;
    if (nodes_[node].end != nodes_[parent].end || node == parent + 1) return false;
    for (std::uint32_t i = parent + 1; i < node; i = nodes_[i].end)
      if (!hidden_[i] && visible_characters(nodes_[i].text) != 0) return false;
    return hidden_[parent + 1] != 0;
  }

  // The heading of the page that says its title, 0 when there is none.
  void find_title(std::string_view title) {
    const std::string wanted = text::fold(title);
    if (wanted.size() < 4) return;
    for (std::uint32_t i = 0; i < nodes_.size(); i = hidden_[i] ? nodes_[i].end : i + 1) {
      if (hidden_[i] || nodes_[i].tag != LXB_TAG_H1) continue;
      const std::string heading = text::fold(text_below(page_, i, 300));
      if (heading.size() < 4 ||
          (wanted.find(heading) == std::string::npos && heading.find(wanted) == std::string::npos))
        continue;
      title_ = i;
      return;
    }
  }

  void read_claims() {
    for (std::uint32_t i = 0; i < nodes_.size();) {
      if (hidden_[i]) {
        i = nodes_[i].end;
        continue;
      }
      if (nodes_[i].tag != 0) claims_[i] = claim_of(page_, i);
      if (main_ == 0 && nodes_[i].tag == LXB_TAG_MAIN) main_ = i;
      const Claim claim = claims_[i];
      mild_differs_ |= claim == Claim::weak_frame || claim == Claim::poster || claim == Claim::caption;
      ++i;
    }
  }

  void drop_frames() {
    const double whole = std::max<std::uint32_t>(measures_[0].text, 1);
    std::uint32_t content_end = 0;  // of the outermost element that claims to be the content
    for (std::uint32_t i = 0; i < nodes_.size();) {
      if (claims_[i] == Claim::content) content_end = std::max(content_end, nodes_[i].end);
      const bool small = measures_[i].text < kFrameMostOfText * whole || stands_outside_main(i);
      const bool frame = is_frame(claims_[i]) && small && !holds_content(i) && !(i < content_end && holds_quote(i));
      if (frame || is_entry_form(i)) content_.dropped[i] = 1;
      if (content_.dropped[i] && holds_title(i)) keep_sentences(i);
      i = content_.dropped[i] ? nodes_[i].end : i + 1;
    }
  }

  // Where the page says with <main> what it is about, however little that is, what stands beside it may be larger.
  bool stands_outside_main(std::uint32_t node) const {
    return main_ != 0 && measures_[main_].text >= kTextOfMain &&
           (node >= nodes_[main_].end || nodes_[node].end <= main_);
  }

  bool is_frame(Claim claim) const {
    switch (claim) {
      case Claim::frame:
        return true;
      case Claim::weak_frame:
        return judgment_ == Judgment::strict;
      case Claim::poster:
        return judgment_ == Judgment::strict && kind_ == PageKind::thread;
      case Claim::caption:
        return judgment_ == Judgment::strict && kind_ == PageKind::article;
      case Claim::reaction:
        return judgment_ != Judgment::least && kind_ != PageKind::thread;
      default:
        return false;
    }
  }

  bool holds_title(std::uint32_t node) const { return title_ > node && title_ < nodes_[node].end; }

  // Of a header with the page's title in it, the sentences below it: the standfirst of an article, a hero's claim.
  void keep_sentences(std::uint32_t header) {
    content_.dropped[header] = 0;
    for (std::uint32_t i = header + 1; i < nodes_[header].end;) {
      const bool block = is_block(nodes_[i].tag) && heading_level(page_, i) == 0 && nodes_[i].tag != 0;
      if (block && (measures_[i].prose == 0 || is_frame(claims_[i])) && !holds_title(i)) content_.dropped[i] = 1;
      i = content_.dropped[i] ? nodes_[i].end : i + 1;
    }
  }

  // A form in which one writes: to answer, to search, to subscribe.
  bool is_entry_form(std::uint32_t node) const {
    if (nodes_[node].tag != LXB_TAG_FORM || measures_[node].prose > kEnoughProse) return false;
    for (std::uint32_t i = node + 1; i < nodes_[node].end; ++i) {
      if (nodes_[i].tag == LXB_TAG_TEXTAREA) return true;
      if (nodes_[i].tag == LXB_TAG_INPUT &&
          (page_.attribute(i, "type") == "email" || page_.attribute(i, "type") == "password"))
        return true;
    }
    return false;
  }

  // A "page-with-sidebar" around everything, or a header around the article's own title and text.
  bool holds_content(std::uint32_t node) const {
    return content_below_[node] > kContentInFrame && 2 * content_below_[node] > measures_[node].prose;
  }

  // Of each node, the prose of the largest element below it that claims to be the content.
  void find_content_below() {
    content_below_.assign(nodes_.size(), 0);
    for (std::uint32_t i = static_cast<std::uint32_t>(nodes_.size()); i-- > 1;) {
      std::uint32_t largest = content_below_[i];
      if (claims_[i] == Claim::content) largest = std::max(largest, measures_[i].prose);
      std::uint32_t& above = content_below_[nodes_[i].parent];
      above = std::max(above, largest);
    }
  }

  // A message of a social network in the middle of an article is quoted there.
  bool holds_quote(std::uint32_t node) const {
    if (nodes_[node].tag != LXB_TAG_DIV && nodes_[node].tag != LXB_TAG_FIGURE) return false;
    for (std::uint32_t i = node + 1; i < nodes_[node].end; ++i)
      if (nodes_[i].tag == LXB_TAG_BLOCKQUOTE && measures_[i].text >= kQuoteProse &&
          2 * measures_[i].text > measures_[node].text)
        return true;
    return false;
  }

  void choose_root() {
    std::uint32_t at = 0;
    bool claimed = false;
    while (true) {
      const std::uint32_t next = claimed_below(at);
      const std::uint32_t chosen = next != at ? next : heaviest_child(at);
      if (chosen == at) break;
      if (next == at && loses_the_title(at, chosen)) break;
      const std::uint32_t may_be_lost = kind_ == PageKind::article ? kTextLostOfArticle : kTextLost;
      if (next == at && claimed && measures_[at].prose - measures_[chosen].prose > may_be_lost) break;
      claimed |= next != at;
      at = chosen;
    }
    content_.root = at;
  }

  // What stands with the title of a page that is no article, above the boxes with its parts, says what it is about.
  bool loses_the_title(std::uint32_t node, std::uint32_t child) const {
    const bool outside = title_ > node && (title_ < child || title_ >= nodes_[child].end);
    if (!outside || kind_ == PageKind::article) return false;
    for (std::uint32_t at = title_; at != node; at = nodes_[at].parent)
      if (measures_[at].prose > kTextLost && measures_[at].prose < kTitleProse) return true;
    return false;
  }

  // The element below `node` that claims to be the content, when it holds enough of the prose there, and most of what
  // all that claim so hold: of many articles on one page, or an article in many parts, none is the content by itself.
  std::uint32_t claimed_below(std::uint32_t node) const {
    if (content_below_[node] == 0) return node;
    std::uint32_t best = node, claimed_prose = 0, titled = node, parts = 0;
    for (std::uint32_t i = node + 1; i < nodes_[node].end;) {
      const bool claims = !content_.dropped[i] && claims_[i] == Claim::content && measures_[i].prose > 0;
      if (claims) {
        claimed_prose += measures_[i].prose;
        if (best != node && is_part(best, i)) ++parts;
        if (best == node || measures_[i].prose > measures_[best].prose) best = i;
        if (title_ > i && title_ < nodes_[i].end) titled = i;
      }
      i = claims || content_.dropped[i] ? nodes_[i].end : i + 1;
    }
    if (best == node) return node;
    if (titled != node && kind_ != PageKind::thread && measures_[titled].prose >= kEnoughProse) return titled;
    if (measures_[best].prose < kContentShare * measures_[node].prose || parts > 0) return node;
    return measures_[best].prose < kClaimedShare * claimed_prose ? node : best;
  }

  // Two boxes of one name beside each other, such as two halves of a text around an advertisement.
  bool is_part(std::uint32_t one, std::uint32_t other) const {
    return nodes_[one].tag == LXB_TAG_DIV && nodes_[other].tag == LXB_TAG_DIV &&
           nodes_[one].depth == nodes_[other].depth && measures_[other].prose >= kEnoughProse &&
           measures_[one].prose >= kEnoughProse &&
           same_but_for_digits(page_.attribute(one, "class"), page_.attribute(other, "class"));
  }

  static bool same_but_for_digits(std::string_view a, std::string_view b) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    for (std::size_t i = 0, k = 0;; ++i, ++k) {
      while (i < a.size() && is_digit(a[i])) ++i;
      while (k < b.size() && is_digit(b[k])) ++k;
      if (i >= a.size() || k >= b.size()) return i >= a.size() && k >= b.size();
      if (a[i] != b[k]) return false;
    }
  }

  std::uint32_t heaviest_child(std::uint32_t node) const {
    for (std::uint32_t i = node + 1; i < nodes_[node].end; i = nodes_[i].end) {
      const std::uint16_t tag = nodes_[i].tag;
      if (content_.dropped[i] || (!is_block(tag) && tag != kCustomTag) || heading_level(page_, i) != 0) continue;
      const bool leaf = tag == LXB_TAG_P || tag == LXB_TAG_PRE || tag == LXB_TAG_LI || is_list(tag) ||
                        tag == LXB_TAG_TABLE || tag == LXB_TAG_BLOCKQUOTE;
      if (!leaf && measures_[i].prose > kDescendShare * measures_[node].prose && stands_for(i, node)) return i;
    }
    return node;
  }

  // Where there is little prose, its only long line may be a comment: then most of the other text must be there too.
  bool stands_for(std::uint32_t child, std::uint32_t node) const {
    if (measures_[child].prose == 0) return false;
    return measures_[node].prose >= kEnoughProse || measures_[child].text > kLittleProseShare * measures_[node].text;
  }

  const PageTree& page_;
  const std::vector<PageNode>& nodes_;
  const PageKind kind_;
  PageMeasure measures_;
  const HiddenElements unseen_;
  std::vector<Claim> claims_;
  std::vector<std::uint8_t> hidden_;  // of each node: never content, or not seen
  std::vector<std::uint32_t> content_below_;
  std::uint32_t hidden_characters_ = 0, masked_characters_ = 0, title_ = 0, main_ = 0;
  Judgment judgment_ = Judgment::strict;
  bool mild_differs_ = false;  // from strict: there is what only strict judges away
  MainContent content_;
};

}  // namespace

MainContent find_main_content(const PageTree& page, PageKind kind, std::string_view title) {
  return Finder(page, kind, title).run();
}

}  // namespace renvoi::extract
