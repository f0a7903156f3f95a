// rooms: net
// Any bytes as a URL, and as one relative to a base: what parses is normalised, so that parsing it again changes
// nothing, and stays within the schemes and without the credentials that Url promises.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/url.h"

namespace {

void check(const renvoi::Result<renvoi::net::Url>& url) {
  if (!url) return;
  const auto again = renvoi::net::Url::parse(url->href());
  if (!again || again->href() != url->href()) std::abort();
  const std::string scheme = url->scheme();
  if (scheme != "http" && scheme != "https" && scheme != "file") std::abort();
  if (scheme != "file" && (url->host().empty() || url->origin().find('@') != std::string::npos)) std::abort();
  if (scheme == "file" && !url->file_path().starts_with('/')) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(renvoi::net::Url::parse(text));
  static const auto base = renvoi::net::Url::parse("https://example.org/a/b?c");
  check(renvoi::net::Url::parse(text, *base));
  if (text.find('\0') != std::string_view::npos) return 0;
  const std::string path = "/" + std::string(text);
  const auto file = renvoi::net::Url::parse(renvoi::net::file_url(path));
  if (file && renvoi::net::file_url(file->file_path()) != file->href()) std::abort();
  return 0;
}
