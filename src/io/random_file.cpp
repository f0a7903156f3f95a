#include "io/random_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/descriptor.h"
#include "io/system_error.h"

namespace renvoi::io {
namespace {

class OpenFile final : public RandomFile {
 public:
  OpenFile(Descriptor file, std::filesystem::path path, std::uint64_t size_bytes)
      : file_(std::move(file)), path_(std::move(path)), size_bytes_(size_bytes) {}
  std::uint64_t size_bytes() const override { return size_bytes_; }
  Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<char> out) const override {
    std::size_t used = 0;
    while (used < out.size()) {
      const ssize_t got =
          ::pread(file_.get(), out.data() + used, out.size() - used, static_cast<off_t>(offset_bytes + used));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error(errno, "cannot read", path_);
      if (got == 0) break;
      used += static_cast<std::size_t>(got);
    }
    return used;
  }

 private:
  Descriptor file_;
  std::filesystem::path path_;
  std::uint64_t size_bytes_;
};

class Bytes final : public RandomFile {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size_bytes() const override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<char> out) const override {
    if (offset_bytes >= bytes_.size()) return std::size_t{0};
    const std::string_view rest = bytes_.substr(offset_bytes, out.size());
    std::copy(rest.begin(), rest.end(), out.begin());
    return rest.size();
  }

 private:
  std::string_view bytes_;
};

}  // namespace

Result<std::unique_ptr<RandomFile>> open_random(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file.open()) return system_error(errno, "cannot read", path);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return system_error(errno, "cannot read", path);
  if (!S_ISREG(about.st_mode))
    return Error{ErrorCode::invalid, "cannot read " + path.string() + ": it is no plain file"};
  const auto size_bytes = static_cast<std::uint64_t>(about.st_size);
  return std::unique_ptr<RandomFile>(new OpenFile(std::move(file), path, size_bytes));
}

std::unique_ptr<RandomFile> random_bytes(std::string_view bytes) { return std::make_unique<Bytes>(bytes); }

}  // namespace renvoi::io
