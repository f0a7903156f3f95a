// The bounded cache of what a source's retention allows to keep. Never more than that (invariant 1).
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "io/file_system.h"

namespace renvoi::crawl {

// Original bytes and their type, by reference and fingerprint of the text they gave. Thread-safe.
struct CachedPage {
  std::string content_type;
  std::string body;
  std::uint64_t fingerprint = 0;
};
// What the bytes of a file of the cache hold; nothing when they do not match their checksum.
std::optional<CachedPage> parse_cached_page(std::string_view bytes);

class DocumentCache {
 public:
  DocumentCache(io::FileSystem& files, std::filesystem::path folder, std::uint64_t max_bytes)
      : files_(files), folder_(std::move(folder)), max_bytes_(max_bytes) {}
  // Evicts the oldest until it fits. `exhausted` when the disk is full (the caller may go on without).
  Result<void> put(ReferenceId reference, const CachedPage& page);
  // Nothing when it is not there or does not match its checksum.
  std::optional<CachedPage> get(ReferenceId reference);
  void remove(ReferenceId reference);

 private:
  std::filesystem::path path_of(ReferenceId reference) const;
  void make_room(std::uint64_t wanted_bytes);

  io::FileSystem& files_;
  std::filesystem::path folder_;
  std::uint64_t max_bytes_;
  std::mutex mutex_;
};

}  // namespace renvoi::crawl
