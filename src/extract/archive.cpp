#include "extract/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/utf8.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxNameBytes = 1'024;
constexpr std::uint32_t kMaxRetries = 100;
constexpr std::size_t kMaxDirectoryEntries = 200'000;  // of those in stored archives too

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_read_free(archive); }
};
using Handle = std::unique_ptr<struct archive, FreeArchive>;

std::string reason(struct archive* archive) {
  const char* text = archive_error_string(archive);
  return repair_utf8(text == nullptr ? "no reason given" : text);
}

Error damaged(struct archive* archive) {
  return {ErrorCode::corrupt, "the archive is damaged or cut short: " + reason(archive)};
}

// libarchive reads the whole directory of a ZIP file before it gives its first entry.
bool has_too_large_a_directory(std::string_view bytes) {
  std::size_t entries = 0;
  for (std::size_t at = 0; (at = bytes.find("PK\x01\x02", at)) != std::string_view::npos; at += 4)
    if (++entries > kMaxDirectoryEntries) return true;
  return false;
}

Result<Handle> open_archive(std::string_view bytes) {
  if (has_too_large_a_directory(bytes))
    return Error{ErrorCode::exhausted,
                 fmt::format("the archive's directory has more than {} entries", kMaxDirectoryEntries)};
  Handle archive(archive_read_new());
  if (!archive) return Error{ErrorCode::exhausted, "not enough memory to open an archive"};
  archive_read_support_filter_gzip(archive.get());
  archive_read_support_filter_bzip2(archive.get());
  archive_read_support_format_zip_seekable(archive.get());
  archive_read_support_format_tar(archive.get());
  if (archive_read_open_memory(archive.get(), bytes.data(), bytes.size()) < ARCHIVE_WARN) return damaged(archive.get());
  return archive;
}

std::string name_of(struct archive_entry* entry) {
  const char* raw = archive_entry_pathname_utf8(entry);
  if (raw == nullptr) raw = archive_entry_pathname(entry);
  std::string name = repair_utf8(raw == nullptr ? "" : raw);
  std::string_view rest = name;
  while (rest.starts_with('/') || rest.starts_with("./")) rest.remove_prefix(rest.front() == '/' ? 1 : 2);
  return std::string(truncate_utf8(rest, kMaxNameBytes));
}

}  // namespace

class ArchiveCursor::Walk {
 public:
  Walk(Handle archive, std::uint64_t packed_bytes, const ArchiveLimits& limits, ArchiveDeadline deadline)
      : archive_(std::move(archive)), packed_bytes_(packed_bytes), limits_(limits), deadline_(deadline) {}

  Result<std::string> next() {
    for (std::uint32_t retries = 0;;) {
      RENVOI_CHECK(skip_rest());
      RENVOI_CHECK(in_time());
      const int status = archive_read_next_header(archive_.get(), &entry_);
      if (status == ARCHIVE_EOF) return std::string();
      if (status == ARCHIVE_RETRY && ++retries < kMaxRetries) continue;
      if (status < ARCHIVE_WARN) return damaged(archive_.get());
      expands_ = archive_filter_count(archive_.get()) > 1;
      unread_ = true;
      if (++entries_ > limits_.max_entries)
        return Error{ErrorCode::exhausted, fmt::format("the archive has more than {} entries", limits_.max_entries)};
      // A hard or symbolic link has no bytes of its own, and leads nowhere here.
      if (archive_entry_filetype(entry_) != AE_IFREG || archive_entry_hardlink(entry_) != nullptr) continue;
      if (std::string name = name_of(entry_); !name.empty()) return name_ = name;
    }
  }

  Result<ArchiveEntry> read() {
    ArchiveEntry out{name_, {}, {}, false};
    unread_ = false;
    if (archive_entry_is_data_encrypted(entry_) != 0) {
      out.problem = "it is protected by a password";
      return out;
    }
    std::array<char, 64 * 1'024> buffer;
    for (std::uint32_t retries = 0;;) {
      RENVOI_CHECK(in_time());
      const la_ssize_t got = archive_read_data(archive_.get(), buffer.data(), buffer.size());
      if (got == 0) return out;
      if (got == ARCHIVE_RETRY && ++retries < kMaxRetries) continue;
      if (got == ARCHIVE_FATAL) return damaged(archive_.get());
      if (got < 0) {
        out.problem = reason(archive_.get());
        return out;
      }
      const auto size = static_cast<std::size_t>(got);
      total_ += size;
      RENVOI_CHECK(within_limits());
      const std::size_t room = limits_.max_entry_bytes - out.bytes.size();
      out.bytes.append(buffer.data(), std::min(size, room));
      if (size > room) {
        out.truncated = true;
        unread_ = true;
        return out;
      }
    }
  }

