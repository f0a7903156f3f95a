// Inflating (RFC 1950 to 1952) within limits, through zlib.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace renvoi::crawl {

inline bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

// All members of a gzip file. `what` names it in messages ("the sitemap"). Errors: `invalid` (no gzip, damaged, cut
// short), `exhausted` (more than `max_bytes` when it is expanded; found before they are in memory).
Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes, std::string_view what);

// One compressed stream, piece by piece. Not thread-safe.
class Inflater {
 public:
  enum class Format : unsigned char { gzip_or_zlib, raw };
  explicit Inflater(Format format = Format::gzip_or_zlib);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  struct Step {
    std::size_t taken = 0;  // bytes of `in` that were used
    std::size_t given = 0;  // bytes of `out` that were written
    bool end = false;       // the stream is over and its checksum was right
  };
  // Uses as much of `in` as fits `out`. Nothing taken and nothing given: more input is needed. Errors: `corrupt`.
  Result<Step> step(std::string_view in, std::span<char> out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace renvoi::crawl
