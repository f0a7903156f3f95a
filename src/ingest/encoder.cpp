#include "ingest/encoder.h"

#include <algorithm>

#include "ingest/table_fitter.h"

namespace renvoi::ingest {
namespace {

constexpr std::chrono::milliseconds kPoll{200};

}  // namespace

Result<void> Encoder::run() {
  while (!stop_.stop_requested() && !queue_.finished()) {
    if (auto document = queue_.pop(kPoll)) {
      waiting_passages_ += to_encode(document->prepared, document->kept).size();
      waiting_.push_back(std::move(*document));
    }
    progress_.show(waiting_passages_ + queue_.passages());
    const std::size_t most = options_.batch_passages;
    if (waiting_passages_ >= most || waiting_.size() >= most) RENVOI_CHECK(encode());
    if (seconds(Steady::now() - committed_) >= options_.commit_every_s) RENVOI_CHECK(commit());
  }
  if (!stop_.stop_requested()) RENVOI_CHECK(encode());
  return commit();
}

Result<void> Encoder::encode() {
  if (waiting_.empty()) return {};
  std::vector<std::string_view> inputs;
  for (const auto& document : waiting_)
    for (const std::size_t passage : to_encode(document.prepared, document.kept))
      inputs.emplace_back(document.prepared.inputs[passage]);
  std::size_t counted = 0;
  const auto on_done = [&](std::size_t done) {
    progress_.embedded(done - std::min(done, counted));
    counted = std::max(counted, done);
    progress_.show(inputs.size() - std::min(done, inputs.size()) + queue_.passages());
  };
  Batch batch;
  if (!inputs.empty()) {
    auto embeddings = embedder_.embed(inputs, model::EmbedRole::passage, on_done, stop_);
    // Stopped: what is not encoded stays in the first tier, or is read again by the next sync.
    if (!embeddings && stop_.stop_requested()) return {};
    if (!embeddings) return std::move(embeddings).error();
    batch.embeddings = std::move(embeddings).value();
    on_done(inputs.size());
  }
  batch.documents = std::exchange(waiting_, {});
  waiting_passages_ = 0;
  encoded_.push_back(std::move(batch));
  return {};
}

Result<void> Encoder::commit() {
  committed_ = Steady::now();
  if (encoded_.empty()) return {};
  std::vector<search::Collection::DocumentWrite> writes;
  std::uint64_t new_documents = 0, new_passages = 0, new_bytes = 0, passages = 0, kept = 0;
  for (const Batch& batch : encoded_) {
    std::size_t row = 0;
    for (const QueuedDocument& document : batch.documents) {
      const std::size_t size = document.prepared.passages.size();
      writes.push_back({document.reference, passage_inputs(document.prepared, document.kept, batch.embeddings, row),
                        document.changed         ? "changed"
                        : document.in_first_tier ? ""
                                                 : "added",
                        document.in_first_tier});
      const std::size_t rows = to_encode(document.prepared, document.kept).size();
      row += rows;
      passages += size;
      kept += size - rows;
      if (document.in_first_tier) continue;
      ++new_documents;
      new_passages += size;
      new_bytes += document.reference.text_bytes;
    }
  }
  RENVOI_CHECK(collection_.put(writes));
  if (options_.fitter != nullptr) tell_fitter();
  progress_.encoded(writes.size(), passages, kept);
  progress_.indexed(new_documents, new_passages, new_bytes);
  encoded_.clear();
  committed_ = Steady::now();
  return {};
}

// Of what was kept it was told when that was encoded.
void Encoder::tell_fitter() const {
  for (const Batch& batch : encoded_) {
    std::size_t row = 0;
    for (const QueuedDocument& document : batch.documents) {
      std::vector<std::string> inputs;
      std::vector<std::uint64_t> fingerprints;
      for (const std::size_t passage : to_encode(document.prepared, document.kept)) {
        inputs.push_back(document.prepared.inputs[passage]);
        fingerprints.push_back(passage_fingerprint(document.prepared.passages[passage]));
      }
      options_.fitter->encoded(document.reference.id, inputs, fingerprints, batch.embeddings, row);
      row += inputs.size();
    }
  }
}

}  // namespace renvoi::ingest
