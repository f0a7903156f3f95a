#include "capture/signals.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "base/utf8.h"
#include "crawl/ascii.h"

namespace renvoi::capture {
namespace {

constexpr std::size_t kMaxHtmlBytes = 64u << 10;
constexpr std::size_t kMaxHeaderBytes = 4u << 10;

std::string header(const std::map<std::string, std::string>& headers, const std::string& name) {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

void add_directives(const std::string& value, std::set<std::string>& opt_outs) {
  const std::string text = crawl::lower(value);
  for (const std::string_view signal : {"noai", "noimageai", "noindex"})
    for (std::size_t at = text.find(signal); at != std::string::npos; at = text.find(signal, at + 1)) {
      const auto is_letter = [&](std::size_t i) { return i < text.size() && text[i] >= 'a' && text[i] <= 'z'; };
      if (!is_letter(at + signal.size()) && (at == 0 || !is_letter(at - 1))) opt_outs.emplace(signal);
    }
}

// The attribute's value in a tag; the tag is in its own letters, `lower` the same in lower case.
std::optional<std::string> attribute(std::string_view tag, std::string_view lower, std::string_view name) {
  for (std::size_t at = lower.find(name); at != std::string_view::npos; at = lower.find(name, at + 1)) {
    if (at == 0 || (lower[at - 1] != ' ' && lower[at - 1] != '\n' && lower[at - 1] != '\t')) continue;
    std::size_t value = at + name.size();
    if (value >= tag.size() || tag[value] != '=') continue;
    ++value;
    const char quote = value < tag.size() ? tag[value] : ' ';
    const bool quoted = quote == '"' || quote == '\'';
    if (quoted) ++value;
    const std::size_t end = quoted ? tag.find(quote, value) : tag.find_first_of(" >\n\t", value);
    return std::string(tag.substr(value, std::min(end, tag.size()) - value));
  }
  return std::nullopt;
}

void read_html(std::string_view html, std::set<std::string>& opt_outs, std::string& licence) {
  html = html.substr(0, kMaxHtmlBytes);
  const std::string lower = crawl::lower(std::string(html));
  for (std::size_t at = lower.find('<'); at != std::string::npos; at = lower.find('<', at + 1)) {
    const std::size_t end = lower.find('>', at);
    if (end == std::string::npos) break;
    const std::string_view tag = html.substr(at, end - at), low = std::string_view(lower).substr(at, end - at);
    if (low.starts_with("<meta")) {
      const std::string name = crawl::lower(attribute(tag, low, "name").value_or(""));
      const std::string content = attribute(tag, low, "content").value_or("");
      if (name == "robots") add_directives(content, opt_outs);
      if (name == "tdm-reservation" && content == "1") opt_outs.emplace("tdm-reservation");
    }
    if ((low.starts_with("<link") || low.starts_with("<a ")) && licence.empty() &&
        crawl::lower(attribute(tag, low, "rel").value_or("")) == "license")
      licence = attribute(tag, low, "href").value_or("");
  }
}

// Link: <https://...>; rel="license"
std::string licence_of(const std::string& links) {
  const std::string lower = crawl::lower(links);
  const std::size_t rel = std::min(lower.find("rel=\"license\""), lower.find("rel=license"));
  if (rel == std::string::npos) return "";
  const std::size_t open = links.rfind('<', rel), close = links.find('>', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos || close > rel) return "";
  return links.substr(open + 1, close - open - 1);
}

}  // namespace

dataset::ItemFacts facts_of(const std::map<std::string, std::string>& headers, std::string_view body) {
  dataset::ItemFacts facts;
  std::set<std::string> opt_outs;
  for (const auto& [name, value] : headers) {
    static constexpr std::string_view kLeftOut[] = {"set-cookie", "set-cookie2", "authorization",
                                                    "proxy-authorization"};
    if (std::find(std::begin(kLeftOut), std::end(kLeftOut), name) != std::end(kLeftOut)) continue;
    facts.headers.emplace_back(repair_utf8(name), repair_utf8(truncate_utf8(value, kMaxHeaderBytes)));
  }
  add_directives(header(headers, "x-robots-tag"), opt_outs);
  if (crawl::trim(header(headers, "tdm-reservation")) == "1") opt_outs.emplace("tdm-reservation");
  facts.licence = licence_of(header(headers, "link"));
  const std::string type = crawl::lower(header(headers, "content-type"));
  if (type.starts_with("text/html") || type.starts_with("application/xhtml")) read_html(body, opt_outs, facts.licence);
  facts.licence = repair_utf8(facts.licence);
  facts.opt_outs.assign(opt_outs.begin(), opt_outs.end());
  return facts;
}

}  // namespace renvoi::capture
