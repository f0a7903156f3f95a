// The bounded cache of what a source's retention allows to keep. Never more than that (invariant 1).
//
// What is wanted least leaves first: by when it was last used and by what it would cost to get again for the room it
// takes (GreedyDual-Size of Cao and Irani, USENIX 1997, with time in the place of its inflation value). The moment from
// which on a page is the next to leave is its file's time of change, so that the order outlives the process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "crawl/cached_page.h"
#include "io/file_system.h"

namespace renvoi::crawl {

struct CacheUse {
  std::uint64_t text_bytes = 0, page_bytes = 0;  // on the disk, in whole blocks
  std::uint64_t pinned_bytes = 0;                // of both
  std::uint64_t pages = 0, pinned_pages = 0;
};

// Thread-safe. One process puts and pins (the one that holds the collection for writing); others may get. Memory: some
// 100 bytes a page, from the first call that needs to know what there is.
class DocumentCache {
 public:
  DocumentCache(io::FileSystem& files, std::filesystem::path folder, std::uint64_t max_bytes)
      : files_(files), folder_(std::move(folder)), max_bytes_(max_bytes) {}
  // Replaces what is held of `reference`; it stays pinned. Others leave before it is written, so that the bound holds
  // at every moment; what does not fit beside the pinned is not kept, which is no error. Errors: `exhausted` (the disk
  // is full: the caller may go on without), those of bytes_of().
  Result<void> put(ReferenceId reference, const CachedPage& page);
  // Nothing when it is not there or does not match its checksum.
  std::optional<CachedPage> get(ReferenceId reference);
  void remove(ReferenceId reference);
  // A pinned page never leaves to make room. Errors: `not_found` when nothing is held of it.
  Result<void> pin(ReferenceId reference, bool pinned);
  CacheUse use();

 private:
  struct Entry {
    std::uint64_t bytes = 0;  // whole blocks
    std::int64_t leaves = 0;  // seconds since 1970: the least leaves first
    catalog::Retention kind = catalog::Retention::page;
    bool pinned = false;
  };
  // All with mutex_ held.
  void load(bool writing);
  std::filesystem::path path_of(std::uint32_t number, const Entry& entry) const;
  std::filesystem::path find(std::uint32_t number);
  void hold(std::uint32_t number, const Entry& entry);
  void forget(std::uint32_t number);
  bool make_room(std::uint64_t wanted_bytes);
  void touch(std::uint32_t number, const std::filesystem::path& path, std::uint32_t fetch_ms);

  io::FileSystem& files_;
  const std::filesystem::path folder_;
  const std::uint64_t max_bytes_;
  std::mutex mutex_;
  bool loaded_ = false;
  std::unordered_map<std::uint32_t, Entry> entries_;
  std::set<std::pair<std::int64_t, std::uint32_t>> order_;  // of those that are not pinned
  std::uint64_t used_bytes_ = 0;
};

}  // namespace renvoi::crawl
