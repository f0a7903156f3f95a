#include "crawl/sitemap.h"

#include "crawl/ascii.h"
#include "crawl/dates.h"
#include "crawl/listing_text.h"
#include "crawl/xml.h"

namespace renvoi::crawl {
namespace {

constexpr const char* kWhat = "the sitemap";

// Whether there is room for `address`; says so in `map` when there is none.
bool takes(Sitemap& map, std::size_t held, std::string_view address) {
  if (address.empty() || address.size() > kMaxAddressBytes) return false;
  map.truncated |= held >= kMaxSitemapUrls;
  return held < kMaxSitemapUrls;
}

void add_page(Sitemap& map, std::string_view address, std::optional<Timestamp> changed_at) {
  if (takes(map, map.pages.size(), address)) map.pages.push_back({std::string(address), changed_at});
}

Result<Sitemap> parse_tree(std::string_view text) {
  pugi::xml_document document;
  RENVOI_CHECK(parse_xml(document, text, kWhat));
  const pugi::xml_node root = document.document_element();
  const bool index = local_name(root) == "sitemapindex";
  if (!index && local_name(root) != "urlset")
    return Error{ErrorCode::invalid, "this XML is not a sitemap: its root is neither urlset nor sitemapindex"};
  Sitemap map;
  for (const pugi::xml_node& item : root.children()) {
    // An image's loc is a child of the image, and has another prefix.
    const std::string address = text_of(field(item, "loc"));
    if (!index)
      add_page(map, address, parse_date(text_of(field(item, "lastmod"))));
    else if (takes(map, map.sitemaps.size(), address))
      map.sitemaps.push_back(address);
  }
  return map;
}

Result<Sitemap> parse_list(std::string_view text) {
  Sitemap map;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (starts_with_ignoring_case(line, "http://") || starts_with_ignoring_case(line, "https://"))
      add_page(map, line, {});
    else if (!line.empty())
      return Error{ErrorCode::invalid, "this is not a sitemap: neither XML nor a list of addresses, one a line"};
  }
  return map;
}

}  // namespace

Result<Sitemap> parse_sitemap(std::string_view bytes) {
  RENVOI_TRY(const std::string text, listing_text(bytes, kMaxSitemapBytes, kWhat));
  return text.front() == '<' ? parse_tree(text) : parse_list(text);
}

}  // namespace renvoi::crawl
