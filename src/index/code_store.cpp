#include "index/code_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "index/top_k.h"
#include "io/bytes.h"

namespace renvoi::index {
namespace {

constexpr std::size_t kBlocksAtOnce = 8;
// Up to this many times the candidates, what a filter accepts is ranked whole, without a scan.
constexpr std::size_t kRankAllFactor = 4;
constexpr std::size_t kFetchAhead = 4;  // candidates whose bytes are asked for before they are ranked
constexpr std::size_t kCacheLine = 64;

// A search that has scanned nine tenths of what it should have, filters taken off, does not look at more cells.
constexpr double kEnoughOfBudget = 1.1;

Error corrupt(std::string_view what) {
  return {ErrorCode::corrupt,
          fmt::format("the codes are damaged ({}); restore the index from a copy, or build it again", what)};
}

std::size_t blocks_for(std::size_t passages) { return (passages + kScanLanes - 1) / kScanLanes; }

std::size_t block_bytes_of(const CodeLayout& layout) { return layout.hot_bytes * kScanLanes + 4 * kScanLanes; }

std::uint16_t load16(const std::byte* at) {
  std::uint16_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool accepts(PassageBits filter, std::uint32_t passage) {
  return filter.empty() || (passage / 64 < filter.size() && (filter[passage / 64] >> (passage % 64) & 1U) != 0);
}

bool asked_accepts(const CodeSearch& how, std::uint32_t passage, CodeSearchCost& spent) {
  if (how.accept == nullptr) return true;
  ++spent.asked;
  if ((*how.accept)(passage)) return true;
  ++spent.refused;
  return false;
}

// `slots[s]` is the passage whose code goes to slot s.
void write_slots(const CodeLayout& layout, std::span<const std::byte> codes, std::span<const std::uint32_t> slots,
                 std::string& scan, std::string& rest) {
  const std::size_t block_bytes = block_bytes_of(layout);
  scan.assign(blocks_for(slots.size()) * block_bytes, '\0');
  rest.reserve(slots.size() * (layout.cold_bytes + 2));
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    const auto* code = reinterpret_cast<const char*>(codes.data()) + slots[slot] * layout.code_bytes();
    char* block = scan.data() + slot / kScanLanes * block_bytes;
    const std::size_t lane = slot % kScanLanes;
    for (std::size_t row = 0; row < layout.hot_bytes; ++row) block[row * kScanLanes + lane] = code[row];
    char* scales = block + layout.hot_bytes * kScanLanes;
    std::memcpy(scales + 2 * lane, code + layout.hot_scale_at(), 2);
    std::memcpy(scales + 2 * kScanLanes + 2 * lane, code + layout.axis_at(), 2);
    rest.append(code + layout.hot_bytes, layout.cold_bytes);
    rest.append(code + layout.scale_at(), 2);
  }
}

}  // namespace

CodeSections write_codes(const Quantizer& quantizer, std::span<const std::byte> codes, const Cells* cells) {
  const CodeLayout& layout = quantizer.layout();
  CodeSections sections;
  std::vector<std::uint32_t> slots(codes.size() / layout.code_bytes());
  std::iota(slots.begin(), slots.end(), 0U);
  if (cells != nullptr && cells->count() > 0) {
    std::stable_sort(slots.begin(), slots.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return cells->cell_of[a] < cells->cell_of[b]; });
    io::ByteWriter order;
    for (const std::uint32_t passage : slots) order.u32(passage);
    sections.order = order.take();
    std::vector<std::uint32_t> sizes(cells->count());
    for (const std::uint32_t cell : cells->cell_of) ++sizes[cell];
    io::ByteWriter out;
    out.u32(static_cast<std::uint32_t>(cells->count()));
    std::uint32_t start = 0;
    for (const std::uint32_t size : sizes) {
      out.u32(start);
      start += size;
    }
    std::vector<std::byte> centroids(cells->count() * layout.code_bytes());
    std::vector<std::uint32_t> numbers(cells->count());
    std::iota(numbers.begin(), numbers.end(), 0U);
    for (std::size_t cell = 0; cell < cells->count(); ++cell)
      quantizer.encode_point(cells->centroid(cell),
                             std::span(centroids).subspan(cell * layout.code_bytes(), layout.code_bytes()));
    std::string scan;
    std::string rest;
    write_slots(layout, centroids, numbers, scan, rest);
    out.append(scan);
    out.append(rest);
    sections.cells = out.take();
  }
  write_slots(layout, codes, slots, sections.scan, sections.rest);
  return sections;
}

