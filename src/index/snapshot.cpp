#include "index/snapshot.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "index/top_k.h"

namespace renvoi::index {
namespace {

// A term of a query with what the collection says of it.
struct QueryTerm {
  std::string term;
  float weight = 0;  // idf x how often the query holds it
};

struct Place {
  std::size_t part;
  std::uint32_t passage;  // within the part
};

class SegmentsSnapshot final : public Snapshot {
 public:
  SegmentsSnapshot(std::vector<Part> parts, std::shared_ptr<const Codec> codec)
      : parts_(std::move(parts)), codec_(std::move(codec)) {
    std::uint64_t total_length = 0;
    for (const Part& part : parts_) {
      first_numbers_.push_back(static_cast<PassageNumber>(size_));
      size_ += part.live->count();
      total_length += part.live->total_length();
    }
    if (size_ > 0) average_length_ = static_cast<float>(static_cast<double>(total_length) / static_cast<double>(size_));
  }

  std::vector<Hit> bm25(std::span<const std::string> terms, std::size_t k, const Accept& accept,
                        const Bm25Parameters& parameters) const override {
    const std::vector<QueryTerm> query = weigh(terms);
    TopK best(k);
    for (std::size_t i = 0; i < parts_.size(); ++i) score_part(i, query, accept, parameters, best);
    return best.take();
  }

  std::vector<Hit> semantic(std::span<const float> query, std::size_t k, const Accept& accept) const override {
    if (query.size() != codec_->dimensions()) return {};
    const PreparedQuery prepared = codec_->prepare(query);
    TopK best(k);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Segment& segment = *parts_[i].segment;
      PassageNumber number = first_numbers_[i];
      for (std::uint32_t index = 0; index < segment.references(); ++index) {
        const PassageSpan span = segment.passages_at(index);
        const bool wanted = !accept || (parts_[i].live->contains(span.first) && accept(segment.reference_at(index)));
        for (std::uint32_t passage = span.first; passage < span.last; ++passage) {
          if (!parts_[i].live->contains(passage)) continue;
          if (wanted) best.offer({number, codec_->inner_product(prepared, segment.code(passage))});
          ++number;
        }
      }
    }
    return best.take();
  }

  float similarity(std::span<const float> query, PassageNumber passage) const override {
    if (query.size() != codec_->dimensions() || passage >= size_) return 0;
    const Place place = place_of(passage);
    return codec_->inner_product(codec_->prepare(query), parts_[place.part].segment->code(place.passage));
  }

  float bm25_of(std::span<const std::string> terms, PassageNumber passage,
                const Bm25Parameters& parameters) const override {
    if (passage >= size_) return 0;
    const Place place = place_of(passage);
    const Segment& segment = *parts_[place.part].segment;
    float score = 0;
    for (const QueryTerm& term : weigh(terms)) {
      const std::optional<TermEntry> entry = segment.find_term(term.term);
      if (!entry.has_value()) continue;
      PostingCursor cursor = segment.postings(*entry);
      while (cursor.next() && cursor.current().passage < place.passage) {
      }
      if (!cursor.failed() && cursor.current().frequency > 0 && cursor.current().passage == place.passage)
        score += impact(term, cursor.current().frequency, segment.length(place.passage), parameters);
    }
    return score;
  }

  PassageRecord record(PassageNumber passage) const override {
    if (passage >= size_) return {};
    const Place place = place_of(passage);
    return parts_[place.part].segment->record(place.passage);
  }

  std::vector<PassageNumber> passages_of(ReferenceId reference) const override {
    std::vector<PassageNumber> found;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const std::optional<std::uint32_t> index = parts_[i].segment->find_reference(reference);
      if (!index.has_value()) continue;
      const PassageSpan span = parts_[i].segment->passages_at(*index);
      for (std::uint32_t passage = span.first; passage < span.last; ++passage)
        if (parts_[i].live->contains(passage)) found.push_back(first_numbers_[i] + parts_[i].live->rank(passage));
    }
    return found;
  }