  Timestamp modified_at() const {
    return archive_entry_mtime_is_set(entry_) != 0 ? static_cast<Timestamp>(archive_entry_mtime(entry_)) : 0;
  }
  void set_deadline(ArchiveDeadline deadline) { deadline_ = deadline; }

 private:
  // In a compressed stream, what is passed over is expanded too, and libarchive does that without end.
  Result<void> skip_rest() {
    if (!expands_ || !unread_) return {};
    unread_ = false;
    std::array<char, 64 * 1'024> buffer;
    for (std::uint32_t retries = 0;;) {
      RENVOI_CHECK(in_time());
      const la_ssize_t got = archive_read_data(archive_.get(), buffer.data(), buffer.size());
      if (got == ARCHIVE_RETRY && ++retries < kMaxRetries) continue;
      if (got == ARCHIVE_FATAL) return damaged(archive_.get());
      if (got <= 0) return {};
      total_ += static_cast<std::size_t>(got);
      RENVOI_CHECK(within_limits());
    }
  }

  Result<void> in_time() const {
    if (std::chrono::steady_clock::now() <= deadline_) return {};
    return Error{ErrorCode::exhausted, "reading the archive took longer than its time limit"};
  }

  Result<void> within_limits() const {
    if (total_ > limits_.max_total_bytes)
      return Error{ErrorCode::exhausted,
                   fmt::format("the archive expands to more than {} MiB", limits_.max_total_bytes >> 20)};
    if (total_ > limits_.ratio_free_bytes && total_ / limits_.max_ratio > packed_bytes_)
      return Error{ErrorCode::exhausted, fmt::format("the archive expands to more than {} times its {} bytes: a bomb",
                                                     limits_.max_ratio, packed_bytes_)};
    return {};
  }

  Handle archive_;
  struct archive_entry* entry_ = nullptr;
  const std::uint64_t packed_bytes_;
  const ArchiveLimits limits_;
  ArchiveDeadline deadline_;
  std::string name_;
  std::uint64_t total_ = 0;
  std::uint32_t entries_ = 0;
  bool expands_ = false;  // the whole is one compressed stream
  bool unread_ = false;   // of the entry, something
};

ArchiveCursor::ArchiveCursor(std::unique_ptr<Walk> walk) : walk_(std::move(walk)) {}
ArchiveCursor::ArchiveCursor(ArchiveCursor&&) noexcept = default;
ArchiveCursor& ArchiveCursor::operator=(ArchiveCursor&&) noexcept = default;
ArchiveCursor::~ArchiveCursor() = default;

Result<ArchiveCursor> ArchiveCursor::open(std::string_view bytes, const ArchiveLimits& limits,
                                          ArchiveDeadline deadline) {
  RENVOI_TRY(Handle archive, open_archive(bytes));
  return ArchiveCursor(std::make_unique<Walk>(std::move(archive), bytes.size(), limits, deadline));
}

void ArchiveCursor::set_deadline(ArchiveDeadline deadline) { walk_->set_deadline(deadline); }
Result<std::string> ArchiveCursor::next() { return walk_->next(); }
Result<ArchiveEntry> ArchiveCursor::read() { return walk_->read(); }
Timestamp ArchiveCursor::modified_at() const { return walk_->modified_at(); }

Result<std::vector<std::string>> archive_names(std::string_view bytes, const ArchiveLimits& limits,
                                               ArchiveDeadline deadline) {
  RENVOI_TRY(ArchiveCursor walk, ArchiveCursor::open(bytes, limits, deadline));
  std::vector<std::string> names;
  while (true) {
    RENVOI_TRY(std::string name, walk.next());
    if (name.empty()) return names;
    names.push_back(std::move(name));
  }
}

Result<void> walk_archive(std::string_view bytes, const WantedEntry& wanted, const TakeEntry& take,
                          const ArchiveLimits& limits, ArchiveDeadline deadline) {
  RENVOI_TRY(ArchiveCursor walk, ArchiveCursor::open(bytes, limits, deadline));
  for (bool more = true; more;) {
    RENVOI_TRY(std::string name, walk.next());
    if (name.empty()) return {};
    if (!wanted(name)) continue;
    RENVOI_TRY(ArchiveEntry entry, walk.read());
    RENVOI_TRY(more, take(std::move(entry)));
  }
  return {};
}

Result<std::vector<ArchiveEntry>> read_archive(std::string_view bytes, const WantedEntry& wanted,
                                               const ArchiveLimits& limits, ArchiveDeadline deadline) {
  std::vector<ArchiveEntry> entries;
  const auto take = [&](ArchiveEntry entry) -> Result<bool> {
    entries.push_back(std::move(entry));
    return true;
  };
  RENVOI_CHECK(walk_archive(bytes, wanted, take, limits, deadline));
  return entries;
}

}  // namespace renvoi::extract
