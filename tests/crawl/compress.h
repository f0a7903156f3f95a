// gzip, zlib and raw deflate, for tests.
#pragma once

#include <zlib.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace renvoi::test {

enum class Wrap : int { gzip = MAX_WBITS + 16, zlib = MAX_WBITS, raw = -MAX_WBITS };

inline std::string compress(std::string_view text, Wrap wrap = Wrap::gzip) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, static_cast<int>(wrap), 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A gzip file of so many zeros, made a piece at a time.
inline std::string gzip_of_zeros(std::size_t bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  const std::string zeros(1 << 20, '\0');
  std::string out, piece(64 << 10, '\0');
  for (std::size_t left = bytes;;) {
    const std::size_t now = std::min(left, zeros.size());
    left -= now;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
    stream.avail_in = static_cast<uInt>(now);
    int status = Z_OK;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      status = deflate(&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
      out.append(piece, 0, piece.size() - stream.avail_out);
    } while (stream.avail_out == 0);
    if (status == Z_STREAM_END) break;
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace renvoi::test
