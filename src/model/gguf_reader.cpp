#include "model/gguf_reader.h"

#include <algorithm>
#include <cstring>

namespace renvoi::model {

namespace {
constexpr std::size_t buffer_bytes = 64 << 10;
}

GgufReader::GgufReader(const std::filesystem::path& file, std::uint64_t file_bytes)
    : in_(file, std::ios::binary), file_bytes_(file_bytes), failed_(!in_.is_open()) {}

bool GgufReader::fill() {
  buffer_.resize(buffer_bytes);
  in_.read(reinterpret_cast<char*>(buffer_.data()), static_cast<std::streamsize>(buffer_.size()));
  buffer_.resize(static_cast<std::size_t>(in_.gcount()));
  used_ = 0;
  return !buffer_.empty();
}

void GgufReader::read(std::span<std::byte> out) {
  if (out.size() > left_bytes()) failed_ = true;
  while (!failed_ && !out.empty()) {
    if (used_ == buffer_.size() && !fill()) {
      failed_ = true;
      break;
    }
    const std::size_t count = std::min(out.size(), buffer_.size() - used_);
    std::memcpy(out.data(), buffer_.data() + used_, count);
    used_ += count;
    position_ += count;
    out = out.subspan(count);
  }
}

std::string GgufReader::string(std::uint64_t max_bytes) {
  const auto length = number<std::uint64_t>();
  if (failed_ || length > max_bytes || length > left_bytes()) {
    failed_ = true;
    return {};
  }
  std::string text(length, '\0');
  read(std::as_writable_bytes(std::span(text)));
  return text;
}

void GgufReader::skip_string() { skip(number<std::uint64_t>()); }

void GgufReader::skip(std::uint64_t bytes) {
  if (bytes > left_bytes()) failed_ = true;
  if (failed_) return;
  position_ += bytes;
  if (bytes <= buffer_.size() - used_) {
    used_ += static_cast<std::size_t>(bytes);
    return;
  }
  buffer_.clear();
  used_ = 0;
  in_.clear();
  in_.seekg(static_cast<std::streamoff>(position_));
  if (!in_) failed_ = true;
}

}  // namespace renvoi::model
