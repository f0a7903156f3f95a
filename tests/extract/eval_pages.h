// The pages of the evaluation sets, where they are there: nothing else is known of them here than their bytes.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gzip_file.h"

namespace renvoi::test {

// The files of a tar.xz by the name of their folder and their own. Empty on an error.
inline std::map<std::string, std::map<std::string, std::string>> read_tar(const std::filesystem::path& path) {
  std::map<std::string, std::map<std::string, std::string>> out;
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_xz(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader.get(), path.c_str(), 65'536) != ARCHIVE_OK) return out;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    const std::filesystem::path name(archive_entry_pathname(entry));
    std::string bytes(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    if (archive_read_data(reader.get(), bytes.data(), bytes.size()) < 0) break;
    out[name.parent_path().filename()][name.filename()] = std::move(bytes);
  }
  return out;
}

struct EvalPage {
  std::string name, bytes;
};

// The pages of html-scrapinghub or of html-readability, in the order of their names. Empty where the set is not there.
inline std::vector<EvalPage> eval_pages(const std::filesystem::path& evaluation, const std::string& set) {
  std::vector<EvalPage> pages;
  if (set == "html-readability") {
    for (auto& [name, files] : read_tar(evaluation / "html-readability.tar.xz"))
      if (files.contains("source.html")) pages.push_back({name, std::move(files.at("source.html"))});
    return pages;
  }
  const std::filesystem::path folder = evaluation / set / "html";
  if (!std::filesystem::exists(folder)) return pages;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    pages.push_back({entry.path().filename().string(), read_gzip(entry.path())});
  std::sort(pages.begin(), pages.end(), [](const EvalPage& a, const EvalPage& b) { return a.name < b.name; });
  return pages;
}

}  // namespace renvoi::test
