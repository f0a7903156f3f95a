#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>

#include "base/utf8.h"
#include "model/llama_batch.h"
#include "model/llama_handles.h"
#include "model/llama_memory.h"
#include "model/llama_runtime.h"

namespace renvoi::model {

namespace {

constexpr std::uint32_t max_window_tokens = 2'048;
constexpr int max_encoders = 8;  // each has buffers of its own; beyond, cores make each of them quicker
// No vocabulary has tokens that are longer on average; what lies beyond cannot reach the window.
constexpr std::size_t max_bytes_per_token = 64;

std::string metadata(const llama_model* model, const char* key) {
  std::array<char, 256> value{};
  const auto length = llama_model_meta_val_str(model, key, value.data(), value.size());
  return length < 0 ? std::string() : std::string(value.data());
}

// One micro-batch at a time. Not thread-safe.
struct Encoder {
  LlamaContextHandle context;
  LlamaBatch batch;
  std::int32_t largest_tokens = 0;  // of the batches so far
};

// Encoders that calls share: a call takes one for a micro-batch and gives it back. Queries before passages: whoever
// asks waits for one micro-batch at most, not for those of an ingest that is in line already. Thread-safe.
class EncoderPool {
 public:
  explicit EncoderPool(std::vector<std::unique_ptr<Encoder>> encoders)
      : free_(std::move(encoders)), size_(free_.size()) {}
  std::size_t size() const { return size_; }

  class Lease {
   public:
    Lease(EncoderPool& pool, std::unique_ptr<Encoder> encoder) : pool_(pool), encoder_(std::move(encoder)) {}
    ~Lease() { pool_.give_back(std::move(encoder_), std::chrono::steady_clock::now() - taken_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Encoder& operator*() { return *encoder_; }

   private:
    EncoderPool& pool_;
    std::unique_ptr<Encoder> encoder_;
    const std::chrono::steady_clock::time_point taken_ = std::chrono::steady_clock::now();
  };
  // Waits until one is free and nobody goes first.
  Lease take(EmbedRole role) {
    const bool is_query = role == EmbedRole::query;
    std::unique_lock lock(mutex_);
    if (is_query) ++queries_waiting_;
    given_back_.wait(lock, [&] { return !free_.empty() && (is_query || queries_waiting_ == 0); });
    if (is_query) --queries_waiting_;
    std::unique_ptr<Encoder> encoder = std::move(free_.back());
    free_.pop_back();
    const bool more = !free_.empty();
    lock.unlock();
    if (more) given_back_.notify_all();  // a passage's turn may have come with the last query's going
    return {*this, std::move(encoder)};
  }

  // Of one more query: as many micro-batches as there are queries before it, and the one in hand, shared by the
  // encoders.
  std::chrono::milliseconds expected_wait() const {
    const std::lock_guard lock(mutex_);
    if (!free_.empty() && queries_waiting_ == 0) return {};
    const double wait_s = batch_s_ * static_cast<double>(queries_waiting_ + 1) / static_cast<double>(size_);
    return std::chrono::milliseconds(static_cast<std::int64_t>(wait_s * 1'000));
  }

 private:
  void give_back(std::unique_ptr<Encoder> encoder, std::chrono::duration<double> held) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(std::move(encoder));
      constexpr double kept = 0.8;  // of what was known: the last ten or so count
      batch_s_ = batch_s_ == 0 ? held.count() : kept * batch_s_ + (1 - kept) * held.count();
    }
    given_back_.notify_all();
  }
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Encoder>> free_;
  std::size_t size_;
  std::size_t queries_waiting_ = 0;
  double batch_s_ = 0;  // what one took, of late
};

// Micro-batches are spread over encoders of one thread each. llama.cpp's own threads wait for one another by spinning
// at every node of the graph: two of them on two cores that another program used as well encoded 2 passages a second,
// not 20; threads that share nothing cannot.
class LlamaEmbedder final : public Embedder {
 public:
  LlamaEmbedder(LoadedModel loaded, std::vector<std::unique_ptr<Encoder>> encoders, std::uint32_t window,
                std::uint32_t group_tokens)
      : loaded_(std::move(loaded)),
        most_sequences_(llama_n_seq_max(encoders.front()->context.get())),
        encoders_(std::move(encoders)),
        vocab_(llama_model_get_vocab(loaded_.model.get())),
        dimensions_(static_cast<std::size_t>(llama_model_n_embd_out(loaded_.model.get()))),
        window_(window),
        group_tokens_(group_tokens),
        prefixes_{metadata(loaded_.model.get(), "renvoi.prefix.query"),
                  metadata(loaded_.model.get(), "renvoi.prefix.passage")} {}

