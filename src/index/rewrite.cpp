#include "index/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace renvoi::index {
namespace {

constexpr std::uint64_t kSyncEveryBytes = 16 * kWriteAtOnceBytes;

// Gathers small pieces and cuts large ones.
class PacedFile {
 public:
  PacedFile(std::unique_ptr<io::AppendFile> file, const std::function<Result<void>(std::uint64_t)>& on_wrote)
      : file_(std::move(file)), on_wrote_(on_wrote) {}

  Result<void> append(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view fits = bytes.substr(0, kWriteAtOnceBytes - waiting_.size());
      waiting_ += fits;
      bytes.remove_prefix(fits.size());
      if (waiting_.size() == kWriteAtOnceBytes) RENVOI_CHECK(write_waiting());
    }
    return {};
  }
  Result<void> finish() {
    if (!waiting_.empty()) RENVOI_CHECK(write_waiting());
    return file_->sync();
  }

 private:
  Result<void> write_waiting() {
    RENVOI_CHECK(file_->append(std::as_bytes(std::span(waiting_))));
    const std::uint64_t bytes = waiting_.size();
    waiting_.clear();
    unsynced_bytes_ += bytes;
    if (unsynced_bytes_ >= kSyncEveryBytes) {
      RENVOI_CHECK(file_->sync());
      unsynced_bytes_ = 0;
    }
    return on_wrote_ ? on_wrote_(bytes) : Result<void>();
  }
  std::unique_ptr<io::AppendFile> file_;
  const std::function<Result<void>(std::uint64_t)>& on_wrote_;
  std::string waiting_;
  std::uint64_t unsynced_bytes_ = 0;
};

// The references that were alive then and are not now.
Result<void> collect_dead(const Part& then, const Part& now, std::vector<ReferenceId>& dead) {
  if (then.live == now.live) return {};
  const std::vector<std::uint64_t>& before = then.live->words();
  const std::vector<std::uint64_t>& after = now.live->words();
  for (std::size_t word = 0; word < before.size(); ++word) {
    for (std::uint64_t bits = before[word] & ~after[word]; bits != 0; bits &= bits - 1) {
      const auto passage = static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(bits));
      const ReferenceId reference = then.segment->record(passage).reference;
      if (dead.empty() || dead.back() != reference) dead.push_back(reference);
    }
  }
  return then.segment->sound();
}

}  // namespace

Result<void> write_pieces(io::FileSystem& files, const std::filesystem::path& path, SegmentPieces pieces,
                          const std::function<Result<void>(std::uint64_t)>& on_wrote) {
  const auto write = [&]() -> Result<void> {
    RENVOI_TRY(std::unique_ptr<io::AppendFile> opened, files.append(path, 0));
    PacedFile file(std::move(opened), on_wrote);
    for (std::string& piece : pieces) {
      RENVOI_CHECK(file.append(piece));
      std::string().swap(piece);
    }
    return file.finish();
  };
  if (Result<void> written = write(); !written.ok()) {
    (void)files.remove(path);  // room for others; an orphan otherwise
    return std::move(written).error();
  }
  return {};
}

Result<Rewritten> rewrite_parts(io::FileSystem& files, const Loader& loader, std::span<const Part> parts,
                                Quantizers quantizers, const IndexOptions& options, const NewFile& new_file,
                                const WorkControl& control) {
  Rewritten result{{}, {}, std::move(quantizers)};
  RENVOI_TRY(std::optional<Quantizer> fitted, fit_to_parts(parts, result.quantizers, options));
  if (fitted.has_value()) {
    result.quantizers.add(NamedQuantizer::of(*fitted));
    result.made = {new_file(quantizer_file_name), result.quantizers.current().digest};
    RENVOI_CHECK(
        write_pieces(files, loader.quantizer_path(result.made->file_number), {fitted->bytes()}, control.on_wrote));
  }
  RENVOI_TRY(SegmentPieces pieces,
             merge_in_pieces(parts, result.quantizers.current(), options.cells_from, control.between_blocks));
  if (pieces.empty()) return result;
  const std::uint64_t number = new_file(segment_file_name);
  RENVOI_CHECK(write_pieces(files, loader.segment_path(number), std::move(pieces), control.on_wrote));
  RENVOI_TRY(result.part, loader.open_segment(number, result.quantizers));
  return result;
}

Result<Part> carry_deaths(std::span<const Part> then, std::span<const Part> now, const Part& merged) {
  std::vector<ReferenceId> dead;
  std::uint64_t left = 0;
  for (std::size_t i = 0; i < then.size(); ++i) {
    RENVOI_CHECK(collect_dead(then[i], now[i], dead));
    left += now[i].live->count();
  }
  Part part = merged;
  if (!dead.empty()) part.live = std::make_shared<const LiveSet>(merged.live->without(*merged.segment, dead));
  RENVOI_CHECK(part.segment->sound());
  if (part.live->count() != left)
    return Error{ErrorCode::corrupt, fmt::format("a merge gave {} passages where {} are alive; run renvoi check",
                                                 part.live->count(), left)};
  return part;
}

}  // namespace renvoi::index
