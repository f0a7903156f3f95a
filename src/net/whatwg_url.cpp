#include "net/whatwg_url.h"

#include <ada.h>

namespace renvoi::net {

std::optional<WhatwgUrl> parse_whatwg(std::string_view text, std::string_view base) {
  auto parsed_base = ada::parse<ada::url_aggregator>(base.empty() ? std::string_view("about:blank") : base);
  if (!parsed_base) return std::nullopt;
  const auto url = ada::parse<ada::url_aggregator>(text, base.empty() ? nullptr : &*parsed_base);
  if (!url) return std::nullopt;
  return WhatwgUrl{.href = std::string(url->get_href()),
                   .origin = url->get_origin(),
                   .protocol = std::string(url->get_protocol()),
                   .username = std::string(url->get_username()),
                   .password = std::string(url->get_password()),
                   .host = std::string(url->get_host()),
                   .hostname = std::string(url->get_hostname()),
                   .port = std::string(url->get_port()),
                   .pathname = std::string(url->get_pathname()),
                   .search = std::string(url->get_search()),
                   .hash = std::string(url->get_hash())};
}

}  // namespace renvoi::net
