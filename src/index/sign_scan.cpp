#include "index/sign_scan.h"

#include <algorithm>

#if RENVOI_X86_KERNELS
#include <immintrin.h>
#endif

namespace renvoi::index {
namespace {

// Rows whose sums cannot leave sixteen bits: 2 x 128 entries of at most 255.
constexpr std::size_t kRowsPerFlush = 128;

void scan_portable(const std::uint8_t* table, std::size_t rows, const std::uint8_t* block, std::uint32_t* sums) {
  std::fill_n(sums, kScanLanes, 0U);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint8_t* low = table + row * kTableRowEntries;
    const std::uint8_t* high = low + 16;
    const std::uint8_t* bytes = block + row * kScanLanes;
    for (std::size_t lane = 0; lane < kScanLanes; ++lane)
      sums[lane] += std::uint32_t{low[bytes[lane] & 15]} + high[bytes[lane] >> 4];
  }
}

float number(const std::uint8_t* numbers, std::size_t lane) {
  return static_cast<float>(std::int32_t{numbers[2 * lane]} + 256 * std::int32_t{numbers[2 * lane + 1]});
}

std::uint32_t score_lanes_by(const LaneScoring& scoring, const std::uint32_t* sums, const std::uint8_t* scales,
                             const std::uint8_t* axes, float threshold, float* scores) {
  std::uint32_t reached = 0;
  for (std::size_t lane = 0; lane < kScanLanes; ++lane) {
    const float product = scoring.step * static_cast<float>(static_cast<std::int32_t>(sums[lane])) + scoring.offset;
    const float axis = scoring.axis_step * number(axes, lane) + scoring.axis_offset;
    scores[lane] = product * (scoring.unit * number(scales, lane)) + axis;
    reached |= static_cast<std::uint32_t>(scores[lane] >= threshold) << lane;
  }
  return reached;
}

#if RENVOI_X86_KERNELS

// Sixteen-bit sums without unpacking: `all` adds pairs of bytes as one number (modulo 2^16), `odd` the upper bytes
// alone; what is left of `all` without 256 x odd are the lower bytes' sums.
__attribute__((target("avx2"))) void scan_avx2(const std::uint8_t* table, std::size_t rows, const std::uint8_t* block,
                                               std::uint32_t* sums) {
  const __m256i nibble = _mm256_set1_epi8(15);
  __m256i total[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
  for (std::size_t begin = 0; begin < rows; begin += kRowsPerFlush) {
    const std::size_t end = std::min(rows, begin + kRowsPerFlush);
    __m256i all_low = _mm256_setzero_si256();
    __m256i all_high = _mm256_setzero_si256();
    __m256i odd_low = _mm256_setzero_si256();
    __m256i odd_high = _mm256_setzero_si256();
    for (std::size_t row = begin; row < end; ++row) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + row * kScanLanes));
      const auto* entries = reinterpret_cast<const __m128i*>(table + row * kTableRowEntries);
      const __m256i low =
          _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(entries)), _mm256_and_si256(bytes, nibble));
      const __m256i high = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(entries + 1)),
                                               _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
      all_low = _mm256_add_epi16(all_low, low);
      all_high = _mm256_add_epi16(all_high, high);
      odd_low = _mm256_add_epi16(odd_low, _mm256_srli_epi16(low, 8));
      odd_high = _mm256_add_epi16(odd_high, _mm256_srli_epi16(high, 8));
    }
    const __m256i odd = _mm256_add_epi16(odd_low, odd_high);
    const __m256i even = _mm256_sub_epi16(_mm256_add_epi16(all_low, all_high), _mm256_slli_epi16(odd, 8));
    // Within each half of 16 lanes: lanes 0-7, then 8-15.
    const __m256i first = _mm256_unpacklo_epi16(even, odd);
    const __m256i second = _mm256_unpackhi_epi16(even, odd);
    const __m256i quarters[4] = {_mm256_cvtepu16_epi32(_mm256_castsi256_si128(first)),
                                 _mm256_cvtepu16_epi32(_mm256_castsi256_si128(second)),
                                 _mm256_cvtepu16_epi32(_mm256_extracti128_si256(first, 1)),
                                 _mm256_cvtepu16_epi32(_mm256_extracti128_si256(second, 1))};
    for (int i = 0; i < 4; ++i) total[i] = _mm256_add_epi32(total[i], quarters[i]);
  }
  for (int i = 0; i < 4; ++i) _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + 8 * i), total[i]);
}

