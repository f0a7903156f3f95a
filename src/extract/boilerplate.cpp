#include "extract/boilerplate.h"

#include <lexbor/tag/const.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "extract/page_tags.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

// Words of a class or id, each as a whole ("nav" in "main-nav", not in "unavailable").
constexpr std::array kFrameWords{
    "ad"sv,
    "ads"sv,
    "advert"sv,
    "advertisement"sv,
    "advertising"sv,
    "adsense"sv,
    "banner"sv,
    "breadcrumb"sv,
    "breadcrumbs"sv,
    "byline"sv,
    "comment"sv,
    "comments"sv,
    "commentlist"sv,
    "commentaires"sv,
    "consent"sv,
    "cookie"sv,
    "cookies"sv,
    "copyright"sv,
    "disqus"sv,
    "donate"sv,
    "dropdown"sv,
    "flyout"sv,
    "footer"sv,
    "gdpr"sv,
    "masthead"sv,
    "menu"sv,
    "meta"sv,
    "metadata"sv,
    "modal"sv,
    "nav"sv,
    "navbar"sv,
    "navbox"sv,
    "navigation"sv,
    "newsletter"sv,
    "noprint"sv,
    "outbrain"sv,
    "overlay"sv,
    "pager"sv,
    "pagination"sv,

    "popup"sv,
    "popular"sv,
    "promo"sv,
    "promoted"sv,
    "promotion"sv,
    "recommended"sv,
    "recommendations"sv,
    "related"sv,
    "relatedtopics"sv,
    "reply"sv,
    "respond"sv,
    "share"sv,
    "sharing"sv,
    "sharedaddy"sv,
    "sidebar"sv,
    "signup"sv,
    "sitemap"sv,
    "skip"sv,
    "social"sv,
    "sponsor"sv,
    "sponsored"sv,
    "subscribe"sv,
    "subscription"sv,
    "taboola"sv,
    "tags"sv,
    "teaser"sv,
    "toc"sv,
    "toolbar"sv,
    "tooltip"sv,
    "trending"sv,
    "widget"sv,
    "yarpp"sv,
    "catlinks"sv,
    "editsection"sv,
    "authorbox"sv,
    "bio"sv,
    "timestamp"sv,
    "caption"sv,
    "credit"sv,
    "credits"sv,
};
constexpr std::array kContentWords{
    "article-body"sv, "article__body"sv,  "articlebody"sv,      "article-content"sv, "article__content"sv,
    "article-text"sv, "articletext"sv,    "entry-content"sv,    "post-content"sv,    "post-body"sv,
    "postbody"sv,     "postcontent"sv,    "story-body"sv,       "storybody"sv,       "story-content"sv,
    "body-content"sv, "body-copy"sv,      "mw-parser-output"sv, "markdown-body"sv,   "blog-content"sv,
    "blog-post"sv,    "content-body"sv,   "rich-text"sv,        "td-post-content"sv, "main-content"sv,
    "page-content"sv, "single-content"sv, "news-content"sv,     "post-entry"sv,      "article_body"sv,
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// "MainNav site-header" -> main, nav, site, header.
std::vector<std::string> words_of(std::string_view names) {
  std::vector<std::string> words;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  char before = ' ';
  for (const char c : names) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) == 0) {
      end();
    } else {
      if (std::isupper(u) != 0 && std::islower(static_cast<unsigned char>(before)) != 0) end();
      word.push_back(static_cast<char>(std::tolower(u)));
    }
    before = c;
  }
  end();
  return words;
}

bool is_hidden(const PageTree& page, std::uint32_t node) {
  if (page.has_attribute(node, "hidden")) return true;
  if (page.attribute(node, "aria-hidden") == "true") return true;
  const std::string_view style = page.attribute(node, "style");
  if (style.empty()) return false;
  std::string compact = lower(style.substr(0, 1'000));
  std::erase(compact, ' ');
  return compact.find("display:none") != std::string::npos || compact.find("visibility:hidden") != std::string::npos;
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

Claim claim_of_names(std::string_view names) {
  const std::string all = lower(names);
  for (const std::string_view word : kContentWords)
    if (all.find(word) != std::string::npos) return Claim::content;
  std::string_view before;
  const std::vector<std::string> words = words_of(names);
  for (const std::string& word : words) {
    // "content-with-sidebar", "no-sidebar": it stands beside one.
    const bool beside = before == "with" || before == "has" || before == "no" || before == "without";
    if (!beside && std::find(kFrameWords.begin(), kFrameWords.end(), word) != kFrameWords.end()) return Claim::frame;
    before = word;
  }
  return Claim::none;
}

}  // namespace

Claim claim_of(const PageTree& page, std::uint32_t node) {
  const std::uint16_t tag = page.nodes()[node].tag;
  if (tag == LXB_TAG_HTML || tag == LXB_TAG_BODY) return Claim::none;
  if (is_hidden(page, node)) return Claim::hidden;
  if (const Claim claim = claim_of_tag(tag); claim != Claim::none) return claim;
  if (const Claim claim = claim_of_role(page.attribute(node, "role")); claim != Claim::none) return claim;
  if (page.attribute(node, "itemprop") == "articleBody") return Claim::content;
  // A heading or a whole paragraph named "related-title" says nothing of what it holds; only boxes do.
  if (!is_block(tag) && tag != LXB_TAG_SPAN && tag != kCustomTag) return Claim::none;
  std::string names(page.attribute(node, "class").substr(0, 500));
  names += ' ';
  names += page.attribute(node, "id").substr(0, 200);
  return names.size() == 1 ? Claim::none : claim_of_names(names);
}

}  // namespace renvoi::extract
