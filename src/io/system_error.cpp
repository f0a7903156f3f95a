#include "io/system_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace renvoi::io {
namespace {

struct Meaning {
  ErrorCode code;
  std::string_view advice;
};

Meaning meaning_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return {ErrorCode::exhausted, "free some space on that disk and try again"};
    case EFBIG:
      return {ErrorCode::exhausted, "the file would be too large for this system"};
    case EMFILE:
    case ENFILE:
      return {ErrorCode::exhausted, "raise the limit of open files (ulimit -n)"};
    case ENOMEM:
      return {ErrorCode::exhausted, "there is not enough memory"};
    case ENOENT:
    case ENOTDIR:
      return {ErrorCode::not_found, "check the path"};
    case EACCES:
    case EPERM:
      return {ErrorCode::denied, "check its owner and permissions"};
    case EROFS:
      return {ErrorCode::denied, "the file system is read-only"};
    case EISDIR:
      return {ErrorCode::invalid, "a file is needed, this is a folder"};
    case ELOOP:
    case ENAMETOOLONG:
    case EINVAL:
      return {ErrorCode::invalid, "check the path"};
    case EEXIST:
      return {ErrorCode::conflict, "something else has this name"};
    default:
      return {ErrorCode::unavailable, "check the disk and the system's log, then try again"};
  }
}

}  // namespace

Error system_error(int error_number, std::string_view action, const std::filesystem::path& path) {
  const Meaning meaning = meaning_of(error_number);
  return {meaning.code, fmt::format("{} {}: {}; {}", action, path.string(),
                                    std::generic_category().message(error_number), meaning.advice)};
}

}  // namespace renvoi::io
