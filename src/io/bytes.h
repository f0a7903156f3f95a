// Numbers to bytes and back: little-endian, LEB128 variable lengths, every read bounds-checked.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace renvoi::io {

static_assert(std::endian::native == std::endian::little, "the files are little-endian and are read in place");

class ByteWriter {
 public:
  void u8(std::uint8_t value) { bytes_ += static_cast<char>(value); }
  void u32(std::uint32_t value) { raw(&value, sizeof value); }
  void u64(std::uint64_t value) { raw(&value, sizeof value); }
  // 7 bits a byte, least significant first, the high bit set on all but the last.
  void varint(std::uint64_t value) {
    while (value >= 128) {
      u8(static_cast<std::uint8_t>(value | 128));
      value >>= 7;
    }
    u8(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view value) {  // length as varint, then the bytes
    varint(value.size());
    bytes_ += value;
  }
  void append(std::string_view value) { bytes_ += value; }
  void append(std::span<const std::byte> value) { raw(value.data(), value.size()); }
  void pad_to(std::size_t alignment) { bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment, '\0'); }
  std::size_t size() const { return bytes_.size(); }
  const std::string& str() const { return bytes_; }
  std::string take() { return std::move(bytes_); }
  void clear() { bytes_.clear(); }

 private:
  void raw(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }
  std::string bytes_;
};

// Past the end, or on a malformed varint, every read gives 0 and `ok()` is false from then on: check once, at the end
// of what belongs together, but before a count is trusted with memory.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  explicit ByteReader(std::string_view bytes) : bytes_(std::as_bytes(std::span(bytes.data(), bytes.size()))) {}

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ >= bytes_.size()) break;
      const auto byte = std::to_integer<std::uint64_t>(bytes_[at_++]);
      if (shift == 63 && byte > 1) break;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return fail();
  }
  // A varint that must fit 32 bits.
  std::uint32_t varint32() {
    const std::uint64_t value = varint();
    return value <= 0xFFFFFFFF ? static_cast<std::uint32_t>(value) : static_cast<std::uint32_t>(fail());
  }
  std::string_view text() { return view(varint()); }
  std::string_view view(std::uint64_t size) {
    if (!ok_ || size > bytes_.size() - at_) {
      fail();
      return {};
    }
    const std::string_view value(reinterpret_cast<const char*>(bytes_.data()) + at_, size);
    at_ += size;
    return value;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t position() const { return at_; }
  std::size_t remaining() const { return bytes_.size() - at_; }

 private:
  template <typename T>
  T fixed() {
    T value{};
    if (!ok_ || bytes_.size() - at_ < sizeof(T)) return static_cast<T>(fail());
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::uint64_t fail() {
    ok_ = false;
    at_ = bytes_.size();
    return 0;
  }
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace renvoi::io
