#include "io/relocate.h"

#include <fcntl.h>
#include <stdio.h>  // renameat2
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "io/system_error.h"

namespace renvoi::io {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

}  // namespace

Result<bool> link_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return true;
  switch (errno) {
    case EXDEV:
    case EPERM:  // no links on this file system, or none to files of others
    case EMLINK:
    case EOPNOTSUPP:
    case ENOSYS:
      return false;
    default:
      return system_error(errno, "cannot link", from);
  }
}

Result<void> write_file(FileSystem& files, const std::filesystem::path& to, std::span<const std::byte> bytes,
                        const std::function<void(std::uint64_t)>& on_bytes) {
  const auto write = [&]() -> Result<void> {
    RENVOI_TRY(const std::unique_ptr<AppendFile> file, files.append(to, 0));
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
      RENVOI_CHECK(file->append(piece));
      if (on_bytes) on_bytes(piece.size());
      bytes = bytes.subspan(piece.size());
    }
    return file->sync();
  };
  Result<void> written = write();
  if (!written.ok()) (void)files.remove(to);
  return written;
}

Result<void> rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  int renamed = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (renamed != 0 && (errno == EINVAL || errno == ENOSYS)) {  // a file system that cannot promise it
    std::error_code error;
    if (std::filesystem::exists(to, error)) return system_error(EEXIST, "cannot rename to", to);
    renamed = ::rename(from.c_str(), to.c_str());
  }
  if (renamed != 0) return system_error(errno, "cannot rename to", to);
  return {};
}

Result<bool> exchange(const std::filesystem::path& one, const std::filesystem::path& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (errno == EINVAL || errno == ENOSYS) return false;
  return system_error(errno, "cannot exchange", other);
}

Result<void> remove_all(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return system_error(error.value(), "cannot remove", path);
  return {};
}

}  // namespace renvoi::io