struct CodeStore::Candidate {
  float score = 0;
  std::uint32_t slot = 0;
};

// The best N candidates: those with the highest scores, of equal ones the lowest slots, whatever the order they come
// in.
class CodeStore::Best {
 public:
  explicit Best(std::size_t keep) : keep_(std::max<std::size_t>(keep, 1)) { candidates_.reserve(2 * keep_); }
  float threshold() const { return threshold_; }  // less cannot enter
  void offer(float score, std::uint32_t slot) {
    if (candidates_.size() == 2 * keep_) cut();
    candidates_.push_back({score, slot});
  }
  std::vector<Candidate>& take() {
    cut();
    return candidates_;
  }

 private:
  void cut() {
    if (candidates_.size() <= keep_) return;
    const auto before = [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.slot < b.slot;
    };
    const auto last = candidates_.begin() + static_cast<std::ptrdiff_t>(keep_) - 1;
    std::nth_element(candidates_.begin(), last, candidates_.end(), before);
    threshold_ = last->score;
    candidates_.resize(keep_);
  }
  std::size_t keep_;
  float threshold_ = -std::numeric_limits<float>::max();
  std::vector<Candidate> candidates_;
};

std::size_t CodeStore::block_bytes() const { return block_bytes_of(quantizer_.layout()); }

// `count` blocks from `block` on, verified.
const std::byte* CodeStore::scan_block(std::size_t block, std::size_t count) const {
  const std::span<const std::byte> bytes = scan_.subspan(block * block_bytes(), count * block_bytes());
  if (checks_ != nullptr) (void)checks_->verify(bytes);
  return bytes.data();
}

const std::byte* CodeStore::rest_of(std::uint32_t slot) const {
  const std::span<const std::byte> bytes = rest_.subspan(slot * rest_bytes(), rest_bytes());
  if (checks_ != nullptr) (void)checks_->verify(bytes);
  return bytes.data();
}

Result<CodeStore> CodeStore::open(Quantizer quantizer, std::size_t passages, const CodeSectionViews& sections,
                                  const BlockChecks* checks) {
  CodeStore store(std::move(quantizer));
  store.checks_ = checks;
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max() - 64;
  if (passages > kMost || sections.scan.size() != blocks_for(passages) * store.block_bytes() ||
      sections.rest.size() != passages * store.rest_bytes())
    return corrupt("their size");
  store.passages_ = passages;
  store.scan_ = sections.scan;
  store.rest_ = sections.rest;
  if (sections.order.empty() && sections.cells.empty()) return store;

  if (sections.order.size() != passages * 4) return corrupt("the size of their order");
  store.order_ = sections.order;
  store.slots_.assign(passages, std::numeric_limits<std::uint32_t>::max());
  for (std::uint32_t slot = 0; slot < passages; ++slot) {
    const std::uint32_t passage = store.passage_at(slot);
    if (passage >= passages || store.slots_[passage] != std::numeric_limits<std::uint32_t>::max())
      return corrupt("their order");
    store.slots_[passage] = slot;
  }
  io::ByteReader reader(sections.cells);
  const std::uint32_t cells = reader.u32();
  if (!reader.ok() || cells == 0 || reader.remaining() / 4 < cells) return corrupt("their number of cells");
  for (std::uint32_t cell = 0; cell < cells; ++cell) {
    store.starts_.push_back(reader.u32());
    if (store.starts_[cell] > passages ||
        (cell == 0 ? store.starts_[cell] != 0 : store.starts_[cell] < store.starts_[cell - 1]))
      return corrupt("the beginnings of their cells");
  }
  store.starts_.push_back(static_cast<std::uint32_t>(passages));
  const std::span<const std::byte> rest = sections.cells.subspan(reader.position());
  const std::size_t scan_bytes = blocks_for(cells) * store.block_bytes();
  if (rest.size() < scan_bytes) return corrupt("the size of their centroids");
  CodeSectionViews centroids;
  centroids.scan = rest.first(scan_bytes);
  centroids.rest = rest.subspan(scan_bytes);
  RENVOI_TRY(CodeStore opened, open(store.quantizer_, cells, centroids, checks));
  store.centroids_ = std::make_shared<const CodeStore>(std::move(opened));
  return store;
}

