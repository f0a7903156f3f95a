#include "net/address_guard.h"

#include <gtest/gtest.h>

#include <random>

namespace renvoi::net {
namespace {

enum Verdict { kGlobal, kLocal, kNever };

Verdict verdict(const IpAddress& address) {
  if (check_address(address, AddressPolicy::global_only, "h").ok()) return kGlobal;
  return check_address(address, AddressPolicy::allow_private, "h").ok() ? kLocal : kNever;
}

struct Case {
  const char* address;
  Verdict verdict;
};

// The first and the last address of every range of the registries, and their neighbours outside.
constexpr Case kBorders[] = {
    {"0.0.0.0", kNever},
    {"0.255.255.255", kNever},
    {"1.0.0.0", kGlobal},
    {"9.255.255.255", kGlobal},
    {"10.0.0.0", kLocal},
    {"10.255.255.255", kLocal},
    {"11.0.0.0", kGlobal},
    {"100.63.255.255", kGlobal},
    {"100.64.0.0", kLocal},
    {"100.127.255.255", kLocal},
    {"100.128.0.0", kGlobal},
    {"126.255.255.255", kGlobal},
    {"127.0.0.0", kLocal},
    {"127.0.0.1", kLocal},
    {"127.255.255.255", kLocal},
    {"128.0.0.0", kGlobal},
    {"169.253.255.255", kGlobal},
    {"169.254.0.0", kLocal},
    {"169.254.169.254", kLocal},
    {"169.254.255.255", kLocal},
    {"169.255.0.0", kGlobal},
    {"172.15.255.255", kGlobal},
    {"172.16.0.0", kLocal},
    {"172.31.255.255", kLocal},
    {"172.32.0.0", kGlobal},
    {"191.255.255.255", kGlobal},
    {"192.0.0.0", kNever},
    {"192.0.0.8", kNever},
    {"192.0.0.9", kGlobal},
    {"192.0.0.10", kGlobal},
    {"192.0.0.11", kNever},
    {"192.0.0.170", kNever},
    {"192.0.0.255", kNever},
    {"192.0.1.0", kGlobal},
    {"192.0.1.255", kGlobal},
    {"192.0.2.0", kNever},
    {"192.0.2.255", kNever},
    {"192.0.3.0", kGlobal},
    {"192.31.196.1", kGlobal},
    {"192.52.193.1", kGlobal},
    {"192.88.98.255", kGlobal},
    {"192.88.99.0", kNever},
    {"192.88.99.255", kNever},
    {"192.88.100.0", kGlobal},
    {"192.167.255.255", kGlobal},
    {"192.168.0.0", kLocal},
    {"192.168.255.255", kLocal},
    {"192.169.0.0", kGlobal},
    {"192.175.48.1", kGlobal},
    {"198.17.255.255", kGlobal},
    {"198.18.0.0", kNever},
    {"198.19.255.255", kNever},
    {"198.20.0.0", kGlobal},
    {"198.51.99.255", kGlobal},
    {"198.51.100.0", kNever},
    {"198.51.100.255", kNever},
    {"198.51.101.0", kGlobal},
    {"203.0.112.255", kGlobal},
    {"203.0.113.0", kNever},
    {"203.0.113.255", kNever},
    {"203.0.114.0", kGlobal},
    {"223.255.255.255", kGlobal},
    {"224.0.0.0", kNever},
    {"239.255.255.255", kNever},
    {"240.0.0.0", kNever},
    {"255.255.255.255", kNever},
    // IPv4 in other clothes: mapped, NAT64, 6to4; compatible ones are not IPv4 any more.
    {"::ffff:127.0.0.1", kLocal},
    {"::ffff:10.0.0.1", kLocal},
    {"::ffff:8.8.8.8", kGlobal},
    {"::ffff:224.0.0.1", kNever},
    {"64:ff9b::8.8.8.8", kGlobal},
    {"64:ff9b::127.0.0.1", kLocal},
    {"64:ff9b::192.168.1.1", kLocal},
    {"64:ff9b::255.255.255.255", kNever},
    {"64:ff9b:0:0:1::8.8.8.8", kNever},
    {"64:ff9b:1::", kNever},
    {"64:ff9b:1::8.8.8.8", kNever},
    {"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", kNever},
    {"2002:808:808::1", kGlobal},
    {"2002:7f00:1::", kLocal},
    {"2002:a9fe:a9fe::", kLocal},
    {"2002:c0a8:101::1", kLocal},
    {"2002:e000:1::", kNever},
    {"::127.0.0.1", kNever},
    {"::8.8.8.8", kNever},
    // IPv6.
    {"::", kNever},
    {"::1", kLocal},
    {"::2", kNever},
    {"100::", kNever},
    {"100::ffff:ffff:ffff:ffff", kNever},
    {"100:0:0:1::", kNever},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kNever},
    {"2000::", kGlobal},
    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kGlobal},
    {"2001::", kNever},
    {"2001:0:ffff:ffff:ffff:ffff:ffff:ffff", kNever},
    {"2001:1::", kNever},
    {"2001:1::1", kGlobal},
    {"2001:1::2", kGlobal},
    {"2001:1::3", kGlobal},
    {"2001:1::4", kNever},
    {"2001:2::", kNever},
    {"2001:2:0:ffff:ffff:ffff:ffff:ffff", kNever},
    {"2001:3::", kGlobal},
    {"2001:3:ffff:ffff:ffff:ffff:ffff:ffff", kGlobal},
    {"2001:4::", kNever},
    {"2001:4:111:ffff:ffff:ffff:ffff:ffff", kNever},
    {"2001:4:112::", kGlobal},
    {"2001:4:112:ffff:ffff:ffff:ffff:ffff", kGlobal},
    {"2001:4:113::", kNever},
    {"2001:10::", kNever},
    {"2001:1f:ffff::", kNever},
    {"2001:20::", kGlobal},
    {"2001:2f:ffff::", kGlobal},
    {"2001:30::", kGlobal},
    {"2001:3f:ffff::", kGlobal},
    {"2001:40::", kNever},
    {"2001:1ff:ffff::", kNever},
    {"2001:200::", kGlobal},
    {"2001:db7:ffff::", kGlobal},
    {"2001:db8::", kNever},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", kNever},
    {"2001:db9::", kGlobal},
    {"2001:4860:4860::8888", kGlobal},
    {"2003::", kGlobal},
    {"2620:4f:8000::1", kGlobal},
    {"3ffe:ffff::", kGlobal},
    {"3fff::", kNever},
    {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", kNever},
    {"3fff:1000::", kGlobal},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kGlobal},
    {"4000::", kNever},
    {"5f00::", kNever},
    {"fbff::", kNever},
    {"fc00::", kLocal},
    {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kLocal},
    {"fe00::", kNever},
    {"fe7f::", kNever},
    {"fe80::", kLocal},
    {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kLocal},
    {"fec0::", kNever},
    {"feff::", kNever},
    {"ff00::", kNever},
    {"ff02::1", kNever},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kNever},
};

