#include "model/answer_batch.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <utility>

#include "model/llama_runtime.h"

namespace renvoi::model {
namespace {

// A prompt is read in pieces of this size, each by itself and each from a multiple of it on: what is read does not
// depend on who else is being answered, nor on what was known of it, to the last bit. Between two pieces the others say
// a word.
constexpr std::size_t kPromptPiece = 64;

std::size_t common_prefix(std::span<const llama_token> a, std::span<const llama_token> b) {
  const auto [end, ignored] =
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  return static_cast<std::size_t>(end - a.begin());
}

}  // namespace

AnswerBatch::AnswerBatch(LlamaContextHandle context, const llama_vocab* vocab)
    : context_(std::move(context)),
      vocab_(vocab),
      context_tokens_(llama_n_ctx_seq(context_.get())),
      batch_(llama_n_batch(context_.get())),
      slots_(llama_n_seq_max(context_.get())),
      reading_(llama_n_threads(context_.get())),
      speaking_(llama_n_threads(context_.get())) {
  llama_set_abort_callback(context_.get(), &AnswerBatch::should_abort, this);
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

std::shared_ptr<TokenStream> AnswerBatch::submit(std::vector<llama_token> prompt, std::uint32_t max_tokens,
                                                 TokenSampler sampler) {
  const auto room = static_cast<std::uint32_t>(context_tokens_ - prompt.size());
  const std::size_t length = prompt.size();
  auto answer =
      std::make_unique<Answer>(Answer{std::move(prompt), length, std::min(max_tokens, room), std::move(sampler)});
  auto stream = answer->stream;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(answer));
  }
  changed_.notify_all();
  return stream;
}

bool AnswerBatch::is_idle() const {
  return std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.answer != nullptr; });
}

// Asked by llama.cpp between the operations of its graph, on the thread of the batch.
bool AnswerBatch::should_abort(void* self) {
  const auto& batch = *static_cast<AnswerBatch*>(self);
  return std::none_of(batch.slots_.begin(), batch.slots_.end(), [](const Slot& slot) {
    return slot.taken > 0 && slot.answer != nullptr && slot.answer->stream->is_wanted();
  });
}

void AnswerBatch::run(const std::stop_token& stop) {
  while (wait_for_work(stop)) {
    for (Slot& slot : slots_) {
      if (slot.answer && !slot.answer->stream->is_wanted()) slot.answer.reset();
    }
    admit_waiting();
    if (is_idle()) continue;
    fill_batch();
    step();
  }
}

bool AnswerBatch::wait_for_work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return !waiting_.empty() || !is_idle(); });
  return !stop.stop_requested();
}

// Into the free slot that holds most of the prompt already; of two, into the one that was used longer ago.
void AnswerBatch::admit_waiting() {
  while (true) {
    std::vector<Slot*> free;
    for (Slot& slot : slots_) {
      if (!slot.answer) free.push_back(&slot);
    }
    if (free.empty()) return;
    std::unique_ptr<Answer> answer;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return;
      answer = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (!answer->stream->is_wanted()) continue;
    const auto key = [&](const Slot* slot) {
      return std::pair(common_prefix(slot->held, answer->tokens), UINT64_MAX - slot->last_used);
    };
    Slot& best = **std::max_element(free.begin(), free.end(), [&](auto* a, auto* b) { return key(a) < key(b); });
    give(best, std::move(answer));
  }
}

void AnswerBatch::give(Slot& slot, std::unique_ptr<Answer> answer) {
  // The last token of the prompt is always read: what follows it is what is asked.
  const std::size_t known = std::min(common_prefix(slot.held, answer->tokens), answer->tokens.size() - 1);
  truncate(slot, std::min(known, slot.read) / kPromptPiece * kPromptPiece);
  slot.read = slot.held.size();
  answer->stream->set_reused(static_cast<std::uint32_t>(slot.held.size()));
  slot.answer = std::move(answer);
  slot.last_used = ++now_;
}

