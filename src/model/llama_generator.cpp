#include <algorithm>
#include <chrono>
#include <memory>

#include "model/answer_batch.h"
#include "model/llama_chat.h"
#include "model/llama_handles.h"
#include "model/llama_runtime.h"
#include "model/piece_stream.h"

namespace renvoi::model {

namespace {

class LlamaGenerator final : public Generator {
 public:
  LlamaGenerator(LoadedModel loaded, LlamaContextHandle context)
      : loaded_(std::move(loaded)),
        vocab_(llama_model_get_vocab(loaded_.model.get())),
        chat_(loaded_.model.get()),
        batch_(std::move(context), vocab_) {}

  const std::string& name() const override { return loaded_.name; }
  std::uint32_t context_tokens() const override { return batch_.context_tokens(); }

  Result<Generation> generate(std::span<const Message> messages, const GenerateOptions& options,
                              const OnPiece& on_piece, std::stop_token stop) override {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.deadline_ms);
    RENVOI_CHECK(check(messages));
    RENVOI_TRY(auto prompt, prompt_tokens(chat_, vocab_, messages));
    if (prompt.empty()) return Error{ErrorCode::invalid, "the prompt is empty"};
    if (prompt.size() >= context_tokens()) {
      return Error{ErrorCode::invalid, "the prompt has " + std::to_string(prompt.size()) +
                                           " tokens, the model's context " + std::to_string(context_tokens()) +
                                           ": shorten it or raise context_tokens"};
    }
    RENVOI_TRY(auto sampler, TokenSampler::make(vocab_, options));
    Generation generation;
    generation.prompt_tokens = static_cast<std::uint32_t>(prompt.size());
    const auto stream = batch_.submit(std::move(prompt), options.max_tokens, std::move(sampler));
    const Listening listening(*stream);
    PieceStream pieces(options.stop, on_piece);
    try {
      while (true) {
        RENVOI_TRY(const auto bytes, stream->next(deadline, stop));
        if (!bytes) break;
        ++generation.completion_tokens;
        if (!pieces.push(*bytes)) break;
      }
      pieces.finish();
    } catch (const std::exception& problem) {
      return Error{ErrorCode::internal, std::string("generation failed: ") + problem.what()};
    }
    if (stop.stop_requested()) return Error{ErrorCode::unavailable, "generation was stopped"};
    generation.reused_prompt_tokens = stream->reused();
    generation.finish_reason = pieces.ended() ? "stop" : stream->finish_reason();
    generation.text = pieces.text();
    return generation;
  }

 private:
  // However it ends, the batch is told that nobody listens.
  class Listening {
   public:
    explicit Listening(TokenStream& stream) : stream_(stream) {}
    ~Listening() { stream_.leave(); }
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

   private:
    TokenStream& stream_;
  };

  static Result<void> check(std::span<const Message> messages) {
    if (messages.empty()) return Error{ErrorCode::invalid, "there is no message to answer"};
    for (const auto& message : messages) {
      if (message.role != "system" && message.role != "user" && message.role != "assistant") {
        return Error{ErrorCode::invalid, "a message's role is system, user or assistant"};
      }
    }
    return {};
  }

  LoadedModel loaded_;
  const llama_vocab* vocab_;
  ChatTemplate chat_;
  AnswerBatch batch_;  // last: it ends before the model goes
};

}  // namespace

Result<std::unique_ptr<Generator>> load_generator(const std::filesystem::path& file, const LlamaOptions& options) {
  RENVOI_TRY(LoadedModel loaded, load_model(file, options, false));
  const auto trained = static_cast<std::uint32_t>(std::max(1, llama_model_n_ctx_train(loaded.model.get())));
  llama_context_params params = llama_context_default_params();
  const std::uint32_t context_tokens = std::clamp(options.context_tokens, 64U, std::max(64U, trained));
  // A sequence has its own part of the memory: in a common one each answer would look over the tokens of all.
  params.n_seq_max =
      std::clamp(options.answers_at_once, 1U, static_cast<std::uint32_t>(llama_max_parallel_sequences()));
  params.kv_unified = false;
  params.n_ctx = context_tokens * params.n_seq_max;
  params.n_batch = params.n_ubatch = std::min(params.n_ctx, std::clamp(options.micro_batch_tokens, 64U, 4'096U));
  params.n_outputs_max = params.n_seq_max;  // logits are read after one token of each
  params.n_threads = params.n_threads_batch = thread_count(options.threads);
  const LlamaErrors errors;
  LlamaContextHandle context;
  try {
    context.reset(llama_init_from_model(loaded.model.get(), params));
  } catch (const std::exception& problem) {
    return Error{ErrorCode::exhausted, "llama.cpp cannot use " + file.string() + ": " + problem.what()};
  }
  if (!context) return Error{ErrorCode::exhausted, "llama.cpp cannot use " + file.string() + ": " + errors.first()};
  if (llama_get_memory(context.get()) == nullptr) {
    return Error{ErrorCode::invalid, file.string() + " cannot generate: it is an encoder"};
  }
  const Message trial{"user", "x"};
  const std::string marker = "x";
  if (!ChatTemplate(loaded.model.get()).apply({&trial, 1}, {&marker, 1})) {
    return Error{ErrorCode::invalid, file.string() + " has a chat template that llama.cpp does not know: use a model " +
                                         "with a common template, or serve it elsewhere and set its endpoint"};
  }
  return std::unique_ptr<Generator>(std::make_unique<LlamaGenerator>(std::move(loaded), std::move(context)));
}

}  // namespace renvoi::model
