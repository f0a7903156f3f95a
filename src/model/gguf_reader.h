// A cursor over a GGUF file that believes nothing: every count and length is held against what is left of the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace renvoi::model {

// Not thread-safe. After the first failed read every read fails; `failed()` says so.
class GgufReader {
 public:
  explicit GgufReader(const std::filesystem::path& file, std::uint64_t file_bytes);

  template <typename T>
  T number() {
    T value{};
    read(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  // At most `max_bytes`; longer fails.
  std::string string(std::uint64_t max_bytes);
  void skip_string();
  void skip(std::uint64_t bytes);
  void fail() { failed_ = true; }

  bool failed() const { return failed_; }
  std::uint64_t position() const { return position_; }
  std::uint64_t left_bytes() const { return failed_ ? 0 : file_bytes_ - position_; }

 private:
  void read(std::span<std::byte> out);
  bool fill();

  std::ifstream in_;
  std::uint64_t file_bytes_;
  std::uint64_t position_ = 0;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  bool failed_ = false;
};

}  // namespace renvoi::model
