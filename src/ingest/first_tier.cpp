#include "ingest/first_tier.h"

#include <utility>

namespace renvoi::ingest {
namespace {

// A commit costs some flushes of the disk: what comes meanwhile goes with the next one.
constexpr std::chrono::milliseconds kPoll{100};
constexpr double kCommitAfter_s = 0.5;
constexpr std::size_t kMostPassages = 2'048;

}  // namespace

Result<void> FirstTier::run() {
  while (!stop_.stop_requested() && !queue_.finished()) {
    auto document = queue_.pop(kPoll);
    if (document) RENVOI_CHECK(embed(std::move(*document)));
    const bool idle = queue_.passages() == 0;
    const bool due = seconds(Steady::now() - first_taken_) >= kCommitAfter_s;
    if (idle || due || taken_passages_ >= kMostPassages) RENVOI_CHECK(commit());
    if (encoder_queue_ == nullptr) progress_.show(queue_.passages());
  }
  return commit();
}

Result<void> FirstTier::embed(QueuedDocument document) {
  if (!document.kept.empty() && to_encode(document.prepared, document.kept).empty()) {
    if (taken_.empty() && whole_.empty()) first_taken_ = Steady::now();
    taken_passages_ += document.prepared.passages.size();
    whole_.push_back(std::move(document));
    return {};
  }
  // A newer table is taken between two commits, once the first tier is empty.
  if (taken_.empty()) {
    RENVOI_TRY(table_, collection_.first_tier_table());
    if (table_ == nullptr) return Error{ErrorCode::invalid, "there is no first tier: its table is no more"};
  }
  const std::vector<std::string_view> inputs(document.prepared.inputs.begin(), document.prepared.inputs.end());
  model::Embeddings embeddings;
  if (!inputs.empty()) {
    RENVOI_TRY(embeddings, table_->embedder->embed(inputs, model::EmbedRole::passage));
  }
  if (taken_.empty() && whole_.empty()) first_taken_ = Steady::now();
  taken_passages_ += inputs.size();
  taken_.push_back(std::move(document));
  embeddings_.push_back(std::move(embeddings));
  return {};
}

// Passages have changed places, or left: there is nothing to encode.
Result<void> FirstTier::commit_whole() {
  if (whole_.empty()) return {};
  std::vector<search::Collection::DocumentWrite> writes;
  std::uint64_t passages = 0, text_bytes = 0;
  for (const QueuedDocument& document : whole_) {
    writes.push_back({document.reference, passage_inputs(document.prepared, document.kept, {}, 0),
                      document.changed ? "changed" : "added"});
    passages += document.prepared.passages.size();
    text_bytes += document.reference.text_bytes;
  }
  RENVOI_CHECK(collection_.put(writes));
  progress_.indexed(whole_.size(), passages, text_bytes);
  progress_.encoded(whole_.size(), passages, passages);
  progress_.embedded(passages);
  taken_passages_ -= passages;
  whole_.clear();
  return {};
}

Result<void> FirstTier::commit() {
  RENVOI_CHECK(commit_whole());
  if (taken_.empty()) return {};
  std::vector<search::Collection::DocumentWrite> writes;
  std::uint64_t text_bytes = 0;
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    writes.push_back({taken_[i].reference, passage_inputs(taken_[i].prepared, embeddings_[i], 0),
                      taken_[i].changed ? "changed" : "added"});
    text_bytes += taken_[i].reference.text_bytes;
  }
  RENVOI_CHECK(collection_.put(writes, search::Tier::first, table_.get()));
  progress_.indexed(taken_.size(), taken_passages_, text_bytes);
  if (encoder_queue_ == nullptr) progress_.embedded(taken_passages_);
  embeddings_.clear();
  taken_passages_ = 0;
  for (QueuedDocument& document : std::exchange(taken_, {})) {
    // One without passages says nothing that the encoder could add to.
    if (encoder_queue_ == nullptr || document.prepared.passages.empty()) continue;
    document.in_first_tier = true;
    document.changed = false;  // told already
    if (when_full_ == WhenFull::leave)
      (void)encoder_queue_->try_push(std::move(document));
    else if (!encoder_queue_->push(std::move(document), stop_))
      return {};
  }
  return {};
}

}  // namespace renvoi::ingest
