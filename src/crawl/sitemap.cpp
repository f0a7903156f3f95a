#include "crawl/sitemap.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <cstring>
#include <memory>
#include <pugixml.hpp>

#include "crawl/ascii.h"

namespace renvoi::crawl {
namespace {

struct CloseArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};

Result<std::string> gunzip(std::string_view bytes) {
  const std::unique_ptr<archive, CloseArchive> reader(archive_read_new());
  archive_entry* entry = nullptr;
  if (!reader || archive_read_support_filter_gzip(reader.get()) != ARCHIVE_OK ||
      archive_read_support_format_raw(reader.get()) != ARCHIVE_OK ||
      archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK)
    return Error{ErrorCode::invalid, "the sitemap begins like a gzip file and is not one"};
  std::string out;
  std::array<char, 64 << 10> piece;
  for (;;) {
    const la_ssize_t size = archive_read_data(reader.get(), piece.data(), piece.size());
    if (size < 0) return Error{ErrorCode::invalid, "the gzipped sitemap is damaged"};
    if (size == 0) return out;
    if (out.size() + static_cast<std::size_t>(size) > kMaxSitemapBytes)
      return Error{ErrorCode::exhausted, "the sitemap is larger than 50 MB when it is expanded"};
    out.append(piece.data(), static_cast<std::size_t>(size));
  }
}

void add(Sitemap& map, std::vector<std::string>& list, std::string_view address) {
  address = trim(address);
  if (address.empty() || address.size() > kMaxAddressBytes) return;
  if (list.size() >= kMaxSitemapUrls)
    map.truncated = true;
  else
    list.emplace_back(address);
}

// Prefixes of namespaces are the author's choice.
std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

void add_children(Sitemap& map, std::vector<std::string>& list, const pugi::xml_node& root) {
  for (const pugi::xml_node& item : root.children())
    for (const pugi::xml_node& field : item.children())
      if (local_name(field) == "loc") add(map, list, field.child_value());
}

Result<Sitemap> parse_xml(std::string_view text) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_doctype);
  for (const pugi::xml_node& node : document.children())
    if (node.type() == pugi::node_doctype)
      return Error{ErrorCode::invalid, "the sitemap has a DOCTYPE, which is not read"};
  if (!parsed)
    return Error{ErrorCode::invalid, "the sitemap is not well-formed XML: " + std::string(parsed.description()) +
                                         " at byte " + std::to_string(parsed.offset)};
  Sitemap map;
  const pugi::xml_node root = document.document_element();
  if (local_name(root) == "urlset")
    add_children(map, map.pages, root);
  else if (local_name(root) == "sitemapindex")
    add_children(map, map.sitemaps, root);
  else
    return Error{ErrorCode::invalid, "this XML is not a sitemap: its root is neither urlset nor sitemapindex"};
  return map;
}

Result<Sitemap> parse_list(std::string_view text) {
  Sitemap map;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (starts_with_ignoring_case(line, "http://") || starts_with_ignoring_case(line, "https://"))
      add(map, map.pages, line);
    else if (!line.empty())
      return Error{ErrorCode::invalid, "this is not a sitemap: neither XML nor a list of addresses, one a line"};
  }
  return map;
}

}  // namespace

Result<Sitemap> parse_sitemap(std::string_view bytes) {
  std::string expanded;
  if (bytes.starts_with("\x1F\x8B")) {
    auto text = gunzip(bytes);
    if (!text) return std::move(text).error();
    expanded = std::move(text).value();
    bytes = expanded;
  }
  if (bytes.size() > kMaxSitemapBytes) return Error{ErrorCode::exhausted, "the sitemap is larger than 50 MB"};
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  bytes = trim(bytes);
  if (bytes.empty()) return Error{ErrorCode::invalid, "the sitemap is empty"};
  return bytes.starts_with('<') ? parse_xml(bytes) : parse_list(bytes);
}

}  // namespace renvoi::crawl
