// Checksums of a file block by block, each verified when its bytes are first asked for: a large file is opened without
// reading it, and no byte is believed before its checksum.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace renvoi::index {

constexpr std::size_t kCheckedBlockBytes = 16'384;

// The CRC-32C of each block of `bytes`, the last of which may be shorter: four bytes a block.
std::string block_checksums(std::string_view bytes);

// Thread-safe: a block may be verified twice at a time. Does not own the bytes.
class BlockChecks {
 public:
  BlockChecks() = default;
  // `checksums` as block_checksums(bytes) made them; block_checksums_bytes(bytes.size()) of them.
  void watch(std::span<const std::byte> bytes, std::span<const std::byte> checksums);

  // Whether all blocks that `part`, a part of `bytes`, lies in are as they were written. O(1) a block once it is known;
  // false makes damaged() true. Without watch(): true.
  bool verify(std::span<const std::byte> part) const;
  bool verify(std::string_view part) const { return verify(std::as_bytes(std::span(part.data(), part.size()))); }
  // Something was found to be bad, by this or by whoever said so.
  bool damaged() const { return damaged_.load(std::memory_order_relaxed); }
  void note_damage() const { damaged_.store(true, std::memory_order_relaxed); }

 private:
  bool verify_block(std::size_t block) const;
  std::span<const std::byte> bytes_;
  std::span<const std::byte> checksums_;
  mutable std::vector<std::atomic<std::uint64_t>> verified_;  // bit b % 64 of word b / 64: block b
  mutable std::atomic<bool> damaged_ = false;
};

constexpr std::size_t block_checksums_bytes(std::size_t bytes) {
  return (bytes + kCheckedBlockBytes - 1) / kCheckedBlockBytes * 4;
}

}  // namespace renvoi::index
