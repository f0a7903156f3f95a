// All assertions of a dataset: assertions/log, and an index of it by item. Drawn in docs/format.md, "Assertions".
//
// The log is the truth. The index is a sorted array of (item, number, place in the log), mapped; what the log has
// beyond it is read when it is opened. It can be lost or damaged at any time: it is made again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "dataset/assertion.h"
#include "dataset/blob_store.h"
#include "io/file_lock.h"
#include "io/file_system.h"
#include "io/record_log.h"

namespace renvoi::dataset {

class AssertionStore {
 public:
  // In read mode a dataset without assertions is one with none. Write mode holds a lock of its own, beside the one of
  // the dataset. Errors: `conflict` (another process writes), `corrupt`, those of the file system.
  static Result<std::unique_ptr<AssertionStore>> open(io::FileSystem& files, const std::filesystem::path& dataset,
                                                      Mode mode);

  // The agent's number; a new one is durable with the next append().
  AgentNumber agent(const Agent& agent);
  const std::vector<Agent>& agents() const { return agents_; }

  // All of them, or none; their numbers are given, and are not looked at. Durable when it returns. A parent may be one
  // of the same call (counted from next_number()). Errors: `invalid` (validate(); an agent that is not known, a parent
  // that does not come before), those of the file system; after one nothing of it is in the log.
  Result<std::vector<AssertionNumber>> append(std::span<const Assertion> assertions);
  AssertionNumber next_number() const { return static_cast<AssertionNumber>(count_ + 1); }

  // Of one item, in order. O(log count + its own). Errors: `corrupt`.
  Result<std::vector<Assertion>> of(ItemNumber item) const;
  std::uint64_t count() const { return count_; }

  // Everything after `from`, in order. Errors: those of `visit`, `corrupt`.
  Result<void> walk(io::LogPlace from, const std::function<Result<void>(const Assertion&)>& visit) const;
  // The end of what was read or written: walk() from here later, for what is new.
  io::LogPlace end() const { return end_; }

  // Writes the index anew when much lies beyond it; write mode. An error costs nothing but time.
  Result<void> index_if_due(std::size_t beyond = 100'000);

  void check(std::vector<std::string>& problems) const;

 private:
  struct Entry {
    ItemNumber item = 0;
    AssertionNumber number = 0;
    std::uint64_t offset_bytes = 0;
  };
  static_assert(sizeof(Entry) == 16);

  AssertionStore(io::FileSystem& files, std::filesystem::path folder) : files_(files), folder_(std::move(folder)) {}
  Result<void> load(Mode mode);
  Result<io::LogPlace> load_index();
  void forget_index();
  Result<void> apply(std::string_view batch, std::uint64_t offset_bytes, std::vector<Entry>& entries);
  Result<std::string_view> log_bytes(std::uint64_t at_least) const;
  Result<Assertion> read_at(std::uint64_t offset_bytes) const;
  std::filesystem::path log_path() const { return folder_ / "log"; }
  std::filesystem::path index_path() const { return folder_ / "index"; }

  io::FileSystem& files_;
  const std::filesystem::path folder_;
  std::optional<io::FileLock> lock_;
  std::vector<Agent> agents_;
  std::size_t agents_in_log_ = 0;
  std::uint64_t count_ = 0;
  io::LogPlace end_;
  std::optional<io::RecordLog> log_;

  std::unique_ptr<io::MappedFile> index_map_;
  std::span<const Entry> indexed_;  // in index_map_
  std::vector<Entry> read_;         // beyond the index when it was opened; sorted
  std::unordered_map<ItemNumber, std::vector<Entry>> added_;
  std::size_t added_count_ = 0;

  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<io::MappedFile>> maps_;  // of the log; the last is the longest
};

}  // namespace renvoi::dataset