  std::vector<ReferenceId> references() const override {
    std::vector<ReferenceId> found;
    for (const Part& part : parts_)
      for (std::uint32_t index = 0; index < part.segment->references(); ++index)
        if (part.live->contains(part.segment->passages_at(index).first))
          found.push_back(part.segment->reference_at(index));
    std::sort(found.begin(), found.end());
    return found;
  }

  std::uint64_t document_frequency(std::string_view term) const override {
    std::uint64_t frequency = 0;
    for (const Part& part : parts_) {
      const std::optional<TermEntry> entry = part.segment->find_term(term);
      if (!entry.has_value()) continue;
      if (part.dead() == 0) {
        frequency += entry->postings;
        continue;
      }
      PostingCursor cursor = part.segment->postings(*entry);
      while (cursor.next()) frequency += part.live->contains(cursor.current().passage) ? 1 : 0;
    }
    return frequency;
  }

  std::uint64_t size() const override { return size_; }

 private:
  Place place_of(PassageNumber passage) const {
    const auto above = std::upper_bound(first_numbers_.begin(), first_numbers_.end(), passage);
    const auto part = static_cast<std::size_t>(above - first_numbers_.begin()) - 1;
    return {part, parts_[part].live->select(passage - first_numbers_[part])};
  }

  // The distinct terms that some live passage holds, sorted: the order in which scores are summed.
  std::vector<QueryTerm> weigh(std::span<const std::string> terms) const {
    std::map<std::string_view, std::uint32_t> counts;
    for (const std::string& term : terms) ++counts[term];
    std::vector<QueryTerm> query;
    for (const auto& [term, count] : counts) {
      const auto frequency = static_cast<double>(document_frequency(term));
      if (frequency == 0) continue;
      const double idf = std::log(1.0 + (static_cast<double>(size_) - frequency + 0.5) / (frequency + 0.5));
      query.push_back({std::string(term), static_cast<float>(idf * count)});
    }
    return query;
  }

  // Robertson and Zaragoza 2009, equation 3.15 (without the constant factor k1 + 1).
  float impact(const QueryTerm& term, std::uint32_t frequency, std::uint32_t length,
               const Bm25Parameters& parameters) const {
    const auto count = static_cast<float>(frequency);
    const float normalised = 1.0F - parameters.b + parameters.b * static_cast<float>(length) / average_length_;
    return term.weight * count / (count + parameters.k1 * normalised);
  }

  void score_part(std::size_t i, std::span<const QueryTerm> query, const Accept& accept,
                  const Bm25Parameters& parameters, TopK& best) const {
    const Segment& segment = *parts_[i].segment;
    const LiveSet& live = *parts_[i].live;
    std::vector<float> scores;  // by passage, made when the first posting is met
    for (const QueryTerm& term : query) {
      const std::optional<TermEntry> entry = segment.find_term(term.term);
      if (!entry.has_value()) continue;
      if (scores.empty()) scores.resize(segment.passages());
      PostingCursor cursor = segment.postings(*entry);
      while (cursor.next()) {
        const Posting& posting = cursor.current();
        if (live.contains(posting.passage))
          scores[posting.passage] += impact(term, posting.frequency, segment.length(posting.passage), parameters);
      }
    }
    if (scores.empty()) return;
    for (std::uint32_t index = 0; index < segment.references(); ++index) {
      const PassageSpan span = segment.passages_at(index);
      bool asked = !accept;
      for (std::uint32_t passage = span.first; passage < span.last; ++passage) {
        if (scores[passage] <= 0) continue;
        if (!asked && !accept(segment.reference_at(index))) break;
        asked = true;
        best.offer({first_numbers_[i] + live.rank(passage), scores[passage]});
      }
    }
  }

  std::vector<Part> parts_;
  std::vector<PassageNumber> first_numbers_;
  std::shared_ptr<const Codec> codec_;
  std::uint64_t size_ = 0;
  float average_length_ = 1;
};

}  // namespace

std::shared_ptr<const Snapshot> make_snapshot(std::vector<Part> parts, std::shared_ptr<const Codec> codec) {
  std::erase_if(parts, [](const Part& part) { return part.live->count() == 0; });
  return std::make_shared<SegmentsSnapshot>(std::move(parts), std::move(codec));
}

}  // namespace renvoi::index
