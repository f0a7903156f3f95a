#include "crawl/document_cache.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>
#include <system_error>

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using catalog::Retention;

constexpr std::string_view kExtension = ".page";
constexpr std::string_view kText = ".text";
constexpr std::string_view kPinned = ".pinned";
constexpr std::uint64_t kBlock_bytes = 4'096;  // what a file takes on the disk is a multiple of
constexpr std::int64_t kLongestWorth_s = 30 * 86'400;

std::uint64_t on_disk(std::uint64_t bytes) { return (bytes + kBlock_bytes - 1) / kBlock_bytes * kBlock_bytes; }

// How much longer than one that costs nothing a page is kept: an hour for each millisecond and KiB.
std::int64_t worth_s(std::uint32_t fetch_ms, std::uint64_t bytes) {
  const std::uint64_t kib = std::max<std::uint64_t>(bytes / 1'024, 1);
  return std::min<std::int64_t>(static_cast<std::int64_t>(fetch_ms) * 3'600 / static_cast<std::int64_t>(kib),
                                kLongestWorth_s);
}

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}
std::int64_t seconds_of(fs::file_time_type time) {
  const auto system = std::chrono::file_clock::to_sys(time);
  return std::chrono::duration_cast<std::chrono::seconds>(system.time_since_epoch()).count();
}
fs::file_time_type file_time(std::int64_t seconds) {
  return std::chrono::file_clock::from_sys(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

bool take_suffix(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

}  // namespace

// 7.page, 7.text.page, 7.text.pinned.page
fs::path DocumentCache::path_of(std::uint32_t number, const Entry& entry) const {
  std::string name = std::to_string(number);
  if (entry.kind == Retention::text) name += kText;
  if (entry.pinned) name += kPinned;
  name += kExtension;
  return folder_ / name;
}

void DocumentCache::hold(std::uint32_t number, const Entry& entry) {
  forget(number);
  entries_[number] = entry;
  if (!entry.pinned) order_.emplace(entry.leaves, number);
  used_bytes_ += entry.bytes;
}

void DocumentCache::forget(std::uint32_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;
  used_bytes_ -= found->second.bytes;
  order_.erase({found->second.leaves, number});
  entries_.erase(found);
}

void DocumentCache::load(bool writing) {
  if (loaded_) return;
  loaded_ = writing;  // who only counts, counts again the next time
  const auto names = files_.list(folder_);
  if (!names) return;
  for (const std::string& name : *names) {
    if (name.find(".tmp-") != std::string::npos) {  // left by a crash
      if (writing) (void)files_.remove(folder_ / name);
      continue;
    }
    std::string_view stem = name;
    if (!take_suffix(stem, kExtension)) continue;
    Entry entry;
    entry.pinned = take_suffix(stem, kPinned);
    if (take_suffix(stem, kText)) entry.kind = Retention::text;
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (error != std::errc() || end != stem.data() + stem.size()) continue;
    std::error_code failed;
    entry.bytes = on_disk(fs::file_size(folder_ / name, failed));
    if (failed) continue;
    entry.leaves = seconds_of(fs::last_write_time(folder_ / name, failed));
    hold(number, entry);
  }
  if (writing) (void)make_room(0);  // the bound may be lower than it was
}

// Where it is, also when another process put it there.
fs::path DocumentCache::find(std::uint32_t number) {
  if (const auto known = entries_.find(number); known != entries_.end()) {
    fs::path path = path_of(number, known->second);
    if (files_.exists(path)) return path;
    forget(number);  // another process removed or renamed it
  }
  for (const Retention kind : {Retention::page, Retention::text}) {
    for (const bool pinned : {false, true}) {
      Entry entry{0, now_s(), kind, pinned};
      fs::path path = path_of(number, entry);
      std::error_code failed;
      const std::uint64_t bytes = fs::file_size(path, failed);
      if (failed) continue;
      entry.bytes = on_disk(bytes);
      hold(number, entry);
      return path;
    }
  }
  return {};
}

bool DocumentCache::make_room(std::uint64_t wanted_bytes) {
  while (used_bytes_ + wanted_bytes > max_bytes_ && !order_.empty()) {
    const auto [leaves, number] = *order_.begin();
    const fs::path path = path_of(number, entries_.at(number));
    std::error_code failed;
    const fs::file_time_type time = fs::last_write_time(path, failed);
    if (!failed && seconds_of(time) > leaves) {  // another process used it
      Entry entry = entries_.at(number);
      entry.leaves = seconds_of(time);
      hold(number, entry);
      continue;
    }
    if (!files_.remove(path).ok()) return false;
    forget(number);
  }
  return used_bytes_ + wanted_bytes <= max_bytes_;
}

void DocumentCache::touch(std::uint32_t number, const fs::path& path, std::uint32_t fetch_ms) {
  Entry entry = entries_.at(number);
  entry.leaves = now_s() + worth_s(fetch_ms, entry.bytes);
  std::error_code ignored;  // a cache that cannot be touched forgets in another order, nothing worse
  fs::last_write_time(path, file_time(entry.leaves), ignored);
  hold(number, entry);
}

Result<void> DocumentCache::put(ReferenceId reference, const CachedPage& page) {
  RENVOI_TRY(const std::string bytes, bytes_of(page));
  const std::scoped_lock lock(mutex_);
  load(true);
  const std::uint32_t number = to_number(reference);
  Entry entry{on_disk(bytes.size()), 0, page.kind, false};
  // What is held is of another version from here on.
  if (const fs::path old = find(number); !old.empty()) {
    entry.pinned = entries_.at(number).pinned;
    RENVOI_CHECK(files_.remove(old));
    forget(number);
  }
  if (!make_room(entry.bytes)) return {};
  RENVOI_CHECK(files_.create_folders(folder_));
  const fs::path path = path_of(number, entry);
  RENVOI_CHECK(files_.replace(path, std::as_bytes(std::span(bytes.data(), bytes.size())), 0600));
  hold(number, entry);
  touch(number, path, page.fetch_ms);
  return {};
}

std::optional<CachedPage> DocumentCache::get(ReferenceId reference) {
  const std::scoped_lock lock(mutex_);
  const std::uint32_t number = to_number(reference);
  const fs::path path = find(number);
  if (path.empty()) return {};
  const auto bytes = files_.read(path, max_bytes_);
  if (!bytes) return {};
  auto page = parse_cached_page(*bytes);
  if (page) touch(number, path, page->fetch_ms);
  return page;
}

void DocumentCache::remove(ReferenceId reference) {
  const std::scoped_lock lock(mutex_);
  const std::uint32_t number = to_number(reference);
  if (const fs::path path = find(number); !path.empty()) (void)files_.remove(path);
  forget(number);
}

Result<void> DocumentCache::pin(ReferenceId reference, bool pinned) {
  const std::scoped_lock lock(mutex_);
  load(true);
  const std::uint32_t number = to_number(reference);
  const fs::path path = find(number);
  if (path.empty()) return Error{ErrorCode::not_found, "the cache holds nothing of this page"};
  Entry entry = entries_.at(number);
  if (entry.pinned == pinned) return {};
  entry.pinned = pinned;
  std::error_code failed;
  fs::rename(path, path_of(number, entry), failed);
  if (failed)
    return Error{ErrorCode::unavailable,
                 "the cached page " + path.string() + " cannot be renamed: " + failed.message()};
  hold(number, entry);
  return {};
}

CacheUse DocumentCache::use() {
  const std::scoped_lock lock(mutex_);
  load(false);
  CacheUse use;
  for (const auto& [number, entry] : entries_) {
    (entry.kind == Retention::text ? use.text_bytes : use.page_bytes) += entry.bytes;
    ++use.pages;
    if (!entry.pinned) continue;
    use.pinned_bytes += entry.bytes;
    ++use.pinned_pages;
  }
  return use;
}

}  // namespace renvoi::crawl
