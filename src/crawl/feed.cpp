#include "crawl/feed.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crawl/ascii.h"
#include "crawl/dates.h"
#include "crawl/listing_text.h"
#include "crawl/scope.h"
#include "crawl/sitemap.h"
#include "crawl/xml.h"

namespace renvoi::crawl {
namespace {

constexpr const char* kWhat = "the feed";
constexpr std::size_t kMaxAncestors = 8;             // of an element that carries a link
constexpr std::size_t kMaxJsonContainers = 500'000;  // a value takes some hundred bytes

// The base that holds at `node`: the xml:base of its ancestors, outermost first (XML Base, section 4.1).
net::Url base_at(const pugi::xml_node& node, const net::Url& document) {
  std::vector<std::string_view> steps;
  pugi::xml_node at = node;
  for (std::size_t level = 0; at && level < kMaxAncestors; ++level, at = at.parent())
    if (const auto base = at.attribute("xml:base")) steps.push_back(base.value());
  net::Url url = document;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    if (auto next = resolve_link(trim(*step), url)) url = std::move(*next);
  return url;
}

std::string resolved(std::string_view target, const net::Url& base) {
  target = trim(target);
  if (target.empty() || target.size() > kMaxAddressBytes) return "";
  const auto url = resolve_link(target, base);
  return url ? url->href() : "";
}

std::optional<Timestamp> latest(std::optional<Timestamp> a, std::optional<Timestamp> b) {
  return !a ? b : !b ? a : std::max(*a, *b);
}

void add(Feed& feed, std::string address, std::optional<Timestamp> changed_at) {
  if (address.empty()) {
    ++feed.without_link;
  } else if (feed.entries.size() >= kMaxFeedEntries) {
    feed.truncated = true;
  } else {
    feed.entries.push_back({std::move(address), changed_at});
  }
}

// The address of an Atom link element that names the page itself; "" for one that names something else.
std::string page_of_link(const pugi::xml_node& link, const net::Url& document) {
  const std::string_view rel = link.attribute("rel").as_string("alternate");
  if (rel != "alternate" && rel != "http://www.iana.org/assignments/relation/alternate") return "";
  return resolved(link.attribute("href").value(), base_at(link, document));
}

bool is_html(const pugi::xml_node& link) {
  const std::string type = lower(std::string_view(link.attribute("type").as_string("text/html")));
  return type == "text/html" || type == "application/xhtml+xml";
}

// An Atom link in `entry` whose prefix fits: an HTML page before anything else.
std::string atom_link(const pugi::xml_node& entry, const net::Url& document, bool other_prefix) {
  std::string other;
  for (const pugi::xml_node& child : entry.children()) {
    if (local_name(child) != "link" || (prefix_of(child) == prefix_of(entry)) == other_prefix) continue;
    std::string address = page_of_link(child, document);
    if (address.empty()) continue;
    if (is_html(child)) return address;
    if (other.empty()) other = std::move(address);
  }
  return other;
}

void add_atom_entry(Feed& feed, const pugi::xml_node& entry, const net::Url& document) {
  std::optional<Timestamp> changed_at;
  for (const char* name : {"updated", "published", "modified", "issued"})
    changed_at = latest(changed_at, parse_date(text_of(field(entry, name))));
  add(feed, atom_link(entry, document, false), changed_at);
}

std::string rss_link(const pugi::xml_node& item, const net::Url& document) {
  if (const auto link = field(item, "link")) {
    std::string address = resolved(text_of(link), base_at(link, document));
    if (!address.empty()) return address;
  }
  // A guid is an address unless it says that it is not (RSS 2.0), and never a relative one.
  if (const auto guid = field(item, "guid")) {
    const std::string text = text_of(guid);
    const bool permanent = lower(std::string_view(guid.attribute("isPermaLink").as_string("true"))) != "false";
    if (permanent && (starts_with_ignoring_case(text, "http://") || starts_with_ignoring_case(text, "https://")))
      return resolved(text, document);
  }
  std::string address = atom_link(item, document, true);
  if (!address.empty()) return address;
  return resolved(item.attribute("rdf:about").value(), document);
}

void add_rss_item(Feed& feed, const pugi::xml_node& item, const net::Url& document) {
  std::optional<Timestamp> changed_at;
  for (const pugi::xml_node& child : item.children()) {
    const std::string_view name = local_name(child);
    const bool dublin_core = !prefix_of(child).empty() && (name == "date" || name == "modified" || name == "updated");
    if (dublin_core || (name == "pubDate" && prefix_of(child) == prefix_of(item)))
      changed_at = latest(changed_at, parse_date(text_of(child)));
  }
  add(feed, rss_link(item, document), changed_at);
}

Result<Feed> xml_feed(std::string_view text, const net::Url& base) {
  pugi::xml_document document;
  RENVOI_CHECK(parse_xml(document, text, kWhat, Doctype::passed_over_if_empty));
  const pugi::xml_node root = document.document_element();
  const std::string_view kind = local_name(root);
  Feed feed;
  if (kind == "feed") {
    for (const pugi::xml_node& child : root.children())
      if (local_name(child) == "entry" && prefix_of(child) == prefix_of(root)) add_atom_entry(feed, child, base);
  } else if (kind == "rss" || kind == "RDF") {
    // RSS 0.90 and 1.0 have their items beside the channel, the others in it.
    for (const pugi::xml_node& child : root.children()) {
      if (local_name(child) == "item") add_rss_item(feed, child, base);
      if (local_name(child) != "channel") continue;
      for (const pugi::xml_node& item : child.children())
        if (local_name(item) == "item") add_rss_item(feed, item, base);
    }
  } else {
    return Error{ErrorCode::invalid, "this XML is no feed: its root is neither rss, RDF nor feed"};
  }
  return feed;
}

std::string string_at(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<Feed> json_feed(const std::string& text, const net::Url& base) {
  const auto containers = std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; });
  if (static_cast<std::size_t>(containers) > kMaxJsonContainers)
    return Error{ErrorCode::exhausted, "the feed has more than " + std::to_string(kMaxJsonContainers) + " objects"};
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_object()) return Error{ErrorCode::invalid, "the feed is not well-formed JSON"};
  const auto items = document.find("items");
  if (!string_at(document, "version").starts_with("https://jsonfeed.org/version/") || items == document.end() ||
      !items->is_array())
    return Error{ErrorCode::invalid, "this JSON is no feed: it has no version of jsonfeed.org, or no items"};
  Feed feed;
  for (const auto& item : *items) {
    if (!item.is_object()) continue;
    std::string address = resolved(string_at(item, "url"), base);
    if (address.empty()) address = resolved(string_at(item, "external_url"), base);
    // An id should be the page's address; where it is a number or a name it is not.
    const std::string id = string_at(item, "id");
    if (address.empty() && (id.starts_with("http://") || id.starts_with("https://"))) address = resolved(id, base);
    add(feed, std::move(address),
        latest(parse_date(string_at(item, "date_modified")), parse_date(string_at(item, "date_published"))));
  }
  return feed;
}

}  // namespace

Result<Feed> parse_feed(std::string_view bytes, const net::Url& base) {
  RENVOI_TRY(const std::string text, listing_text(bytes, kMaxFeedBytes, kWhat));
  if (text.front() == '<') return xml_feed(text, base);
  if (text.front() == '{') return json_feed(text, base);
  return Error{ErrorCode::invalid, "this is no feed: neither XML nor JSON"};
}

}  // namespace renvoi::crawl
