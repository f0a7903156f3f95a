#include "extract/boilerplate.h"

#include <lexbor/tag/const.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "extract/page_tags.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

// Words of a class or id, each as a whole ("nav" in "main-nav", not in "unavailable"). In order: they are looked up.
constexpr std::array kFrameWords{"ad"sv,          "ads"sv,         "adsense"sv,    "advert"sv,      "advertisement"sv,
                                 "advertising"sv, "authorbox"sv,   "breadcrumb"sv, "breadcrumbs"sv, "catlinks"sv,
                                 "consent"sv,     "cookie"sv,      "cookies"sv,    "copyright"sv,   "disqus"sv,
                                 "donate"sv,      "editsection"sv, "footer"sv,     "gdpr"sv,        "masthead"sv,
                                 "menu"sv,        "nav"sv,         "navbar"sv,     "navbox"sv,      "navigation"sv,
                                 "newsletter"sv,  "noprint"sv,     "outbrain"sv,   "pager"sv,       "pagination"sv,
                                 "popular"sv,     "popup"sv,       "respond"sv,    "share"sv,       "sharedaddy"sv,
                                 "sharing"sv,     "sidebar"sv,     "signup"sv,     "sitemap"sv,     "skip"sv,
                                 "social"sv,      "sponsor"sv,     "sponsored"sv,  "subscribe"sv,   "subscription"sv,
                                 "taboola"sv,     "toc"sv,         "tooltip"sv,    "trending"sv,    "yarpp"sv};
constexpr std::array kWeakWords{"banner"sv,      "bio"sv,    "byline"sv,   "credit"sv,    "credits"sv,
                                "dropdown"sv,    "flyout"sv, "meta"sv,     "metadata"sv,  "modal"sv,
                                "overlay"sv,     "promo"sv,  "promoted"sv, "promotion"sv, "recommendations"sv,
                                "recommended"sv, "tags"sv,   "teaser"sv,   "timestamp"sv, "toolbar"sv};
constexpr std::array kReactionWords{"comment"sv,  "commentaire"sv, "commentaires"sv, "commentlist"sv,
                                    "comments"sv, "replies"sv,     "reply"sv};
constexpr std::array kPosterWords{"actions"sv,     "attribution"sv, "author"sv,     "avatar"sv,      "comhead"sv,
                                  "controls"sv,    "poster"sv,      "postauthor"sv, "postprofile"sv, "profile"sv,
                                  "sig"sv,         "signature"sv,   "subtext"sv,    "taglist"sv,     "user"sv,
                                  "userdetails"sv, "userinfo"sv,    "username"sv,   "usertitle"sv,   "vote"sv,
                                  "votecell"sv,    "votes"sv,       "voting"sv};

// Names of parts, each as a whole.
constexpr std::array kFrameNames{"online-list"sv, "secondary"sv, "tertiary"sv, "widget-area"sv};

// Names of the content itself, anywhere in a class or id.
constexpr std::array kContentNames{
    "article-body"sv,   "article-content"sv,  "article-text"sv,  "article__body"sv, "article__content"sv,
    "article_body"sv,   "articlebody"sv,      "articletext"sv,   "blog-content"sv,  "blog-post"sv,
    "body-content"sv,   "body-copy"sv,        "content-body"sv,  "entry-content"sv, "main-content"sv,
    "markdown-body"sv,  "mw-parser-output"sv, "news-content"sv,  "page-content"sv,  "post-body"sv,
    "post-content"sv,   "post-entry"sv,       "postbody"sv,      "postcontent"sv,   "rich-text"sv,
    "single-content"sv, "story-body"sv,       "story-content"sv, "storybody"sv,     "td-post-content"sv};

// Asides that a text makes itself (https://www.w3.org/TR/dpub-aria-1.0/ has the roles).
constexpr std::array kNoteWords{"admonition"sv, "alert"sv,   "callout"sv,    "caution"sv,   "danger"sv,
                                "definition"sv, "example"sv, "footnote"sv,   "footnotes"sv, "hint"sv,
                                "important"sv,  "info"sv,    "marginnote"sv, "note"sv,      "notice"sv,
                                "sidenote"sv,   "tip"sv,     "warning"sv};

constexpr std::size_t kMaxClassBytes = 500;
constexpr std::size_t kMaxIdBytes = 200;
constexpr std::size_t kSlugWords = 4;  // an id of so many words is a heading's words, not a part's name

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& sorted, std::string_view word) {
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

// Calls `each(word)` for the words of a name, in lower case: "MainNav site-header" -> main, nav, site, header.
template <typename Each>
void each_word(std::string_view names, const Each& each) {
  std::array<char, 32> word;
  std::size_t size = 0;
  char before = ' ';
  const auto end = [&] {
    if (size > 0 && size <= word.size()) each(std::string_view(word.data(), size));
    size = 0;
  };
  for (const char c : names) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) == 0) {
      end();
    } else {
      if (std::isupper(u) != 0 && std::islower(static_cast<unsigned char>(before)) != 0) end();
      if (size < word.size()) word[size] = static_cast<char>(std::tolower(u));
      ++size;
    }
    before = c;
  }
  end();
}

