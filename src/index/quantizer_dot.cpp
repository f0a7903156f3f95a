#include "index/quantizer_dot.h"

#include <cstring>

#if RENVOI_X86_KERNELS
#include <immintrin.h>
#endif

namespace renvoi::index {
namespace {

constexpr std::size_t kGroup = 64;

// The eight bits of a byte, as eight bytes of 0 or 1, the least significant first.
inline std::uint64_t spread(std::uint8_t byte) {
  const std::uint64_t chosen = (byte * 0x0101010101010101ULL) & 0x8040201008040201ULL;
  return ((chosen + 0x7F7F7F7F7F7F7F7FULL) >> 7) & 0x0101010101010101ULL;
}

std::int64_t dot_portable(const std::uint8_t* planes, std::size_t stride_bytes,
                          std::span<const std::uint8_t> group_planes, const std::int16_t* weights) {
  std::int32_t sum = 0;
  for (std::size_t group = 0; group < group_planes.size(); ++group) {
    std::uint8_t levels[kGroup];
    for (std::size_t eight = 0; eight < 8; ++eight) {
      std::uint64_t level = 0;
      for (std::size_t plane = 0; plane < group_planes[group]; ++plane)
        level |= spread(planes[plane * stride_bytes + group * 8 + eight]) << (7 - plane);
      std::memcpy(levels + eight * 8, &level, sizeof level);
    }
    for (std::size_t i = 0; i < kGroup; ++i) sum += weights[group * kGroup + i] * std::int32_t{levels[i]};
  }
  return sum;
}

#if RENVOI_X86_KERNELS

__attribute__((target("avx2"))) inline __m256i spread_avx2(const std::uint8_t* bits) {
  std::int32_t word = 0;
  std::memcpy(&word, bits, sizeof word);
  const __m256i each = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ULL));
  const __m256i source = _mm256_setr_epi64x(0, 0x0101010101010101LL, 0x0202020202020202LL, 0x0303030303030303LL);
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(word), source);
  return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, each), each);
}

__attribute__((target("avx2"))) std::int64_t dot_avx2(const std::uint8_t* planes, std::size_t stride_bytes,
                                                      std::span<const std::uint8_t> group_planes,
                                                      const std::int16_t* weights) {
  __m256i sum = _mm256_setzero_si256();
  for (std::size_t half = 0; half < 2 * group_planes.size(); ++half) {
    __m256i levels = _mm256_setzero_si256();
    for (std::size_t plane = 0; plane < group_planes[half / 2]; ++plane)
      levels = _mm256_or_si256(levels, _mm256_and_si256(spread_avx2(planes + plane * stride_bytes + half * 4),
                                                        _mm256_set1_epi8(static_cast<char>(0x80U >> plane))));
    const auto* factors = reinterpret_cast<const __m256i*>(weights + half * 32);
    const __m256i low = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(levels));
    const __m256i high = _mm256_cvtepu8_epi16(_mm256_extracti128_si256(levels, 1));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(low, _mm256_loadu_si256(factors)));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(high, _mm256_loadu_si256(factors + 1)));
  }
  std::int32_t lanes[8];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), sum);
  std::int64_t total = 0;
  for (const std::int32_t lane : lanes) total += lane;
  return total;
}

__attribute__((target("avx512f,avx512bw,avx512vl"))) std::int64_t dot_avx512(const std::uint8_t* planes,
                                                                             std::size_t stride_bytes,
                                                                             std::span<const std::uint8_t> group_planes,
                                                                             const std::int16_t* weights) {
  __m512i sum = _mm512_setzero_si512();
  for (std::size_t group = 0; group < group_planes.size(); ++group) {
    __m512i levels = _mm512_setzero_si512();
    for (std::size_t plane = 0; plane < group_planes[group]; ++plane) {
      std::uint64_t mask = 0;
      std::memcpy(&mask, planes + plane * stride_bytes + group * 8, sizeof mask);
      levels = _mm512_or_si512(levels, _mm512_maskz_set1_epi8(mask, static_cast<char>(0x80U >> plane)));
    }
    const __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(levels));
    const __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(levels, 1));
    const std::int16_t* factors = weights + group * kGroup;
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(low, _mm512_loadu_si512(factors)));
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(high, _mm512_loadu_si512(factors + 32)));
  }
  std::int32_t lanes[16];
  _mm512_storeu_si512(lanes, sum);
  std::int64_t total = 0;
  for (const std::int32_t lane : lanes) total += lane;
  return total;
}

#endif

}  // namespace

std::int64_t planes_dot(Simd level, const std::uint8_t* planes, std::size_t stride_bytes,
                        std::span<const std::uint8_t> group_planes, const std::int16_t* weights) {
#if RENVOI_X86_KERNELS
  if (level == Simd::avx2) return dot_avx2(planes, stride_bytes, group_planes, weights);
  if (level == Simd::avx512) return dot_avx512(planes, stride_bytes, group_planes, weights);
#else
  (void)level;
#endif
  return dot_portable(planes, stride_bytes, group_planes, weights);
}

std::int64_t planes_dot_naive(const std::uint8_t* planes, std::size_t stride_bytes,
                              std::span<const std::uint8_t> group_planes, const std::int16_t* weights) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < kGroup * group_planes.size(); ++i)
    for (std::size_t plane = 0; plane < group_planes[i / kGroup]; ++plane) {
      const int bit = planes[plane * stride_bytes + i / 8] >> (i % 8) & 1;
      sum += std::int64_t{weights[i]} * (bit << (7 - plane));
    }
  return sum;
}

}  // namespace renvoi::index
