// A half-open range of bytes [begin, end) in a text in UTF-8, on code point borders.
#pragma once

#include <cstdint>
#include <string_view>

namespace renvoi::text {

struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

inline std::string_view slice(std::string_view text, Range range) { return text.substr(range.begin, range.size()); }

}  // namespace renvoi::text
