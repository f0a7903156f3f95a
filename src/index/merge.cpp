#include "index/merge.h"

#include <algorithm>

#include "index/quantizer_fit.h"
#include "index/segment_writer.h"

namespace renvoi::index {
namespace {

constexpr std::uint32_t kDead = 0xFFFFFFFF;
constexpr std::size_t kMostFitted = 8'192;
// For a collection's own vectors, some thousands of them (quantizer_fit.h).
constexpr double kShrinkage = 0.05;
constexpr double kEmphasis = 1;

struct LiveReference {
  ReferenceId reference;
  std::uint32_t part;
  std::uint32_t index;
  bool operator<(const LiveReference& other) const { return reference < other.reference; }
};

std::vector<LiveReference> live_references(std::span<const Part> parts) {
  std::vector<LiveReference> found;
  for (std::uint32_t part = 0; part < parts.size(); ++part) {
    const PassageTable& table = parts[part].segment->table();
    for (std::uint32_t index = 0; index < table.references(); ++index)
      if (parts[part].live->contains(table.passages_at(index).first))
        found.push_back({table.reference_at(index), part, index});
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Copies the codes of a part, or makes them anew.
class CodeSource {
 public:
  CodeSource(const Segment& segment, const NamedQuantizer& quantizer) : segment_(&segment) {
    old_.resize(segment.quantizer().quantizer.code_bytes());
    if (segment.quantizer().digest != quantizer.digest)
      recoder_.emplace(segment.quantizer().quantizer, quantizer.quantizer);
  }
  void code_of(std::uint32_t passage, std::span<std::byte> code) {
    if (!recoder_.has_value()) return segment_->codes().code_of(passage, code);
    segment_->codes().code_of(passage, old_);
    recoder_->recode(old_, code);
  }

 private:
  const Segment* segment_;
  std::optional<Recoder> recoder_;
  std::vector<std::byte> old_;
};

// Asks now and then.
class Interrupt {
 public:
  explicit Interrupt(const BetweenBlocks& between_blocks) : between_blocks_(between_blocks) {}
  // `units`: about so many passages copied, or postings.
  Result<void> worked(std::size_t units) {
    done_ += units;
    if (done_ < kBlock) return {};
    return now();
  }
  Result<void> now() {
    done_ = 0;
    return between_blocks_ ? between_blocks_() : Result<void>();
  }

 private:
  static constexpr std::size_t kBlock = 65'536;
  const BetweenBlocks& between_blocks_;
  std::size_t done_ = 0;
};
constexpr std::size_t kUnitsOfPassage = 128;  // next to a posting: a code is copied, perhaps made anew
constexpr std::size_t kUnitsOfTerm = 16;

// Copies the passages and gives, for each part, the new number of each passage.
Result<std::vector<std::vector<std::uint32_t>>> copy_passages(std::span<const Part> parts,
                                                              const NamedQuantizer& quantizer, SegmentWriter& writer,
                                                              Interrupt& interrupt) {
  std::vector<std::vector<std::uint32_t>> numbers;
  std::vector<CodeSource> sources;
  for (const Part& part : parts) {
    numbers.emplace_back(part.segment->passages(), kDead);
    sources.emplace_back(*part.segment, quantizer);
  }
  std::vector<PassageRecord> records;
  std::vector<std::byte> code(quantizer.quantizer.code_bytes());
  for (const LiveReference& live : live_references(parts)) {
    const Segment& segment = *parts[live.part].segment;
    records.clear();
    segment.table().records_at(live.index, records);
    std::uint32_t passage = segment.table().passages_at(live.index).first;
    for (const PassageRecord& record : records) {
      numbers[live.part][passage] = writer.passages();
      sources[live.part].code_of(passage, code);
      writer.add_passage(record, segment.lengths()[passage], code);
      ++passage;
    }
    RENVOI_CHECK(interrupt.worked(kUnitsOfPassage * records.size()));
  }
  return numbers;
}

Result<void> copy_terms(std::span<const Part> parts, const std::vector<std::vector<std::uint32_t>>& numbers,
                        SegmentWriter& writer, Interrupt& interrupt) {
  struct Source {
    Dictionary::Walk walk;
    std::uint32_t part;
    bool more;
  };
  std::vector<Source> sources;
  for (std::uint32_t part = 0; part < parts.size(); ++part) {
    sources.push_back({Dictionary::Walk(parts[part].segment->dictionary()), part, false});
    sources.back().more = sources.back().walk.next();
  }
  std::vector<Posting> postings;
  std::string term;
  while (true) {
    const std::string* smallest = nullptr;
    for (const Source& source : sources)
      if (source.more && (smallest == nullptr || source.walk.term() < *smallest)) smallest = &source.walk.term();
    if (smallest == nullptr) break;
    term = *smallest;
    postings.clear();
    for (Source& source : sources) {
      if (!source.more || source.walk.term() != term) continue;
      const std::vector<std::uint32_t>& renumbered = numbers[source.part];
      parts[source.part].segment->for_each_posting(source.walk.entry(), [&](std::uint32_t passage, std::uint32_t tf) {
        if (renumbered[passage] != kDead) postings.push_back({renumbered[passage], tf});
      });
      source.more = source.walk.next();
    }
    if (parts.size() > 1)
      std::sort(postings.begin(), postings.end(),
                [](const Posting& a, const Posting& b) { return a.passage < b.passage; });
    if (!postings.empty()) writer.add_term(term, postings);
    RENVOI_CHECK(interrupt.worked(kUnitsOfTerm + postings.size()));
  }
  for (const Source& source : sources)
    if (source.walk.failed()) parts[source.part].segment->note_damage();
  return {};
}

// The cells that the parts have, in the numbers of the new segment; kNoCell for the passages of the others.
Cells cells_of_parts(std::span<const Part> parts, const std::vector<std::vector<std::uint32_t>>& numbers,
                     const NamedQuantizer& quantizer, std::uint32_t passages) {
  Cells cells;
  cells.space = quantizer.quantizer.space();
  cells.cell_of.assign(passages, kNoCell);
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const Segment& segment = *parts[part].segment;
    if (segment.codes().cells() == 0 || segment.quantizer().digest != quantizer.digest) continue;
    const Cells old = segment.codes().cells_of();
    const auto offset = static_cast<std::uint32_t>(cells.count());
    for (std::uint32_t passage = 0; passage < segment.passages(); ++passage)
      if (numbers[part][passage] != kDead) cells.cell_of[numbers[part][passage]] = old.cell_of[passage] + offset;
    cells.centroids.insert(cells.centroids.end(), old.centroids.begin(), old.centroids.end());
  }
  return cells;
}

std::uint64_t live_passages(std::span<const Part> parts) {
  std::uint64_t live = 0;
  for (const Part& part : parts) live += part.live->count();
  return live;
}

Result<void> all_sound(std::span<const Part> parts) {
  for (const Part& part : parts) RENVOI_CHECK(part.segment->sound());
  return {};
}

}  // namespace

Result<SegmentPieces> merge_in_pieces(std::span<const Part> parts, const NamedQuantizer& quantizer,
                                      std::size_t cells_from, const BetweenBlocks& between_blocks) {
  const std::uint64_t live = live_passages(parts);
  if (live == 0) return SegmentPieces();
  if (live >= kDead)
    return Error{ErrorCode::exhausted, "the index would hold more than 4 G passages; split the collection"};
  SegmentWriter writer(quantizer);
  Interrupt interrupt(between_blocks);
  RENVOI_TRY(const auto numbers, copy_passages(parts, quantizer, writer, interrupt));
  RENVOI_CHECK(all_sound(parts));
  RENVOI_CHECK(copy_terms(parts, numbers, writer, interrupt));
  RENVOI_CHECK(all_sound(parts));
  RENVOI_CHECK(interrupt.now());
  if (live <= cells_from) return writer.finish_in_pieces();
  Result<void> wanted;
  CellOptions options;
  options.go_on = [&] {
    wanted = interrupt.now();
    return wanted.ok();
  };
  const Cells start = cells_of_parts(parts, numbers, quantizer, static_cast<std::uint32_t>(live));
  const Cells cells = start.count() > 0 ? join_cells(quantizer.quantizer, writer.codes(), start, options)
                                        : make_cells(quantizer.quantizer, writer.codes(), options);
  RENVOI_CHECK(wanted);
  RENVOI_CHECK(interrupt.now());
  return writer.finish_in_pieces(&cells);
}

Result<std::string> merge_parts(std::span<const Part> parts, const NamedQuantizer& quantizer, std::size_t cells_from) {
  RENVOI_TRY(SegmentPieces pieces, merge_in_pieces(parts, quantizer, cells_from, {}));
  return join(std::move(pieces));
}

Result<std::optional<Quantizer>> fit_to_parts(std::span<const Part> parts, const Quantizers& known,
                                              const IndexOptions& options) {
  const std::uint64_t live = live_passages(parts);
  const std::uint32_t dimensions = known.dimensions();
  if (known.fitted() || live < std::max<std::uint64_t>(options.fit_from, 2) || dimensions > kMaxFittedDimensions ||
      known.plain().quantizer.code_bytes() <= options.code_bytes)
    return std::optional<Quantizer>();
  const std::uint64_t wanted = std::min<std::uint64_t>(live, kMostFitted);
  std::vector<float> vectors(wanted * dimensions);
  std::uint64_t begin = 0;  // live passages of the parts before
  std::uint64_t taken = 0;
  for (const Part& part : parts) {
    const Quantizer& quantizer = part.segment->quantizer().quantizer;
    std::vector<std::byte> code(quantizer.code_bytes());
    std::vector<float> point(quantizer.space());
    for (; taken < wanted; ++taken) {
      const std::uint64_t rank = taken * live / wanted - begin;
      if (rank >= part.live->count()) break;
      part.segment->codes().code_of(part.live->select(static_cast<std::uint32_t>(rank)), code);
      quantizer.decode(code, point);
      quantizer.to_vector(point, std::span(vectors).subspan(taken * dimensions, dimensions));
    }
    begin += part.live->count();
  }
  RENVOI_CHECK(all_sound(parts));
  FitOptions fit;
  fit.code_bytes = options.code_bytes;
  fit.hot_bytes = options.hot_bytes;
  fit.shrinkage = kShrinkage;
  fit.emphasis = kEmphasis;
  Result<Quantizer> fitted = fit_quantizer(vectors, {}, dimensions, fit);
  if (!fitted.ok()) return std::optional<Quantizer>();
  return std::optional<Quantizer>(std::move(fitted).value());
}

}  // namespace renvoi::index
