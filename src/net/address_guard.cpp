#include "net/address_guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <span>

namespace renvoi::net {
namespace {

enum class Reach : std::uint8_t {
  global,  // may always be dialled
  local,   // one's own machine or network: with allow_private only
  never,   // multicast, documentation, benchmarks, reserved: nothing to fetch there
};

struct Range {
  const char* prefix;
  unsigned length_bits;
  Reach reach;
  const char* what;  // name in the registry, and its document
};

// IANA IPv4 Special-Purpose Address Registry. The longest prefix decides; what is in none is global.
constexpr Range kV4[] = {
    {"0.0.0.0", 8, Reach::never, "\"this network\", RFC 791"},
    {"10.0.0.0", 8, Reach::local, "private use, RFC 1918"},
    {"100.64.0.0", 10, Reach::local, "shared address space, RFC 6598"},
    {"127.0.0.0", 8, Reach::local, "loopback, RFC 1122"},
    {"169.254.0.0", 16, Reach::local, "link-local, RFC 3927"},
    {"172.16.0.0", 12, Reach::local, "private use, RFC 1918"},
    {"192.0.0.0", 24, Reach::never, "IETF protocol assignments, RFC 6890"},
    {"192.0.0.9", 32, Reach::global, "Port Control Protocol anycast, RFC 7723"},
    {"192.0.0.10", 32, Reach::global, "TURN anycast, RFC 8155"},
    {"192.0.2.0", 24, Reach::never, "documentation, RFC 5737"},
    {"192.88.99.0", 24, Reach::never, "deprecated 6to4 relay anycast, RFC 7526"},
    {"192.168.0.0", 16, Reach::local, "private use, RFC 1918"},
    {"198.18.0.0", 15, Reach::never, "benchmarking, RFC 2544"},
    {"198.51.100.0", 24, Reach::never, "documentation, RFC 5737"},
    {"203.0.113.0", 24, Reach::never, "documentation, RFC 5737"},
    {"224.0.0.0", 4, Reach::never, "multicast, RFC 5771"},
    {"240.0.0.0", 4, Reach::never, "reserved, RFC 1112"},
};

// IANA IPv6 Special-Purpose Address Registry, and the address space it is cut from: only 2000::/3 is global unicast.
// Mapped addresses are IPv4 here; NAT64 and 6to4 are judged by the IPv4 address inside before this table is read.
constexpr Range kV6[] = {
    {"::", 0, Reach::never, "not global unicast, RFC 4291"},
    {"2000::", 3, Reach::global, "global unicast, RFC 4291"},
    {"::1", 128, Reach::local, "loopback, RFC 4291"},
    {"64:ff9b:1::", 48, Reach::never, "local-use IPv4/IPv6 translation, RFC 8215"},
    {"100::", 64, Reach::never, "discard-only, RFC 6666"},
    {"100:0:0:1::", 64, Reach::never, "dummy prefix, RFC 9780"},
    {"2001::", 23, Reach::never, "IETF protocol assignments (and Teredo, RFC 4380), RFC 2928"},
    {"2001:1::1", 128, Reach::global, "Port Control Protocol anycast, RFC 7723"},
    {"2001:1::2", 128, Reach::global, "TURN anycast, RFC 8155"},
    {"2001:1::3", 128, Reach::global, "DNS-SD registration anycast, RFC 9665"},
    {"2001:3::", 32, Reach::global, "AMT, RFC 7450"},
    {"2001:4:112::", 48, Reach::global, "AS112, RFC 7535"},
    {"2001:20::", 28, Reach::global, "ORCHIDv2, RFC 7343"},
    {"2001:30::", 28, Reach::global, "drone remote identification, RFC 9374"},
    {"2001:db8::", 32, Reach::never, "documentation, RFC 3849"},
    {"3fff::", 20, Reach::never, "documentation, RFC 9637"},
    {"5f00::", 16, Reach::never, "segment routing identifiers, RFC 9602"},
    {"fc00::", 7, Reach::local, "unique local, RFC 4193"},
    {"fe80::", 10, Reach::local, "link-local, RFC 4291"},
    {"fec0::", 10, Reach::never, "deprecated site-local, RFC 3879"},
    {"ff00::", 8, Reach::never, "multicast, RFC 4291"},
};

constexpr Range kGlobalV4{"", 0, Reach::global, "global"};

bool has_prefix(const IpAddress& address, const IpAddress& prefix, unsigned length_bits) {
  const unsigned whole = length_bits / 8;
  if (!std::equal(prefix.bytes.begin(), prefix.bytes.begin() + whole, address.bytes.begin())) return false;
  if (length_bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFF << (8 - length_bits % 8));
  return (address.bytes[whole] & mask) == (prefix.bytes[whole] & mask);
}

Range longest_match(const IpAddress& address, std::span<const Range> table, unsigned offset_bits, Range best) {
  for (const Range& range : table) {
    const std::optional<IpAddress> prefix = parse_ip(range.prefix);
    if (prefix && range.length_bits >= best.length_bits &&
        has_prefix(address, *prefix, offset_bits + range.length_bits))
      best = range;
  }
  return best;
}

IpAddress v4_from(const std::uint8_t* four) {
  IpAddress address;
  address.is_v4 = true;
  address.bytes[10] = address.bytes[11] = 0xFF;
  std::copy_n(four, 4, address.bytes.begin() + 12);
  return address;
}

// The IPv4 address that a translator or a tunnel on the way would send to.
std::optional<IpAddress> embedded_v4(const IpAddress& address) {
  const auto& b = address.bytes;
  const auto starts_with = [&](const char* prefix, unsigned bits) {
    return has_prefix(address, *parse_ip(prefix), bits);
  };
  if (starts_with("64:ff9b::", 96)) return v4_from(&b[12]);  // NAT64, RFC 6052
  if (starts_with("2002::", 16)) return v4_from(&b[2]);      // 6to4, RFC 3056
  return std::nullopt;
}

Range range_of(const IpAddress& address) {
  if (address.is_v4) return longest_match(address, kV4, 96, kGlobalV4);
  if (const auto inner = embedded_v4(address)) return longest_match(*inner, kV4, 96, kGlobalV4);
  return longest_match(address, kV6, 0, kV6[0]);
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string copy(text);
  std::uint8_t four[4];
  if (inet_pton(AF_INET, copy.c_str(), four) == 1) return v4_from(four);
  IpAddress address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) != 1) return std::nullopt;
  const bool zeros =
      std::all_of(address.bytes.begin(), address.bytes.begin() + 10, [](std::uint8_t b) { return b == 0; });
  address.is_v4 = zeros && address.bytes[10] == 0xFF && address.bytes[11] == 0xFF;
  return address;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.is_v4 ? AF_INET : AF_INET6, address.bytes.data() + (address.is_v4 ? 12 : 0), text, sizeof text);
  return text;
}

bool is_global(const IpAddress& address) { return range_of(address).reach == Reach::global; }

Result<void> check_address(const IpAddress& address, AddressPolicy policy, std::string_view host) {
  const Range range = range_of(address);
  if (range.reach == Reach::global || (range.reach == Reach::local && policy == AddressPolicy::allow_private))
    return {};
  std::string message = "the host " + std::string(host) + " has the address " + to_string(address) + " (" + range.what +
                        "), which is not on the public internet";
  message += range.reach == Reach::local
                 ? ": if it is a source of your own network, add it with private addresses allowed"
                 : " and is never dialled: check the name, or its DNS records";
  return Error{ErrorCode::denied, std::move(message)};
}

}  // namespace renvoi::net
