#include "net/request_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace renvoi::net {
namespace {

// As the session does: what is not taken comes again, with what follows.
int status_in_two_pieces(const std::string& bytes, std::size_t cut) {
  RequestReader reader({.max_header_bytes = 200, .max_body_bytes = 100});
  std::string inbox = bytes.substr(0, cut);
  inbox.erase(0, reader.feed(inbox));
  inbox += bytes.substr(cut);
  reader.feed(inbox);
  return reader.refusal() ? reader.refusal()->status : reader.done() ? 200 : 0;
}

TEST(RequestReader, CountsTheWholeHeaderInWhateverPiecesItComes) {
  const std::string line = "GET / HTTP/1.1\r\n";
  const auto request = [&](std::size_t header_bytes) {
    const std::string host = "Host: h\r\nX: ";
    return line + host + std::string(header_bytes - line.size() - host.size() - 4, 'x') + "\r\n\r\n";
  };
  for (const std::size_t cut : {std::size_t{1}, line.size() - 1, line.size(), line.size() + 5, std::size_t{150}}) {
    EXPECT_EQ(status_in_two_pieces(request(200), cut), 200) << cut;
    EXPECT_EQ(status_in_two_pieces(request(201), cut), 431) << cut;
    EXPECT_EQ(status_in_two_pieces(request(210), cut), 431) << cut;
  }
}

}  // namespace
}  // namespace renvoi::net
