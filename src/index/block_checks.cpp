#include "index/block_checks.h"

#include <algorithm>
#include <cstring>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::index {

std::string block_checksums(std::string_view bytes) {
  io::ByteWriter out;
  for (std::size_t at = 0; at < bytes.size(); at += kCheckedBlockBytes)
    out.u32(io::crc32c(bytes.substr(at, kCheckedBlockBytes)));
  return out.take();
}

void BlockChecks::watch(std::span<const std::byte> bytes, std::span<const std::byte> checksums) {
  bytes_ = bytes;
  checksums_ = checksums;
  verified_ = std::vector<std::atomic<std::uint64_t>>(checksums.size() / 4 / 64 + 1);
}

bool BlockChecks::verify(std::span<const std::byte> part) const {
  if (bytes_.empty() || part.empty()) return true;
  const auto offset = static_cast<std::size_t>(part.data() - bytes_.data());
  const std::size_t last = (offset + part.size() - 1) / kCheckedBlockBytes;
  for (std::size_t block = offset / kCheckedBlockBytes; block <= last; ++block) {
    const bool known = (verified_[block / 64].load(std::memory_order_relaxed) >> (block % 64) & 1U) != 0;
    if (!known && !verify_block(block)) return false;
  }
  return true;
}

bool BlockChecks::verify_block(std::size_t block) const {
  const std::size_t begin = block * kCheckedBlockBytes;
  const auto bytes = bytes_.subspan(begin, std::min(kCheckedBlockBytes, bytes_.size() - begin));
  std::uint32_t expected = 0;
  std::memcpy(&expected, checksums_.data() + block * 4, sizeof expected);
  if (io::crc32c(bytes) != expected) {
    note_damage();
    return false;
  }
  verified_[block / 64].fetch_or(std::uint64_t{1} << (block % 64), std::memory_order_relaxed);
  return true;
}

}  // namespace renvoi::index
