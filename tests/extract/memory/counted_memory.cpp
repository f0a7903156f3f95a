#include "extract/memory/counted_memory.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RENVOI_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define RENVOI_SANITIZED
#endif
#endif

#ifdef RENVOI_SANITIZED

namespace renvoi::test {

bool counts_memory() { return false; }
void begin_counting() {}
std::size_t peak_bytes() { return 0; }
std::size_t held_bytes() { return 0; }

}  // namespace renvoi::test

#else

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>

namespace {

std::atomic<std::int64_t> held{0}, peak{0}, beginning{0};

// malloc_usable_size is glibc's own answer about a block of its own.
void* taken(void* block) {
  if (block == nullptr) return block;
  const auto now = held += static_cast<std::int64_t>(malloc_usable_size(block));
  peak.store(std::max(peak.load(std::memory_order_relaxed), now), std::memory_order_relaxed);
  return block;
}

void given_back(void* block) {
  if (block != nullptr) held -= static_cast<std::int64_t>(malloc_usable_size(block));
}

}  // namespace

// The names by which glibc's own functions can still be reached.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) { return taken(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return taken(__libc_calloc(count, size)); }
// Where it moves the block, both are held for a moment: that is not seen here.
void* realloc(void* block, std::size_t size) {
  const auto before = block == nullptr ? 0 : static_cast<std::int64_t>(malloc_usable_size(block));
  void* const moved = __libc_realloc(block, size);
  if (moved == nullptr && size != 0) return nullptr;
  held -= before;
  return taken(moved);
}
void* memalign(std::size_t alignment, std::size_t size) { return taken(__libc_memalign(alignment, size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return taken(__libc_memalign(alignment, size)); }
int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = taken(__libc_memalign(alignment, size));
  return *block == nullptr ? ENOMEM : 0;
}
void free(void* block) {
  given_back(block);
  __libc_free(block);
}
}

namespace renvoi::test {

bool counts_memory() { return true; }

void begin_counting() {
  beginning = held.load();
  peak = held.load();
}

std::size_t peak_bytes() { return static_cast<std::size_t>(std::max<std::int64_t>(0, peak - beginning)); }

std::size_t held_bytes() { return static_cast<std::size_t>(std::max<std::int64_t>(0, held - beginning)); }

}  // namespace renvoi::test

#endif
