#include "index/bit_packing_avx2.h"

#include <cstdlib>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#define RENVOI_AVX2 __attribute__((target("avx2,bmi,popcnt")))
#endif

namespace renvoi::index {

#if defined(__x86_64__)
namespace {

// For each width: which bytes hold each of 8 numbers, and where in them it begins. The upper four numbers are read from
// the byte in which the fourth begins.
struct Shuffle {
  alignas(32) std::uint8_t bytes[32];
  alignas(32) std::uint32_t shifts[8];
};

constexpr std::array<Shuffle, kMaxShuffledWidth + 1> make_shuffles() {
  std::array<Shuffle, kMaxShuffledWidth + 1> shuffles{};
  for (unsigned width = 0; width <= kMaxShuffledWidth; ++width)
    for (unsigned i = 0; i < 8; ++i) {
      const unsigned bit = i * width;
      const unsigned base = i < 4 ? 0 : 4 * width / 8;
      shuffles[width].shifts[i] = bit % 8;
      for (unsigned k = 0; k < 4; ++k)
        shuffles[width].bytes[4 * i + k] = static_cast<std::uint8_t>(bit / 8 - base + k > 15 ? 15 : bit / 8 - base + k);
    }
  return shuffles;
}
constexpr std::array<Shuffle, kMaxShuffledWidth + 1> kShuffles = make_shuffles();

// The places of the ones in each byte.
constexpr std::array<std::uint64_t, 256> make_ones() {
  std::array<std::uint64_t, 256> ones{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned found = 0;
    for (unsigned bit = 0; bit < 8; ++bit)
      if ((byte >> bit & 1) != 0) ones[byte] |= std::uint64_t{bit} << (8 * found++);
  }
  return ones;
}
constexpr std::array<std::uint64_t, 256> kOnes = make_ones();

RENVOI_AVX2 inline __m256i unpack_eight(const char* bytes, unsigned width) {
  const Shuffle& shuffle = kShuffles[width];
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 4 * width / 8));
  __m256i words = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  words = _mm256_shuffle_epi8(words, _mm256_load_si256(reinterpret_cast<const __m256i*>(shuffle.bytes)));
  words = _mm256_srlv_epi32(words, _mm256_load_si256(reinterpret_cast<const __m256i*>(shuffle.shifts)));
  return _mm256_and_si256(words, _mm256_set1_epi32(static_cast<int>((std::uint32_t{1} << width) - 1)));
}

// Running sums of eight.
RENVOI_AVX2 inline __m256i running_sums(__m256i values) {
  values = _mm256_add_epi32(values, _mm256_slli_si256(values, 4));
  values = _mm256_add_epi32(values, _mm256_slli_si256(values, 8));
  const __m256i lower = _mm256_permute2x128_si256(values, values, 0x08);  // the lower half, in the upper
  return _mm256_add_epi32(values, _mm256_shuffle_epi32(lower, 0xFF));
}

}  // namespace

bool avx2_supported() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0 &&
         __builtin_cpu_supports("popcnt") != 0;
}

RENVOI_AVX2 bool find_ones_avx2(std::string_view bytes, std::size_t from, unsigned count, std::uint32_t* places) {
  unsigned found = 0;
  std::size_t byte = from / 8;
  std::uint64_t skip = ~std::uint64_t{0} << (from % 8);
  while (found < count) {
    if (byte >= bytes.size()) return false;
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + byte, sizeof word);
    word &= skip;
    if (bytes.size() - byte < 8) word &= (std::uint64_t{1} << (8 * (bytes.size() - byte))) - 1;
    auto base = static_cast<int>(8 * byte);
    for (unsigned i = 0; i < 8; ++i) {
      const std::uint64_t eight = word & 255;
      const __m128i ones = _mm_cvtsi64_si128(static_cast<long long>(kOnes[eight]));
      const __m256i found_here = _mm256_add_epi32(_mm256_cvtepu8_epi32(ones), _mm256_set1_epi32(base));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(places + found), found_here);
      found += static_cast<unsigned>(_mm_popcnt_u64(eight));
      word >>= 8;
      base += 8;
    }
    byte += 8;
    skip = ~std::uint64_t{0};
  }
  return true;
}

