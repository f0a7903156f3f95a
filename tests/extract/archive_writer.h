// Archives made in memory for tests.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <string>
#include <utility>
#include <vector>

namespace renvoi::extract::test {

using Files = std::vector<std::pair<std::string, std::string>>;
enum class Packing : unsigned char { zip, stored_zip, tar, tar_gz };

inline std::string archive_of(const Files& files, Packing packing = Packing::zip) {
  std::size_t bytes = 1u << 16;
  for (const auto& [name, text] : files) bytes += text.size() + text.size() / 8 + 4'096;
  std::string out(bytes, '\0');
  std::size_t used = 0;
  struct archive* archive = archive_write_new();
  const bool zip = packing == Packing::zip || packing == Packing::stored_zip;
  if (zip)
    archive_write_set_format_zip(archive);
  else
    archive_write_set_format_ustar(archive);
  if (packing == Packing::stored_zip) archive_write_zip_set_compression_store(archive);
  if (packing == Packing::tar_gz) archive_write_add_filter_gzip(archive);
  archive_write_open_memory(archive, out.data(), out.size(), &used);
  for (const auto& [name, text] : files) {
    struct archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(archive, entry);
    archive_write_data(archive, text.data(), text.size());
    archive_entry_free(entry);
  }
  archive_write_close(archive);
  archive_write_free(archive);
  out.resize(used);
  return out;
}

}  // namespace renvoi::extract::test