// Two rows at a time, one in each half of the register; an odd last row leaves the upper half zero.
__attribute__((target("avx512f,avx512bw,avx512vl"))) void scan_avx512(const std::uint8_t* table, std::size_t rows,
                                                                      const std::uint8_t* block, std::uint32_t* sums) {
  const __m512i nibble = _mm512_set1_epi8(15);
  const __m512i spread_low = _mm512_set_epi64(5, 4, 5, 4, 1, 0, 1, 0);
  const __m512i spread_high = _mm512_set_epi64(7, 6, 7, 6, 3, 2, 3, 2);
  __m512i total_first = _mm512_setzero_si512();
  __m512i total_second = _mm512_setzero_si512();
  for (std::size_t begin = 0; begin < rows; begin += kRowsPerFlush) {
    const std::size_t end = std::min(rows, begin + kRowsPerFlush);
    __m512i all_low = _mm512_setzero_si512();
    __m512i all_high = _mm512_setzero_si512();
    __m512i odd_low = _mm512_setzero_si512();
    __m512i odd_high = _mm512_setzero_si512();
    for (std::size_t row = begin; row < end; row += 2) {
      const __mmask8 present = row + 1 < end ? 0xFF : 0x0F;
      // Two loads of 32 bytes: one of 64 that is not aligned crosses a cache line every time, which took 2.5 times as
      // long as AVX2 where the blocks come from memory (400,000 passages).
      const auto* rows_at = reinterpret_cast<const __m256i*>(block + row * kScanLanes);
      const __m512i bytes =
          _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(rows_at)),
                             present == 0xFF ? _mm256_loadu_si256(rows_at + 1) : _mm256_setzero_si256(), 1);
      const __m512i entries = _mm512_maskz_loadu_epi64(present, table + row * kTableRowEntries);
      const __m512i low =
          _mm512_shuffle_epi8(_mm512_permutexvar_epi64(spread_low, entries), _mm512_and_si512(bytes, nibble));
      const __m512i high = _mm512_shuffle_epi8(_mm512_permutexvar_epi64(spread_high, entries),
                                               _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble));
      all_low = _mm512_add_epi16(all_low, low);
      all_high = _mm512_add_epi16(all_high, high);
      odd_low = _mm512_add_epi16(odd_low, _mm512_srli_epi16(low, 8));
      odd_high = _mm512_add_epi16(odd_high, _mm512_srli_epi16(high, 8));
    }
    const __m512i odd_halves = _mm512_add_epi16(odd_low, odd_high);
    const __m512i all_halves = _mm512_add_epi16(all_low, all_high);
    const __m256i odd = _mm256_add_epi16(_mm512_castsi512_si256(odd_halves), _mm512_extracti64x4_epi64(odd_halves, 1));
    const __m256i all = _mm256_add_epi16(_mm512_castsi512_si256(all_halves), _mm512_extracti64x4_epi64(all_halves, 1));
    const __m256i even = _mm256_sub_epi16(all, _mm256_slli_epi16(odd, 8));
    const __m256i first = _mm256_unpacklo_epi16(even, odd);
    const __m256i second = _mm256_unpackhi_epi16(even, odd);
    total_first = _mm512_add_epi32(total_first, _mm512_cvtepu16_epi32(_mm256_permute2x128_si256(first, second, 0x20)));
    total_second =
        _mm512_add_epi32(total_second, _mm512_cvtepu16_epi32(_mm256_permute2x128_si256(first, second, 0x31)));
  }
  _mm512_storeu_si512(sums, total_first);
  _mm512_storeu_si512(sums + 16, total_second);
}

__attribute__((target("avx2"))) inline __m256 eight_floats(const std::uint8_t* numbers) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(numbers))));
}

__attribute__((target("avx2"))) std::uint32_t score_avx2(const LaneScoring& scoring, const std::uint32_t* sums,
                                                         const std::uint8_t* scales, const std::uint8_t* axes,
                                                         float threshold, float* scores) {
  std::uint32_t reached = 0;
  for (int i = 0; i < 4; ++i) {
    const __m256 sum = _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + 8 * i)));
    const __m256 product =
        _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(scoring.step), sum), _mm256_set1_ps(scoring.offset));
    const __m256 scale = _mm256_mul_ps(_mm256_set1_ps(scoring.unit), eight_floats(scales + 16 * i));
    const __m256 axis = _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(scoring.axis_step), eight_floats(axes + 16 * i)),
                                      _mm256_set1_ps(scoring.axis_offset));
    const __m256 score = _mm256_add_ps(_mm256_mul_ps(product, scale), axis);
    _mm256_storeu_ps(scores + 8 * i, score);
    const int mask = _mm256_movemask_ps(_mm256_cmp_ps(score, _mm256_set1_ps(threshold), _CMP_GE_OQ));
    reached |= static_cast<std::uint32_t>(mask) << (8 * i);
  }
  return reached;
}

#endif

}  // namespace

void scan_blocks(Simd level, const std::uint8_t* table, std::size_t rows, const std::uint8_t* codes, std::size_t blocks,
                 std::size_t stride_bytes, std::uint32_t* sums) {
  auto* scan = scan_portable;
#if RENVOI_X86_KERNELS
  if (level == Simd::avx2) scan = scan_avx2;
  if (level == Simd::avx512) scan = scan_avx512;
#else
  (void)level;
#endif
  for (std::size_t block = 0; block < blocks; ++block)
    scan(table, rows, codes + block * stride_bytes, sums + block * kScanLanes);
}

void scan_blocks_naive(const std::uint8_t* table, std::size_t rows, const std::uint8_t* codes, std::size_t blocks,
                       std::size_t stride_bytes, std::uint32_t* sums) {
  for (std::size_t block = 0; block < blocks; ++block)
    for (std::size_t lane = 0; lane < kScanLanes; ++lane) {
      std::uint32_t sum = 0;
      for (std::size_t row = 0; row < rows; ++row) {
        const std::uint8_t byte = codes[block * stride_bytes + row * kScanLanes + lane];
        sum += table[row * kTableRowEntries + byte % 16];
        sum += table[row * kTableRowEntries + 16 + byte / 16];
      }
      sums[block * kScanLanes + lane] = sum;
    }
}

std::uint32_t score_lanes(Simd level, const LaneScoring& scoring, const std::uint32_t* sums, const std::uint8_t* scales,
                          const std::uint8_t* axes, float threshold, float* scores) {
#if RENVOI_X86_KERNELS
  if (level != Simd::portable) return score_avx2(scoring, sums, scales, axes, threshold, scores);
#else
  (void)level;
#endif
  return score_lanes_by(scoring, sums, scales, axes, threshold, scores);
}

}  // namespace renvoi::index
