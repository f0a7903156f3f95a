#include "index/block_max_search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "index/top_k.h"

namespace renvoi::index {
namespace {

constexpr std::uint32_t kInnerWindow = 4'096;  // passages whose scores are summed at once: 64 words of 64 bits

// One term of the running search.
class TermState {
 public:
  TermState(const BlockMaxTerm& term, const BlockMaxSegment& segment, const Bm25Curve& curve, Kernel kernel)
      : cursor(term.list, term.postings, static_cast<std::uint32_t>(segment.lengths.size()), kernel),
        weight_(term.weight),
        segment_(&segment),
        curve_(&curve) {
    if (cursor.at_end()) return;
    if (cursor.is_short()) {
      const DecodedBlock& block = *cursor.decoded();
      score_block(block);
      list_max = *std::max_element(scores_.begin(), scores_.begin() + block.size());
    } else if (cursor.groups() == 1) {
      load_group();
      list_max = group_max_;
    } else {
      for (std::uint32_t group = 0; group < cursor.groups(); ++group)
        list_max = std::max(list_max, cursor.bound_of_group(group).of(weight_, curve));
    }
  }

  BlockCursor cursor;
  float list_max = 0;  // nothing in the list scores more

  // Bounds the scores of the passages from the current block's begin to before `end`. The cursor is not at the end.
  float max_before(std::uint32_t end) {
    if (cursor.is_short()) return cursor.passage() < end ? list_max : 0;
    load_group();
    if (cursor.group_last() < end - 1) return cursor.group() + 1 == cursor.groups() ? group_max_ : list_max;
    float most = 0;
    for (std::uint32_t block = cursor.block_in_group();; ++block) {
      most = std::max(most, block_max_[block]);
      if (cursor.group_lasts()[block] >= end - 1) return most;
    }
  }
  // Of the current block, and of the current group.
  float block_max() {
    if (cursor.is_short()) return list_max;
    load_group();
    return block_max_[cursor.block_in_group()];
  }
  float group_max() {
    if (cursor.is_short()) return list_max;
    load_group();
    return group_max_;
  }
  std::uint32_t group_last() const { return cursor.is_short() ? cursor.block_last() : cursor.group_last(); }

  // The current block with the score of each posting. Nothing when it cannot be read.
  const DecodedBlock* scored() {
    const DecodedBlock* block = cursor.decoded();
    if (block == nullptr || cursor.is_short()) return block;
    if (scored_group_ != cursor.group() || scored_block_ != cursor.block_in_group()) score_block(*block);
    return block;
  }
  const float* scores() const { return scores_.data(); }

  // The score of `passage`, at or after the cursor; 0 when it is not in the list.
  float score_of(std::uint32_t passage) {
    if (!cursor.advance_to(passage) || cursor.passage() != passage) return 0;
    return curve_->score(weight_, cursor.frequency(), segment_->lengths[passage]);
  }

 private:
  void load_group() {
    if (loaded_group_ == cursor.group()) return;
    loaded_group_ = cursor.group();
    group_max_ = 0;
    const std::span<const ScoreBound> bounds = cursor.group_bounds();
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      block_max_[i] = bounds[i].of(weight_, *curve_);
      group_max_ = std::max(group_max_, block_max_[i]);
    }
  }

  void score_block(const DecodedBlock& block) {
    scored_group_ = cursor.group();
    scored_block_ = cursor.block_in_group();
    std::array<float, kBlockPostings> saturation;
    const unsigned size = block.size();
    const std::uint32_t* passages = block.passages();
    const std::uint8_t* frequencies = block.frequencies();
    for (unsigned i = 0; i < size; ++i) saturation[i] = curve_->saturation()[segment_->lengths[passages[i]]];
    for (unsigned i = 0; i < size; ++i) {  // as Bm25Curve::score
      const auto count = static_cast<float>(frequencies[i]);
      scores_[i] = weight_ * count / (count + saturation[i]);
    }
  }

