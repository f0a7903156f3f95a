#include "crawl/zip.h"

#include <algorithm>
#include <string_view>

namespace renvoi::crawl {
namespace {

constexpr std::uint64_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kEntryBytes = 46, kLocalBytes = 30;
constexpr std::uint64_t kMaxCommentBytes = 65'535;
constexpr std::uint64_t kIn64 = 0xFFFFFFFF;  // the value is in the ZIP64 field

Error damaged(const char* what) { return {ErrorCode::corrupt, std::string("the ZIP file is damaged: ") + what}; }

// Little-endian, `bytes` of it at `at`; 0 beyond the end.
std::uint64_t number(std::string_view from, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;)
    value = value << 8 | (at + i < from.size() ? static_cast<unsigned char>(from[at + i]) : 0u);
  return value;
}

Result<std::string> read(const io::RandomFile& file, std::uint64_t offset, std::uint64_t size) {
  if (offset > file.size_bytes() || size > file.size_bytes() - offset) return damaged("it is cut short");
  std::string bytes(size, '\0');
  RENVOI_TRY(const std::size_t got, file.read_at(offset, bytes));
  if (got != size) return damaged("it is cut short");
  return bytes;
}

struct Directory {
  std::uint64_t offset = 0, size = 0;
};

// Sections 4.3.14 to 4.3.16.
Result<Directory> directory_of(const io::RandomFile& file) {
  const std::uint64_t tail_bytes = std::min(file.size_bytes(), kEndBytes + kMaxCommentBytes);
  RENVOI_TRY(const std::string tail, read(file, file.size_bytes() - tail_bytes, tail_bytes));
  const std::size_t end = tail.rfind("PK\x05\x06");
  if (end == std::string::npos || tail.size() - end < kEndBytes)
    return Error{ErrorCode::corrupt, "this is no ZIP file, or it was cut short: its directory is not there"};
  Directory directory{number(tail, end + 16, 4), number(tail, end + 12, 4)};
  if (directory.offset != kIn64 && directory.size != kIn64) return directory;
  if (end < kLocatorBytes || tail.compare(end - kLocatorBytes, 4, "PK\x06\x07") != 0) return directory;
  RENVOI_TRY(const std::string end64, read(file, number(tail, end - kLocatorBytes + 8, 8), kEnd64Bytes));
  if (!end64.starts_with("PK\x06\x06")) return damaged("its ZIP64 directory is not where it says");
  return Directory{number(end64, 48, 8), number(end64, 40, 8)};
}

// The ZIP64 values of an entry, for those that do not fit their field (section 4.5.3).
void widen(std::string_view extra, std::uint64_t& size, std::uint64_t& stored, std::uint64_t& offset) {
  while (extra.size() >= 4) {
    const std::uint64_t id = number(extra, 0, 2), bytes = number(extra, 2, 2);
    extra.remove_prefix(4);
    std::string_view field = extra.substr(0, bytes);
    extra.remove_prefix(field.size());
    if (id != 1) continue;
    for (std::uint64_t* value : {&size, &stored, &offset}) {
      if (*value != kIn64 || field.size() < 8) continue;
      *value = number(field, 0, 8);
      field.remove_prefix(8);
    }
  }
}

Result<ZipMember> member_at(const io::RandomFile& file, std::string_view entry, std::string_view name,
                            std::string_view extra) {
  std::uint64_t size = number(entry, 24, 4), stored = number(entry, 20, 4), offset = number(entry, 42, 4);
  widen(extra, size, stored, offset);
  // The name and the extra field before the data may be longer than in the directory.
  RENVOI_TRY(const std::string local, read(file, offset, kLocalBytes));
  if (!local.starts_with("PK\x03\x04")) return damaged("a member is not where its directory says");
  ZipMember member{std::string(name), offset + kLocalBytes + number(local, 26, 2) + number(local, 28, 2), stored};
  member.stored = number(entry, 10, 2) == 0 && (number(entry, 8, 2) & 1) == 0;
  if (member.offset_bytes > file.size_bytes() || member.size_bytes > file.size_bytes() - member.offset_bytes)
    return damaged("a member is longer than the file");
  return member;
}

}  // namespace

Result<std::vector<ZipMember>> zip_members(const io::RandomFile& file) {
  RENVOI_TRY(const Directory directory, directory_of(file));
  if (directory.size > kMaxZipDirectoryBytes)
    return Error{ErrorCode::exhausted, "the ZIP file's directory is too large"};
  RENVOI_TRY(const std::string bytes, read(file, directory.offset, directory.size));
  std::vector<ZipMember> members;
  std::string_view rest = bytes;
  while (rest.size() >= kEntryBytes && rest.starts_with("PK\x01\x02")) {
    const std::string_view entry = rest.substr(0, kEntryBytes);
    const std::uint64_t name = number(entry, 28, 2), extra = number(entry, 30, 2), comment = number(entry, 32, 2);
    if (rest.size() < kEntryBytes + name + extra + comment) return damaged("its directory is cut short");
    if (members.size() >= kMaxZipMembers)
      return Error{ErrorCode::exhausted, "the ZIP file has more than 65,536 members"};
    RENVOI_TRY(ZipMember member,
               member_at(file, entry, rest.substr(kEntryBytes, name), rest.substr(kEntryBytes + name, extra)));
    members.push_back(std::move(member));
    rest.remove_prefix(kEntryBytes + name + extra + comment);
  }
  return members;
}

}  // namespace renvoi::crawl
