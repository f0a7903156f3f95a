#include "index/quantizer_simd.h"

namespace renvoi::index {

Simd best_simd() {
#if RENVOI_X86_KERNELS
  static const Simd best = [] {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
      return Simd::avx512;
    return __builtin_cpu_supports("avx2") ? Simd::avx2 : Simd::portable;
  }();
  return best;
#else
  return Simd::portable;
#endif
}

std::vector<Simd> available_simd() {
  std::vector<Simd> levels;
  for (const Simd level : {Simd::portable, Simd::avx2, Simd::avx512})
    if (level <= best_simd()) levels.push_back(level);
  return levels;
}

std::string_view to_string(Simd level) {
  switch (level) {
    case Simd::portable:
      return "portable";
    case Simd::avx2:
      return "avx2";
    case Simd::avx512:
      return "avx512";
  }
  return "portable";
}

}  // namespace renvoi::index