  float weight_;
  const BlockMaxSegment* segment_;
  const Bm25Curve* curve_;
  float group_max_ = 0;
  std::uint32_t loaded_group_ = 0xFFFFFFFF;
  std::uint32_t scored_group_ = 0xFFFFFFFF, scored_block_ = 0;
  std::array<float, kBlocksPerGroup> block_max_;
  std::array<float, kBlockPostings> scores_;
};

class Search {
 public:
  Search(std::span<const BlockMaxTerm> terms, std::size_t k, const BlockMaxSegment& segment, const Bm25Curve& curve,
         const BlockMaxOptions& options)
      : segment_(segment), options_(options), k_(k) {
    terms_.reserve(terms.size());
    for (const BlockMaxTerm& term : terms) terms_.emplace_back(term, segment, curve, options.kernel);
    contributions_.resize(terms.size());
    for (TermState& term : terms_)
      if (!term.cursor.at_end()) order_.push_back({&term, 0, 0, 0});
    // Sums in float and bounds in double differ by half a unit in the last place for each addition at most.
    slack_ = 1.0 + static_cast<double>(terms.size() + 2) * static_cast<double>(std::numeric_limits<float>::epsilon());
    need(std::max(options.threshold, std::numeric_limits<float>::denorm_min()));
  }

  Result<std::vector<Hit>> run() {
    std::uint32_t begin = 0;
    while (!order_.empty() && advance_all(begin)) begin = search_window(begin);
    if (options_.stats != nullptr) *options_.stats = stats_;
    for (const TermState& term : terms_)
      if (term.cursor.failed()) return Error{ErrorCode::corrupt, "a list of postings is damaged"};
    std::sort_heap(hits_.begin(), hits_.end(), better);
    return std::move(hits_);
  }

 private:
  struct Ordered {
    TermState* term;
    float window_max;  // in the present window
    double prefix;     // sum of window_max of the terms before, this one included
    unsigned at;       // the next posting of its block to be summed
  };

  void need(float score) {
    needed_ = score;
    enough_ = static_cast<double>(score) / slack_;
  }
  bool enough(double bound) const { return bound >= enough_; }

  // Every cursor to the block that would hold `begin`; those at their end leave. False when none is left.
  bool advance_all(std::uint32_t begin) {
    std::erase_if(order_, [&](Ordered& one) { return !one.term->cursor.shallow_advance_to(begin); });
    return !order_.empty();
  }

  // Returns where the next window begins.
  std::uint32_t search_window(std::uint32_t begin) {
    ++stats_.windows;
    // Whole groups first: they are skipped in one step.
    double all = 0;
    std::uint32_t end = 0xFFFFFFFF;
    for (const Ordered& one : order_) {
      all += static_cast<double>(one.term->group_max());
      end = std::min(end, one.term->group_last());
    }
    if (!enough(all)) {
      ++stats_.windows_skipped;
      return end + 1;
    }
    // The window ends with the first block of a term that can be essential anywhere.
    std::sort(order_.begin(), order_.end(),
              [](const Ordered& a, const Ordered& b) { return a.term->list_max < b.term->list_max; });
    all = 0;
    end = 0xFFFFFFFF;
    for (const Ordered& one : order_) {
      all += static_cast<double>(one.term->list_max);
      if (enough(all)) end = std::min(end, one.term->cursor.block_last());
    }
    if (!enough(all)) return 0xFFFFFFFF;  // nothing more can enter
    ++end;

    for (Ordered& one : order_) one.window_max = one.term->max_before(end);
    std::sort(order_.begin(), order_.end(),
              [](const Ordered& a, const Ordered& b) { return a.window_max < b.window_max; });
    double sum = 0;
    std::size_t others = order_.size();
    for (std::size_t i = 0; i < order_.size(); ++i) {
      order_[i].prefix = sum += static_cast<double>(order_[i].window_max);
      if (others == order_.size() && enough(sum)) others = i;
    }
    if (others == order_.size()) {
      ++stats_.windows_skipped;
      return end;
    }
    for (std::size_t i = others; i < order_.size(); ++i) end = std::min(end, order_[i].term->cursor.block_last() + 1);
    if (others + 1 == order_.size())
      search_one(begin, end);
    else
      search_many(begin, end, others);
    return end;
  }

