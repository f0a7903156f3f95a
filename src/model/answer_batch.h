// Continuous batching: several answers go through one context of llama.cpp together, each from the moment it comes to
// the moment it ends. For the sources of this room only.
//
// A step of the model reads all its weights once, however many answers it serves: on a machine that waits for memory,
// four answers together take little longer than one. (Yu et al., "Orca: A Distributed Serving System for
// Transformer-Based Generative Models", OSDI 2022: scheduling by iteration.) A slot keeps what it has read after its
// answer has ended, and the next prompt that begins alike is read from where the two part: the instructions and, of a
// question asked again, its evidence.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "model/llama_batch.h"
#include "model/llama_handles.h"
#include "model/step_threads.h"
#include "model/token_sampler.h"
#include "model/token_stream.h"

namespace renvoi::model {

// Thread-safe. Its one thread is the only one that touches the context; `context` has a sequence a slot.
class AnswerBatch {
 public:
  AnswerBatch(LlamaContextHandle context, const llama_vocab* vocab);  // must outlive whoever listens

  std::uint32_t context_tokens() const { return context_tokens_; }  // of one answer, its prompt included
  // First come, first served. `prompt` has at least one token, and fewer than context_tokens().
  std::shared_ptr<TokenStream> submit(std::vector<llama_token> prompt, std::uint32_t max_tokens, TokenSampler sampler);

 private:
  struct Answer {
    std::vector<llama_token> tokens;  // prompt, then what was said
    std::size_t prompt_tokens;
    std::uint32_t tokens_left;
    TokenSampler sampler;
    std::shared_ptr<TokenStream> stream = std::make_shared<TokenStream>();
  };
  struct Slot {
    std::vector<llama_token> held;  // what the context holds of this sequence, position by position
    std::size_t read = 0;           // of `held`, from the start: read as a prompt
    std::unique_ptr<Answer> answer;
    std::uint64_t last_used = 0;
    // In the step:
    std::size_t taken = 0;
    std::int32_t row = 0;  // of the logits
  };

  void run(const std::stop_token& stop);
  bool wait_for_work(const std::stop_token& stop);
  void admit_waiting();
  void give(Slot& slot, std::unique_ptr<Answer> answer);
  void truncate(Slot& slot, std::size_t tokens);
  void fill_batch();
  void take(Slot& slot, std::size_t tokens);
  void step();
  void sample(Slot& slot);
  bool is_idle() const;
  static bool should_abort(void* self);

  LlamaContextHandle context_;
  const llama_vocab* vocab_;
  std::uint32_t context_tokens_;
  LlamaBatch batch_;
  std::vector<Slot> slots_;
  StepThreads reading_, speaking_;
  std::uint64_t now_ = 0;
  bool reads_ = false;  // the step reads a prompt
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::unique_ptr<Answer>> waiting_;
  std::jthread thread_;
};

}  // namespace renvoi::model
