#include "index/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "index/block_max_search.h"
#include "index/query_cache.h"
#include "index/top_k.h"

namespace renvoi::index {
namespace {

constexpr std::size_t kMostKnownFrequencies = 20'000;  // terms

// The terms of a query that each part holds, with their weight: idf x how often the query holds them.
using WeighedQuery = std::vector<std::vector<BlockMaxTerm>>;  // by part

struct Place {
  std::size_t part;
  std::uint32_t passage;  // within the part
};

class SegmentsSnapshot final : public Snapshot {
 public:
  SegmentsSnapshot(std::vector<Part> parts, std::uint32_t dimensions)
      : parts_(std::move(parts)), dimensions_(dimensions) {
    std::uint64_t total_length = 0;
    for (const Part& part : parts_) {
      first_numbers_.push_back(static_cast<PassageNumber>(size_));
      size_ += part.live->count();
      total_length += part.live->total_length();
      const NamedQuantizer& quantizer = part.segment->quantizer();
      std::size_t known = 0;
      while (known < quantizers_.size() && quantizers_[known].digest != quantizer.digest) ++known;
      if (known == quantizers_.size()) quantizers_.push_back(quantizer);
      quantizer_of_.push_back(known);
    }
    if (size_ > 0 && total_length > 0)
      average_length_ = static_cast<float>(static_cast<double>(total_length) / static_cast<double>(size_));
    usual_curve_ = Bm25Curve::make({}, average_length_).value();
  }

  std::vector<Hit> bm25(std::span<const std::string> terms, std::size_t k, const Accept& accept,
                        const Bm25Parameters& parameters) const override {
    const auto curve = curve_of(parameters);
    if (!curve.has_value()) return {};
    const auto query = weighed_.get(terms, [&] { return weigh(terms); });
    TopK best(k);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Segment& segment = *parts_[i].segment;
      const AcceptPassage accepts = [&](std::uint32_t passage) {
        return accept(segment.table().reference_at(segment.table().reference_index_of(passage)));
      };
      BlockMaxOptions options;
      options.threshold = best.threshold();  // one top k runs across the parts
      if (accept) options.accept = &accepts;
      const auto hits = block_max_top_k((*query)[i], k, bm25_segment(i), *curve, options);
      if (!hits.ok()) segment.note_damage();
      if (hits.ok()) offer(i, *hits, best);
    }
    return best.take();
  }

  std::vector<Hit> semantic(std::span<const float> query, std::size_t k, const Accept& accept) const override {
    if (query.size() != dimensions_) return {};
    const auto prepared = prepared_.get(query, [&] { return prepare(query); });
    TopK best(k);
    for (std::size_t i = 0; i < parts_.size(); ++i)
      offer(i, nearest_in(parts_[i], (*prepared)[quantizer_of_[i]], k, accept), best);
    return best.take();
  }

  float similarity(std::span<const float> query, PassageNumber passage) const override {
    if (query.size() != dimensions_ || passage >= size_) return 0;
    const Place place = place_of(passage);
    const auto prepared = prepared_.get(query, [&] { return prepare(query); });
    return parts_[place.part].segment->codes().similarity((*prepared)[quantizer_of_[place.part]], place.passage);
  }

  float bm25_of(std::span<const std::string> terms, PassageNumber passage,
                const Bm25Parameters& parameters) const override {
    const auto curve = curve_of(parameters);
    if (passage >= size_ || !curve.has_value()) return 0;
    const Place place = place_of(passage);
    const auto query = weighed_.get(terms, [&] { return weigh(terms); });
    const auto score = block_score_of((*query)[place.part], place.passage, bm25_segment(place.part), *curve);
    if (!score.ok()) parts_[place.part].segment->note_damage();
    return score.ok() ? *score : 0;
  }

  std::vector<float> similarities(std::span<const float> query,
                                  std::span<const PassageNumber> passages) const override {
    std::vector<float> scores(passages.size());
    if (query.size() != dimensions_) return scores;
    const auto prepared = prepared_.get(query, [&] { return prepare(query); });
    for_each_part(passages, scores, [&](std::size_t part, std::span<const std::uint32_t> own, std::span<float> out) {
      parts_[part].segment->codes().similarities((*prepared)[quantizer_of_[part]], own, out);
    });
    return scores;
  }

  std::vector<float> bm25_scores(std::span<const std::string> terms, std::span<const PassageNumber> passages,
                                 const Bm25Parameters& parameters) const override {
    std::vector<float> scores(passages.size());
    const auto curve = curve_of(parameters);
    if (!curve.has_value()) return scores;
    const auto query = weighed_.get(terms, [&] { return weigh(terms); });
    for_each_part(passages, scores, [&](std::size_t part, std::span<const std::uint32_t> own, std::span<float> out) {
      if (block_scores_of((*query)[part], own, bm25_segment(part), *curve, out).ok()) return;
      parts_[part].segment->note_damage();
      std::fill(out.begin(), out.end(), 0.0F);
    });
    return scores;
  }

