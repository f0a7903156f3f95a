#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <array>
#include <system_error>
#include <unordered_map>

#include "base/utf8.h"
#include "dataset/folder_labels.h"
#include "dataset/sources.h"
#include "io/random_file.h"
#include "io/system_error.h"

namespace renvoi::dataset {
namespace {

namespace fs = std::filesystem;

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_read_free(archive); }
};

// What libarchive reads from.
struct Input {
  std::unique_ptr<io::RandomFile> file;
  std::uint64_t at = 0;
  std::array<char, 256u << 10> buffer;
};

la_ssize_t read_more(struct archive* archive, void* data, const void** bytes) {
  auto& input = *static_cast<Input*>(data);
  const auto got = input.file->read_at(input.at, input.buffer);
  if (!got.ok()) {
    archive_set_error(archive, -1, "%s", got.error().message.c_str());
    return ARCHIVE_FATAL;
  }
  input.at += *got;
  *bytes = input.buffer.data();
  return static_cast<la_ssize_t>(*got);
}

la_int64_t skip(struct archive*, void* data, la_int64_t bytes) {
  auto& input = *static_cast<Input*>(data);
  const std::uint64_t left = input.file->size_bytes() - std::min(input.at, input.file->size_bytes());
  const std::uint64_t skipped = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(bytes));
  input.at += skipped;
  return static_cast<la_int64_t>(skipped);
}

la_int64_t seek(struct archive*, void* data, la_int64_t offset, int whence) {
  auto& input = *static_cast<Input*>(data);
  const auto size = static_cast<la_int64_t>(input.file->size_bytes());
  const la_int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? static_cast<la_int64_t>(input.at) : size;
  input.at = static_cast<std::uint64_t>(std::max<la_int64_t>(0, base + offset));
  return static_cast<la_int64_t>(input.at);
}

std::string reason(struct archive* archive) {
  const char* text = archive_error_string(archive);
  return repair_utf8(text == nullptr ? "no reason given" : text);
}

class ArchiveSource final : public EntrySource {
 public:
  ArchiveSource(fs::path path, FolderLabels labels) : path_(std::move(path)), labels_(labels) {}
  std::string kind() const override { return labels_ == FolderLabels::imagefolder ? "archive-imagefolder" : "archive"; }
  std::string address() const override { return path_.string(); }

  Result<void> walk(const TakeEntry& take, std::vector<std::string>& problems) override {
    auto input = std::make_unique<Input>();
    RENVOI_TRY(input->file, io::open_random(path_));
    const std::unique_ptr<struct archive, FreeArchive> archive(archive_read_new());
    if (!archive) return Error{ErrorCode::exhausted, "not enough memory to open an archive"};
    archive_read_support_filter_gzip(archive.get());
    archive_read_support_filter_bzip2(archive.get());
    archive_read_support_filter_xz(archive.get());
    archive_read_support_filter_zstd(archive.get());
    archive_read_support_format_zip_seekable(archive.get());
    archive_read_support_format_tar(archive.get());
    archive_read_set_callback_data(archive.get(), input.get());
    archive_read_set_read_callback(archive.get(), read_more);
    archive_read_set_skip_callback(archive.get(), skip);
    archive_read_set_seek_callback(archive.get(), seek);
    if (archive_read_open1(archive.get()) < ARCHIVE_WARN) return damaged(archive.get());
    std::unordered_map<std::size_t, std::uint32_t> seen;  // names, by hash
    struct archive_entry* entry = nullptr;
    int status = ARCHIVE_OK;
    while ((status = archive_read_next_header(archive.get(), &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
      if (archive_entry_filetype(entry) != AE_IFREG) continue;
      const std::string name = name_of(entry);
      if (archive_entry_hardlink(entry) != nullptr) {
        problems.push_back(fmt::format("{}: a link inside the archive is left out", name));
        continue;
      }
      const std::string_view base = std::string_view(name).substr(name.rfind('/') + 1);
      if (name.empty() || base.starts_with('.')) continue;
      Entry taken;
      taken.origin = name;
      // A tar may hold a name twice; an origin is unique.
      if (const std::uint32_t times = ++seen[std::hash<std::string>{}(name)]; times > 1)
        taken.origin += fmt::format("#{}", times);
      if (labels_ == FolderLabels::imagefolder) taken.labels = labels_of_path(name, {}, "");
      taken.read = [handle = archive.get()](Entry&) { return read_data(handle); };
      RENVOI_TRY(const bool go_on, take(std::move(taken)));
      if (!go_on) return {};
    }
    if (status != ARCHIVE_EOF) return damaged(archive.get());
    return {};
  }

 private:
  Error damaged(struct archive* archive) const {
    return {ErrorCode::corrupt,
            fmt::format("{} is no archive, damaged or cut short: {}", path_.string(), reason(archive))};
  }

  static std::string name_of(struct archive_entry* entry) {
    const char* raw = archive_entry_pathname_utf8(entry);
    if (raw == nullptr) raw = archive_entry_pathname(entry);
    std::string name = repair_utf8(raw == nullptr ? "" : raw);
    while (name.starts_with("./") || name.starts_with('/')) name.erase(0, name.front() == '/' ? 1 : 2);
    return name;
  }

  static Result<std::string> read_data(struct archive* archive) {
    std::string bytes;
    const void* piece = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int status = ARCHIVE_OK;
    while ((status = archive_read_data_block(archive, &piece, &size, &offset)) == ARCHIVE_OK) {
      const auto begin = static_cast<std::uint64_t>(offset);
      if (begin + size > kMaxBlobBytes) return Error{ErrorCode::exhausted, "larger than an item may be"};
      if (begin > bytes.size()) bytes.resize(begin, '\0');  // a hole
      bytes.append(static_cast<const char*>(piece), size);
    }
    if (status != ARCHIVE_EOF) return Error{ErrorCode::corrupt, reason(archive)};
    return bytes;
  }

  const fs::path path_;
  const FolderLabels labels_;
};

}  // namespace

Result<std::unique_ptr<EntrySource>> archive_source(const fs::path& path, FolderLabels labels) {
  std::error_code error;
  const fs::path whole = fs::canonical(path, error);
  if (error) return io::system_error(error.value(), "cannot read the archive", path);
  return std::unique_ptr<EntrySource>(std::make_unique<ArchiveSource>(whole, labels));
}

}  // namespace renvoi::dataset
