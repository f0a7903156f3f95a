// Bits to numbers and back, for posting_blocks: a bit stream, interpolative codes for short lists, Rice codes for
// blocks.
//
// Rice codes (Golomb 1966, Rice 1979) are kept in two streams so that both can be read many at a time: the low bits of
// 16 gaps stand packed in whole bytes, the quotients stand in unary behind all of them. What they take beside
// others is in posting_blocks.h. Bits are numbered from the least
// significant of the first byte.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace renvoi::index {

// Appends bits to bytes.
class BitWriter {
 public:
  // The low `bits` of `value`, at most 32.
  void put(std::uint32_t value, unsigned bits);
  // `zeros` zeros, then a one.
  void unary(std::uint32_t zeros);
  // The bytes; the last is filled up with zeros. The writer is empty after.
  std::string take();
  std::uint64_t bits() const { return std::uint64_t{8} * bytes_.size() + used_; }

 private:
  std::string bytes_;
  std::uint64_t pending_ = 0;
  unsigned used_ = 0;
};

// Reads them one by one. Past the end every read gives 0 and ok() is false from then on.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}
  std::uint32_t get(unsigned bits);  // at most 32
  std::uint32_t unary();             // the zeros before the next one
  bool ok() const { return ok_; }
  std::uint64_t position() const { return at_; }  // in bits

 private:
  std::string_view bytes_;
  std::uint64_t at_ = 0;
  bool ok_ = true;
};

// Binary interpolative coding (Moffat and Stuiver, Information Retrieval 3, 2000) of strictly increasing `values` in
// [low, high], with the short codewords in the middle of each range. The reader is told how many there are; what it
// gives is strictly increasing and in [low, high] whatever the bits are, as long as that many fit.
void write_interpolative(BitWriter& out, std::span<const std::uint32_t> values, std::uint32_t low, std::uint32_t high);
void read_interpolative(BitReader& in, std::span<std::uint32_t> values, std::uint32_t low, std::uint32_t high);

constexpr unsigned kBlockPostings = 128;
constexpr unsigned kChunkPostings = 16;
constexpr unsigned kChunks = kBlockPostings / kChunkPostings;
// Readable bytes that the functions below want behind the bytes they are given; what these hold does not matter.
constexpr std::size_t kReadSlackBytes = 64;

// How many low bits each gap of a chunk has: at most 31.
using ChunkWidths = std::array<std::uint8_t, kChunks>;

// The bytes that the low bits of `count` numbers take.
constexpr std::size_t packed_bytes(unsigned count, unsigned width) { return (std::size_t{count} * width + 7) / 8; }

// Which instructions are used. Both give the same numbers from any bytes.
enum class Kernel : std::uint8_t { portable, avx2 };
Kernel best_kernel();  // of this machine

constexpr unsigned kExtraPlaces = 72;

// Finds the first `count` ones at or after bit `from` in `bytes` and gives their places in `places`, which has room for
// `count` + kExtraPlaces. False when there are not as many.
bool find_ones(Kernel kernel, std::string_view bytes, std::size_t from, unsigned count, std::uint32_t* places);

// Numbers of `width` bits (at most 31), 16 of them: 2 * `width` bytes.
void unpack_chunk(Kernel kernel, const char* bytes, unsigned width, std::uint32_t* values);

// One block's passages: the low bits stand at `lows`, chunk after chunk, the quotient of gap i is places[i] -
// places[i - 1] - 1 with places[-1] = first_place - 1; a passage is the one before it, plus 1, plus the gap. The first
// comes after `before` (modulo 2^32: 0xFFFFFFFF at the beginning of a list). `passages` has room for 128. False when
// they do not increase strictly.
bool join_gaps(Kernel kernel, const char* lows, const ChunkWidths& widths, unsigned count, const std::uint32_t* places,
               std::uint32_t first_place, std::uint32_t before, std::uint32_t* passages);

}  // namespace renvoi::index