  PassageRecord record(PassageNumber passage) const override {
    if (passage >= size_) return {};
    const Place place = place_of(passage);
    return parts_[place.part].segment->record(place.passage);
  }

  Result<StoredCode> code(PassageNumber passage) const override {
    if (passage >= size_)
      return Error{ErrorCode::not_found, fmt::format("there is no passage {} in this snapshot", passage)};
    const Place place = place_of(passage);
    const Segment& segment = *parts_[place.part].segment;
    StoredCode code{segment.quantizer().digest, {}};
    code.bytes.resize(segment.quantizer().quantizer.code_bytes());
    segment.codes().code_of(place.passage, code.bytes);
    RENVOI_CHECK(segment.sound());
    return code;
  }

  std::vector<PassageNumber> passages_of(ReferenceId reference) const override {
    std::vector<PassageNumber> found;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const PassageTable& table = parts_[i].segment->table();
      const std::optional<std::uint32_t> index = table.find(reference);
      if (!index.has_value()) continue;
      const PassageSpan span = table.passages_at(*index);
      for (std::uint32_t passage = span.first; passage < span.last; ++passage)
        if (parts_[i].live->contains(passage)) found.push_back(first_numbers_[i] + parts_[i].live->rank(passage));
    }
    return found;
  }

  std::vector<ReferenceId> references() const override {
    std::vector<ReferenceId> found;
    for (const Part& part : parts_) {
      const PassageTable& table = part.segment->table();
      for (std::uint32_t index = 0; index < table.references(); ++index)
        if (part.live->contains(table.passages_at(index).first)) found.push_back(table.reference_at(index));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  std::uint64_t document_frequency(std::string_view term) const override {
    std::vector<std::optional<TermEntry>> entries;
    for (const Part& part : parts_) entries.push_back(part.segment->dictionary().find(term));
    return live_postings(term, entries);
  }

  std::uint64_t size() const override { return size_; }

  Result<void> sound() const override {
    for (const Part& part : parts_) RENVOI_CHECK(part.segment->sound());
    return {};
  }

 private:
  Place place_of(PassageNumber passage) const {
    const auto above = std::upper_bound(first_numbers_.begin(), first_numbers_.end(), passage);
    const auto part = static_cast<std::size_t>(above - first_numbers_.begin()) - 1;
    return {part, parts_[part].live->select(passage - first_numbers_[part])};
  }

  // Calls score(part, its own passages, increasing, and room for their scores) for each part that has some of
  // `passages`, and puts the scores where they belong. Passages that are not there keep theirs.
  template <typename Score>
  void for_each_part(std::span<const PassageNumber> passages, std::span<float> scores, Score score) const {
    std::vector<std::uint32_t> order(passages.size());
    std::iota(order.begin(), order.end(), 0U);
    std::erase_if(order, [&](std::uint32_t at) { return passages[at] >= size_; });
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return passages[a] < passages[b]; });
    std::vector<std::uint32_t> own;
    std::vector<float> found;
    for (std::size_t begin = 0; begin < order.size();) {
      const std::size_t part = place_of(passages[order[begin]]).part;
      own.clear();
      std::size_t end = begin;
      for (; end < order.size() && passages[order[end]] - first_numbers_[part] < parts_[part].live->count(); ++end) {
        const std::uint32_t passage = parts_[part].live->select(passages[order[end]] - first_numbers_[part]);
        if (own.empty() || own.back() != passage) own.push_back(passage);
      }
      found.resize(own.size());
      score(part, std::span<const std::uint32_t>(own), std::span<float>(found));
      for (std::size_t i = 0; begin < end; ++begin) {
        scores[order[begin]] = found[i];
        if (begin + 1 < end && passages[order[begin + 1]] != passages[order[begin]]) ++i;
      }
    }
  }

  // The hits of a part, unless it has turned out to be damaged.
  void offer(std::size_t part, const std::vector<Hit>& hits, TopK& best) const {
    if (!parts_[part].segment->sound().ok()) return;
    for (const Hit& hit : hits) best.offer({first_numbers_[part] + parts_[part].live->rank(hit.passage), hit.score});
  }

