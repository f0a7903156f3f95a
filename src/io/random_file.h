// Reading somewhere in a large file that others may change meanwhile (a map of it would crash when it is cut).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace renvoi::io {

// Thread-safe.
class RandomFile {
 public:
  virtual ~RandomFile() = default;
  virtual std::uint64_t size_bytes() const = 0;  // when it was opened
  // Fills `out` from byte `offset_bytes` on, as far as the file goes; gives the number of bytes read. Errors:
  // `unavailable` (I/O error).
  virtual Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<char> out) const = 0;
};

// Errors: `not_found`, `denied`, `invalid` (a folder or no plain file), `unavailable`.
Result<std::unique_ptr<RandomFile>> open_random(const std::filesystem::path& path);
// Bytes in memory, which must outlive it.
std::unique_ptr<RandomFile> random_bytes(std::string_view bytes);

}  // namespace renvoi::io