// A model whose state cannot be taken back in part (recurrent ones) begins anew.
void AnswerBatch::truncate(Slot& slot, std::size_t tokens) {
  auto* memory = llama_get_memory(context_.get());
  const auto sequence = static_cast<llama_seq_id>(&slot - slots_.data());
  if (llama_memory_seq_rm(memory, sequence, static_cast<llama_pos>(tokens), -1)) {
    slot.held.resize(tokens);
  } else {
    llama_memory_seq_rm(memory, sequence, -1, -1);
    slot.held.clear();
  }
}

// By turns: the next token of every answer that is being said, and a piece of the prompt that came first.
void AnswerBatch::fill_batch() {
  batch_.clear();
  Slot* reading = nullptr;
  std::vector<Slot*> speaking;
  for (Slot& slot : slots_) {
    slot.taken = 0;
    if (!slot.answer) continue;
    if (slot.held.size() >= slot.answer->prompt_tokens) {
      speaking.push_back(&slot);
    } else if (reading == nullptr || slot.last_used < reading->last_used) {
      reading = &slot;
    }
  }
  reads_ = reading != nullptr && (speaking.empty() || !reads_);
  if (reads_) {
    take(*reading, std::min({kPromptPiece, reading->answer->prompt_tokens - reading->held.size(),
                             static_cast<std::size_t>(llama_n_batch(context_.get()))}));
  } else {
    for (Slot* slot : speaking) take(*slot, 1);
  }
}

void AnswerBatch::take(Slot& slot, std::size_t tokens) {
  const auto next = std::span(slot.answer->tokens).subspan(slot.held.size(), tokens);
  slot.taken = tokens;
  slot.row = batch_.append(next, static_cast<llama_seq_id>(&slot - slots_.data()), slot.held.size(),
                           slot.held.size() + tokens == slot.answer->tokens.size());
}

void AnswerBatch::step() {
  const LlamaErrors errors;
  std::string problem;
  int failed = 0;
  StepThreads& pace = reads_ ? reading_ : speaking_;
  llama_set_n_threads(context_.get(), pace.threads(), pace.threads());
  const auto start = std::chrono::steady_clock::now();
  try {
    failed = batch_.decode(context_.get());
  } catch (const std::exception& thrown) {
    problem = thrown.what();
  }
  constexpr int kAborted = 2;
  if (failed != 0 || !problem.empty()) {
    if (problem.empty()) problem = errors.first();
    // What a batch that did not end has left in the context is not known: it is taken back.
    for (Slot& slot : slots_) {
      if (slot.taken == 0) continue;
      truncate(slot, slot.held.size());
      if (failed == kAborted) continue;
      slot.answer->stream->fail(Error{ErrorCode::internal, "llama.cpp could not go on: " + problem});
      slot.answer.reset();
    }
    return;
  }
  pace.took(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / batch_.tokens());
  for (Slot& slot : slots_) {
    if (slot.taken == 0) continue;
    const auto& tokens = slot.answer->tokens;
    const auto from = tokens.begin() + static_cast<std::ptrdiff_t>(slot.held.size());
    slot.held.insert(slot.held.end(), from, from + static_cast<std::ptrdiff_t>(slot.taken));
    if (reads_) slot.read = slot.held.size();
    if (slot.held.size() == tokens.size()) sample(slot);
  }
}

void AnswerBatch::sample(Slot& slot) {
  Answer& answer = *slot.answer;
  const auto end = [&](const char* reason) {
    answer.stream->end(reason);
    slot.answer.reset();
  };
  if (answer.tokens_left == 0) return end("length");
  try {
    const llama_token token = answer.sampler.sample(context_.get(), slot.row);
    if (llama_vocab_is_eog(vocab_, token)) return end("stop");
    answer.stream->push(token_bytes(vocab_, token));
    answer.tokens.push_back(token);
    if (--answer.tokens_left == 0) end("length");
  } catch (const std::exception& problem) {  // the grammar's, when it meets what it does not know
    answer.stream->fail(Error{ErrorCode::internal, std::string("llama.cpp could not go on: ") + problem.what()});
    slot.answer.reset();
  }
}

}  // namespace renvoi::model
