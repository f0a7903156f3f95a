#include "io/faulty_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace renvoi::io {
namespace {

constexpr std::uint64_t kAnySize = std::uint64_t{1} << 40;

std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

class FaultyAppendFile final : public AppendFile {
 public:
  FaultyAppendFile(FaultyFileSystem& system, std::filesystem::path path, std::unique_ptr<AppendFile> below)
      : system_(system), path_(std::move(path)), below_(std::move(below)) {}

  Result<void> append(std::span<const std::byte> bytes) override {
    const std::lock_guard lock(system_.mutex_);
    Error error;
    const auto verdict = system_.next_operation(path_, error);
    if (verdict == FaultyFileSystem::Verdict::fail) return error;
    if (verdict == FaultyFileSystem::Verdict::do_then_fail) {
      (void)below_->append(bytes.first(bytes.size() / 2));
      return error;
    }
    if (const Result<void> space = system_.take_space(bytes.size(), path_); !space.ok()) {
      const std::uint64_t fits = system_.plan_.free_bytes;  // a short write, then ENOSPC
      (void)below_->append(bytes.first(fits));
      system_.plan_.free_bytes = 0;
      return space;
    }
    return below_->append(bytes);
  }

  Result<void> sync() override {
    const std::lock_guard lock(system_.mutex_);
    Error error;
    const auto verdict = system_.next_operation(path_, error);
    if (verdict == FaultyFileSystem::Verdict::fail) return error;
    RENVOI_CHECK(below_->sync());
    FaultyFileSystem::Unstable& state = system_.unstable_[path_];
    state.synced_bytes = below_->size_bytes();
    state.cut.clear();
    if (verdict == FaultyFileSystem::Verdict::do_then_fail) return error;
    return {};
  }

  std::uint64_t size_bytes() const override { return below_->size_bytes(); }

 private:
  FaultyFileSystem& system_;
  std::filesystem::path path_;
  std::unique_ptr<AppendFile> below_;
};

void FaultyFileSystem::set_plan(FaultPlan plan) {
  const std::lock_guard lock(mutex_);
  plan_ = plan;
}

std::uint64_t FaultyFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

FaultyFileSystem::Verdict FaultyFileSystem::next_operation(const std::filesystem::path& path, Error& error) {
  ++operations_;
  error = {plan_.code, fmt::format("cannot write {}: made to fail at operation {}", path.string(), operations_)};
  if (dead_) return Verdict::fail;
  if (operations_ != plan_.at_operation) return Verdict::proceed;
  dead_ = plan_.fault == Fault::crash_before || plan_.fault == Fault::crash_after;
  const bool done = plan_.fault == Fault::error_after || plan_.fault == Fault::crash_after;
  return done ? Verdict::do_then_fail : Verdict::fail;
}

Result<void> FaultyFileSystem::take_space(std::uint64_t bytes, const std::filesystem::path& path) {
  if (bytes > plan_.free_bytes)
    return Error{ErrorCode::exhausted,
                 fmt::format("cannot write {}: no space left on device (made to be full)", path.string())};
  plan_.free_bytes -= bytes;
  return {};
}

void FaultyFileSystem::forget_folder(const std::filesystem::path& folder) {
  for (auto& [path, state] : unstable_)
    if (path.parent_path() == folder) state.name_synced = true;
  std::erase_if(removed_, [&](const auto& entry) { return entry.first.parent_path() == folder; });
}

Result<std::unique_ptr<AppendFile>> FaultyFileSystem::append(const std::filesystem::path& path,
                                                             std::int64_t truncate_to) {
  const std::lock_guard lock(mutex_);
  Error error;
  const Verdict verdict = next_operation(path, error);
  if (verdict == Verdict::fail) return error;
  const bool is_new = !below_.exists(path);
  const std::string before = is_new ? "" : below_.read(path, kAnySize).value_or("");
  RENVOI_TRY(std::unique_ptr<AppendFile> file, below_.append(path, truncate_to));
  auto known = unstable_.find(path);
  if (known == unstable_.end())
    known = unstable_.emplace(path, Unstable{is_new ? 0 : before.size(), "", !is_new}).first;
  if (truncate_to >= 0 && static_cast<std::uint64_t>(truncate_to) < known->second.synced_bytes) {
    known->second.cut = before.substr(static_cast<std::size_t>(truncate_to));
    known->second.synced_bytes = static_cast<std::uint64_t>(truncate_to);
  }
  if (verdict == Verdict::do_then_fail) return error;
  return std::unique_ptr<AppendFile>(new FaultyAppendFile(*this, path, std::move(file)));
}

Result<void> FaultyFileSystem::replace(const std::filesystem::path& path, std::span<const std::byte> bytes,
                                       unsigned mode) {
  const std::lock_guard lock(mutex_);
  Error error;
  const Verdict verdict = next_operation(path, error);
  if (verdict == Verdict::fail) return error;
  RENVOI_CHECK(take_space(bytes.size(), path));
  RENVOI_CHECK(below_.replace(path, bytes, mode));
  unstable_[path] = {bytes.size(), "", true};
  if (verdict == Verdict::do_then_fail) return error;  // renamed, but the folder's other names are not synced
  forget_folder(path.parent_path());
  return {};
}

Result<void> FaultyFileSystem::overwrite(const std::filesystem::path& path, std::uint64_t offset_bytes,
                                         std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  Error error;
  const Verdict verdict = next_operation(path, error);
  if (verdict == Verdict::fail) return error;
  const bool half = verdict == Verdict::do_then_fail;
  RENVOI_CHECK(below_.overwrite(path, offset_bytes, half ? bytes.first(bytes.size() / 2) : bytes));
  if (half) return error;
  return {};
}

Result<void> FaultyFileSystem::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  Error error;
  const Verdict verdict = next_operation(path, error);
  if (verdict == Verdict::fail) return error;
  if (below_.exists(path)) {
    const std::string content = below_.read(path, kAnySize).value_or("");
    const auto state = unstable_.find(path);
    if (state == unstable_.end() || state->second.name_synced) removed_[path] = content;
    // What was written under an earlier plan did not take from this one's space: never beyond the largest number.
    plan_.free_bytes +=
        std::min<std::uint64_t>(content.size(), std::numeric_limits<std::uint64_t>::max() - plan_.free_bytes);
  }
  RENVOI_CHECK(below_.remove(path));
  unstable_.erase(path);
  if (verdict == Verdict::do_then_fail) return error;
  return {};
}