  std::size_t dimensions() const override { return dimensions_; }
  const std::string& digest() const override { return loaded_.digest; }
  const std::string& name() const override { return loaded_.name; }
  std::chrono::milliseconds expected_wait() const override { return encoders_.expected_wait(); }
  // Prefixes are as good as a signature of the E5 models, all of which were trained at .01 (Wang et al., "Text
  // Embeddings by Weakly-Supervised Contrastive Pre-training", arXiv 2212.03533, and for the multilingual ones
  // 2402.05672).
  std::optional<float> cosine_temperature() const override {
    return prefixes_[0] == "query: " && prefixes_[1] == "passage: " ? std::optional(0.01F) : std::nullopt;
  }

  Result<Embeddings> embed(std::span<const std::string_view> texts, EmbedRole role, const EmbedProgress& progress,
                           std::stop_token stop) override {
    Embeddings out{dimensions_, std::vector<float>(texts.size() * dimensions_)};
    std::size_t done = 0;
    // Tokens are held for a slice at a time: an index of a million passages must not hold them all.
    constexpr std::size_t slice_texts = 4'096;
    for (std::size_t start = 0; start < texts.size(); start += slice_texts) {
      const auto slice = texts.subspan(start, std::min(slice_texts, texts.size() - start));
      RENVOI_CHECK(embed_slice(slice, role, std::span(out.values).subspan(start * dimensions_), done, progress, stop));
    }
    return out;
  }

 private:
  static Error stopped() { return {ErrorCode::unavailable, "embedding was stopped"}; }

  // Prefix and text as the model reads them. Cut at the window, but the closing special token stays.
  Result<std::vector<llama_token>> encode_text(std::string_view text, EmbedRole role) const {
    std::string whole = prefixes_[role == EmbedRole::query ? 0 : 1];
    whole += truncate_utf8(text, window_ * max_bytes_per_token);
    RENVOI_TRY(auto tokens, tokenize(vocab_, whole, ControlText::literal, AddSpecial::yes));
    if (tokens.size() > window_) {
      const llama_token last = tokens.back();
      tokens.resize(window_);
      if (llama_vocab_get_add_eos(vocab_) || llama_vocab_get_add_sep(vocab_)) tokens.back() = last;
    }
    return tokens;
  }

  Result<void> embed_slice(std::span<const std::string_view> texts, EmbedRole role, std::span<float> rows,
                           std::size_t& done, const EmbedProgress& progress, const std::stop_token& stop) {
    std::vector<std::vector<llama_token>> tokens;
    tokens.reserve(texts.size());
    for (const auto text : texts) {
      if (stop.stop_requested()) return stopped();
      RENVOI_TRY(auto encoded, encode_text(text, role));
      tokens.push_back(std::move(encoded));
    }
    std::vector<std::size_t> order(texts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return tokens[a].size() > tokens[b].size(); });
    std::vector<std::span<const std::size_t>> groups;
    for (std::size_t start = 0; start < order.size();) {
      const std::size_t end = group_end(order, tokens, start);
      groups.push_back(std::span(order).subspan(start, end - start));
      start = end;
    }
    return embed_groups(groups, role, tokens, rows, done, progress, stop);
  }

  // The groups in order, by as many threads as there are encoders; this thread is one of them.
  Result<void> embed_groups(std::span<const std::span<const std::size_t>> groups, EmbedRole role,
                            std::span<const std::vector<llama_token>> tokens, std::span<float> rows, std::size_t& done,
                            const EmbedProgress& progress, const std::stop_token& stop) {
    std::mutex mutex;  // holds next, problem, done, and the call of progress
    std::size_t next = 0;
    std::optional<Error> problem;
    const auto work = [&] {
      std::unique_lock lock(mutex);
      while (next < groups.size() && !problem) {
        if (stop.stop_requested()) {
          problem = stopped();
          return;
        }
        const std::span<const std::size_t> group = groups[next++];
        lock.unlock();
        Result<void> embedded = embed_group(group, role, tokens, rows);
        lock.lock();
        if (!embedded.ok()) {
          if (!problem) problem = std::move(embedded).error();
          return;
        }
        done += group.size();
        if (progress) progress(done);
      }
    };
    {
      std::vector<std::jthread> helpers;
      for (std::size_t i = 1; i < std::min(encoders_.size(), groups.size()); ++i) helpers.emplace_back(work);
      work();
    }
    if (problem) return *std::move(problem);
    return {};
  }

