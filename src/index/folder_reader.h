// A reader of an index in a folder, beside a writer in this or another process.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "index/index.h"
#include "index/loader.h"

namespace renvoi::index {

class FolderReader final : public Index {
 public:
  // Errors: as Index::open.
  static Result<std::unique_ptr<Index>> open(io::FileSystem& files, std::filesystem::path folder,
                                             const Identity& identity);

  Result<void> put(ReferenceId, std::span<const PassageInput>) override { return denied(); }
  Result<void> remove(ReferenceId) override { return denied(); }
  Result<void> commit() override { return denied(); }
  void rollback() override {}
  Result<void> compact() override { return denied(); }
  Result<void> settle() override { return {}; }
  std::shared_ptr<const Snapshot> snapshot() const override;
  Result<void> refresh() override;
  IndexStats stats() const override;
  Result<void> check() override;

 private:
  FolderReader(io::FileSystem& files, std::filesystem::path folder, const Identity& identity)
      : files_(files), folder_(std::move(folder)), identity_(identity), loader_(files_, folder_, identity_) {}
  Error denied() const;
  void take(LoadedIndex loaded);

  io::FileSystem& files_;
  const std::filesystem::path folder_;
  const Identity identity_;
  const Loader loader_;

  mutable std::mutex mutex_;  // all below but the snapshot
  LoadedIndex view_;          // what was seen last; its parts are in the two below
  std::vector<Part> disk_;
  std::vector<Part> memory_;
  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace renvoi::index