TEST(AddressGuard, KnowsTheBordersOfEveryRange) {
  for (const Case& c : kBorders) {
    const auto address = parse_ip(c.address);
    ASSERT_TRUE(address) << c.address;
    EXPECT_EQ(verdict(*address), c.verdict) << c.address;
    EXPECT_EQ(is_global(*address), c.verdict == kGlobal) << c.address;
  }
}

// Wrapping an IPv4 address never makes it more reachable.
TEST(AddressGuard, JudgesAnIpv4AddressAlikeInEveryForm) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20'000; ++round) {
    const auto bits = static_cast<std::uint32_t>(random());
    const auto byte = [&](int i) { return static_cast<std::uint8_t>(bits >> (24 - 8 * i)); };
    IpAddress plain, nat64, tunnel;
    plain.is_v4 = true;
    plain.bytes[10] = plain.bytes[11] = 0xFF;
    nat64.bytes = {0, 0x64, 0xFF, 0x9B};
    tunnel.bytes = {0x20, 0x02};
    for (int i = 0; i < 4; ++i) plain.bytes[12 + i] = nat64.bytes[12 + i] = tunnel.bytes[2 + i] = byte(i);
    ASSERT_EQ(verdict(nat64), verdict(plain)) << to_string(plain);
    ASSERT_EQ(verdict(tunnel), verdict(plain)) << to_string(plain);
    ASSERT_EQ(parse_ip(to_string(plain)), plain);
  }
}

TEST(AddressGuard, SaysWhatWasRefusedAndHowToAllowIt) {
  const auto result = check_address(*parse_ip("192.168.1.7"), AddressPolicy::global_only, "wiki.example");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::denied);
  for (const char* part : {"wiki.example", "192.168.1.7", "RFC 1918", "private addresses allowed"})
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

TEST(ParseIp, TakesPlainAddressesOnly) {
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "0x7f.0.0.1", "256.1.1.1", "[::1]", "fe80::1%eth0",
                          ":::", "1::2::3", " 1.2.3.4", "12345::", "localhost", "::ffff:1.2.3.256"})
    EXPECT_FALSE(parse_ip(bad)) << bad;
  EXPECT_FALSE(parse_ip(std::string_view("1.2.3.4\0x", 9)));
  EXPECT_FALSE(parse_ip(std::string(1'000, '1')));
  EXPECT_EQ(parse_ip("::ffff:1.2.3.4"), parse_ip("1.2.3.4"));
  EXPECT_EQ(to_string(*parse_ip("2001:DB8:0::1")), "2001:db8::1");
}

}  // namespace
}  // namespace renvoi::net
