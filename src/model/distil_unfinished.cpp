#include "model/distil_unfinished.h"

#include <algorithm>
#include <cstring>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::model {
namespace {

constexpr std::string_view kMagic = "RNVOIDIS";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 96;
constexpr std::size_t kDigestBytes = 64;

std::string make_header(const std::string& digest, std::uint32_t dimensions, std::uint32_t tokens,
                        std::uint64_t fingerprint) {
  io::ByteWriter header;
  header.append(kMagic);
  for (const std::uint32_t value : {kVersion, dimensions, tokens}) header.u32(value);
  header.u64(fingerprint);
  std::string padded = digest.substr(0, kDigestBytes);
  padded.resize(kDigestBytes, '\0');
  header.append(padded);
  header.u32(io::crc32c(header.str()));
  return header.take();
}

std::uint64_t window_bytes(std::uint32_t dimensions) {
  return std::uint64_t{UnfinishedRows::window_tokens} * dimensions * sizeof(float) + sizeof(std::uint32_t);
}

// How many tokens the sound windows after the header hold.
std::uint32_t sound_tokens(std::span<const std::byte> bytes, std::uint32_t dimensions, std::uint32_t tokens) {
  std::uint32_t done = 0;
  for (std::size_t at = kHeaderBytes; done < tokens;) {
    const std::uint32_t count = std::min(UnfinishedRows::window_tokens, tokens - done);
    const std::size_t rows_bytes = std::size_t{count} * dimensions * sizeof(float);
    if (bytes.size() < at + rows_bytes + sizeof(std::uint32_t)) break;
    std::uint32_t crc = 0;
    std::memcpy(&crc, bytes.data() + at + rows_bytes, sizeof crc);
    if (crc != io::crc32c(bytes.subspan(at, rows_bytes))) break;
    at += rows_bytes + sizeof crc;
    done += count;
  }
  return done;
}

}  // namespace

Result<UnfinishedRows> UnfinishedRows::open(io::FileSystem& files, const std::filesystem::path& path,
                                            const std::string& digest, std::uint32_t dimensions, std::uint32_t tokens,
                                            std::uint64_t tokens_fingerprint) {
  static_assert(kHeaderBytes == 8 + 3 * 4 + 8 + kDigestBytes + 4);
  UnfinishedRows rows;
  rows.files_ = &files;
  rows.path_ = path;
  rows.dimensions_ = dimensions;
  rows.tokens_ = tokens;
  const std::string header = make_header(digest, dimensions, tokens, tokens_fingerprint);
  std::int64_t keep = 0;
  if (files.exists(path)) {
    RENVOI_TRY(const auto old, files.map(path));
    const auto bytes = old->bytes();
    if (bytes.size() >= header.size() && std::memcmp(bytes.data(), header.data(), header.size()) == 0) {
      rows.done_ = sound_tokens(bytes, dimensions, tokens);
      const std::uint64_t windows = rows.done_ / window_tokens;
      const std::uint64_t rest = rows.done_ % window_tokens;  // of the last window, if it is there
      const std::uint64_t rest_bytes = rest == 0 ? 0 : rest * dimensions * sizeof(float) + sizeof(std::uint32_t);
      keep = static_cast<std::int64_t>(kHeaderBytes + windows * window_bytes(dimensions) + rest_bytes);
    }
  }
  RENVOI_TRY(rows.file_, files.append(path, keep));
  if (keep == 0) RENVOI_CHECK(rows.file_->append(std::as_bytes(std::span(header))));
  return rows;
}

std::uint32_t UnfinishedRows::next_window() const { return std::min(window_tokens, tokens_ - done_); }

Result<void> UnfinishedRows::append(std::span<const float> rows) {
  const std::uint32_t crc = io::crc32c(std::as_bytes(rows));
  RENVOI_CHECK(file_->append(std::as_bytes(rows)));
  RENVOI_CHECK(file_->append(std::as_bytes(std::span(&crc, 1))));
  RENVOI_CHECK(file_->sync());
  done_ += static_cast<std::uint32_t>(rows.size() / dimensions_);
  return {};
}

Result<UnfinishedRows::Mapped> UnfinishedRows::map() const {
  Mapped mapped;
  mapped.dimensions = dimensions_;
  RENVOI_TRY(mapped.map, files_->map(path_));
  if (sound_tokens(mapped.map->bytes(), dimensions_, tokens_) != tokens_) {
    return Error{ErrorCode::corrupt,
                 path_.string() + " was damaged while it was written: check the disk and try again"};
  }
  return mapped;
}

std::span<const float> UnfinishedRows::Mapped::row(std::uint32_t i) const {
  const std::size_t at = kHeaderBytes + i / window_tokens * window_bytes(dimensions) +
                         std::size_t{i % window_tokens} * dimensions * sizeof(float);
  return {reinterpret_cast<const float*>(map->bytes().data() + at), dimensions};
}

}  // namespace renvoi::model