  // As many texts of similar length as fit a micro-batch: the encoder computes attention across all of it.
  std::size_t group_end(std::span<const std::size_t> order, std::span<const std::vector<llama_token>> tokens,
                        std::size_t start) const {
    std::size_t end = start;
    std::size_t total = 0;
    while (end < order.size() && end - start < most_sequences_) {
      total += tokens[order[end]].size();
      if (end > start && total > group_tokens_) break;
      ++end;
    }
    return end;
  }

  Result<void> embed_group(std::span<const std::size_t> group, EmbedRole role,
                           std::span<const std::vector<llama_token>> tokens, std::span<float> rows) {
    EncoderPool::Lease encoder = encoders_.take(role);
    llama_context* context = (*encoder).context.get();
    LlamaBatch& batch = (*encoder).batch;
    batch.clear();
    for (std::size_t i = 0; i < group.size(); ++i) batch.add(tokens[group[i]], static_cast<llama_seq_id>(i));
    if (batch.tokens() == 0) return {};  // only a model without special tokens: the row stays zero
    RENVOI_CHECK(batch.encode(context));
    if (batch.tokens() > (*encoder).largest_tokens) {  // then llama.cpp has reserved anew
      (*encoder).largest_tokens = batch.tokens();
      release_logits(context, static_cast<std::size_t>(batch.tokens()));
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (tokens[group[i]].empty()) continue;
      RENVOI_CHECK(
          read_unit_row(context, static_cast<llama_seq_id>(i), rows.subspan(group[i] * dimensions_, dimensions_)));
    }
    return {};
  }

  LoadedModel loaded_;
  std::uint32_t most_sequences_;
  EncoderPool encoders_;  // before the model is freed
  const llama_vocab* vocab_;
  std::size_t dimensions_;
  std::uint32_t window_;
  std::uint32_t group_tokens_;
  std::array<std::string, 2> prefixes_;
};

Result<LlamaContextHandle> make_context(llama_model* model, const llama_context_params& params,
                                        const std::filesystem::path& file) {
  const LlamaErrors errors;
  LlamaContextHandle context;
  try {
    context.reset(llama_init_from_model(model, params));
  } catch (const std::exception& problem) {
    return Error{ErrorCode::exhausted, "llama.cpp cannot use " + file.string() + ": " + problem.what()};
  }
  if (!context) return Error{ErrorCode::exhausted, "llama.cpp cannot use " + file.string() + ": " + errors.first()};
  return context;
}

}  // namespace

Result<std::unique_ptr<Embedder>> load_embedder(const std::filesystem::path& file, const LlamaOptions& options) {
  RENVOI_TRY(LoadedModel loaded, load_model(file, options, true));
  const auto trained = static_cast<std::uint32_t>(std::max(1, llama_model_n_ctx_train(loaded.model.get())));
  const std::uint32_t window = std::min(trained, max_window_tokens);
  const std::uint32_t group_tokens = std::clamp(options.micro_batch_tokens, 64U, max_window_tokens);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = params.n_ubatch = std::max(window, group_tokens);
  params.n_seq_max = std::min(256U, group_tokens / 4);
  params.kv_unified = true;
  params.embeddings = true;
  const int threads = thread_count(options.threads);
  const int count = std::min(threads, max_encoders);
  params.n_threads = params.n_threads_batch = threads / count;
  std::vector<std::unique_ptr<Encoder>> encoders;
  for (int i = 0; i < count; ++i) {
    RENVOI_TRY(LlamaContextHandle context, make_context(loaded.model.get(), params, file));
    release_logits(context.get(), params.n_seq_max);
    encoders.push_back(std::make_unique<Encoder>(Encoder{std::move(context), LlamaBatch(params.n_ubatch)}));
  }
  if (llama_pooling_type(encoders.front()->context.get()) == LLAMA_POOLING_TYPE_NONE) {
    return Error{ErrorCode::invalid, file.string() + " does not say how its token vectors become one (pooling_type)"};
  }
  return std::unique_ptr<Embedder>(
      std::make_unique<LlamaEmbedder>(std::move(loaded), std::move(encoders), window, group_tokens));
}

}  // namespace renvoi::model
