// A dataset: bytes captured once, and what was known about each. Start here. Its files are drawn in docs/format.md.
//
// Bytes (blob_store.h) and items (item_store.h) are two logs: bytes are committed first, so an item never names bytes
// that are not there. Assertions (assertion_store.h) and snapshots (snapshots.h) lie beside, each with a lock of its
// own: people can annotate while a capture runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dataset/blob_store.h"
#include "dataset/item_store.h"
#include "dataset/settings.h"
#include "io/file_lock.h"

namespace renvoi::dataset {

// Letters a-z, digits, '-', '_' and '.', 64 at most, not beginning with '.'.
bool is_dataset_name(std::string_view name);
// The datasets under `datasets` (<data>/datasets), sorted. An absent folder has none.
Result<std::vector<std::string>> list_datasets(io::FileSystem& files, const std::filesystem::path& datasets);

class Dataset {
 public:
  // Write mode makes it when it is absent, and holds its lock. Errors: `not_found` (read mode), `conflict` (another
  // process writes), `corrupt`, those of the file system.
  static Result<std::unique_ptr<Dataset>> open(io::FileSystem& files, const std::filesystem::path& folder, Mode mode,
                                               BlobOptions options = {});

  // Adds an item whose bytes these are; `item.blob` and `item.number` are not looked at. Durable after commit().
  // Errors: those of BlobStore::put.
  Result<ItemNumber> add(Item item, std::string_view bytes);
  Result<void> commit();
  // Commits when enough waits: 32 MiB, or 10,000 items.
  Result<void> commit_if_full();
  Result<void> set_settings(const Settings& settings);

  // Removes items on request, and all others that have the same bytes: those are overwritten in every pack. The items
  // keep their row, their digest and a tombstone with `reason`. Gives all that were removed. Durable when it returns.
  Result<std::vector<ItemNumber>> remove(std::span<const ItemNumber> items, std::string_view reason, Timestamp now);

  Result<Item> item(ItemNumber number) const { return items_->read(number); }
  // Checked against the digest. Errors: `not_found`, `gone` (removed), `corrupt`.
  Result<std::string> bytes(ItemNumber number) const;
  const Sha256& digest(ItemNumber number) const { return blobs_->digest(items_->blob(number)); }
  std::uint64_t size_bytes(ItemNumber number) const { return blobs_->size_bytes(items_->blob(number)); }
  std::uint32_t count() const { return items_->count(); }
  bool is_removed(ItemNumber number) const { return items_->removed().contains(number); }
  const Settings& settings() const { return settings_; }

  ItemStore& items() { return *items_; }
  const ItemStore& items() const { return *items_; }
  BlobStore& blobs() { return *blobs_; }
  const BlobStore& blobs() const { return *blobs_; }
  io::FileSystem& files() const { return files_; }
  const std::filesystem::path& folder() const { return folder_; }

  // Bytes and items, to the last bit; not what lies beside. Nobody may write meanwhile.
  void check(std::vector<std::string>& problems) const;

 private:
  Dataset(io::FileSystem& files, std::filesystem::path folder) : files_(files), folder_(std::move(folder)) {}
  io::FileSystem& files_;
  const std::filesystem::path folder_;
  std::optional<io::FileLock> lock_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<ItemStore> items_;
  Settings settings_;
  std::uint64_t waiting_bytes_ = 0;
};

}  // namespace renvoi::dataset