  // One essential term, the last.
  void search_one(std::uint32_t begin, std::uint32_t end) {
    TermState& term = *order_.back().term;
    const DecodedBlock* block = term.scored();
    if (block == nullptr) return;
    const double others = order_.size() > 1 ? order_[order_.size() - 2].prefix : 0;
    const std::uint32_t* passages = block->passages();
    const unsigned last = block->find(end, 0);
    const unsigned first = block->find(begin, 0);
    stats_.postings_scored += last - first;
    for (unsigned i = first; i < last; ++i)
      if (enough(static_cast<double>(term.scores()[i]) + others))
        consider(passages[i], static_cast<double>(term.scores()[i]), order_.size() - 1);
  }

  // Several, the terms from order_[others] on: their scores are summed passage by passage.
  void search_many(std::uint32_t begin, std::uint32_t end, std::size_t others) {
    const double rest = others > 0 ? order_[others - 1].prefix : 0;
    for (std::size_t i = others; i < order_.size(); ++i)
      if (order_[i].term->scored() == nullptr) return;
    sums_.resize(kInnerWindow);
    std::uint32_t inner = end;
    for (std::size_t i = others; i < order_.size(); ++i) {
      const DecodedBlock& block = *order_[i].term->cursor.decoded();
      order_[i].at = block.find(begin, 0);
      if (order_[i].at < block.size()) inner = std::min(inner, block.passages()[order_[i].at]);
    }
    while (inner < end) {
      const std::uint32_t inner_end = end - inner > kInnerWindow ? inner + kInnerWindow : end;
      std::uint32_t next = end;  // the first posting behind this inner window
      for (std::size_t i = others; i < order_.size(); ++i) next = std::min(next, add_up(order_[i], inner, inner_end));
      for (; touched_words_ != 0; touched_words_ &= touched_words_ - 1) {
        const auto word = static_cast<std::uint32_t>(std::countr_zero(touched_words_));
        for (std::uint64_t bits = std::exchange(touched_[word], 0); bits != 0; bits &= bits - 1) {
          const std::uint32_t at = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
          const auto sum = static_cast<double>(std::exchange(sums_[at], 0.0F));
          if (enough(sum + rest)) consider(inner + at, sum, others);
        }
      }
      inner = next;
    }
  }

  // Adds the scores of one term in [begin, end) to sums_; returns its first passage behind (at least `end`).
  std::uint32_t add_up(Ordered& one, std::uint32_t begin, std::uint32_t end) {
    const DecodedBlock& block = *one.term->cursor.decoded();
    const std::uint32_t* passages = block.passages();
    const float* scores = one.term->scores();
    const unsigned first = one.at;
    unsigned i = first;
    for (; i < block.size() && passages[i] < end; ++i) {
      const std::uint32_t at = passages[i] - begin;
      sums_[at] += scores[i];
      touched_[at / 64] |= std::uint64_t{1} << (at % 64);
      touched_words_ |= std::uint64_t{1} << (at / 64);
    }
    stats_.postings_scored += i - first;
    one.at = i;
    return i < block.size() ? passages[i] : 0xFFFFFFFF;
  }

  // `passage` scores about `sum` in the essential terms, those from order_[others] on. Looks the others up, the one
  // with most to give first, until there is no chance left.
  void consider(std::uint32_t passage, double sum, std::size_t others) {
    if (!segment_.live.empty() && (segment_.live[passage / 64] >> (passage % 64) & 1) == 0) return;
    ++stats_.candidates;
    std::fill(contributions_.begin(), contributions_.end(), 0.0F);
    for (std::size_t i = others; i-- > 0;) {
      TermState& term = *order_[i].term;
      const double below = i > 0 ? order_[i - 1].prefix : 0;
      if (!enough(sum + order_[i].prefix)) return;
      if (!term.cursor.shallow_advance_to(passage)) continue;
      if (!enough(sum + static_cast<double>(term.block_max()) + below)) return;
      const float score = term.score_of(passage);
      contribution(term) = score;
      sum += static_cast<double>(score);
    }
    if (!enough(sum)) return;
    for (std::size_t i = others; i < order_.size(); ++i) {
      TermState& term = *order_[i].term;
      const DecodedBlock& block = *term.cursor.decoded();
      const unsigned at = block.find(passage, 0);
      if (at < block.size() && block.passages()[at] == passage) contribution(term) = term.scores()[at];
    }
    float score = 0;
    for (const float one : contributions_) score += one;
    if (!(score >= needed_)) return;
    if (options_.accept != nullptr && *options_.accept && !(*options_.accept)(passage)) return;
    keep({passage, score});
  }

