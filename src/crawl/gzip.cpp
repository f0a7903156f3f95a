#include "crawl/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <climits>

namespace renvoi::crawl {

struct Inflater::State {
  z_stream stream{};
  bool ready = false;
  ~State() {
    if (ready) inflateEnd(&stream);
  }
};

Inflater::Inflater(Format format) : state_(std::make_unique<State>()) {
  // + 32: gzip or zlib, by its header; negative: neither.
  const int window_bits = format == Format::raw ? -MAX_WBITS : MAX_WBITS + 32;
  state_->ready = inflateInit2(&state_->stream, window_bits) == Z_OK;
}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

Result<Inflater::Step> Inflater::step(std::string_view in, std::span<char> out) {
  if (!state_->ready) return Error{ErrorCode::exhausted, "no memory to expand a compressed file"};
  z_stream& stream = state_->stream;
  const std::size_t in_bytes = std::min<std::size_t>(in.size(), INT_MAX);
  const std::size_t out_bytes = std::min<std::size_t>(out.size(), INT_MAX);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in_bytes);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out_bytes);
  const int status = inflate(&stream, Z_NO_FLUSH);
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
    return Error{ErrorCode::corrupt, "the compressed data are damaged"};
  return Step{in_bytes - stream.avail_in, out_bytes - stream.avail_out, status == Z_STREAM_END};
}

Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes, std::string_view what) {
  const std::string name(what);
  std::string out;
  std::array<char, 64 << 10> piece;
  while (is_gzip(bytes)) {
    Inflater inflater;
    for (bool end = false; !end;) {
      const auto step = inflater.step(bytes, piece);
      if (!step) return Error{ErrorCode::invalid, name + " begins like a gzip file and is damaged"};
      if (step->taken == 0 && step->given == 0 && !step->end)
        return Error{ErrorCode::invalid, name + " is a gzip file that was cut short"};
      if (out.size() + step->given > max_bytes)
        return Error{ErrorCode::exhausted,
                     name + " is larger than " + std::to_string(max_bytes >> 20) + " MB when it is expanded"};
      bytes.remove_prefix(step->taken);
      out.append(piece.data(), step->given);
      end = step->end;
    }
  }
  return out;
}

}  // namespace renvoi::crawl
