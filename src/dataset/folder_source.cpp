#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/utf8.h"
#include "dataset/folder_labels.h"
#include "dataset/sources.h"
#include "io/system_error.h"

namespace renvoi::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxMetadataBytes = 1u << 30;

class FolderSource final : public EntrySource {
 public:
  FolderSource(io::FileSystem& files, fs::path root, FolderLabels labels)
      : files_(files), root_(std::move(root)), labels_(labels) {}
  std::string kind() const override { return labels_ == FolderLabels::imagefolder ? "imagefolder" : "folder"; }
  std::string address() const override { return root_.string(); }

  Result<void> walk(const TakeEntry& take, std::vector<std::string>& problems) override {
    RENVOI_TRY(const bool complete, walk_folder(root_, "", take, problems));
    (void)complete;  // false: `take` had enough
    return {};
  }

 private:
  Result<bool> walk_folder(const fs::path& folder, const std::string& prefix, const TakeEntry& take,
                           std::vector<std::string>& problems) {
    const auto names = files_.list(folder);
    if (!names.ok()) {
      if (prefix.empty()) return names.error();
      problems.push_back(names.error().message);
      return true;
    }
    MetadataTable metadata;
    if (labels_ == FolderLabels::imagefolder) metadata = read_metadata(folder, *names, problems);
    for (const std::string& name : *names) {
      if (name.starts_with('.') || (labels_ == FolderLabels::imagefolder && is_metadata_name(name))) continue;
      const fs::path path = folder / name;
      std::error_code error;
      const fs::file_status status = fs::symlink_status(path, error);
      const std::string origin = repair_utf8(prefix + name);
      if (fs::is_directory(status)) {
        RENVOI_TRY(const bool go_on, walk_folder(path, prefix + name + "/", take, problems));
        if (!go_on) return false;
      } else if (fs::is_regular_file(status)) {
        Entry entry;
        entry.origin = origin;
        if (labels_ == FolderLabels::imagefolder) entry.labels = labels_of_path(origin, metadata, name);
        entry.read = [this, path](Entry&) { return files_.read(path, kMaxBlobBytes); };
        RENVOI_TRY(const bool go_on, take(std::move(entry)));
        if (!go_on) return false;
      }
    }
    return true;
  }

  MetadataTable read_metadata(const fs::path& folder, const std::vector<std::string>& names,
                              std::vector<std::string>& problems) {
    for (const std::string& name : names) {
      if (!is_metadata_name(name)) continue;
      const auto text = files_.read(folder / name, kMaxMetadataBytes);
      auto table = text.ok() ? parse_metadata(*text, name) : Result<MetadataTable>(text.error());
      if (table.ok()) return std::move(table).value();
      problems.push_back(fmt::format("{}: {}", (folder / name).string(), table.error().message));
    }
    return {};
  }

  io::FileSystem& files_;
  const fs::path root_;
  const FolderLabels labels_;
};

}  // namespace

Result<std::unique_ptr<EntrySource>> folder_source(io::FileSystem& files, const fs::path& root, FolderLabels labels) {
  std::error_code error;
  const fs::path whole = fs::canonical(root, error);
  if (error) return io::system_error(error.value(), "cannot read the folder", root);
  if (!fs::is_directory(whole, error)) return Error{ErrorCode::invalid, fmt::format("{} is no folder", whole.string())};
  return std::unique_ptr<EntrySource>(std::make_unique<FolderSource>(files, whole, labels));
}

}  // namespace renvoi::dataset