RENVOI_AVX2 void unpack_chunk_avx2(const char* bytes, unsigned width, std::uint32_t* values) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), unpack_eight(bytes, width));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + 8), unpack_eight(bytes + width, width));
}

RENVOI_AVX2 bool join_gaps_avx2(const char* lows, const ChunkWidths& widths, unsigned count,
                                const std::uint32_t* places, std::uint32_t first_place, std::uint32_t before,
                                std::uint32_t* passages) {
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i last_lane = _mm256_set1_epi32(7);
  const __m256i turn = _mm256_setr_epi32(7, 0, 1, 2, 3, 4, 5, 6);
  __m256i last = _mm256_set1_epi32(static_cast<int>(before));                  // of the passages, in every lane
  __m256i last_places = _mm256_set1_epi32(static_cast<int>(first_place - 1));  // the eight before, last lane last
  __m256i wrong = _mm256_setzero_si256();
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i all = _mm256_set1_epi32(-1);
  const __m256i sign = _mm256_set1_epi32(static_cast<int>(0x80000000U));
  // Nothing comes before the first posting of a list: whatever it is, it rises.
  __m256i excused = _mm256_blend_epi32(_mm256_setzero_si256(), all, 1);
  if (before != 0xFFFFFFFF) excused = _mm256_setzero_si256();
  for (unsigned at = 0; at < count; at += 8) {
    const unsigned width = widths[at / kChunkPostings];
    const __m256i low = unpack_eight(lows, width);
    // The first half of a chunk takes `width` whole bytes; only the last chunk of a block can have fewer.
    lows += width;
    const __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(places + at));
    const __m256i turned = _mm256_permutevar8x32_epi32(here, turn);
    const __m256i previous = _mm256_blend_epi32(turned, _mm256_permutevar8x32_epi32(last_places, last_lane), 1);
    last_places = here;
    const __m256i quotient = _mm256_sub_epi32(_mm256_sub_epi32(here, previous), one);
    const __m256i gap = _mm256_or_si256(_mm256_sll_epi32(quotient, _mm_cvtsi32_si128(static_cast<int>(width))), low);
    const __m256i next = _mm256_add_epi32(running_sums(_mm256_add_epi32(gap, one)), last);
    const __m256i before_next = _mm256_blend_epi32(_mm256_permutevar8x32_epi32(next, turn), last, 1);
    const __m256i rises = _mm256_cmpgt_epi32(_mm256_xor_si256(next, sign), _mm256_xor_si256(before_next, sign));
    const __m256i beyond = _mm256_cmpgt_epi32(lanes, _mm256_set1_epi32(static_cast<int>(count - at) - 1));
    const __m256i fine = _mm256_or_si256(_mm256_or_si256(rises, beyond), excused);
    wrong = _mm256_or_si256(wrong, _mm256_andnot_si256(fine, all));
    excused = _mm256_setzero_si256();
    last = _mm256_permutevar8x32_epi32(next, last_lane);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(passages + at), next);
  }
  return _mm256_testz_si256(wrong, wrong) != 0;
}
#else
bool avx2_supported() { return false; }
bool find_ones_avx2(std::string_view, std::size_t, unsigned, std::uint32_t*) { std::abort(); }
void unpack_chunk_avx2(const char*, unsigned, std::uint32_t*) { std::abort(); }
bool join_gaps_avx2(const char*, const ChunkWidths&, unsigned, const std::uint32_t*, std::uint32_t, std::uint32_t,
                    std::uint32_t*) {
  std::abort();
}
#endif

}  // namespace renvoi::index
