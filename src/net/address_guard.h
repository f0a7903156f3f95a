// Which addresses may be dialled. Invariant 4: global addresses only, unless the source's policy allows private ranges.
//
// "Global" is the IANA special-purpose address registries' "Globally Reachable" (RFC 6890 and its updates), applied
// also to the IPv4 address inside mapped, NAT64 and 6to4 addresses. Multicast is never dialled.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace renvoi::net {

// IPv6, or IPv4 in its mapped form (::ffff:a.b.c.d).
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;
  bool operator==(const IpAddress&) const = default;
};

std::optional<IpAddress> parse_ip(std::string_view text);  // dotted quad or RFC 4291 text, no brackets, no zone
std::string to_string(const IpAddress& address);

bool is_global(const IpAddress& address);

enum class AddressPolicy : std::uint8_t {
  global_only,    // the default
  allow_private,  // also loopback, private and link-local ranges: for a source on one's own network
};

// Errors: `denied`, naming host and address and how to allow it.
Result<void> check_address(const IpAddress& address, AddressPolicy policy, std::string_view host);

}  // namespace renvoi::net
