// What a rewrite does: freeze, build, publish.
#include <algorithm>
#include <utility>

#include "index/folder_writer.h"

namespace renvoi::index {
namespace {

// What commits have added to the log meanwhile is copied without the mutex until so little is left.
constexpr std::uint64_t kLittleLogBytes = 64U << 10;
constexpr int kMostCopiesOfLog = 4;

bool is_among(const std::vector<Part>& parts, const Part& part) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const Part& one) { return one.file_number != 0 && one.file_number == part.file_number; });
}

}  // namespace

// The chosen segments and, when asked, what of the log is frozen, or all of it: as one segment, with a new log. On an
// error all is as it was, but for what was committed meanwhile.
Result<void> FolderWriter::rewrite(Lock& lock, const std::vector<std::uint64_t>& chosen, With with, Fit fit,
                                   const WorkControl& control) {
  std::vector<Part> inputs;
  for (const Part& part : disk_)
    if (std::find(chosen.begin(), chosen.end(), part.file_number) != chosen.end()) inputs.push_back(part);
  if (with == With::log_too) {
    freeze();
    inputs.insert(inputs.end(), frozen_.begin(), frozen_.end());
  }
  IndexOptions options = options_;
  if (fit == Fit::not_now) options.fit_from = std::numeric_limits<std::size_t>::max();
  std::vector<std::string> made;
  const NewFile new_file = [&](std::string (*name)(std::uint64_t)) {
    const Lock again(mutex_);
    const std::uint64_t number = next_file_number_++;
    made.push_back(name(number));
    unfinished_.insert(made.back());
    return number;
  };

  Result<void> outcome = build_and_publish(lock, inputs, with, options, new_file, control);
  if (!outcome.ok() && manifest_.broken().ok()) {
    lock.unlock();
    for (const std::string& name : made) (void)files_.remove(folder_ / name);  // room for others; an orphan otherwise
    lock.lock();
  }
  for (const std::string& name : made) unfinished_.erase(name);
  if (with == With::log_too) thaw();  // empty when it was published
  return outcome;
}

void FolderWriter::freeze() {
  if (log_is_frozen_) return;
  frozen_ = std::exchange(memory_, {});
  frozen_end_ = log_end();
  log_is_frozen_ = true;
}

void FolderWriter::thaw() {
  memory_.insert(memory_.begin(), frozen_.begin(), frozen_.end());
  frozen_.clear();
  log_is_frozen_ = false;
}

Result<void> FolderWriter::build_and_publish(Lock& lock, const std::vector<Part>& inputs, With with,
                                             const IndexOptions& options, const NewFile& new_file,
                                             const WorkControl& control) {
  const Quantizers quantizers = quantizers_;
  const std::filesystem::path old_log = loader_.log_path(manifest_.current().log_number);
  std::uint64_t log_number = 0;
  std::optional<LogWriter> log;
  const LogMark begin = frozen_end_;
  LogMark copied = begin;

  lock.unlock();
  Result<Rewritten> rewritten = rewrite_parts(files_, loader_, inputs, quantizers, options, new_file, control);
  const auto prepare = [&]() -> Result<void> {
    if (!rewritten.ok()) return rewritten.error();
    if (with == With::log_too) {
      log_number = new_file(log_file_name);
      RENVOI_TRY(log, LogWriter::create(files_, loader_.log_path(log_number), log_number, begin.sequence));
      for (int i = 0; i < kMostCopiesOfLog; ++i) {
        lock.lock();
        const LogMark end = log_end();
        lock.unlock();
        if (end.offset - copied.offset <= kLittleLogBytes) break;
        RENVOI_CHECK(copy_log(*log, old_log, copied, end));
      }
    }
    return files_.sync_folder(folder_);
  };
  Result<void> prepared = prepare();
  lock.lock();

  RENVOI_CHECK(prepared);
  if (log.has_value()) RENVOI_CHECK(copy_log(*log, old_log, copied, log_end()));
  return publish(inputs, with, *rewritten, std::move(log), log_number, begin.sequence);
}

Result<void> FolderWriter::copy_log(LogWriter& log, const std::filesystem::path& from, LogMark& copied,
                                    const LogMark& end) {
  if (end.offset == copied.offset) return {};
  RENVOI_TRY(std::string records, files_.read_from(from, copied.offset, kMaxLogFileBytes));
  records.resize(std::min<std::size_t>(records.size(), end.offset - copied.offset));  // a commit may be at work
  RENVOI_CHECK(log.append_records(records, end.sequence));
  copied = end;
  return {};
}

Result<void> FolderWriter::publish(const std::vector<Part>& inputs, With with, const Rewritten& rewritten,
                                   std::optional<LogWriter> log, std::uint64_t log_number,
                                   std::uint64_t first_sequence) {
  RENVOI_CHECK(manifest_.broken());
  std::vector<Part> inputs_now;
  std::vector<Part> next_disk;
  for (const Part& part : disk_) (is_among(inputs, part) ? inputs_now : next_disk).push_back(part);
  if (with == With::log_too) inputs_now.insert(inputs_now.end(), frozen_.begin(), frozen_.end());
  if (rewritten.part.has_value()) {
    RENVOI_TRY(Part part, carry_deaths(inputs, inputs_now, *rewritten.part));
    if (part.live->count() > 0) next_disk.push_back(std::move(part));
  }

  Manifest next = manifest_.current();
  next.next_file_number = next_file_number_;
  if (rewritten.made.has_value()) next.quantizers.push_back(*rewritten.made);
  if (log.has_value()) {
    next.log_number = log_number;
    next.log_first_sequence = first_sequence;
  }
  next.segments.clear();
  for (const Part& part : next_disk)
    next.segments.push_back(
        {part.file_number, part.segment->file_bytes(), part.segment->passages(), part.live->words()});
  RENVOI_CHECK(manifest_.publish(std::move(next)));

  if (rewritten.made.has_value()) quantizers_ = rewritten.quantizers;
  disk_ = std::move(next_disk);
  if (log.has_value()) {
    log_ = std::move(log);
    frozen_.clear();
  }
  publish_snapshot();
  return {};
}

// Removes files that no manifest names: left by a crash, or replaced by a rewrite. The slot must be held.
Result<void> FolderWriter::remove_orphans(Lock& lock) {
  std::set<std::string> named = unfinished_;
  named.insert({"lock", "manifest", log_file_name(manifest_.current().log_number)});
  for (const Part& part : disk_) named.insert(segment_file_name(part.file_number));
  for (const ManifestQuantizer& quantizer : manifest_.current().quantizers)
    named.insert(quantizer_file_name(quantizer.file_number));
  lock.unlock();
  const auto remove_others = [&]() -> Result<void> {
    RENVOI_TRY(const std::vector<std::string> names, files_.list(folder_));
    for (const std::string& name : names) {
      const bool ours = name.starts_with("segment-") || name.starts_with("quantizer-") || name.starts_with("log-") ||
                        name.starts_with("manifest.tmp-");
      if (ours && !named.contains(name)) RENVOI_CHECK(files_.remove(folder_ / name));
    }
    return {};
  };
  Result<void> outcome = remove_others();
  lock.lock();
  return outcome;
}

}  // namespace renvoi::index
