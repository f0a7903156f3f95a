// A file system over another one that tells a test of each change before it is made: the test may do something else
// then, as if another thread had, or have the change fail.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/file_system.h"

namespace renvoi::test {

enum class Change : std::uint8_t { create, append, sync, replace, remove, sync_folder };

class HookedFileSystem final : public io::FileSystem {
 public:
  // `create`: opened for appending and emptied. An error is that of the change, which is not made. Called in whatever
  // thread makes the change, so that two calls may be at work at a time.
  using Hook = std::function<Result<void>(Change, const std::filesystem::path&)>;
  // `below` must outlive it. The hook must not be replaced while the system is in use.
  explicit HookedFileSystem(io::FileSystem& below, Hook hook = {}) : below_(below), hook_(std::move(hook)) {}

  Result<std::string> read(const std::filesystem::path& path, std::uint64_t max_bytes) override {
    return below_.read(path, max_bytes);
  }
  Result<std::string> read_from(const std::filesystem::path& path, std::uint64_t offset_bytes,
                                std::uint64_t max_bytes) override {
    return below_.read_from(path, offset_bytes, max_bytes);
  }
  Result<std::unique_ptr<io::MappedFile>> map(const std::filesystem::path& path) override { return below_.map(path); }
  Result<std::unique_ptr<io::AppendFile>> append(const std::filesystem::path& path, std::int64_t truncate_to) override {
    if (truncate_to == 0) RENVOI_CHECK(tell(Change::create, path));
    RENVOI_TRY(std::unique_ptr<io::AppendFile> file, below_.append(path, truncate_to));
    return std::unique_ptr<io::AppendFile>(new File(*this, path, std::move(file)));
  }
  Result<void> replace(const std::filesystem::path& path, std::span<const std::byte> bytes, unsigned mode) override {
    RENVOI_CHECK(tell(Change::replace, path));
    return below_.replace(path, bytes, mode);
  }
  Result<void> remove(const std::filesystem::path& path) override {
    RENVOI_CHECK(tell(Change::remove, path));
    return below_.remove(path);
  }
  Result<void> create_folders(const std::filesystem::path& path) override { return below_.create_folders(path); }
  Result<void> sync_folder(const std::filesystem::path& path) override {
    RENVOI_CHECK(tell(Change::sync_folder, path));
    return below_.sync_folder(path);
  }
  Result<std::vector<std::string>> list(const std::filesystem::path& path) override { return below_.list(path); }
  bool exists(const std::filesystem::path& path) override { return below_.exists(path); }
  std::uint64_t disk_bytes(const std::filesystem::path& path) override { return below_.disk_bytes(path); }

 private:
  class File final : public io::AppendFile {
   public:
    File(HookedFileSystem& system, std::filesystem::path path, std::unique_ptr<io::AppendFile> below)
        : system_(system), path_(std::move(path)), below_(std::move(below)) {}
    Result<void> append(std::span<const std::byte> bytes) override {
      RENVOI_CHECK(system_.tell(Change::append, path_));
      return below_->append(bytes);
    }
    Result<void> sync() override {
      RENVOI_CHECK(system_.tell(Change::sync, path_));
      return below_->sync();
    }
    std::uint64_t size_bytes() const override { return below_->size_bytes(); }

   private:
    HookedFileSystem& system_;
    std::filesystem::path path_;
    std::unique_ptr<io::AppendFile> below_;
  };

  Result<void> tell(Change change, const std::filesystem::path& path) {
    return hook_ ? hook_(change, path) : Result<void>();
  }
  io::FileSystem& below_;
  Hook hook_;
};

// A change to a file that only a rewrite makes: not to the log in force, nor to the manifest.
inline bool is_of_rewrite(Change change, const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (change == Change::create) return name.starts_with("log-") || name.starts_with("segment-");
  return change == Change::sync_folder || name.starts_with("segment-") || name.starts_with("quantizer-");
}

}  // namespace renvoi::test
