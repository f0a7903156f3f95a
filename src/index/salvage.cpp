#include "index/salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "index/loader.h"
#include "index/log.h"
#include "index/named_files.h"
#include "io/relocate.h"

namespace renvoi::index {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kRecordStart = "RNVL";  // docs/format.md, "Log"
constexpr std::uint64_t kMaxLostBatches = 16;      // in a row

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

bool is_data(std::string_view name) {
  return name.starts_with("segment-") || name.starts_with("quantizer-") || name.starts_with("log-");
}

std::uint64_t number_in(std::string_view name) {
  std::uint64_t number = 0;
  const std::size_t digits = name.find_first_of("0123456789");
  if (digits != std::string_view::npos) std::from_chars(name.data() + digits, name.data() + name.size(), number);
  return number;
}

// The first line of an Index's error says which file and what.
std::string first_line(const Error& error) { return error.message.substr(0, error.message.find('\n')); }

// What read_log makes of the longest beginning that it takes: the rest is damage, unless `all` is true.
LogContent longest_whole(std::string_view text, std::size_t header, std::uint64_t number, std::uint64_t first,
                         bool& all) {
  const auto read = [&](std::size_t size) { return read_log(text.substr(0, size), "", number, first); };
  Result<LogContent> content = read(text.size());
  all = content.ok();
  if (all) return std::move(content).value();
  std::size_t good = header, bad = text.size();
  while (bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    (read(middle).ok() ? good : bad) = middle;
  }
  return read(good).value_or(LogContent{});
}

// A folder of its own, in which a part of the index is put together again and Index says what it thinks of it.
class Bench {
 public:
  Bench(io::FileSystem& files, const fs::path& folder) : files_(files), folder_(folder), scratch_(folder / "salvage") {}
  ~Bench() { (void)io::remove_all(scratch_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  // Ok when the files that `manifest` names are sound, with `batches` as the log, or the log as it is when there are
  // none. Errors: `corrupt`: they are not; others: it cannot be told.
  Result<void> judge(const Manifest& manifest, const std::vector<std::string>* batches) {
    RENVOI_CHECK(io::remove_all(scratch_));
    RENVOI_CHECK(files_.create_folders(scratch_));
    for (const std::string& name : immutable_files(manifest)) RENVOI_CHECK(bring(name));
    const std::string log = log_file_name(manifest.log_number);
    if (batches == nullptr) {
      RENVOI_CHECK(bring(log));
    } else {
      RENVOI_CHECK(write_log(files_, scratch_ / log, manifest, *batches));
    }
    RENVOI_CHECK(io::write_file(files_, scratch_ / "manifest", as_bytes(to_bytes(manifest))));
    RENVOI_TRY(const auto index, Index::open(files_, scratch_, manifest.identity, Index::Mode::read));
    return index->check();
  }

  Result<std::string> fresh_log(const Manifest& manifest) {
    RENVOI_CHECK(files_.create_folders(scratch_));
    RENVOI_CHECK(write_log(files_, scratch_ / "fresh", manifest, {}));
    return files_.read(scratch_ / "fresh", kMaxLogFileBytes);
  }

  static Result<void> write_log(io::FileSystem& files, const fs::path& path, const Manifest& manifest,
                                const std::vector<std::string>& batches) {
    RENVOI_TRY(LogWriter log, LogWriter::create(files, path, manifest.log_number, manifest.log_first_sequence));
    for (const std::string& batch : batches) RENVOI_CHECK(log.append(batch));
    return {};
  }

 private:
  Result<void> bring(const std::string& name) {
    RENVOI_TRY(const bool linked, io::link_file(folder_ / name, scratch_ / name));
    if (linked) return {};
    RENVOI_TRY(const auto file, files_.map(folder_ / name));
    return io::write_file(files_, scratch_ / name, file->bytes());
  }

  io::FileSystem& files_;
  const fs::path folder_, scratch_;
};

// Damage, as opposed to a disk that cannot be read or written just now.
bool is_damage(const Error& error) { return error.code == ErrorCode::corrupt || error.code == ErrorCode::not_found; }

Result<Salvage> everything_lost(io::FileSystem& files, const fs::path& folder, const std::optional<Identity>& fallback,
                                const Error& why) {
  if (!fallback.has_value())
    return Error{ErrorCode::corrupt, why.message + "; and which model it belongs to cannot be told"};
  Salvage salvage;
  salvage.losses.push_back({"manifest", first_line(why)});
  std::uint64_t last_number = 0;
  RENVOI_TRY(const std::vector<std::string> names, files.list(folder));
  for (const std::string& name : names) {
    last_number = std::max(last_number, number_in(name));
    if (is_data(name))
      salvage.losses.push_back({name, "without a manifest it cannot be told which of its passages are alive"});
  }
  salvage.next.generation = 1;
  salvage.next.identity = *fallback;
  salvage.next.log_number = last_number + 1;
  salvage.next.next_file_number = last_number + 2;
  salvage.batches.emplace();
  return salvage;
}

// True when `alone`, a manifest of one file beside what is known to be sound, passes; else `file` is among the losses.
Result<bool> is_sound(Bench& bench, const Manifest& alone, const std::string& file, Salvage& salvage) {
  const std::vector<std::string> no_log;
  const Result<void> sound = bench.judge(alone, &no_log);
  if (sound.ok()) return true;
  if (!is_damage(sound.error())) return sound.error();
  const bool absent = sound.error().code == ErrorCode::not_found;
  salvage.losses.push_back({file, absent ? "it is not there" : "its content fails its check"});
  return false;
}

// A segment whose quantizer is lost is lost with it: nothing can read its codes.
Result<void> examine_segments(Bench& bench, const Manifest& manifest, Salvage& salvage) {
  Manifest alone = manifest;
  alone.segments.clear();
  salvage.next.quantizers.clear();
  for (const ManifestQuantizer& quantizer : manifest.quantizers) {
    alone.quantizers = {quantizer};
    RENVOI_TRY(const bool sound, is_sound(bench, alone, quantizer_file_name(quantizer.file_number), salvage));
    if (sound) salvage.next.quantizers.push_back(quantizer);
  }
  alone.quantizers = salvage.next.quantizers;
  salvage.next.segments.clear();
  for (const ManifestSegment& segment : manifest.segments) {
    alone.segments = {segment};
    RENVOI_TRY(const bool sound, is_sound(bench, alone, segment_file_name(segment.file_number), salvage));
    if (sound) salvage.next.segments.push_back(segment);
  }
  return {};
}

Result<void> examine_log(io::FileSystem& files, Bench& bench, const fs::path& folder, const Manifest& manifest,
                         Salvage& salvage) {
  const std::string name = log_file_name(manifest.log_number);
  const Result<std::string> bytes = files.read(folder / name, kMaxLogFileBytes);
  if (!bytes.ok()) {
    if (bytes.error().code != ErrorCode::not_found) return bytes.error();
    salvage.losses.push_back({name, "it is not there"});
    salvage.commits_lost = true;
    salvage.batches.emplace();
    return {};
  }
  Result<LogContent> content = read_log(*bytes, name, manifest.log_number, manifest.log_first_sequence);
  if (content.ok()) {
    if (!content->mark_damaged) return {};
    salvage.losses.push_back({name, "a mark in it is damaged; every commit is saved"});
    salvage.batches = std::move(content->batches);
    return {};
  }
  if (content.error().code != ErrorCode::corrupt) return content.error();
  RENVOI_TRY(const std::string fresh, bench.fresh_log(manifest));
  SalvagedLog saved = salvage_log(*bytes, fresh, manifest.log_number, manifest.log_first_sequence);
  salvage.losses.push_back({name, saved.complete
                                      ? "its header is damaged; every commit is saved"
                                      : fmt::format("commits in it are damaged; {} are saved", saved.batches.size())});
  salvage.commits_lost = !saved.complete;
  salvage.batches = std::move(saved.batches);
  return {};
}

}  // namespace

SalvagedLog salvage_log(std::string_view bytes, std::string_view fresh, std::uint64_t number,
                        std::uint64_t first_sequence) {
  SalvagedLog saved;
  const std::string_view body = bytes.substr(std::min(bytes.size(), fresh.size()));
  std::size_t at = 0;
  std::uint64_t sequence = first_sequence;
  // As a log of its own that begins with what stands at `from`.
  const auto read_at = [&](std::size_t from, std::uint64_t before, bool& all) {
    const std::string text = std::string(fresh) + std::string(body.substr(from));
    return longest_whole(text, fresh.size(), number, before, all);
  };
  while (true) {
    bool all = false;
    LogContent content = read_at(at, sequence, all);
    for (std::string& batch : content.batches) saved.batches.push_back(std::move(batch));
    sequence = content.last_sequence;
    if (all) return saved;
    saved.complete = false;
    if (content.whole_bytes > fresh.size()) at += content.whole_bytes - fresh.size();
    bool found = false;
    for (std::size_t next = body.find(kRecordStart, at + 1); !found && next != std::string_view::npos;
         next = body.find(kRecordStart, next + 1)) {
      for (std::uint64_t lost = 1; !found && lost <= kMaxLostBatches; ++lost) {
        bool ignored = false;
        if (read_at(next, sequence + lost, ignored).batches.empty()) continue;
        found = true;
        at = next;
        sequence += lost;
      }
    }
    if (!found) return saved;
  }
}

Result<Salvage> examine(io::FileSystem& files, const fs::path& folder, const std::optional<Identity>& fallback) {
  const Result<Manifest> manifest = current_manifest(files, folder);
  if (!manifest.ok()) {
    if (!is_damage(manifest.error())) return manifest.error();
    if (!files.exists(folder)) return Salvage{};
    RENVOI_TRY(const std::vector<std::string> names, files.list(folder));
    if (!files.exists(folder / "manifest") && std::none_of(names.begin(), names.end(), is_data)) return Salvage{};
    return everything_lost(files, folder, fallback, manifest.error());
  }
  Salvage salvage;
  salvage.next = *manifest;
  Bench bench(files, folder);
  RENVOI_CHECK(examine_segments(bench, *manifest, salvage));
  RENVOI_CHECK(examine_log(files, bench, folder, *manifest, salvage));
  Result<void> together = bench.judge(salvage.next, salvage.batches ? &*salvage.batches : nullptr);
  if (!together.ok() && is_damage(together.error())) {  // each part is sound, the whole is not: then the log goes
    if (!salvage.batches) salvage.losses.push_back({log_file_name(manifest->log_number), first_line(together.error())});
    salvage.commits_lost = true;
    salvage.batches.emplace();
    together = bench.judge(salvage.next, &*salvage.batches);
  }
  if (!together.ok()) {
    if (!is_damage(together.error())) return std::move(together).error();
    return everything_lost(files, folder, manifest->identity, together.error());
  }
  if (salvage.losses.empty()) return salvage;
  ++salvage.next.generation;
  if (salvage.batches) salvage.next.log_number = salvage.next.next_file_number++;
  return salvage;
}

Result<void> apply(io::FileSystem& files, const fs::path& folder, const Salvage& salvage, const fs::path& aside) {
  if (salvage.losses.empty()) return {};
  RENVOI_CHECK(files.create_folders(aside));
  std::vector<std::string> names = {"manifest"};  // it is replaced in any case
  for (const Loss& loss : salvage.losses)
    if (loss.file != "manifest") names.push_back(loss.file);
  for (const std::string& name : names) {
    if (!files.exists(folder / name)) continue;
    RENVOI_TRY(const bool linked, io::link_file(folder / name, aside / name));
    if (linked) continue;
    RENVOI_TRY(const auto file, files.map(folder / name));
    RENVOI_CHECK(io::write_file(files, aside / name, file->bytes()));
  }
  RENVOI_CHECK(files.sync_folder(aside));
  RENVOI_CHECK(files.sync_folder(aside.parent_path()));
  if (salvage.batches)
    RENVOI_CHECK(
        Bench::write_log(files, folder / log_file_name(salvage.next.log_number), salvage.next, *salvage.batches));
  RENVOI_CHECK(files.sync_folder(folder));
  RENVOI_CHECK(files.replace(folder / "manifest", as_bytes(to_bytes(salvage.next))));
  for (const std::string& name : names)
    if (name != "manifest") RENVOI_CHECK(files.remove(folder / name));
  return files.sync_folder(folder);
}

}  // namespace renvoi::index