std::uint32_t CodeStore::passage_at(std::uint32_t slot) const {
  if (order_.empty()) return slot;
  std::uint32_t passage = 0;
  std::memcpy(&passage, order_.data() + std::size_t{slot} * 4, sizeof passage);
  return passage;
}

void CodeStore::code_at(std::uint32_t slot, std::span<std::byte> code) const {
  const CodeLayout& layout = quantizer_.layout();
  const std::byte* block = scan_block(slot / kScanLanes);
  const std::size_t lane = slot % kScanLanes;
  for (std::size_t row = 0; row < layout.hot_bytes; ++row) code[row] = block[row * kScanLanes + lane];
  const std::byte* scales = block + layout.hot_bytes * kScanLanes;
  std::memcpy(code.data() + layout.hot_scale_at(), scales + 2 * lane, 2);
  std::memcpy(code.data() + layout.axis_at(), scales + 2 * kScanLanes + 2 * lane, 2);
  const std::byte* rest = rest_of(slot);
  std::memcpy(code.data() + layout.hot_bytes, rest, layout.cold_bytes);
  std::memcpy(code.data() + layout.scale_at(), rest + layout.cold_bytes, 2);
}

void CodeStore::code_of(std::uint32_t passage, std::span<std::byte> code) const { code_at(slot_of(passage), code); }

float CodeStore::rank(const CodeQuery& query, std::uint32_t slot, CodePlanes& planes, Simd level) const {
  const CodeLayout& layout = quantizer_.layout();
  const std::byte* block = scan_block(slot / kScanLanes);
  const std::size_t lane = slot % kScanLanes;
  const std::byte* rest = rest_of(slot);
  quantizer_.unpack(reinterpret_cast<const std::uint8_t*>(block) + lane, kScanLanes,
                    reinterpret_cast<const std::uint8_t*>(rest), planes);
  const std::uint16_t axis = load16(block + layout.hot_bytes * kScanLanes + 2 * kScanLanes + 2 * lane);
  return quantizer_.similarity(query, planes, axis, load16(rest + layout.cold_bytes), level);
}

// Begins to bring what rank() reads of a slot: it lies in some thirty places, and the memory is slower than the sum.
void CodeStore::fetch(std::uint32_t slot) const {
#if defined(__GNUC__) || defined(__clang__)
  const std::size_t hot = quantizer_.layout().hot_bytes;
  const std::byte* block = scan_.data() + slot / kScanLanes * block_bytes();
  const std::size_t lane = slot % kScanLanes;
  for (std::size_t row = 0; row < hot; row += kCacheLine / kScanLanes) __builtin_prefetch(block + row * kScanLanes);
  __builtin_prefetch(block + (hot + 2) * kScanLanes + 2 * lane);
  const std::byte* rest = rest_.data() + slot * rest_bytes();
  for (std::size_t at = 0; at < rest_bytes() + kCacheLine; at += kCacheLine)
    __builtin_prefetch(rest + std::min(at, rest_bytes() - 1));
#else
  (void)slot;
#endif
}

// Gives each its score by all bits.
void CodeStore::rank_all(const CodeQuery& query, std::span<Candidate> candidates, Simd level) const {
  CodePlanes planes = quantizer_.planes();
  for (std::size_t i = 0; i < std::min(kFetchAhead, candidates.size()); ++i) fetch(candidates[i].slot);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i + kFetchAhead < candidates.size()) fetch(candidates[i + kFetchAhead].slot);
    candidates[i].score = rank(query, candidates[i].slot, planes, level);
  }
}