Result<void> FaultyFileSystem::create_folders(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  Error error;
  const Verdict verdict = next_operation(path, error);
  if (verdict == Verdict::fail) return error;
  RENVOI_CHECK(below_.create_folders(path));
  if (verdict == Verdict::do_then_fail) return error;
  return {};
}

Result<void> FaultyFileSystem::sync_folder(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  Error error;
  const Verdict verdict = next_operation(path, error);
  if (verdict == Verdict::fail) return error;
  RENVOI_CHECK(below_.sync_folder(path));
  forget_folder(path);
  if (verdict == Verdict::do_then_fail) return error;
  return {};
}

void FaultyFileSystem::lose_power(Unsynced unsynced, std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  dead_ = true;
  std::mt19937_64 random(seed);
  const auto is_lost = [&] { return unsynced == Unsynced::lost || (unsynced == Unsynced::mixed && random() % 2 == 0); };
  for (const auto& [path, state] : unstable_) {
    if (!below_.exists(path)) continue;
    if (!state.name_synced && is_lost()) {
      (void)below_.remove(path);
      continue;
    }
    std::string content = below_.read(path, kAnySize).value_or("");
    if (content.size() > state.synced_bytes && unsynced != Unsynced::kept) {
      const std::uint64_t extra = content.size() - state.synced_bytes;
      const std::uint64_t left = unsynced == Unsynced::lost ? 0 : random() % (extra + 1);
      content.resize(state.synced_bytes + left);
      // The size of a file may reach the disk before its bytes do.
      if (left > 0 && random() % 2 == 0) {
        const std::uint64_t hole = random() % left;
        content.replace(state.synced_bytes + hole, left - hole, left - hole, '\0');
      }
    } else if (!state.cut.empty() && is_lost()) {
      content.resize(state.synced_bytes);
      content += state.cut;  // the truncation is undone
    }
    (void)below_.replace(path, as_bytes(content));
  }
  for (const auto& [path, content] : removed_)
    if (is_lost() && !below_.exists(path)) (void)below_.replace(path, as_bytes(content));
}

Result<std::string> FaultyFileSystem::read(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return below_.read(path, max_bytes);
}
Result<std::string> FaultyFileSystem::read_from(const std::filesystem::path& path, std::uint64_t offset_bytes,
                                                std::uint64_t max_bytes) {
  return below_.read_from(path, offset_bytes, max_bytes);
}
Result<std::unique_ptr<MappedFile>> FaultyFileSystem::map(const std::filesystem::path& path) {
  return below_.map(path);
}
Result<std::vector<std::string>> FaultyFileSystem::list(const std::filesystem::path& path) { return below_.list(path); }
bool FaultyFileSystem::exists(const std::filesystem::path& path) { return below_.exists(path); }
std::uint64_t FaultyFileSystem::disk_bytes(const std::filesystem::path& path) { return below_.disk_bytes(path); }

}  // namespace renvoi::io
