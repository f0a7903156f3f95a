// The snapshots of a dataset: made, listed, compared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dataset/assertion_store.h"
#include "dataset/dataset.h"
#include "dataset/snapshot.h"
#include "io/file_lock.h"

namespace renvoi::dataset {

struct SnapshotInfo {
  std::string name;  // hexadecimal SHA-256 of the root
  Timestamp made_at = 0;
  std::string note;
  std::uint32_t items = 0;
  std::uint64_t assertions = 0;
  io::LogPlace assertions_end;  // of the log of assertions, then
};

class Snapshots {
 public:
  // In read mode a dataset without snapshots has none. Write mode holds a lock of its own. Errors: `conflict`,
  // `corrupt`, those of the file system.
  static Result<std::unique_ptr<Snapshots>> open(io::FileSystem& files, const std::filesystem::path& dataset,
                                                 Mode mode);

  // Of what both hold now. When nothing has changed since the last one, that one is given. Errors: those of reading and
  // writing; after one nothing is listed.
  Result<SnapshotInfo> make(const Dataset& dataset, const AssertionStore& assertions, std::string_view note,
                            Timestamp now);

  const std::vector<SnapshotInfo>& list() const { return list_; }  // oldest first
  // By the beginning of its name (6 digits at least), or "latest". Errors: `not_found`, `invalid` (several begin so).
  Result<SnapshotInfo> find(std::string_view name) const;
  Result<Snapshot> open_snapshot(std::string_view name) const;

  // Every object by its digest, every chunk of every snapshot. Nobody may write meanwhile.
  void check(std::vector<std::string>& problems) const;

 private:
  Snapshots(io::FileSystem& files, std::filesystem::path folder) : files_(files), folder_(std::move(folder)) {}
  Result<void> load(Mode mode);
  Result<std::vector<bool>> dirty_chunks(const SnapshotInfo& parent, const Dataset& dataset,
                                         const AssertionStore& assertions) const;
  io::FileSystem& files_;
  const std::filesystem::path folder_;
  std::optional<io::FileLock> lock_;
  std::unique_ptr<BlobStore> objects_;  // null: none, in read mode
  std::optional<io::RecordLog> log_;
  std::vector<SnapshotInfo> list_;
};

struct ItemChange {
  enum class What : std::uint8_t { added, annotated, removed };
  ItemNumber item = 0;
  What what = What::added;
  std::string origin;
  std::string before, after;  // "verified cat": state and class; "" none
};
// What `after` has that `before` has not, by item; reads only chunks that differ. False from `visit` ends it.
Result<void> diff(const Snapshot& before, const Snapshot& after, const std::function<bool(const ItemChange&)>& visit);

}  // namespace renvoi::dataset
