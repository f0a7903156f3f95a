#include "index/part.h"

#include <algorithm>

#include "index/segment_writer.h"

namespace renvoi::index {

LiveSet LiveSet::all(const Segment& segment) {
  std::vector<std::uint64_t> words((segment.passages() + 63) / 64, ~std::uint64_t{0});
  if (segment.passages() % 64 != 0) words.back() = (std::uint64_t{1} << (segment.passages() % 64)) - 1;
  return from_words(segment, std::move(words));
}

LiveSet LiveSet::from_words(const Segment& segment, std::vector<std::uint64_t> words) {
  LiveSet live;
  live.words_ = std::move(words);
  for (std::uint32_t passage = 0; passage < segment.passages(); ++passage)
    if (live.contains(passage)) live.total_length_ += segment.length(passage);
  live.count_again();
  return live;
}

LiveSet LiveSet::without(const Segment& segment, std::span<const ReferenceId> references) const {
  LiveSet live = *this;
  for (const ReferenceId reference : references) {
    const std::optional<std::uint32_t> index = segment.find_reference(reference);
    if (!index.has_value()) continue;
    const PassageSpan span = segment.passages_at(*index);
    for (std::uint32_t passage = span.first; passage < span.last; ++passage) {
      if (!live.contains(passage)) continue;
      live.words_[passage / 64] &= ~(std::uint64_t{1} << (passage % 64));
      live.total_length_ -= segment.length(passage);
    }
  }
  live.count_again();
  return live;
}

void LiveSet::count_again() {
  ranks_.resize(words_.size());
  count_ = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    ranks_[i] = count_;
    count_ += static_cast<std::uint32_t>(std::popcount(words_[i]));
  }
}

std::uint32_t LiveSet::select(std::uint32_t rank) const {
  const auto above = std::upper_bound(ranks_.begin(), ranks_.end(), rank);
  const auto word = static_cast<std::size_t>(above - ranks_.begin()) - 1;
  std::uint64_t bits = words_[word];
  for (std::uint32_t left = rank - ranks_[word]; left > 0; --left) bits &= bits - 1;
  return static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(bits));
}

namespace {

constexpr std::uint32_t kDead = 0xFFFFFFFF;

struct LiveReference {
  ReferenceId reference;
  std::uint32_t part;
  std::uint32_t index;
  bool operator<(const LiveReference& other) const { return reference < other.reference; }
};

std::vector<LiveReference> live_references(std::span<const Part> parts) {
  std::vector<LiveReference> found;
  for (std::uint32_t part = 0; part < parts.size(); ++part)
    for (std::uint32_t index = 0; index < parts[part].segment->references(); ++index)
      if (parts[part].live->contains(parts[part].segment->passages_at(index).first))
        found.push_back({parts[part].segment->reference_at(index), part, index});
  std::sort(found.begin(), found.end());
  return found;
}

// Copies the passages and gives, for each part, the new number of each passage.
std::vector<std::vector<std::uint32_t>> copy_passages(std::span<const Part> parts, std::size_t code_bytes,
                                                      SegmentWriter& writer) {
  std::vector<std::vector<std::uint32_t>> numbers;
  numbers.reserve(parts.size());
  for (const Part& part : parts) numbers.emplace_back(part.segment->passages(), kDead);
  std::vector<PassageRecord> records;
  for (const LiveReference& live : live_references(parts)) {
    const Segment& segment = *parts[live.part].segment;
    records.clear();
    segment.records_at(live.index, records);
    std::uint32_t passage = segment.passages_at(live.index).first;
    for (const PassageRecord& record : records) {
      numbers[live.part][passage] = writer.passages();
      const auto* code = reinterpret_cast<const char*>(segment.code(passage));
      writer.add_passage(record, segment.length(passage), {code, code_bytes});
      ++passage;
    }
  }
  return numbers;
}

}  // namespace

Result<std::string> merge_parts(std::span<const Part> parts, std::uint32_t dimensions, std::size_t code_bytes) {
  std::uint64_t live = 0;
  for (const Part& part : parts) live += part.live->count();
  if (live == 0) return std::string();
  if (live >= kDead)
    return Error{ErrorCode::exhausted, "the index would hold more than 4 G passages; split the collection"};
  SegmentWriter writer(dimensions, code_bytes);
  const std::vector<std::vector<std::uint32_t>> numbers = copy_passages(parts, code_bytes, writer);

  struct Source {
    Segment::TermWalk walk;
    std::uint32_t part;
    bool more;
  };
  std::vector<Source> sources;
  for (std::uint32_t part = 0; part < parts.size(); ++part) {
    sources.push_back({Segment::TermWalk(*parts[part].segment), part, false});
    sources.back().more = sources.back().walk.next();
  }
  std::vector<Posting> postings;
  while (true) {
    const std::string* smallest = nullptr;
    for (const Source& source : sources)
      if (source.more && (smallest == nullptr || source.walk.term() < *smallest)) smallest = &source.walk.term();
    if (smallest == nullptr) break;
    const std::string term = *smallest;
    postings.clear();
    for (Source& source : sources) {
      if (!source.more || source.walk.term() != term) continue;
      PostingCursor cursor = parts[source.part].segment->postings(source.walk.entry());
      while (cursor.next()) {
        const std::uint32_t number = numbers[source.part][cursor.current().passage];
        if (number != kDead) postings.push_back({number, cursor.current().frequency});
      }
      if (cursor.failed())
        return Error{ErrorCode::corrupt,
                     "a segment of the index holds a damaged list of postings; restore or rebuild it"};
      source.more = source.walk.next();
    }
    std::sort(postings.begin(), postings.end(),
              [](const Posting& a, const Posting& b) { return a.passage < b.passage; });
    if (!postings.empty()) writer.add_term(term, postings);
  }
  for (const Source& source : sources)
    if (source.walk.failed())
      return Error{ErrorCode::corrupt, "a segment of the index has a damaged dictionary; restore or rebuild it"};
  return writer.finish();
}

}  // namespace renvoi::index
