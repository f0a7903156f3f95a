#include "model/distil_encoder.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "model/llama_batch.h"
#include "model/llama_handles.h"
#include "model/llama_runtime.h"

namespace renvoi::model {
namespace {

// Attention is computed across the whole micro-batch: of 96, 192, 384 and 510 tokens, 192 was the fastest for sequences
// of three (785, 901, 793, 735 a second on one shared core).
constexpr std::uint32_t kGroupTokens = 192;
constexpr std::uint32_t kMaxSequenceTokens = 512;
constexpr std::uint32_t kMaxSequences = 64;

class Worker {
 public:
  static Result<std::unique_ptr<Worker>> make(llama_model* model) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = params.n_batch = params.n_ubatch = kMaxSequenceTokens;
    params.n_seq_max = kMaxSequences;
    params.kv_unified = true;
    params.embeddings = true;
    params.n_threads = params.n_threads_batch = 1;
    const LlamaErrors errors;
    auto worker = std::unique_ptr<Worker>(new Worker);
    try {
      worker->context_.reset(llama_init_from_model(model, params));
    } catch (const std::exception& problem) {
      return Error{ErrorCode::exhausted, std::string("llama.cpp cannot use the model: ") + problem.what()};
    }
    if (!worker->context_) return Error{ErrorCode::exhausted, "llama.cpp cannot use the model: " + errors.first()};
    if (llama_pooling_type(worker->context_.get()) == LLAMA_POOLING_TYPE_NONE) {
      return Error{ErrorCode::invalid, "the model does not say how its token vectors become one (pooling_type)"};
    }
    return worker;
  }

  Result<void> encode(std::span<const TokenSequence> sequences, std::span<float> rows) {
    batch_.clear();
    for (std::size_t s = 0; s < sequences.size(); ++s) batch_.add(sequences[s], static_cast<llama_seq_id>(s));
    RENVOI_CHECK(batch_.encode(context_.get()));
    const std::size_t dimensions = rows.size() / sequences.size();
    for (std::size_t s = 0; s < sequences.size(); ++s) {
      const std::span<float> row = rows.subspan(s * dimensions, dimensions);
      RENVOI_CHECK(read_unit_row(context_.get(), static_cast<llama_seq_id>(s), row));
      if (std::all_of(row.begin(), row.end(), [](float x) { return x == 0; })) {
        return Error{ErrorCode::internal, "the model gave a vector that has no direction: its file may be damaged"};
      }
    }
    return {};
  }

 private:
  LlamaContextHandle context_;
  LlamaBatch batch_{kMaxSequenceTokens};
};

class LlamaSequenceEncoder final : public SequenceEncoder {
 public:
  LlamaSequenceEncoder(LoadedModel loaded, Vocabulary vocabulary, TokenSequence prefix)
      : loaded_(std::move(loaded)), vocabulary_(std::move(vocabulary)), prefix_(std::move(prefix)) {}

  Result<void> start(std::uint32_t threads) {
    for (int i = 0; i < thread_count(threads); ++i) {
      RENVOI_TRY(auto worker, Worker::make(loaded_.model.get()));
      workers_.push_back(std::move(worker));
    }
    return {};
  }
  std::uint32_t dimensions() const override {
    return static_cast<std::uint32_t>(llama_model_n_embd_out(loaded_.model.get()));
  }
  const std::string& digest() const override { return loaded_.digest; }
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  const TokenSequence& passage_prefix() const override { return prefix_; }
  std::uint32_t window_tokens() const override {
    return std::min(static_cast<std::uint32_t>(std::max(1, llama_model_n_ctx_train(loaded_.model.get()))),
                    kMaxSequenceTokens);
  }

  Result<void> encode(std::span<const TokenSequence> sequences, std::span<float> rows,
                      const std::stop_token& stop) override {
    RENVOI_TRY(const std::vector<std::size_t> starts, group_starts(sequences));
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::optional<Error> first_error;
    const auto work = [&](Worker& worker) {
      while (true) {
        const std::size_t group = next.fetch_add(1);
        if (group + 1 >= starts.size()) return;
        const std::size_t first = starts[group];
        const std::size_t count = starts[group + 1] - first;
        auto done = stop.stop_requested() ? Result<void>(Error{ErrorCode::unavailable, "distillation was stopped"})
                                          : worker.encode(sequences.subspan(first, count),
                                                          rows.subspan(first * dimensions(), count * dimensions()));
        if (done) continue;
        const std::lock_guard lock(mutex);
        if (!first_error) first_error = done.error();
        next = starts.size();
      }
    };
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 1; i < workers_.size(); ++i) threads.emplace_back([&, i] { work(*workers_[i]); });
      work(*workers_[0]);
    }
    if (first_error) return *first_error;
    return {};
  }

 private:
  // Consecutive sequences that share a micro-batch: what a group holds depends on the sequences alone.
  Result<std::vector<std::size_t>> group_starts(std::span<const TokenSequence> sequences) const {
    std::vector<std::size_t> starts = {0};
    std::size_t tokens = 0;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      if (sequences[i].empty() || sequences[i].size() > window_tokens()) {
        return Error{ErrorCode::invalid, "a sequence must have 1 to " + std::to_string(window_tokens()) + " tokens"};
      }
      const bool full = tokens + sequences[i].size() > kGroupTokens || i - starts.back() == kMaxSequences;
      if (i > starts.back() && full) {
        starts.push_back(i);
        tokens = 0;
      }
      tokens += sequences[i].size();
    }
    starts.push_back(sequences.size());
    return starts;
  }

  LoadedModel loaded_;
  Vocabulary vocabulary_;
  TokenSequence prefix_;
  std::vector<std::unique_ptr<Worker>> workers_;  // freed before the model
};

std::string passage_prefix_text(const llama_model* model) {
  std::vector<char> value(256);
  const auto length = llama_model_meta_val_str(model, "renvoi.prefix.passage", value.data(), value.size());
  return length < 0 ? std::string() : std::string(value.data());
}

}  // namespace

Result<std::unique_ptr<SequenceEncoder>> load_sequence_encoder(const std::filesystem::path& gguf,
                                                               const LlamaOptions& options) {
  RENVOI_TRY(LoadedModel loaded, load_model(gguf, options, true));
  const llama_vocab* vocab = llama_model_get_vocab(loaded.model.get());
  RENVOI_TRY(Vocabulary vocabulary, read_vocabulary(vocab));
  const std::string prefix_text = passage_prefix_text(loaded.model.get());
  TokenSequence prefix;
  if (!prefix_text.empty()) {
    RENVOI_TRY(prefix, tokenize(vocab, prefix_text, ControlText::literal, AddSpecial::no));
  }
  auto encoder = std::make_unique<LlamaSequenceEncoder>(std::move(loaded), std::move(vocabulary), std::move(prefix));
  RENVOI_CHECK(encoder->start(options.threads));
  return std::unique_ptr<SequenceEncoder>(std::move(encoder));
}

}  // namespace renvoi::model
