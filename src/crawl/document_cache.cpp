// A file per reference: "RVC1", fingerprint (8 bytes), content type and body (each with its length), CRC-32C of all
// before.
#include "crawl/document_cache.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kMagic = "RVC1";
constexpr std::string_view kExtension = ".page";

struct CacheFile {
  fs::path path;
  fs::file_time_type used;
  std::uint64_t size_bytes;
};

std::vector<CacheFile> files_in(const fs::path& folder) {
  std::vector<CacheFile> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != kExtension) continue;
    std::error_code ignored;
    const auto size = it->file_size(ignored);
    if (!ignored) found.push_back({it->path(), it->last_write_time(ignored), size});
  }
  return found;
}

}  // namespace

std::optional<CachedPage> parse_cached_page(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + 4 || !bytes.starts_with(kMagic)) return {};
  const std::string_view content = bytes.substr(0, bytes.size() - 4);
  io::ByteReader sum(bytes.substr(content.size()));
  if (sum.u32() != io::crc32c(content)) return {};
  io::ByteReader reader(content.substr(kMagic.size()));
  CachedPage page;
  page.fingerprint = reader.u64();
  page.content_type = reader.text();
  page.body = reader.text();
  if (!reader.ok() || !reader.at_end()) return {};
  return page;
}

fs::path DocumentCache::path_of(ReferenceId reference) const {
  return folder_ / (std::to_string(to_number(reference)) + std::string(kExtension));
}

void DocumentCache::make_room(std::uint64_t wanted_bytes) {
  std::vector<CacheFile> files = files_in(folder_);
  std::uint64_t used = wanted_bytes;
  for (const CacheFile& file : files) used += file.size_bytes;
  if (used <= max_bytes_) return;
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.used < b.used; });
  for (const CacheFile& file : files) {
    if (used <= max_bytes_) return;
    if (files_.remove(file.path).ok()) used -= file.size_bytes;
  }
}

Result<void> DocumentCache::put(ReferenceId reference, const CachedPage& page) {
  io::ByteWriter writer;
  writer.append(kMagic);
  writer.u64(page.fingerprint);
  writer.text(page.content_type);
  writer.text(page.body);
  writer.u32(io::crc32c(writer.str()));
  const std::scoped_lock lock(mutex_);
  // What is held is of another version from here on.
  RENVOI_CHECK(files_.remove(path_of(reference)));
  if (writer.size() > max_bytes_) return {};
  RENVOI_CHECK(files_.create_folders(folder_));
  make_room(writer.size());
  const std::string& bytes = writer.str();
  return files_.replace(path_of(reference), std::as_bytes(std::span(bytes.data(), bytes.size())), 0600);
}

std::optional<CachedPage> DocumentCache::get(ReferenceId reference) {
  const std::scoped_lock lock(mutex_);
  const fs::path path = path_of(reference);
  const auto bytes = files_.read(path, max_bytes_);
  if (!bytes) return {};
  auto page = parse_cached_page(*bytes);
  std::error_code ignored;  // a cache that cannot be touched forgets in another order, nothing worse
  if (page) fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
  return page;
}

void DocumentCache::remove(ReferenceId reference) {
  const std::scoped_lock lock(mutex_);
  (void)files_.remove(path_of(reference));
}

}  // namespace renvoi::crawl
