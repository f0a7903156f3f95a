#include "catalog/write_ahead_log.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

#include "io/file_system.h"

namespace renvoi::catalog {
namespace {

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::uint32_t kMagic = 0x377F0682;  // the lowest bit: checksums of big-endian words
constexpr std::uint64_t kMaxLogBytes = std::uint64_t{4} << 30;

struct Checksum {
  std::uint32_t first = 0, second = 0;
  bool operator==(const Checksum&) const = default;
};

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::uint32_t little_endian(std::string_view bytes, std::size_t at) { return __builtin_bswap32(big_endian(bytes, at)); }

Checksum add(Checksum sum, std::string_view bytes, bool big) {
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    sum.first += (big ? big_endian(bytes, at) : little_endian(bytes, at)) + sum.second;
    sum.second += (big ? big_endian(bytes, at + 4) : little_endian(bytes, at + 4)) + sum.first;
  }
  return sum;
}

Checksum read_sum(std::string_view bytes, std::size_t at) { return {big_endian(bytes, at), big_endian(bytes, at + 4)}; }

}  // namespace

std::vector<std::string> damage_of_log_bytes(std::string_view bytes, const std::string& name) {
  if (bytes.size() < kHeaderBytes) return {};  // empty, or never begun
  const std::uint32_t magic = big_endian(bytes, 0);
  const bool big = (magic & 1) != 0;
  const Checksum head = add({}, bytes.substr(0, 24), big);
  if ((magic & ~1U) != kMagic || head != read_sum(bytes, 24))
    return {fmt::format("{} is damaged in its header: what it held is not read any more", name)};
  const std::size_t page_bytes = big_endian(bytes, 8);
  if (page_bytes < 512 || page_bytes > 65'536) return {fmt::format("{} names an impossible size of a page", name)};
  const std::string_view salts = bytes.substr(16, 8);
  const std::size_t frame_bytes = kFrameHeaderBytes + page_bytes;
  Checksum sum = head;
  std::optional<std::size_t> bad;
  for (std::size_t at = kHeaderBytes; at + frame_bytes <= bytes.size(); at += frame_bytes) {
    const std::string_view frame = bytes.substr(at, frame_bytes);
    sum = add(add(sum, frame.substr(0, 8), big), frame.substr(kFrameHeaderBytes), big);
    const Checksum stored = read_sum(frame, 16);
    const bool whole = frame.substr(8, 8) == salts && sum == stored;
    // The end of a commit that continues the bad frame's checksum: so the bad one was whole once. Frames of a write
    // that was given up may lie there too, but never the end of one.
    if (whole && bad.has_value() && big_endian(frame, 4) != 0)
      return {fmt::format("{} is damaged at byte {}: the changes from there on are not read any more", name, *bad)};
    if (!whole && !bad.has_value()) bad = at;
    sum = stored;
  }
  return {};
}

std::vector<std::string> damage_of_write_ahead_log(const std::filesystem::path& catalog) {
  constexpr int kAttempts = 3;  // a writer may be at work
  constexpr auto kPause = std::chrono::milliseconds(50);
  const auto files = io::real_file_system();
  const std::string name = catalog.string() + "-wal";
  for (int attempt = 1;; ++attempt) {
    const Result<std::string> bytes = files->read(name, kMaxLogBytes);
    if (!bytes.ok()) {
      if (bytes.error().code == ErrorCode::not_found) return {};
      return {bytes.error().message};
    }
    std::vector<std::string> damage = damage_of_log_bytes(*bytes, name);
    if (damage.empty() || attempt == kAttempts) return damage;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace renvoi::catalog