float CodeStore::similarity(const CodeQuery& query, std::uint32_t passage, Simd level) const {
  CodePlanes planes = quantizer_.planes();
  return rank(query, slot_of(passage), planes, level);
}

void CodeStore::similarities(const CodeQuery& query, std::span<const std::uint32_t> passages, std::span<float> scores,
                             Simd level) const {
  std::vector<Candidate> candidates;
  candidates.reserve(passages.size());
  for (const std::uint32_t passage : passages) candidates.push_back({0, slot_of(passage)});
  rank_all(query, candidates, level);
  for (std::size_t i = 0; i < candidates.size(); ++i) scores[i] = candidates[i].score;
}

void CodeStore::scan(const CodeQuery& query, std::uint32_t begin, std::uint32_t end, const CodeSearch& how,
                     PassageBits filter, Best& best, CodeSearchCost& spent) const {
  if (begin >= end) return;
  const std::size_t rows = quantizer_.layout().hot_bytes;
  std::uint32_t sums[kBlocksAtOnce * kScanLanes];
  float scores[kScanLanes];
  const std::size_t last_block = (std::size_t{end} + kScanLanes - 1) / kScanLanes;
  for (std::size_t first = begin / kScanLanes; first < last_block; first += kBlocksAtOnce) {
    const std::size_t blocks = std::min(kBlocksAtOnce, last_block - first);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(scan_block(first, blocks));
    scan_blocks(how.level, query.table().data(), rows, bytes, blocks, block_bytes(), sums);
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::uint8_t* scales = bytes + block * block_bytes() + rows * kScanLanes;
      std::uint32_t reached = score_lanes(how.level, query.scoring(), sums + block * kScanLanes, scales,
                                          scales + 2 * kScanLanes, best.threshold(), scores);
      const std::size_t slot = (first + block) * kScanLanes;
      if (slot < begin) reached &= ~std::uint32_t{0} << (begin - slot);
      if (end - slot < kScanLanes) reached &= (std::uint32_t{1} << (end - slot)) - 1;
      for (; reached != 0; reached &= reached - 1) {
        const auto lane = static_cast<std::uint32_t>(std::countr_zero(reached));
        const auto at = static_cast<std::uint32_t>(slot + lane);
        const std::uint32_t passage = passage_at(at);
        if (accepts(filter, passage) && asked_accepts(how, passage, spent)) best.offer(scores[lane], at);
      }
    }
  }
}

// The nearest cells, until they hold so many passages, in the order of their slots.
std::vector<std::uint32_t> CodeStore::nearest_cells(const CodeQuery& query, std::size_t passages, Simd level) const {
  // As many as the average cell would make, and half as many again: cells differ in size.
  const std::size_t average = std::max<std::size_t>(1, passages_ / cells());
  const std::size_t wanted = std::min(cells(), passages / average * 3 / 2 + 8);
  CodeSearch how;
  how.candidates = wanted;
  how.level = level;
  std::vector<std::uint32_t> nearest;
  std::size_t held = 0;
  for (const Hit& hit : centroids_->search(query, wanted, how)) {
    if (held >= passages) break;
    nearest.push_back(hit.passage);
    held += starts_[hit.passage + 1] - starts_[hit.passage];
  }
  std::sort(nearest.begin(), nearest.end());
  return nearest;
}

