#include "extract/page_kind.h"

#include <lexbor/tag/const.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxAddressBytes = 500;

std::string lower(std::string_view text, std::size_t max_bytes) {
  std::string out(text.substr(0, max_bytes));
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

constexpr std::array kThreadTypes{"DiscussionForumPosting"sv, "QAPage"sv, "Question"sv};
constexpr std::array kForumSoftware{"discourse"sv, "flarum"sv,  "invision"sv,        "mybb"sv,
                                    "nodebb"sv,    "phpbb"sv,   "phorum"sv,          "punbb"sv,
                                    "fluxbb"sv,    "smf"sv,     "simple machines"sv, "vanilla"sv,
                                    "vbulletin"sv, "xenforo"sv, "woltlab"sv,         "question2answer"sv};
constexpr std::array kThreadWords{"discussion"sv, "discussions"sv, "forum"sv,      "forums"sv,  "question"sv,
                                  "questions"sv,  "showthread"sv,  "thread"sv,     "threads"sv, "topic"sv,
                                  "topics"sv,     "viewtopic"sv,   "viewthread"sv, "sujet"sv};

// Any of the words stands alone in `text`, between characters that are not letters.
bool has_thread_word(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    while (begin < text.size() && std::isalpha(static_cast<unsigned char>(text[begin])) == 0) ++begin;
    std::size_t end = begin;
    while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])) != 0) ++end;
    const std::string_view word = text.substr(begin, end - begin);
    if (std::find(kThreadWords.begin(), kThreadWords.end(), word) != kThreadWords.end()) return true;
    begin = end;
  }
  return false;
}

// The folders of an address, without its host and its last part, which is a text's own words; a script's name counts.
std::string_view folders(std::string_view address) {
  if (const std::size_t scheme = address.find("://"); scheme != std::string_view::npos) {
    address.remove_prefix(scheme + 3);
    address.remove_prefix(std::min(address.find('/'), address.size()));
  }
  const std::string_view path = address.substr(0, address.find_first_of("?#"));
  if (path.find(".php") != std::string_view::npos || path.find(".asp") != std::string_view::npos) return path;
  return path.substr(0, path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/'));
}

template <std::size_t N>
bool is_any(const LinkedThing& thing, const std::array<std::string_view, N>& types) {
  return std::any_of(types.begin(), types.end(), [&](std::string_view type) { return thing.is(type); });
}

bool is_forum_software(std::string_view name) {
  return std::any_of(kForumSoftware.begin(), kForumSoftware.end(),
                     [&](std::string_view made) { return name.starts_with(made); });
}

class KindReader {
 public:
  explicit KindReader(const PageTree& page) : page_(page), nodes_(page.nodes()) {}

  PageKind run(const std::vector<LinkedThing>& things) {
    for (const LinkedThing& thing : things) {
      thread_type_ |= is_any(thing, kThreadTypes);
      article_type_ |= thing.is_article();
      product_type_ |= thing.is("Product");
    }
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) read(i);
    if (thread_type_) return PageKind::thread;
    if (article_type_) return PageKind::article;
    if (software_) return PageKind::thread;
    if (product_type_) return PageKind::product;
    if (said_article_) return PageKind::article;
    return thread_words_ ? PageKind::thread : PageKind::unknown;
  }

 private:
  void read(std::uint32_t i) {
    switch (nodes_[i].tag) {
      case 0:
        return;
      case LXB_TAG_META:
        return read_meta(i);
      case LXB_TAG_LINK:
        if (lower(page_.attribute(i, "rel"), 20) == "canonical") read_address(page_.attribute(i, "href"));
        return;
      case LXB_TAG_HTML:
      case LXB_TAG_BODY:
        thread_words_ |= has_thread_word(lower(page_.attribute(i, "id"), 100));
        software_ |= is_forum_software(lower(page_.attribute(i, "id"), 100));
        break;
      default:
        break;
    }
    if (page_.has_attribute(i, "itemtype")) read_type(page_.attribute(i, "itemtype"));
  }

  void read_type(std::string_view type) {
    type = type.substr(type.rfind('/') == std::string_view::npos ? 0 : type.rfind('/') + 1);
    if (type == "DiscussionForumPosting" || type == "QAPage") thread_type_ = true;
    if (type == "Product") product_type_ = true;
    if (type.ends_with("Article") || type == "BlogPosting") article_type_ = true;
  }

  void read_meta(std::uint32_t i) {
    const std::string name = lower(page_.attribute(i, "name"), 40);
    const std::string property = lower(page_.attribute(i, "property"), 40);
    const std::string_view content = page_.attribute(i, "content");
    if (name == "generator") {
      software_ |= is_forum_software(lower(content, 100));
    }
    if (property == "og:url") read_address(content);
    if (property != "og:type" && name != "og:type") return;
    const std::string type = lower(content, 40);
    said_article_ |= type == "article" || type.ends_with(".article");
    product_type_ |= type == "product" || type == "product.item" || type == "og:product";
  }

  void read_address(std::string_view address) {
    thread_words_ |= has_thread_word(folders(lower(address, kMaxAddressBytes)));
  }

  const PageTree& page_;
  const std::vector<PageNode>& nodes_;
  bool thread_type_ = false, article_type_ = false, product_type_ = false, said_article_ = false;
  bool software_ = false, thread_words_ = false;
};

}  // namespace

PageKind page_kind(const PageTree& page, const std::vector<LinkedThing>& things) {
  return KindReader(page).run(things);
}

}  // namespace renvoi::extract
