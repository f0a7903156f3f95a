#include "crawl/meta_refresh.h"

#include <charconv>

#include "crawl/ascii.h"

namespace renvoi::crawl {
namespace {

constexpr std::size_t kMostBytes = 8u << 10;

// Without what lies between `open` and `close`.
std::string without(std::string text, std::string_view open, std::string_view close) {
  std::size_t at = 0;
  while ((at = text.find(open, at)) != std::string::npos) {
    const std::size_t end = text.find(close, at);
    text.erase(at, end == std::string::npos ? std::string::npos : end + close.size() - at);
  }
  return text;
}

// The value of an attribute of the tag, in the letters it was written in.
std::string attribute(std::string_view tag, std::string_view name) {
  const std::string low = lower(tag);
  std::size_t at = low.find(name);
  if (at == std::string::npos) return {};
  at = low.find_first_not_of(" \t\r\n", at + name.size());
  if (at == std::string::npos || low[at] != '=') return {};
  at = low.find_first_not_of(" \t\r\n", at + 1);
  if (at == std::string::npos) return {};
  const char quote = tag[at];
  if (quote == '"' || quote == '\'') return std::string(tag.substr(at + 1, tag.find(quote, at + 1) - at - 1));
  return std::string(tag.substr(at, tag.find_first_of(" \t\r\n>", at) - at));
}

std::optional<std::string> target_of(std::string_view content) {
  content = trim(content);
  double delay_s = 0;
  const auto [end, error] = std::from_chars(content.data(), content.data() + content.size(), delay_s);
  if (error != std::errc() || delay_s > 1) return {};
  content.remove_prefix(static_cast<std::size_t>(end - content.data()));
  const std::size_t url = lower(content).find("url");
  if (url == std::string::npos) return {};
  content = trim(content.substr(url + 3));
  if (content.empty() || content.front() != '=') return {};
  content = trim(content.substr(1));
  if (!content.empty() && (content.front() == '"' || content.front() == '\'')) {
    const char quote = content.front();
    content.remove_prefix(1);
    content = content.substr(0, content.find(quote));
  }
  if (content.empty()) return {};
  return std::string(content);
}

}  // namespace

std::optional<std::string> find_meta_refresh(std::string_view html) {
  if (html.size() > kMostBytes || lower(html).find("refresh") == std::string::npos) return {};
  std::string text = without(std::string(html), "<!--", "-->");
  text = without(without(std::move(text), "<noscript", "</noscript"), "<NOSCRIPT", "</NOSCRIPT");
  const std::string low = lower(text);
  for (std::size_t at = low.find("<meta"); at != std::string::npos; at = low.find("<meta", at + 1)) {
    const std::string_view tag = std::string_view(text).substr(at, low.find('>', at) - at + 1);
    if (lower(attribute(tag, "http-equiv")) != "refresh") continue;
    return target_of(attribute(tag, "content"));
  }
  return {};
}

}  // namespace renvoi::crawl
