#include <array>

#include "crawl/ascii.h"
#include "crawl/gzip.h"
#include "crawl/listing_text.h"
#include "crawl/sync.h"

namespace renvoi::crawl {
namespace {

using catalog::SourceKind;

constexpr std::size_t kLookedAt_bytes = 16u << 10;

// The front of what a gzip file expands to; "" when it is damaged.
std::string front_of_gzip(std::string_view bytes) {
  Inflater inflater;
  std::string out(kLookedAt_bytes, '\0');
  std::size_t used = 0;
  while (used < out.size()) {
    const auto step = inflater.step(bytes, std::span(out).subspan(used));
    if (!step || (step->taken == 0 && step->given == 0)) break;
    bytes.remove_prefix(step->taken);
    used += step->given;
    if (step->end) break;
  }
  out.resize(used);
  return out;
}

// The name of the first element, without its prefix; "" when it does not begin like XML.
std::string_view root_name(std::string_view text) {
  for (;;) {
    text = trim(text);
    if (!text.starts_with('<')) return {};
    std::string_view end = ">";
    if (text.starts_with("<?")) {
      end = "?>";
    } else if (text.starts_with("<!--")) {
      end = "-->";
    } else if (text.starts_with("<!") && text.substr(0, text.find('>')).find('[') != std::string_view::npos) {
      end = "]>";  // a DOCTYPE that declares something: the parser will refuse it
    } else if (!text.starts_with("<!")) {
      std::string_view name = text.substr(1, text.find_first_of(" \t\r\n/>", 1) - 1);
      const std::size_t colon = name.find(':');
      return colon == std::string_view::npos ? name : name.substr(colon + 1);
    }
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + end.size());
  }
}

}  // namespace

std::optional<SourceKind> sniff_listing(std::string_view bytes) {
  std::string expanded;
  if (is_gzip(bytes)) {
    expanded = front_of_gzip(bytes);
    bytes = expanded;
  }
  const auto decoded = listing_text(bytes.substr(0, kLookedAt_bytes), kLookedAt_bytes, "");
  if (!decoded) return {};
  const std::string& text = *decoded;
  if (text.front() == '{' && text.find("//jsonfeed.org/version/") != std::string::npos) return SourceKind::feed;
  const std::string_view root = root_name(text);
  if (root == "rss" || root == "RDF" || root == "feed") return SourceKind::feed;
  if (lower(root) == "opml") return SourceKind::opml;
  if (root == "urlset" || root == "sitemapindex") return SourceKind::sitemap;
  return {};
}

}  // namespace renvoi::crawl
