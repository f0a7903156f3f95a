// The items, sources and settings of a dataset: items.log. Drawn in docs/format.md, "Items".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dataset/item.h"
#include "io/bytes.h"
#include "io/file_system.h"
#include "io/record_log.h"

namespace renvoi::dataset {

// One writer, who must hold a lock; any number of readers. The reading functions are thread-safe beside one another.
// Memory: 12 bytes an item, 24 more in write mode; the rest is read from the log, a commit at a time.
class ItemStore {
 public:
  // Errors: `not_found` (read mode), `corrupt`, those of the file system.
  static Result<std::unique_ptr<ItemStore>> open(io::FileSystem& files, const std::filesystem::path& folder, Mode mode);

  // Durable, all together, after commit(). After an error of commit() nothing of it is kept: open it again.
  SourceNumber add_source(std::string_view kind, std::string_view address, std::string_view options, Timestamp now);
  void finish_source(SourceNumber source, Timestamp now);
  ItemNumber add(const Item& item);  // its number is not looked at
  void remove(ItemNumber item, const Removal& removal);
  void set_settings(std::string_view json);
  Result<void> commit();
  std::size_t uncommitted_items() const { return uncommitted_items_; }

  std::uint32_t count() const { return static_cast<std::uint32_t>(blobs_.size()); }
  BlobNumber blob(ItemNumber item) const { return blobs_[item]; }
  const std::map<ItemNumber, Removal>& removed() const { return removed_; }
  const std::vector<Source>& sources() const { return sources_; }
  const std::string& settings() const { return settings_; }  // JSON; "" none

  // Errors: `not_found` (no such item, or one that is not committed yet), `corrupt`.
  Result<Item> read(ItemNumber item) const;
  // The newest item of that origin. O(1) in write mode; must not be called in read mode.
  Result<std::optional<ItemNumber>> find(SourceNumber source, std::string_view origin) const;

 private:
  struct Batch {
    std::uint64_t offset_bytes = 0, size_bytes = 0;  // in the file
    ItemNumber first = 0;
  };
  using Items = std::vector<Item>;
  ItemStore(io::FileSystem& files, std::filesystem::path path, Mode mode)
      : files_(files), path_(std::move(path)), mode_(mode) {}
  Result<void> load();
  Result<void> apply(std::string_view batch, std::uint64_t offset_bytes);
  Result<void> apply_operations(std::string_view operations);
  Result<std::shared_ptr<const Items>> items_of(std::size_t batch) const;
  void remember(const Item& item);
  void grow_slots();

  io::FileSystem& files_;
  const std::filesystem::path path_;
  const Mode mode_;
  std::vector<BlobNumber> blobs_;
  std::vector<Batch> batches_;
  std::map<ItemNumber, Removal> removed_;
  std::vector<Source> sources_;
  std::string settings_;

  std::optional<io::RecordLog> log_;
  std::string waiting_;  // operations
  Items waiting_items_;
  std::size_t uncommitted_items_ = 0;
  std::vector<std::uint64_t> origins_;  // hash of source and origin, by item; write mode
  std::vector<std::uint32_t> slots_;    // open addressing, item + 1
  std::optional<Error> failed_;

  mutable std::mutex mutex_;
  mutable std::shared_ptr<io::MappedFile> map_;
  mutable std::map<std::size_t, std::shared_ptr<const Items>> cache_;  // a few batches
};

}  // namespace renvoi::dataset
