#include "index/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <memory>
#include <thread>

#include "base/hash.h"
#include "index/batch.h"
#include "index/merge.h"

namespace renvoi::index {
namespace {

constexpr int kMaxAttempts = 50;
constexpr auto kPauseForFiles = std::chrono::milliseconds(20);
constexpr auto kPauseForLog = std::chrono::milliseconds(2);

std::string short_digest(const std::string& digest) { return digest.empty() ? "(none)" : digest; }

Result<Part> part_of(std::string bytes, const Quantizers& quantizers) {
  Part part;
  RENVOI_TRY(part.segment, Segment::from_memory(std::move(bytes), "a batch of the index's log", quantizers));
  part.live = std::make_shared<const LiveSet>(LiveSet::all(*part.segment));
  return part;
}

void remove_from(std::vector<Part>& parts, std::span<const ReferenceId> references) {
  for (Part& part : parts) {
    const auto touches = [&](ReferenceId reference) {
      const std::optional<std::uint32_t> index = part.segment->table().find(reference);
      return index.has_value() && part.live->contains(part.segment->table().passages_at(*index).first);
    };
    if (std::none_of(references.begin(), references.end(), touches)) continue;
    part.live = std::make_shared<const LiveSet>(part.live->without(*part.segment, references));
  }
}

// As a binary counter: each passage is copied a logarithmic number of times. Only with parts of the same quantizer, so
// that no code is made anew before it comes to a segment file.
Result<void> join_last(const Quantizers& quantizers, std::vector<Part>& parts) {
  while (true) {
    const Part& last = parts.back();
    const NamedQuantizer& quantizer = last.segment->quantizer();
    const auto before = std::find_if(parts.rbegin() + 1, parts.rend(), [&](const Part& part) {
      return part.segment->quantizer().digest == quantizer.digest;
    });
    if (before == parts.rend() || before->live->count() >= 2 * last.live->count()) return {};
    const std::array<Part, 2> two = {*before, last};
    RENVOI_TRY(std::string joined, merge_parts(two, quantizer));
    RENVOI_TRY(Part part, part_of(std::move(joined), quantizers));
    parts.erase(std::prev(before.base()));
    parts.back() = std::move(part);
  }
}

}  // namespace

Result<void> apply_changes(std::span<const std::string_view> batches, const Quantizers& quantizers,
                           std::vector<Part>& disk, std::vector<Part>& memory) {
  Changes changes;
  for (const std::string_view batch : batches) RENVOI_CHECK(read_batch(batch, quantizers, changes));
  std::vector<ReferenceId> touched;
  touched.reserve(changes.size());
  for (const auto& [reference, body] : changes) touched.push_back(reference);
  std::vector<Part> next = memory;
  remove_from(next, touched);
  std::erase_if(next, [](const Part& part) { return part.live->count() == 0; });
  for (const NamedQuantizer& quantizer : quantizers.all()) {
    RENVOI_TRY(std::string bytes, segment_of(changes, quantizer));
    if (bytes.empty()) continue;
    RENVOI_TRY(Part part, part_of(std::move(bytes), quantizers));
    next.push_back(std::move(part));
    RENVOI_CHECK(join_last(quantizers, next));
  }
  memory = std::move(next);
  remove_from(disk, touched);
  return {};
}

Result<void> Loader::match_identity(const Identity& found) const {
  if (found == identity_) return {};
  std::string difference;
  if (found.model_digest != identity_.model_digest || found.dimensions != identity_.dimensions)
    difference = fmt::format("it was made with the model {} ({} dimensions), the model in use is {} ({} dimensions)",
                             short_digest(found.model_digest), found.dimensions, short_digest(identity_.model_digest),
                             identity_.dimensions);
  else
    difference = fmt::format("it was made with the extractor's version {}, this program has version {}",
                             found.extractor_version, identity_.extractor_version);
  return Error{ErrorCode::conflict,
               fmt::format("the index in {} does not fit: {}; use that again, or remove this folder and "
                           "run sync to build the index again",
                           folder_.string(), difference)};
}

Result<Quantizers> Loader::open_quantizers(const Manifest& manifest, std::span<const Part> known) const {
  Quantizers quantizers = plain_;
  for (const ManifestQuantizer& entry : manifest.quantizers) {
    const auto has_it = [&](const Part& part) { return part.segment->quantizer().digest == entry.digest; };
    if (const auto found = std::find_if(known.begin(), known.end(), has_it); found != known.end()) {
      quantizers.add(found->segment->quantizer());
      continue;
    }
    const std::filesystem::path path = quantizer_path(entry.file_number);
    RENVOI_TRY(const std::string bytes, files_->read(path, kMaxQuantizerBytes));
    if (to_hex(sha256(bytes)) != entry.digest)
      return Error{ErrorCode::corrupt, fmt::format("{} is not the one the manifest names; restore the index from a "
                                                   "copy, or remove its folder and run sync to build it again",
                                                   path.string())};
    Result<Quantizer> quantizer = Quantizer::parse(std::as_bytes(std::span(bytes)));
    if (!quantizer.ok()) return std::move(quantizer).error().in(path.string());
    if (quantizer->dimensions() != plain_.dimensions())
      return Error{ErrorCode::corrupt, fmt::format("{} is for vectors of {} dimensions; restore the index from a copy, "
                                                   "or remove its folder and run sync to build it again",
                                                   path.string(), quantizer->dimensions())};
    quantizers.add({std::move(quantizer).value(), entry.digest});
  }
  return quantizers;
}

Result<Part> Loader::open_segment(std::uint64_t file_number, const Quantizers& quantizers) const {
  const std::filesystem::path path = segment_path(file_number);
  RENVOI_TRY(std::unique_ptr<io::MappedFile> file, files_->map(path));
  Part part;
  RENVOI_TRY(part.segment, Segment::from_file(std::move(file), path.string(), quantizers));
  part.live = std::make_shared<const LiveSet>(LiveSet::all(*part.segment));
  part.file_number = file_number;
  return part;
}

Result<Part> Loader::load_segment(const ManifestSegment& entry, const Quantizers& quantizers,
                                  std::span<const Part> known) const {
  Part part;
  for (const Part& candidate : known)
    if (candidate.file_number == entry.file_number) part = candidate;
  if (part.segment == nullptr) {
    RENVOI_TRY(part, open_segment(entry.file_number, quantizers));
  }
  if (part.segment->passages() != entry.passages || part.segment->file_bytes() != entry.file_bytes)
    return Error{ErrorCode::corrupt,
                 fmt::format("{} is not the one the manifest names; restore the index from a copy, or "
                             "remove its folder and run sync to build it again",
                             segment_path(entry.file_number).string())};
  part.live = std::make_shared<const LiveSet>(LiveSet::from_words(*part.segment, entry.live_words));
  return part;
}

Result<LoadedIndex> Loader::load(std::span<const Part> known) const {
  LoadedIndex loaded;
  RENVOI_TRY(loaded.manifest_bytes, files_->read(manifest_path(), kMaxManifestBytes));
  RENVOI_TRY(loaded.manifest, read_manifest(loaded.manifest_bytes, manifest_path().string()));
  RENVOI_CHECK(match_identity(loaded.manifest.identity));
  const std::filesystem::path log = log_path(loaded.manifest.log_number);
  RENVOI_TRY(const std::string log_bytes, files_->read(log, kMaxLogFileBytes));
  RENVOI_TRY(loaded.quantizers, open_quantizers(loaded.manifest, known));
  for (const ManifestSegment& entry : loaded.manifest.segments) {
    RENVOI_TRY(Part part, load_segment(entry, *loaded.quantizers, known));
    loaded.disk.push_back(std::move(part));
  }
  RENVOI_TRY(loaded.log,
             read_log(log_bytes, log.string(), loaded.manifest.log_number, loaded.manifest.log_first_sequence));
  loaded.log_tail = log_bytes.substr(loaded.log.last_mark_offset);
  const std::vector<std::string_view> batches(loaded.log.batches.begin(), loaded.log.batches.end());
  RENVOI_CHECK(apply_changes(batches, *loaded.quantizers, loaded.disk, loaded.memory));
  return loaded;
}

Result<LoadedIndex> Loader::load_beside_writer(std::span<const Part> known) const {
  for (int attempt = 1;; ++attempt) {
    Result<LoadedIndex> loaded = load(known);
    if (loaded.ok() || attempt == kMaxAttempts) return loaded;
    const ErrorCode code = loaded.error().code;
    // Files vanish when they are merged, and a log is seen half-written: for a moment only.
    if (code == ErrorCode::not_found && !files_->exists(manifest_path())) return loaded;
    if (code != ErrorCode::not_found && (code != ErrorCode::corrupt || attempt >= 2)) return loaded;
    std::this_thread::sleep_for(code == ErrorCode::not_found ? kPauseForFiles : kPauseForLog);
  }
}

bool Loader::changed_since(const LoadedIndex& loaded) const {
  const auto manifest = files_->read(manifest_path(), kMaxManifestBytes);
  if (!manifest.ok() || *manifest != loaded.manifest_bytes) return true;
  const auto tail =
      files_->read_from(log_path(loaded.manifest.log_number), loaded.log.last_mark_offset, kMaxLogFileBytes);
  return !tail.ok() || *tail != loaded.log_tail;
}

}  // namespace renvoi::index
