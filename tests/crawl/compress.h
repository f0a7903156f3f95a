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

// A gzip file of a gigabyte of zeros, made a piece at a time, and once.
inline const std::string& gzip_of_a_gigabyte() {
  static const std::string bomb = [] {
    constexpr std::size_t kBytes = std::size_t{1} << 30;
    z_stream stream{};
    if (deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::runtime_error("deflateInit2");
    const std::string zeros(1 << 20, '\0');
    std::string out, piece(1 << 20, '\0');
    for (std::size_t done = zeros.size(); done <= kBytes; done += zeros.size()) {
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
      stream.avail_in = static_cast<uInt>(zeros.size());
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      const int status = deflate(&stream, done == kBytes ? Z_FINISH : Z_SYNC_FLUSH);
      if (stream.avail_out == 0 || status == Z_STREAM_ERROR) throw std::runtime_error("deflate");
      out.append(piece, 0, piece.size() - stream.avail_out);
    }
    deflateEnd(&stream);
    return out;
  }();
  return bomb;
}

}  // namespace renvoi::test