  float& contribution(const TermState& term) { return contributions_[static_cast<std::size_t>(&term - terms_.data())]; }

  void keep(const Hit& hit) {
    hits_.push_back(hit);
    std::push_heap(hits_.begin(), hits_.end(), better);
    if (hits_.size() > k_) {
      std::pop_heap(hits_.begin(), hits_.end(), better);
      hits_.pop_back();
    }
    // Passages come in order: one that scores as much as the worst that is kept comes after it.
    if (hits_.size() == k_)
      need(std::max(needed_, std::nextafter(hits_.front().score, std::numeric_limits<float>::infinity())));
  }

  const BlockMaxSegment& segment_;
  const BlockMaxOptions& options_;
  std::size_t k_;
  std::vector<TermState> terms_;      // in the order of the query
  std::vector<Ordered> order_;        // those not at their end, those with least to give in the window first
  std::vector<float> contributions_;  // of the terms to the passage under consideration
  double slack_ = 1;
  float needed_ = 0;       // the least score that enters
  double enough_ = 0;      // a bound below it rules a passage out
  std::vector<Hit> hits_;  // a heap, the worst in front
  std::vector<float> sums_;
  std::array<std::uint64_t, kInnerWindow / 64> touched_{};  // a bit for each of sums_
  std::uint64_t touched_words_ = 0;                         // and for each word of those
  BlockMaxStats stats_;
};

Result<void> check_terms(std::span<const BlockMaxTerm> terms) {
  for (const BlockMaxTerm& term : terms)
    if (!(term.weight > 0 && term.weight <= kMaxTermWeight))
      return Error{ErrorCode::invalid, "the weight of a term must be above 0 and at most 1e30"};
  return {};
}

}  // namespace

Result<std::vector<Hit>> block_max_top_k(std::span<const BlockMaxTerm> terms, std::size_t k,
                                         const BlockMaxSegment& segment, const Bm25Curve& curve,
                                         const BlockMaxOptions& options) {
  RENVOI_CHECK(check_terms(terms));
  if (!segment.live.empty() && segment.live.size() < (segment.lengths.size() + 63) / 64)
    return Error{ErrorCode::invalid, "the live bitmap is shorter than the segment"};
  if (k == 0) return std::vector<Hit>();
  return Search(terms, k, segment, curve, options).run();
}

Result<void> block_scores_of(std::span<const BlockMaxTerm> terms, std::span<const std::uint32_t> passages,
                             const BlockMaxSegment& segment, const Bm25Curve& curve, std::span<float> scores) {
  RENVOI_CHECK(check_terms(terms));
  std::fill(scores.begin(), scores.end(), 0.0F);
  if (passages.empty()) return {};
  for (const BlockMaxTerm& term : terms) {  // in this order each score is summed, as block_max_top_k does it
    BlockCursor cursor(term.list, term.postings, static_cast<std::uint32_t>(segment.lengths.size()), best_kernel(),
                       passages.front());
    for (std::size_t i = 0; i < passages.size() && cursor.advance_to(passages[i]); ++i)
      if (cursor.passage() == passages[i])
        scores[i] += curve.score(term.weight, cursor.frequency(), segment.lengths[passages[i]]);
    if (cursor.failed()) return Error{ErrorCode::corrupt, "a list of postings is damaged"};
  }
  return {};
}

Result<float> block_score_of(std::span<const BlockMaxTerm> terms, std::uint32_t passage, const BlockMaxSegment& segment,
                             const Bm25Curve& curve) {
  float score = 0;
  RENVOI_CHECK(block_scores_of(terms, {&passage, 1}, segment, curve, {&score, 1}));
  return score;
}

}  // namespace renvoi::index