Claim claim_of_role(std::string_view role) {
  static constexpr std::array kFrameRoles{"navigation"sv, "banner"sv,  "contentinfo"sv, "complementary"sv,
                                          "search"sv,     "dialog"sv,  "menu"sv,        "menubar"sv,
                                          "toolbar"sv,    "tooltip"sv, "alertdialog"sv, "tablist"sv};
  if (std::find(kFrameRoles.begin(), kFrameRoles.end(), role) != kFrameRoles.end()) return Claim::frame;
  return role == "main" || role == "article" ? Claim::content : Claim::none;
}

Claim claim_of_tag(std::uint16_t tag) {
  switch (tag) {
    case LXB_TAG_NAV:
    case LXB_TAG_ASIDE:
    case LXB_TAG_FOOTER:
    case LXB_TAG_HEADER:
    case LXB_TAG_DIALOG:
    case LXB_TAG_MENU:
    case LXB_TAG_SEARCH:
      return Claim::frame;
    case LXB_TAG_MAIN:
    case LXB_TAG_ARTICLE:
      return Claim::content;
    default:
      return Claim::none;
  }
}

bool names_content(std::string_view names) {
  std::array<char, kMaxClassBytes + kMaxIdBytes + 1> lower;
  const std::size_t size = std::min(names.size(), lower.size());
  std::transform(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(size), lower.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  const std::string_view all(lower.data(), size);
  return std::any_of(kContentNames.begin(), kContentNames.end(),
                     [&](std::string_view name) { return all.find(name) != std::string_view::npos; });
}

// The strongest of what the words of one name say, in the order of Claim.
Claim claim_of_name(std::string_view name) {
  Claim claim =
      std::find(kFrameNames.begin(), kFrameNames.end(), name) != kFrameNames.end() ? Claim::frame : Claim::none;
  bool beside = false;
  each_word(name, [&](std::string_view word) {
    // "content-with-sidebar", "no-sidebar": it stands beside one.
    const auto say = [&](Claim said) {
      if (!beside && (claim == Claim::none || said < claim)) claim = said;
    };
    if (holds(kFrameWords, word) || word.starts_with("related")) say(Claim::frame);
    if (holds(kWeakWords, word)) say(Claim::weak_frame);
    if (holds(kReactionWords, word)) say(Claim::reaction);
    if (holds(kPosterWords, word)) say(Claim::poster);
    if (word == "caption") say(Claim::caption);
    beside = word == "with" || word == "has" || word == "no" || word == "without";
  });
  return claim;
}

int strength(Claim claim) { return claim == Claim::none ? 255 : static_cast<int>(claim); }

Claim stronger(Claim a, Claim b) { return strength(a) <= strength(b) ? a : b; }

// Names separated by spaces. "tag-social" and "category-popular" are what a text is about.
Claim claim_of_names(std::string_view names) {
  Claim claim = Claim::none;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find_first_of(" \t\r\n\f"), names.size());
    const std::string_view name = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    if (!name.starts_with("tag-") && !name.starts_with("category-")) claim = stronger(claim, claim_of_name(name));
  }
  return claim;
}

bool is_slug(std::string_view id) {
  std::size_t words = 0;
  each_word(id, [&](std::string_view) { ++words; });
  return words >= kSlugWords;
}

bool names_note(std::string_view names) {
  bool note = false;
  each_word(names, [&](std::string_view word) { note |= holds(kNoteWords, word); });
  return note;
}

}  // namespace

Claim claim_of(const PageTree& page, std::uint32_t node) {
  const std::uint16_t tag = page.nodes()[node].tag;
  if (tag == LXB_TAG_HTML || tag == LXB_TAG_BODY) return Claim::none;
  const Claim by_tag = claim_of_tag(tag);
  const std::string_view role = page.attribute(node, "role");
  const std::string_view classes = page.attribute(node, "class").substr(0, kMaxClassBytes);
  if (by_tag == Claim::frame) {
    const bool note = tag == LXB_TAG_ASIDE && (role == "note" || role.starts_with("doc-") || names_note(classes));
    return note ? Claim::none : Claim::frame;
  }
  if (const Claim claim = claim_of_role(role); claim != Claim::none && by_tag == Claim::none) return claim;
  if (tag == LXB_TAG_A && role == "button") return Claim::frame;
  if (page.attribute(node, "itemprop") == "articleBody") return Claim::content;
  // A heading or a whole paragraph named "related-title" says nothing of what it holds; only boxes do.
  if (!is_block(tag) && tag != LXB_TAG_SPAN && tag != kCustomTag) return by_tag;
  std::string_view id = page.attribute(node, "id").substr(0, kMaxIdBytes);
  if (is_slug(id)) id = {};
  if (classes.empty() && id.empty()) return by_tag;
  const Claim claim = stronger(claim_of_names(classes), claim_of_names(id));
  // An article that is called "related" is one of others.
  if (by_tag == Claim::content) return claim == Claim::frame || claim == Claim::weak_frame ? Claim::none : by_tag;
  return names_content(classes) || names_content(id) ? Claim::content : claim;
}

}  // namespace renvoi::extract
