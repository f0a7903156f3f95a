#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>

#include "base/hash.h"
#include "model/llama_handles.h"
#include "model/llama_runtime.h"
#include "model/piece_stream.h"

namespace renvoi::model {

namespace {

using SteadyClock = std::chrono::steady_clock;

// What ends a generation from outside; llama.cpp asks for it between the operations of its graph.
struct Limits {
  SteadyClock::time_point deadline;
  std::stop_token stop;
  bool reached() const { return stop.stop_requested() || SteadyClock::now() >= deadline; }
  Error error() const {
    return {ErrorCode::unavailable,
            stop.stop_requested() ? "generation was stopped" : "generation took longer than its deadline allows"};
  }
};

bool should_abort(void* limits) { return limits != nullptr && static_cast<const Limits*>(limits)->reached(); }

// The model's own template, or ChatML where it has none. Nothing when the template is not one that llama.cpp knows.
class ChatTemplate {
 public:
  explicit ChatTemplate(const llama_model* model) {
    const char* own = llama_model_chat_template(model, nullptr);
    template_ = own != nullptr ? own : "chatml";
  }

  // The prompt with a marker where each content belongs; nothing when llama.cpp does not know the template.
  std::optional<std::string> apply(std::span<const Message> messages, std::span<const std::string> markers) const {
    std::vector<llama_chat_message> chat;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      chat.push_back({messages[i].role.c_str(), markers[i].c_str()});
    }
    std::string prompt(4'096 + messages.size() * 1'024, '\0');
    for (int attempt = 0; attempt < 2; ++attempt) {
      const int length = llama_chat_apply_template(template_.c_str(), chat.data(), chat.size(), true, prompt.data(),
                                                   static_cast<int>(prompt.size()));
      if (length < 0) return std::nullopt;
      const bool fits = static_cast<std::size_t>(length) <= prompt.size();
      prompt.resize(static_cast<std::size_t>(length));
      if (fits) return prompt;
    }
    return std::nullopt;
  }

 private:
  std::string template_;
};

// Markers stand for the contents while the template is applied, so that template and content are tokenized apart and a
// content's control tokens stay text. They depend on the contents: none can hold its own.
std::vector<std::string> make_markers(std::span<const Message> messages) {
  Sha256Stream hash;
  for (const auto& message : messages) hash.update(std::as_bytes(std::span(message.content)));
  const std::string nonce = to_hex(hash.finish()).substr(0, 32);
  std::vector<std::string> markers;
  for (std::size_t i = 0; i < messages.size(); ++i)
    markers.push_back("content" + nonce + "n" + std::to_string(i) + "e");
  return markers;
}

Result<std::vector<llama_token>> prompt_tokens(const ChatTemplate& chat, const llama_vocab* vocab,
                                               std::span<const Message> messages) {
  const auto markers = make_markers(messages);
  const auto prompt = chat.apply(messages, markers);
  if (!prompt) return Error{ErrorCode::invalid, "the model's chat template is not one that llama.cpp knows"};
  std::vector<llama_token> tokens;
  std::size_t at = 0;
  const auto append = [&](std::string_view text, ControlText control) -> Result<void> {
    if (text.empty() && !tokens.empty()) return {};
    RENVOI_TRY(auto part, tokenize(vocab, text, control, tokens.empty() ? AddSpecial::yes : AddSpecial::no));
    // A vocabulary that closes every text would close the prompt after its first part.
    const auto eos = llama_vocab_eos(vocab);
    if (tokens.empty() && llama_vocab_get_add_eos(vocab) && !part.empty() && part.back() == eos) part.pop_back();
    tokens.insert(tokens.end(), part.begin(), part.end());
    return {};
  };
  for (std::size_t i = 0; i < markers.size(); ++i) {
    const std::size_t place = prompt->find(markers[i], at);
    if (place == std::string::npos) {
      return Error{ErrorCode::invalid, "the model's chat template has no place for a message of the role \"" +
                                           messages[i].role + "\" here"};
    }
    RENVOI_CHECK(append(std::string_view(*prompt).substr(at, place - at), ControlText::parsed));
    RENVOI_CHECK(append(messages[i].content, ControlText::literal));
    at = place + markers[i].size();
  }
  RENVOI_CHECK(append(std::string_view(*prompt).substr(at), ControlText::parsed));
  // Where template and tokenizer both put the beginning token, one is enough.
  if (tokens.size() >= 2 && tokens[0] == llama_vocab_bos(vocab) && tokens[1] == tokens[0]) tokens.erase(tokens.begin());
  return tokens;
}

LlamaSamplerHandle make_sampler(const GenerateOptions& options) {
  LlamaSamplerHandle chain(llama_sampler_chain_init(llama_sampler_chain_default_params()));
  if (options.temperature <= 0) {
    llama_sampler_chain_add(chain.get(), llama_sampler_init_greedy());
    return chain;
  }
  llama_sampler_chain_add(chain.get(), llama_sampler_init_top_k(40));
  llama_sampler_chain_add(chain.get(), llama_sampler_init_top_p(0.95F, 1));
  llama_sampler_chain_add(chain.get(), llama_sampler_init_temp(options.temperature));
  llama_sampler_chain_add(chain.get(), llama_sampler_init_dist(static_cast<std::uint32_t>(options.seed)));
  return chain;
}

std::string token_bytes(const llama_vocab* vocab, llama_token token) {
  std::string bytes(64, '\0');
  int length = llama_token_to_piece(vocab, token, bytes.data(), static_cast<int>(bytes.size()), 0, false);
  if (length < 0) {
    bytes.resize(static_cast<std::size_t>(-length));
    length = llama_token_to_piece(vocab, token, bytes.data(), static_cast<int>(bytes.size()), 0, false);
  }
  bytes.resize(static_cast<std::size_t>(std::max(0, length)));
  return bytes;
}

class LlamaGenerator final : public Generator {
 public:
  LlamaGenerator(LoadedModel loaded, LlamaContextHandle context)
      : loaded_(std::move(loaded)),
        context_(std::move(context)),
        vocab_(llama_model_get_vocab(loaded_.model.get())),
        chat_(loaded_.model.get()) {}

