#include "crawl/opml.h"

#include <set>

#include "crawl/ascii.h"
#include "crawl/listing_text.h"
#include "crawl/scope.h"
#include "crawl/sitemap.h"
#include "crawl/xml.h"

namespace renvoi::crawl {
namespace {

constexpr const char* kWhat = "the OPML file";

// Programs write xmlUrl, xmlurl and XMLURL.
std::string_view attribute(const pugi::xml_node& node, std::string_view lower_case_name) {
  for (const pugi::xml_attribute& each : node.attributes())
    if (lower(std::string_view(each.name())) == lower_case_name) return trim(each.value());
  return {};
}

class Walk {
 public:
  Walk(const net::Url& base, Opml& found) : base_(base), found_(found) {}

  void outlines(const pugi::xml_node& parent, std::size_t depth) {
    for (const pugi::xml_node& node : parent.children()) {
      if (local_name(node) != "outline") continue;
      one(node);
      if (!node.first_child()) continue;
      if (depth < kMaxOpmlDepth)
        outlines(node, depth + 1);
      else
        found_.truncated = true;
    }
  }

 private:
  void one(const pugi::xml_node& node) {
    const std::string type = lower(attribute(node, "type"));
    const std::string_view feed = attribute(node, "xmlurl"), url = attribute(node, "url");
    if (!feed.empty()) return add(found_.feeds, feed);
    const bool opml = lower(url.substr(0, url.find_first_of("?#"))).ends_with(".opml");
    if (type == "include" || (type == "link" && opml)) return add(found_.includes, url);
    if (type == "rss" || type == "atom") add(found_.feeds, url);
  }

  void add(std::vector<std::string>& list, std::string_view address) {
    if (address.size() > kMaxAddressBytes) return;
    const auto url = resolve_link(address, base_);
    if (!url || !seen_.insert(url->href()).second) return;
    if (list.size() < kMaxOpmlFeeds)
      list.push_back(url->href());
    else
      found_.truncated = true;
  }

  const net::Url& base_;
  Opml& found_;
  std::set<std::string> seen_;
};

}  // namespace

Result<Opml> parse_opml(std::string_view bytes, const net::Url& base) {
  RENVOI_TRY(const std::string text, listing_text(bytes, kMaxOpmlBytes, kWhat));
  pugi::xml_document document;
  RENVOI_CHECK(parse_xml(document, text, kWhat));
  const pugi::xml_node root = document.document_element();
  if (lower(local_name(root)) != "opml") return Error{ErrorCode::invalid, "this is no OPML file: its root is not opml"};
  Opml opml;
  for (const pugi::xml_node& child : root.children())
    if (local_name(child) == "body") Walk(base, opml).outlines(child, 1);
  return opml;
}

}  // namespace renvoi::crawl
