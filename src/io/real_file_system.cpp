#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "io/descriptor.h"
#include "io/file_system.h"
#include "io/system_error.h"

namespace renvoi::io {
namespace {

namespace fs = std::filesystem;

Result<Descriptor> open_file(const fs::path& path, int flags, unsigned mode, std::string_view action) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (number < 0 && errno == EINTR);
  if (number < 0) return system_error(errno, action, path);
  return Descriptor(number);
}

// The size of an open plain file. A pipe or a device would block or never end.
Result<std::uint64_t> plain_size(const Descriptor& file, const fs::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(errno, "cannot examine", path);
  if (S_ISDIR(status.st_mode)) return system_error(EISDIR, "cannot read", path);
  if (!S_ISREG(status.st_mode))
    return Error{ErrorCode::invalid, fmt::format("cannot read {}: it is not a plain file", path.string())};
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> write_all(const Descriptor& file, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), std::min<std::size_t>(bytes.size(), 1U << 30));
    if (written < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, "cannot write", path);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_descriptor(const Descriptor& file, const fs::path& path) {
  // Never repeated after a failure: the kernel may have dropped the dirty pages and would then report success.
  if (::fdatasync(file.get()) != 0) return system_error(errno, "cannot make durable", path);
  return {};
}

class RealAppendFile final : public AppendFile {
 public:
  RealAppendFile(Descriptor file, fs::path path, std::uint64_t size)
      : file_(std::move(file)), path_(std::move(path)), size_bytes_(size) {}
  Result<void> append(std::span<const std::byte> bytes) override {
    RENVOI_CHECK(write_all(file_, bytes, path_));
    size_bytes_ += bytes.size();
    return {};
  }
  Result<void> sync() override { return sync_descriptor(file_, path_); }
  std::uint64_t size_bytes() const override { return size_bytes_; }

 private:
  Descriptor file_;
  fs::path path_;
  std::uint64_t size_bytes_;
};

class RealMappedFile final : public MappedFile {
 public:
  RealMappedFile(void* address, std::size_t size) : address_(address), size_(size) {}
  ~RealMappedFile() override {
    if (size_ > 0) ::munmap(address_, size_);
  }
  RealMappedFile(const RealMappedFile&) = delete;
  RealMappedFile& operator=(const RealMappedFile&) = delete;
  std::span<const std::byte> bytes() const override { return {static_cast<const std::byte*>(address_), size_}; }

 private:
  void* address_;
  std::size_t size_;
};

// The temporary file of a replace; gone again unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string name) : name_(std::move(name)) {}
  ~TemporaryFile() {
    if (!renamed_) ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  Result<void> rename_to(const fs::path& path) {
    if (::rename(name_.c_str(), path.c_str()) != 0) return system_error(errno, "cannot replace", path);
    renamed_ = true;
    return {};
  }

 private:
  std::string name_;
  bool renamed_ = false;
};

class RealFileSystem final : public FileSystem {
 public:
  Result<std::string> read(const fs::path& path, std::uint64_t max_bytes) override {
    return read_from(path, 0, max_bytes);
  }

  Result<std::string> read_from(const fs::path& path, std::uint64_t offset_bytes, std::uint64_t max_bytes) override {
    RENVOI_TRY(const Descriptor file, open_file(path, O_RDONLY | O_NONBLOCK, 0, "cannot read"));
    RENVOI_TRY(const std::uint64_t size, plain_size(file, path));
    const std::uint64_t wanted = size > offset_bytes ? size - offset_bytes : 0;
    const auto too_large = [&] {
      return Error{ErrorCode::exhausted,
                   fmt::format("cannot read {}: it is larger than the limit of {} bytes", path.string(), max_bytes)};
    };
    if (wanted > max_bytes) return too_large();
    std::string bytes;
    std::size_t used = 0;
    while (true) {  // to the end, not to `size`: files of /proc have none, and a file may grow meanwhile
      if (used == bytes.size()) bytes.resize(used == 0 ? wanted + 1 : used + 65'536);
      const ssize_t got =
          ::pread(file.get(), bytes.data() + used, bytes.size() - used, static_cast<off_t>(offset_bytes + used));
      if (got < 0) {
        if (errno == EINTR) continue;
        return system_error(errno, "cannot read", path);
      }
      if (got == 0) break;
      used += static_cast<std::size_t>(got);
      if (used > max_bytes) return too_large();
    }
    bytes.resize(used);
    return bytes;
  }

  Result<std::unique_ptr<MappedFile>> map(const fs::path& path) override {
    RENVOI_TRY(const Descriptor file, open_file(path, O_RDONLY | O_NONBLOCK, 0, "cannot read"));
    RENVOI_TRY(const std::uint64_t size, plain_size(file, path));
    void* address = nullptr;
    if (size > 0) {
      address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
      if (address == MAP_FAILED) return system_error(errno, "cannot map", path);
    }
    return std::unique_ptr<MappedFile>(new RealMappedFile(address, size));
  }

  Result<std::unique_ptr<AppendFile>> append(const fs::path& path, std::int64_t truncate_to) override {
    RENVOI_TRY(Descriptor file, open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0644, "cannot write"));
    RENVOI_TRY(std::uint64_t size, plain_size(file, path));
    if (truncate_to >= 0) {
      if (::ftruncate(file.get(), truncate_to) != 0) return system_error(errno, "cannot cut", path);
      size = static_cast<std::uint64_t>(truncate_to);
    }
    return std::unique_ptr<AppendFile>(new RealAppendFile(std::move(file), path, size));
  }

