// Opens what tests read: gzip files, and others as they are.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace renvoi::test {

// The bytes of a file, unpacked when it is gzip; reading ends with the piece that brings `enough` bytes. "" on an
// error.
inline std::string read_gzip(const std::filesystem::path& path, std::size_t enough = SIZE_MAX) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_raw(reader.get());
  std::string out;
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader.get(), path.c_str(), 65'536) != ARCHIVE_OK) return out;
  if (archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) return out;
  char buffer[16'384];
  for (la_ssize_t got; out.size() < enough && (got = archive_read_data(reader.get(), buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(got));
  return out;
}

}  // namespace renvoi::test
