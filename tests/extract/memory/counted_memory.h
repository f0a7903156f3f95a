// How many bytes of the heap a piece of work holds at once, whoever asks for them: our code, lexbor, ICU. Linked into a
// program, counted_memory.cpp stands in for the C library's malloc. For programs of one thread; not under sanitizers,
// which stand there themselves.
#pragma once

#include <cstddef>

namespace renvoi::test {

// False under a sanitizer: nothing is counted.
bool counts_memory();

// From here on the peak is that of what is held beyond this moment.
void begin_counting();

// The most bytes that were held at once since then, as the allocator gave them (a little more than were asked for),
// whether they were touched or not.
std::size_t peak_bytes();

// What is held now beyond what was held then.
std::size_t held_bytes();

}  // namespace renvoi::test
