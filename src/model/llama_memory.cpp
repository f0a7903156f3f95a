#include "model/llama_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace renvoi::model {

void release_logits(llama_context* context, std::size_t outputs) {
  float* logits = llama_get_logits(context);
  if (logits == nullptr) return;
  const auto vocabulary =
      static_cast<std::size_t>(llama_vocab_n_tokens(llama_model_get_vocab(llama_get_model(context))));
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(logits) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(logits + outputs * vocabulary) / page * page;
  // Only a hint: when the system does not take them, nothing but memory is lost.
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace renvoi::model
