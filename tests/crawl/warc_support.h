// WARC and WACZ files, made here.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "crawl/compress.h"
#include "crawl/site_server.h"

namespace renvoi::test {

struct RecordOptions {
  std::string type = "response";
  std::string date = "2024-05-01T12:00:00Z";
  std::string version = "WARC/1.1";
  std::string extra{};         // more WARC headers, each with its CRLF
  std::int64_t lie_bytes = 0;  // added to Content-Length
};

inline std::string record(const std::string& target, const std::string& block, const RecordOptions& options = {}) {
  const auto length = static_cast<std::int64_t>(block.size()) + options.lie_bytes;
  return options.version + "\r\nWARC-Type: " + options.type + "\r\nWARC-Target-URI: " + target +
         "\r\nWARC-Date: " + options.date + "\r\nContent-Type: application/http; msgtype=response\r\n" + options.extra +
         "Content-Length: " + std::to_string(length) + "\r\n\r\n" + block + "\r\n\r\n";
}

inline std::string http(const std::string& body, const std::string& headers = "Content-Type: text/html\r\n",
                        const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + headers + "\r\n" + body;
}

inline std::string answer(const std::string& target, const std::string& text, const RecordOptions& options = {}) {
  return record(target, http(html("Page " + target, text)), options);
}

inline std::string info() { return record("", "software: test\r\n", {.type = "warcinfo"}); }

// Members (name, bytes) stored as they are, or said to be compressed.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool compressed = false) {
  const auto number = [](std::uint64_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
    return out;
  };
  std::string out, directory;
  for (const auto& [name, bytes] : members) {
    const std::string method = number(compressed ? 8 : 0, 2);
    const std::string sizes = number(0, 4) + number(bytes.size(), 4) + number(bytes.size(), 4) + number(name.size(), 2);
    directory += "PK\x01\x02" + number(20, 2) + number(20, 2) + number(0, 2) + method + number(0, 4) + sizes +
                 number(0, 2) + number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) + number(out.size(), 4) +
                 name;
    out += "PK\x03\x04" + number(20, 2) + number(0, 2) + method + number(0, 4) + sizes + number(4, 2) + name + "skip" +
           bytes;
  }
  const std::string end = "PK\x05\x06" + number(0, 4) + number(members.size(), 2) + number(members.size(), 2) +
                          number(directory.size(), 4) + number(out.size(), 4) + number(0, 2);
  return out + directory + end;
}

}  // namespace renvoi::test