  Result<void> replace(const fs::path& path, std::span<const std::byte> bytes, unsigned mode) override {
    std::string name = path.string() + ".tmp-XXXXXX";
    Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
    if (!file.open()) return system_error(errno, "cannot write", path);
    TemporaryFile temporary(name);
    RENVOI_CHECK(write_all(file, bytes, path));
    if (::fchmod(file.get(), mode) != 0) return system_error(errno, "cannot set the permissions of", path);
    RENVOI_CHECK(sync_descriptor(file, path));
    RENVOI_CHECK(temporary.rename_to(path));
    return sync_folder(path.parent_path());
  }

  Result<void> overwrite(const fs::path& path, std::uint64_t offset_bytes, std::span<const std::byte> bytes) override {
    RENVOI_TRY(const Descriptor file, open_file(path, O_WRONLY | O_NONBLOCK, 0, "cannot write"));
    RENVOI_TRY(const std::uint64_t size, plain_size(file, path));
    if (offset_bytes > size || bytes.size() > size - offset_bytes)
      return Error{ErrorCode::invalid, fmt::format("cannot write over {}: it ends before", path.string())};
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(file.get(), bytes.data(), std::min<std::size_t>(bytes.size(), 1U << 30),
                                       static_cast<off_t>(offset_bytes));
      if (written < 0) {
        if (errno == EINTR) continue;
        return system_error(errno, "cannot write", path);
      }
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset_bytes += static_cast<std::uint64_t>(written);
    }
    return sync_descriptor(file, path);
  }

  Result<void> remove(const fs::path& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(errno, "cannot remove", path);
    return {};
  }

  Result<void> create_folders(const fs::path& path) override {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) return system_error(error.value(), "cannot create the folder", path);
    return {};
  }

  Result<void> sync_folder(const fs::path& path) override {
    const fs::path folder = path.empty() ? fs::path(".") : path;
    RENVOI_TRY(const Descriptor file, open_file(folder, O_RDONLY | O_DIRECTORY, 0, "cannot open the folder"));
    if (::fsync(file.get()) != 0) return system_error(errno, "cannot make durable the folder", folder);
    return {};
  }

  Result<std::vector<std::string>> list(const fs::path& path) override {
    std::error_code error;
    std::vector<std::string> names;
    fs::directory_iterator entry(path, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error))
      names.push_back(entry->path().filename().string());
    if (error) return system_error(error.value(), "cannot list", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  bool exists(const fs::path& path) override {
    std::error_code error;
    return fs::exists(path, error);
  }

  std::uint64_t disk_bytes(const fs::path& path) override {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      const std::uint64_t size = fs::file_size(path, error);
      return error ? 0 : size;
    }
    std::uint64_t sum = 0;
    fs::recursive_directory_iterator entry(path, fs::directory_options::skip_permission_denied, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      std::error_code ignored;  // a file may vanish between its listing and its turn
      if (!entry->is_regular_file(ignored)) continue;
      const std::uint64_t size = entry->file_size(ignored);
      if (!ignored) sum += size;
    }
    return sum;
  }
};

}  // namespace

Result<void> FileSystem::overwrite(const fs::path& path, std::uint64_t, std::span<const std::byte>) {
  return Error{ErrorCode::denied, fmt::format("cannot write over {}: this file system does not do it", path.string())};
}

std::unique_ptr<FileSystem> real_file_system() { return std::make_unique<RealFileSystem>(); }

}  // namespace renvoi::io
