// rooms: crawl
// Any bytes as a list of addresses: each is one, and there once.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "crawl/dates.h"
#include "crawl/url_list.h"
#include "net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto date = renvoi::crawl::parse_date(bytes); date && (*date < -86'400 || *date > 253'402'400'000))
    std::abort();
  const auto list = renvoi::crawl::parse_url_list(bytes);
  if (!list.ok()) return 0;
  std::set<std::string> seen;
  for (const auto& address : list->addresses) {
    const auto url = renvoi::net::Url::parse(address);
    if (!url.ok() || url->without_fragment() != address || url->scheme() == "file") std::abort();
    if (!seen.insert(address).second) std::abort();
  }
  return 0;
}