  // How many live passages hold the term. The dead are counted out by reading the lists, once in a snapshot.
  std::uint64_t live_postings(std::string_view term, std::span<const std::optional<TermEntry>> entries) const {
    std::uint64_t sure = 0;
    bool unsure = false;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!entries[i].has_value()) continue;
      if (parts_[i].dead() == 0)
        sure += entries[i]->postings;
      else
        unsure = true;
    }
    if (!unsure) return sure;
    {
      const std::lock_guard lock(frequencies_mutex_);
      if (const auto known = frequencies_.find(term); known != frequencies_.end()) return sure + known->second;
    }
    std::uint64_t counted = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!entries[i].has_value() || parts_[i].dead() == 0) continue;
      const LiveSet& live = *parts_[i].live;
      parts_[i].segment->for_each_posting(
          *entries[i], [&](std::uint32_t passage, std::uint32_t) { counted += live.contains(passage) ? 1 : 0; });
    }
    const std::lock_guard lock(frequencies_mutex_);
    if (frequencies_.size() >= kMostKnownFrequencies) frequencies_.clear();
    frequencies_.emplace(term, counted);
    return sure + counted;
  }

  // Of the distinct terms that some live passage holds, sorted: the order in which scores are summed.
  WeighedQuery weigh(std::span<const std::string> terms) const {
    std::map<std::string_view, std::uint32_t> counts;
    for (const std::string& term : terms) ++counts[term];
    WeighedQuery query(parts_.size());
    std::vector<std::optional<TermEntry>> entries(parts_.size());
    for (const auto& [term, count] : counts) {
      for (std::size_t i = 0; i < parts_.size(); ++i) entries[i] = parts_[i].segment->dictionary().find(term);
      const auto frequency = static_cast<double>(live_postings(term, entries));
      if (frequency == 0) continue;
      const double idf = std::log(1.0 + (static_cast<double>(size_) - frequency + 0.5) / (frequency + 0.5));
      for (std::size_t i = 0; i < parts_.size(); ++i)
        if (entries[i].has_value())
          query[i].push_back({entries[i]->list, entries[i]->postings, static_cast<float>(idf * count)});
    }
    return query;
  }

  // Errors: none but those of parameters.
  std::optional<Bm25Curve> curve_of(const Bm25Parameters& parameters) const {
    if (parameters.k1 == Bm25Parameters{}.k1 && parameters.b == Bm25Parameters{}.b) return usual_curve_;
    const auto curve = Bm25Curve::make(parameters, average_length_);
    if (!curve.ok()) return std::nullopt;
    return *curve;
  }

  BlockMaxSegment bm25_segment(std::size_t part) const {
    BlockMaxSegment segment;
    segment.lengths = parts_[part].segment->lengths();
    if (parts_[part].dead() > 0) segment.live = parts_[part].live->words();
    return segment;
  }

  std::vector<CodeQuery> prepare(std::span<const float> query) const {
    std::vector<CodeQuery> prepared;
    for (const NamedQuantizer& named : quantizers_) prepared.push_back(named.quantizer.prepare(query));
    return prepared;
  }

  static std::vector<Hit> nearest_in(const Part& part, const CodeQuery& query, std::size_t k, const Accept& accept) {
    const CodeStore& codes = part.segment->codes();
    const PassageBits live = part.dead() > 0 ? PassageBits(part.live->words()) : PassageBits();  // none: all
    CodeSearch how;
    if (!accept) return codes.search(query, k, how, live);
    // Most filters let most through: asking for what the scan finds is less than asking for every reference.
    const PassageTable& table = part.segment->table();
    const std::function<bool(std::uint32_t)> accepts = [&](std::uint32_t passage) {
      return accept(table.reference_at(table.reference_index_of(passage)));
    };
    how.accept = &accepts;
    CodeSearchCost cost;
    std::vector<Hit> hits = codes.search(query, k, how, live, &cost);
    const bool enough = cost.ranked >= std::max(how.candidates, k) && cost.refused * 2 <= cost.asked;
    if (enough || cost.scanned == 0) return hits;
    how.accept = nullptr;
    return codes.search(query, k, how, accepted(part, accept));
  }

  // The live passages of the references that are accepted.
  static std::vector<std::uint64_t> accepted(const Part& part, const Accept& accept) {
    std::vector<std::uint64_t> words((part.segment->passages() + 63) / 64);
    const PassageTable& table = part.segment->table();
    for (std::uint32_t index = 0; index < table.references(); ++index) {
      const PassageSpan span = table.passages_at(index);
      if (!part.live->contains(span.first) || !accept(table.reference_at(index))) continue;
      for (std::uint32_t passage = span.first; passage < span.last; ++passage)
        words[passage / 64] |= std::uint64_t{1} << (passage % 64);
    }
    return words;
  }

  std::vector<Part> parts_;
  std::vector<PassageNumber> first_numbers_;
  std::uint32_t dimensions_;
  std::vector<NamedQuantizer> quantizers_;  // of the parts, each once
  std::vector<std::size_t> quantizer_of_;   // by part
  std::uint64_t size_ = 0;
  float average_length_ = 1;
  Bm25Curve usual_curve_;
  mutable LastOf<std::vector<std::string>, WeighedQuery> weighed_;
  mutable LastOf<std::vector<float>, std::vector<CodeQuery>> prepared_;
  mutable std::mutex frequencies_mutex_;
  mutable std::map<std::string, std::uint64_t, std::less<>> frequencies_;  // live, in the parts that have dead ones
};

}  // namespace

std::shared_ptr<const Snapshot> make_snapshot(std::vector<Part> parts, std::uint32_t dimensions) {
  std::erase_if(parts, [](const Part& part) { return part.live->count() == 0; });
  return std::make_shared<SegmentsSnapshot>(std::move(parts), dimensions);
}

}  // namespace renvoi::index
