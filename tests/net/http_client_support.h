// What the tests of the HTTP client share: a scripted resolver, requests, servers that say one thing.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include "net/http_client.h"
#include "net/http_server.h"
#include "raw_socket.h"
#include "tls_server.h"

namespace renvoi::net {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// DNS as the test wants it: each call for a name takes the next of its answers, the last one for ever.
class ScriptedResolver final : public Resolver {
 public:
  using Answers = std::vector<std::vector<std::string>>;
  explicit ScriptedResolver(std::map<std::string, Answers> names) : names_(std::move(names)) {}
  Result<std::vector<IpAddress>> resolve(const std::string& host, std::chrono::milliseconds, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    asked.push_back(host);
    const auto found = names_.find(host);
    if (found == names_.end()) return Error{ErrorCode::not_found, "the host name " + host + " does not exist"};
    std::vector<IpAddress> addresses;
    for (const std::string& text : found->second.front()) addresses.push_back(*parse_ip(text));
    if (found->second.size() > 1) found->second.erase(found->second.begin());
    return addresses;
  }
  std::vector<std::string> asked;

 private:
  std::mutex mutex_;
  std::map<std::string, Answers> names_;
};

inline FetchRequest to(std::string_view url) {
  FetchRequest request;
  auto parsed = Url::parse(url);
  EXPECT_TRUE(parsed) << url;
  request.url = std::move(parsed).value();
  request.addresses = AddressPolicy::allow_private;
  return request;
}

inline std::string describe(const Result<FetchResponse>& response) {
  return response ? "status " + std::to_string(response->status) : response.error().describe();
}

// Answers every request with the same bytes, then closes.
inline ScriptedServer::Script always(std::string answer) {
  return [answer = std::move(answer)](int socket, int) {
    receive_until(socket, "\r\n\r\n");
    send_all(socket, answer);
    shutdown(socket, SHUT_WR);
    receive_all(socket);
  };
}

inline std::string ok(std::string_view body, std::string_view headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" +
         std::string(body);
}

inline std::unique_ptr<HttpServer> serve(Handler handler) {
  auto server = HttpServer::start({.port = 0}, std::move(handler));
  EXPECT_TRUE(server);
  return std::move(server).value();
}

inline std::string url_of(const HttpServer& server, std::string_view path) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + std::string(path);
}

// Deflate (RFC 1951) by hand: a fixed-Huffman block of one literal zero and back-references of 258 bytes at distance 1.
inline std::string gzip_of_zeros(std::size_t mebibytes) {
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  std::uint64_t bits = 0;
  int count = 0;
  const auto put = [&](std::uint32_t value, int length) {  // least significant bit first
    bits |= std::uint64_t{value} << count;
    for (count += length; count >= 8; count -= 8, bits >>= 8) out += static_cast<char>(bits & 0xFF);
  };
  const auto code = [&](std::uint32_t value, int length) {  // Huffman codes go most significant bit first
    for (int i = length - 1; i >= 0; --i) put(value >> i & 1, 1);
  };
  put(1, 1);  // the last block
  put(1, 2);  // fixed codes
  std::size_t left = mebibytes << 20;
  const auto literal = [&] { code(0x30, 8); };  // the byte 0
  literal();
  --left;
  for (; left >= 258; left -= 258) {
    code(0xC5, 8);  // 285: length 258
    code(0, 5);     // distance 1
  }
  for (; left > 0; --left) literal();
  code(0, 7);  // end of block
  if (count > 0) put(0, 8 - count);
  const auto little_endian = [&](std::uint32_t value) {
    for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  };
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::size_t i = 0; i < mebibytes << 20; ++i)
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320 : 0);
  little_endian(~crc);
  little_endian(static_cast<std::uint32_t>(mebibytes << 20));
  return out;
}

}  // namespace renvoi::net
