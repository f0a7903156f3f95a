#include "index/bit_packing.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "index/bit_packing_avx2.h"

namespace renvoi::index {
namespace {

std::uint64_t load64(const char* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// The codewords of a range of `size` values: `shorter` of them have one bit less than the others.
struct Codewords {
  explicit Codewords(std::uint64_t size)
      : bits(static_cast<unsigned>(std::bit_width(size - 1))),
        shorter((std::uint64_t{1} << bits) - size),
        first_short((size - shorter) / 2) {}
  unsigned bits;
  std::uint64_t shorter;
  std::uint64_t first_short;  // the first value with a short codeword
};

void write_in_range(BitWriter& out, std::uint64_t value, std::uint64_t size) {
  if (size <= 1) return;
  const Codewords codewords(size);
  // Turned so that the middle of the range comes first.
  const std::uint64_t turned = (value + size - codewords.first_short) % size;
  if (turned < codewords.shorter) {
    out.put(static_cast<std::uint32_t>(turned), codewords.bits - 1);
    return;
  }
  const std::uint64_t code = turned + codewords.shorter;
  out.put(static_cast<std::uint32_t>(code >> 1), codewords.bits - 1);
  out.put(static_cast<std::uint32_t>(code & 1), 1);
}

std::uint64_t read_in_range(BitReader& in, std::uint64_t size) {
  if (size <= 1) return 0;
  const Codewords codewords(size);
  std::uint64_t turned = in.get(codewords.bits - 1);
  if (turned >= codewords.shorter) turned = (turned << 1 | in.get(1)) - codewords.shorter;
  const std::uint64_t value = turned + codewords.first_short;
  return value >= size ? value - size : value;
}

}  // namespace

void BitWriter::put(std::uint32_t value, unsigned bits) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  pending_ |= (value & mask) << used_;
  used_ += bits;
  while (used_ >= 8) {
    bytes_ += static_cast<char>(pending_ & 255);
    pending_ >>= 8;
    used_ -= 8;
  }
}

void BitWriter::unary(std::uint32_t zeros) {
  for (; zeros >= 32; zeros -= 32) put(0, 32);
  put(0, zeros);
  put(1, 1);
}

std::string BitWriter::take() {
  if (used_ > 0) bytes_ += static_cast<char>(pending_ & 255);
  pending_ = 0;
  used_ = 0;
  return std::exchange(bytes_, {});
}

std::uint32_t BitReader::get(unsigned bits) {
  if (bits == 0) return 0;
  if (!ok_ || at_ + bits > std::uint64_t{8} * bytes_.size()) {
    ok_ = false;
    return 0;
  }
  const std::size_t byte = at_ / 8;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes_.data() + byte, std::min<std::size_t>(sizeof word, bytes_.size() - byte));
  const std::uint64_t value = word >> (at_ % 8) & ((std::uint64_t{1} << bits) - 1);
  at_ += bits;
  return static_cast<std::uint32_t>(value);
}

std::uint32_t BitReader::unary() {
  std::uint32_t zeros = 0;
  while (ok_ && get(1) == 0) ++zeros;
  return ok_ ? zeros : 0;
}

void write_interpolative(BitWriter& out, std::span<const std::uint32_t> values, std::uint32_t low, std::uint32_t high) {
  const auto count = static_cast<std::uint32_t>(values.size());
  if (count == 0 || high - low == count - 1) return;
  const std::uint32_t middle = count / 2;
  const std::uint32_t value = values[middle];
  write_in_range(out, value - low - middle, std::uint64_t{high} - low - (count - 1) + 1);
  if (middle > 0) write_interpolative(out, values.first(middle), low, value - 1);
  if (middle + 1 < count) write_interpolative(out, values.subspan(middle + 1), value + 1, high);
}

void read_interpolative(BitReader& in, std::span<std::uint32_t> values, std::uint32_t low, std::uint32_t high) {
  const auto count = static_cast<std::uint32_t>(values.size());
  if (count == 0) return;
  if (high - low == count - 1) {
    for (std::uint32_t i = 0; i < count; ++i) values[i] = low + i;
    return;
  }
  const std::uint32_t middle = count / 2;
  const std::uint64_t place = read_in_range(in, std::uint64_t{high} - low - (count - 1) + 1);
  const std::uint32_t value = low + middle + static_cast<std::uint32_t>(place);
  values[middle] = value;
  if (middle > 0) read_interpolative(in, values.first(middle), low, value - 1);
  if (middle + 1 < count) read_interpolative(in, values.subspan(middle + 1), value + 1, high);
}

Kernel best_kernel() {
  static const Kernel best = avx2_supported() ? Kernel::avx2 : Kernel::portable;
  return best;
}

bool find_ones(Kernel kernel, std::string_view bytes, std::size_t from, unsigned count, std::uint32_t* places) {
  if (kernel == Kernel::avx2) return find_ones_avx2(bytes, from, count, places);
  unsigned found = 0;
  std::size_t byte = from / 8;
  std::uint64_t skip = ~std::uint64_t{0} << (from % 8);
  while (found < count) {
    if (byte >= bytes.size()) return false;
    std::uint64_t word = load64(bytes.data() + byte) & skip;
    if (bytes.size() - byte < 8) word &= (std::uint64_t{1} << (8 * (bytes.size() - byte))) - 1;
    for (; word != 0; word &= word - 1)
      places[found++] = static_cast<std::uint32_t>(8 * byte) + static_cast<std::uint32_t>(std::countr_zero(word));
    byte += 8;
    skip = ~std::uint64_t{0};
  }
  return true;
}

void unpack_chunk(Kernel kernel, const char* bytes, unsigned width, std::uint32_t* values) {
  if (kernel == Kernel::avx2 && width <= kMaxShuffledWidth) {
    unpack_chunk_avx2(bytes, width, values);
    return;
  }
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
  for (unsigned i = 0; i < kChunkPostings; ++i) {
    const unsigned bit = i * width;
    values[i] = static_cast<std::uint32_t>(load64(bytes + bit / 8) >> (bit % 8) & mask);
  }
}

bool join_gaps(Kernel kernel, const char* lows, const ChunkWidths& widths, unsigned count, const std::uint32_t* places,
               std::uint32_t first_place, std::uint32_t before, std::uint32_t* passages) {
  if (kernel == Kernel::avx2 && *std::max_element(widths.begin(), widths.end()) <= kMaxShuffledWidth)
    return join_gaps_avx2(lows, widths, count, places, first_place, before, passages);
  std::array<std::uint32_t, kChunkPostings> low;
  std::uint32_t passage = before;
  std::uint32_t place = first_place - 1;
  bool increasing = true;
  for (unsigned chunk = 0; chunk * kChunkPostings < count; ++chunk) {
    const unsigned begin = chunk * kChunkPostings;
    const unsigned size = std::min(kChunkPostings, count - begin);
    unpack_chunk(Kernel::portable, lows, widths[chunk], low.data());
    lows += packed_bytes(size, widths[chunk]);
    for (unsigned i = 0; i < size; ++i) {
      const std::uint32_t quotient = places[begin + i] - place - 1;
      place = places[begin + i];
      const std::uint32_t next = passage + 1 + (quotient << widths[chunk] | low[i]);
      increasing = increasing && (next > passage || (begin + i == 0 && before == 0xFFFFFFFF));
      passages[begin + i] = passage = next;
    }
  }
  return increasing;
}

}  // namespace renvoi::index
