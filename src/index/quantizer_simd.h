// Which instructions a kernel may use. Every kernel of this room gives the same bits on each level, so that the level
// only decides how long it takes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

// Kernels beyond the baseline are compiled by function attributes and chosen when the program runs.
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define RENVOI_X86_KERNELS 1
#else
#define RENVOI_X86_KERNELS 0
#endif

namespace renvoi::index {

enum class Simd : std::uint8_t {
  portable,
  avx2,
  avx512,  // AVX-512 F, BW and VL
};

// The best this processor and operating system can run.
Simd best_simd();
// All that they can run, the portable one first.
std::vector<Simd> available_simd();
std::string_view to_string(Simd level);

}  // namespace renvoi::index
