#include "net/url.h"

#include <charconv>
#include <optional>

#include "base/utf8.h"
#include "net/percent.h"
#include "net/whatwg_url.h"

namespace renvoi::net {
namespace {

// Longer addresses are not met outside attacks, and every one that is accepted is stored in the catalogue.
constexpr std::size_t kMaxUrlBytes = 16u << 10;

// For messages: enough of the text to find it, none of its control characters.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : truncate_utf8(text, 200)) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return out + (text.size() > 200 ? "...\"" : "\"");
}

Error invalid(std::string_view text, std::string_view why) {
  return {ErrorCode::invalid, "the URL " + quoted(text) + " " + std::string(why)};
}

// A path with %2F or %00 names another file than it seems to: "/docs/..%2F..%2Fetc" would leave the folder it is in.
Result<void> check_file_url(std::string_view text, const WhatwgUrl& url) {
  if (!url.hostname.empty()) return invalid(text, "names a file on another machine: mount it and give its path");
  const std::optional<std::string> path = percent_decode(url.pathname);
  if (!path) return invalid(text, "has a % that is not followed by two hexadecimal digits");
  if (path->find('\0') != std::string::npos) return invalid(text, "has a zero byte in its path");
  if (has_encoded(url.pathname, '/')) return invalid(text, "has an encoded slash (%2F) in its path");
  return {};
}

Result<std::string> parse_href(std::string_view text, std::string_view base) {
  if (text.size() > kMaxUrlBytes) return invalid(text, "is longer than 16 KiB");
  const std::string repaired = repair_utf8(text);
  const std::optional<WhatwgUrl> url = parse_whatwg(repaired, base);
  if (!url)
    return invalid(repaired,
                   base.empty() ? "cannot be parsed: give it whole, as https://host/path" : "cannot be parsed");
  if (url->href.size() > 3 * kMaxUrlBytes) return invalid(repaired, "is longer than 48 KiB when it is encoded");
  if (url->protocol != "http:" && url->protocol != "https:" && url->protocol != "file:")
    return invalid(repaired, "has a scheme that is not http, https or file");
  if (!url->username.empty() || !url->password.empty())
    return {
        Error{ErrorCode::invalid, "the URL of host " + quoted(url->hostname) +
                                      " carries a user name or a password: take them out, an index keeps every URL"}};
  if (url->protocol == "file:") RENVOI_CHECK(check_file_url(repaired, *url));
  return url->href;
}

// Of a URL that was checked when it was made.
WhatwgUrl parts(const std::string& href) { return parse_whatwg(href).value_or(WhatwgUrl{}); }

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  RENVOI_TRY(std::string href, parse_href(text, {}));
  Url url;
  url.href_ = std::move(href);
  return url;
}

Result<Url> Url::parse(std::string_view text, const Url& base) {
  RENVOI_TRY(std::string href, parse_href(text, base.href()));
  Url url;
  url.href_ = std::move(href);
  return url;
}

// In a normalised URL the first '#' begins the fragment.
std::string Url::without_fragment() const { return href_.substr(0, href_.find('#')); }

std::string Url::scheme() const { return href_.substr(0, href_.find(':')); }

std::string Url::host() const { return parts(href_).hostname; }

std::uint16_t Url::port() const {
  const WhatwgUrl url = parts(href_);
  if (url.port.empty()) return url.protocol == "https:" ? 443 : url.protocol == "http:" ? 80 : 0;
  std::uint16_t port = 0;
  std::from_chars(url.port.data(), url.port.data() + url.port.size(), port);
  return port;
}

std::string Url::path() const { return parts(href_).pathname; }

std::string Url::path_and_query() const {
  const WhatwgUrl url = parts(href_);
  return url.pathname + url.search;
}

std::string Url::origin() const {
  const WhatwgUrl url = parts(href_);
  return url.protocol == "file:" ? "file://" : url.origin;
}

std::string Url::file_path() const {
  const WhatwgUrl url = parts(href_);
  return url.protocol == "file:" ? percent_decode(url.pathname).value_or("") : "";
}

std::string file_url(std::string_view absolute_path) {
  // The standard's path percent-encode set, so that a link to the file and its name give one URL; then '%', which is
  // data in a file name, and '\' and '|', which the parser would take for a separator and a drive letter.
  constexpr std::string_view kEncoded = " \"#<>?`{}^%\\|";
  const std::string url = "file://" + percent_encode(absolute_path, kEncoded);
  const std::optional<WhatwgUrl> parsed = parse_whatwg(url);
  return parsed ? parsed->href : url;
}

}  // namespace renvoi::net