  const std::string& name() const override { return loaded_.name; }
  std::uint32_t context_tokens() const override { return llama_n_ctx(context_.get()); }

  Result<Generation> generate(std::span<const Message> messages, const GenerateOptions& options,
                              const OnPiece& on_piece, std::stop_token stop) override {
    RENVOI_CHECK(check(messages));
    Limits limits{SteadyClock::now() + std::chrono::milliseconds(options.deadline_ms), std::move(stop)};
    RENVOI_TRY(auto prompt, prompt_tokens(chat_, vocab_, messages));
    if (prompt.empty()) return Error{ErrorCode::invalid, "the prompt is empty"};
    if (prompt.size() >= context_tokens()) {
      return Error{ErrorCode::invalid, "the prompt has " + std::to_string(prompt.size()) +
                                           " tokens, the model's context " + std::to_string(context_tokens()) +
                                           ": shorten it or raise context_tokens"};
    }
    RENVOI_TRY(const auto lock, wait_for_turn(limits));
    try {
      llama_set_abort_callback(context_.get(), should_abort, &limits);
      auto generation = run(prompt, options, on_piece, limits);
      llama_set_abort_callback(context_.get(), nullptr, nullptr);
      return generation;
    } catch (const std::exception& problem) {
      llama_set_abort_callback(context_.get(), nullptr, nullptr);
      return Error{ErrorCode::internal, std::string("generation failed: ") + problem.what()};
    }
  }

 private:
  static Result<void> check(std::span<const Message> messages) {
    if (messages.empty()) return Error{ErrorCode::invalid, "there is no message to answer"};
    for (const auto& message : messages) {
      if (message.role != "system" && message.role != "user" && message.role != "assistant") {
        return Error{ErrorCode::invalid, "a message's role is system, user or assistant"};
      }
    }
    return {};
  }

  // Another call may be generating; both the deadline and the stop hold while waiting for it.
  Result<std::unique_lock<std::timed_mutex>> wait_for_turn(const Limits& limits) {
    std::unique_lock lock(mutex_, std::defer_lock);
    while (!lock.try_lock_for(std::chrono::milliseconds(20))) {
      if (limits.reached()) return limits.error();
    }
    if (limits.reached()) return limits.error();
    return lock;
  }

  Result<void> decode(std::span<llama_token> tokens, const Limits& limits) {
    const LlamaErrors errors;
    const std::size_t step = llama_n_batch(context_.get());
    for (std::size_t at = 0; at < tokens.size(); at += step) {
      const auto count = static_cast<std::int32_t>(std::min(step, tokens.size() - at));
      const int failed = llama_decode(context_.get(), llama_batch_get_one(tokens.data() + at, count));
      if (limits.reached()) return limits.error();
      if (failed != 0) return Error{ErrorCode::internal, "llama.cpp could not go on: " + errors.first()};
    }
    return {};
  }

  Result<Generation> run(std::vector<llama_token>& prompt, const GenerateOptions& options, const OnPiece& on_piece,
                         const Limits& limits) {
    llama_memory_clear(llama_get_memory(context_.get()), true);
    RENVOI_CHECK(decode(prompt, limits));
    const auto sampler = make_sampler(options);
    PieceStream pieces(options.stop, on_piece);
    Generation generation;
    generation.prompt_tokens = static_cast<std::uint32_t>(prompt.size());
    generation.finish_reason = "length";
    const std::uint32_t room = context_tokens() - generation.prompt_tokens;
    const std::uint32_t most = std::min(options.max_tokens, room);
    while (generation.completion_tokens < most) {
      llama_token token = llama_sampler_sample(sampler.get(), context_.get(), -1);
      if (llama_vocab_is_eog(vocab_, token)) {
        generation.finish_reason = "stop";
        break;
      }
      ++generation.completion_tokens;
      if (!pieces.push(token_bytes(vocab_, token))) {
        generation.finish_reason = "stop";
        break;
      }
      if (generation.completion_tokens < most) RENVOI_CHECK(decode({&token, 1}, limits));
    }
    pieces.finish();
    generation.text = pieces.text();
    return generation;
  }

  LoadedModel loaded_;
  LlamaContextHandle context_;
  const llama_vocab* vocab_;
  ChatTemplate chat_;
  std::timed_mutex mutex_;  // holds context_
};

}  // namespace

Result<std::unique_ptr<Generator>> load_generator(const std::filesystem::path& file, const LlamaOptions& options) {
  RENVOI_TRY(LoadedModel loaded, load_model(file, options, false));
  const auto trained = static_cast<std::uint32_t>(std::max(1, llama_model_n_ctx_train(loaded.model.get())));
  llama_context_params params = llama_context_default_params();
  params.n_ctx = std::clamp(options.context_tokens, 64U, std::max(64U, trained));
  params.n_batch = params.n_ubatch = std::min(params.n_ctx, std::clamp(options.micro_batch_tokens, 64U, 4'096U));
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