std::vector<Hit> CodeStore::search(const CodeQuery& query, std::size_t k, const CodeSearch& how, PassageBits filter,
                                   CodeSearchCost* cost) const {
  if (k == 0 || passages_ == 0) return {};
  const auto passages = static_cast<std::uint32_t>(passages_);
  const std::size_t keep = std::min(std::max(how.candidates, k), passages_);
  std::size_t accepted = passages_;
  if (!filter.empty()) {
    accepted = 0;
    for (std::size_t word = 0; word < std::min(filter.size(), (passages_ + 63) / 64); ++word) {
      std::uint64_t bits = filter[word];
      if (passages_ - word * 64 < 64) bits &= (std::uint64_t{1} << (passages_ - word * 64)) - 1;
      accepted += static_cast<std::size_t>(std::popcount(bits));
    }
  }
  CodeSearchCost spent;
  Best best(keep);
  std::vector<Candidate> all;
  if (accepted <= keep * kRankAllFactor) {
    for (std::uint32_t passage = 0; passage < passages; ++passage) {
      if (passage % 64 == 0 && !filter.empty() && (passage / 64 >= filter.size() || filter[passage / 64] == 0)) {
        passage += 63;
        continue;
      }
      if (accepts(filter, passage) && asked_accepts(how, passage, spent)) all.push_back({0, slot_of(passage)});
    }
  } else if (cells() == 0) {
    scan(query, 0, passages, how, filter, best, spent);
    spent.scanned = passages_;
  } else {
    const double share =
        std::max(static_cast<double>(how.least_scanned), how.least_share * static_cast<double>(passages_)) /
        static_cast<double>(accepted);
    auto budget = static_cast<std::size_t>(std::ceil(std::min(share, 1.0) * static_cast<double>(passages_)));
    const double wanted = static_cast<double>(budget) * static_cast<double>(accepted) / static_cast<double>(passages_);
    const bool narrow = accepted < passages_ - passages_ / 16;
    std::size_t may_be_hit = 0;  // of those scanned
    std::vector<bool> visited(cells());
    while (true) {
      for (const std::uint32_t cell : nearest_cells(query, budget, how.level)) {
        if (visited[cell]) continue;
        visited[cell] = true;
        scan(query, starts_[cell], starts_[cell + 1], how, filter, best, spent);
        spent.scanned += starts_[cell + 1] - starts_[cell];
        ++spent.cells;
        for (std::uint32_t slot = starts_[cell]; narrow && slot < starts_[cell + 1]; ++slot)
          may_be_hit += accepts(filter, passage_at(slot)) ? 1 : 0;
      }
      // What is left out may lie together, and near the query: then it is not the cells nearby that hold what is
      // wanted.
      double share_left =
          narrow ? static_cast<double>(may_be_hit) / static_cast<double>(std::max<std::size_t>(1, spent.scanned))
                 : static_cast<double>(accepted) / static_cast<double>(passages_);
      if (spent.asked > 0) share_left *= 1 - static_cast<double>(spent.refused) / static_cast<double>(spent.asked);
      if (budget >= passages_ || share_left * static_cast<double>(spent.scanned) * kEnoughOfBudget >= wanted) break;
      budget = std::min(passages_,
                        std::max(budget + budget / 4, static_cast<std::size_t>(wanted / std::max(share_left, 0.01))));
    }
  }
  std::vector<Candidate>& candidates = all.empty() ? best.take() : all;
  spent.ranked = candidates.size();
  if (cost != nullptr) *cost = spent;
  // In the order of the bytes, which are read nearly at random.
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.slot < b.slot; });
  rank_all(query, candidates, how.level);
  TopK top(k);
  for (const Candidate& candidate : candidates) top.offer({passage_at(candidate.slot), candidate.score});
  return top.take();
}

Cells CodeStore::cells_of() const {
  Cells cells;
  cells.space = quantizer_.space();
  if (this->cells() == 0) return cells;
  cells.centroids.resize(this->cells() * cells.space);
  cells.cell_of.resize(passages_);
  std::vector<std::byte> code(quantizer_.code_bytes());
  for (std::uint32_t cell = 0; cell < this->cells(); ++cell) {
    centroids_->code_at(cell, code);
    quantizer_.decode(code, std::span(cells.centroids).subspan(cell * cells.space, cells.space));
    for (std::uint32_t slot = starts_[cell]; slot < starts_[cell + 1]; ++slot) cells.cell_of[passage_at(slot)] = cell;
  }
  return cells;
}

}  // namespace renvoi::index
