#include "index/bit_packing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <set>
#include <vector>

namespace renvoi::index {
namespace {

std::vector<Kernel> kernels() {
  std::vector<Kernel> all = {Kernel::portable};
  if (best_kernel() != Kernel::portable) all.push_back(best_kernel());
  return all;
}

// `bytes` at the end of a room of exactly kReadSlackBytes more, so that a sanitizer sees a read beyond.
std::vector<char> with_slack(const std::string& bytes) {
  std::vector<char> room(bytes.begin(), bytes.end());
  room.resize(bytes.size() + kReadSlackBytes, '\xA5');
  return room;
}

TEST(BitStream, GivesBackWhatWasWritten) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    BitWriter out;
    std::vector<std::pair<std::uint32_t, unsigned>> written;  // bits; 33: unary
    for (int i = 0; i < 300; ++i) {
      const unsigned bits = random() % 34;
      const std::uint32_t value = bits == 33 ? static_cast<std::uint32_t>(random() % 100)
                                             : static_cast<std::uint32_t>(random() & ((std::uint64_t{1} << bits) - 1));
      written.emplace_back(value, bits);
      if (bits == 33)
        out.unary(value);
      else
        out.put(value, bits);
    }
    const std::string bytes = out.take();
    BitReader in(bytes);
    for (const auto& [value, bits] : written) ASSERT_EQ(bits == 33 ? in.unary() : in.get(bits), value) << seed;
    ASSERT_TRUE(in.ok());
    in.get(8);
    ASSERT_FALSE(in.ok());
  }
}

TEST(Interpolative, EverySubsetOfASmallRangeComesBack) {
  for (std::uint32_t low : {0U, 7U})
    for (unsigned subset = 1; subset < 4'096; ++subset) {
      std::vector<std::uint32_t> values;
      for (std::uint32_t i = 0; i < 12; ++i)
        if ((subset >> i & 1) != 0) values.push_back(low + i);
      BitWriter out;
      write_interpolative(out, values, low, low + 11);
      const std::string bytes = out.take();
      std::vector<std::uint32_t> read(values.size());
      BitReader in(bytes);
      read_interpolative(in, read, low, low + 11);
      ASSERT_TRUE(in.ok());
      ASSERT_EQ(read, values);
    }
}

TEST(Interpolative, ReachesTheEndsOfItsRange) {
  const std::vector<std::uint32_t> values = {0, 1, 0x7FFFFFFF, 0xFFFFFFFD, 0xFFFFFFFE};
  BitWriter out;
  write_interpolative(out, values, 0, 0xFFFFFFFE);
  const std::string bytes = out.take();
  std::vector<std::uint32_t> read(values.size());
  BitReader in(bytes);
  read_interpolative(in, read, 0, 0xFFFFFFFE);
  EXPECT_EQ(read, values);
}

TEST(Interpolative, AnyBitsGiveRisingNumbersInTheRange) {
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    std::vector<std::uint32_t> values(1 + random() % 60);
    const auto low = static_cast<std::uint32_t>(random() % 5);
    const std::uint32_t high = low + static_cast<std::uint32_t>(values.size() - 1 + random() % 300);
    BitReader in(bytes);
    read_interpolative(in, values, low, high);
    ASSERT_GE(values.front(), low) << seed;
    ASSERT_LE(values.back(), high) << seed;
    for (std::size_t i = 1; i < values.size(); ++i) ASSERT_LT(values[i - 1], values[i]) << seed;
  }
}

TEST(Unpack, EveryWidthOnEveryKernel) {
  std::mt19937_64 random(1);
  for (unsigned width = 0; width <= 31; ++width)
    for (int round = 0; round < 100; ++round) {
      std::vector<std::uint32_t> values(kChunkPostings);
      BitWriter out;
      for (std::uint32_t& value : values) {
        value = static_cast<std::uint32_t>(random() & ((std::uint64_t{1} << width) - 1));
        out.put(value, width);
      }
      const std::vector<char> bytes = with_slack(out.take());
      for (const Kernel kernel : kernels()) {
        std::vector<std::uint32_t> read(kChunkPostings);
        unpack_chunk(kernel, bytes.data(), width, read.data());
        ASSERT_EQ(read, values) << width;
      }
    }
}

TEST(FindOnes, GivesThePlaceOfEachFromAnyBit) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string bytes(random() % 50, '\0');
    const std::uint64_t density = random() % 4;  // of 8 tries, how many ones
    for (char& byte : bytes) {
      unsigned bits = static_cast<unsigned>(random()) & 255U;
      for (std::uint64_t i = 0; i < density; ++i) bits &= static_cast<unsigned>(random());
      byte = static_cast<char>(bits);
    }
    const std::size_t from = random() % (8 * bytes.size() + 1);
    std::vector<std::uint32_t> expected;
    for (std::size_t bit = from; bit < 8 * bytes.size(); ++bit)
      if ((static_cast<unsigned char>(bytes[bit / 8]) >> (bit % 8) & 1) != 0)
        expected.push_back(static_cast<std::uint32_t>(bit));
    const std::vector<char> room = with_slack(bytes);
    const std::string_view view(room.data(), bytes.size());
    for (const Kernel kernel : kernels()) {
      for (std::size_t count : {expected.size(), expected.size() / 2}) {
        std::vector<std::uint32_t> places(count + kExtraPlaces);
        ASSERT_TRUE(find_ones(kernel, view, from, static_cast<unsigned>(count), places.data())) << seed;
        ASSERT_TRUE(std::equal(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(count), expected.begin()))
            << seed;
      }
      std::vector<std::uint32_t> places(expected.size() + 1 + kExtraPlaces);
      ASSERT_FALSE(find_ones(kernel, view, from, static_cast<unsigned>(expected.size()) + 1, places.data())) << seed;
    }
  }
}

struct Gaps {
  std::uint32_t before = 0;
  ChunkWidths widths{};
  std::vector<std::uint32_t> passages;
};

// The inverse of join_gaps, number by number.
bool join(const Gaps& gaps, Kernel kernel, std::vector<std::uint32_t>& passages) {
  const auto count = static_cast<unsigned>(gaps.passages.size());
  std::string lows;
  std::vector<std::uint32_t> places(count + kExtraPlaces, 0xDEADBEEF);
  std::uint32_t place = 41;
  std::uint32_t before = gaps.before;
  for (unsigned begin = 0; begin < count; begin += kChunkPostings) {
    const unsigned width = gaps.widths[begin / kChunkPostings];
    BitWriter bits;
    for (unsigned i = begin; i < std::min(count, begin + kChunkPostings); ++i) {
      const std::uint32_t gap = gaps.passages[i] - before - 1;
      before = gaps.passages[i];
      bits.put(gap, width);
      place += gap >> width;
      places[i] = place++;
    }
    lows += bits.take();
  }
  const std::vector<char> room = with_slack(lows);
  passages.assign(kBlockPostings, 0);
  const bool fine = join_gaps(kernel, room.data(), gaps.widths, count, places.data(), 41, gaps.before, passages.data());
  passages.resize(count);
  return fine;
}

Gaps random_gaps(std::mt19937_64& random) {
  Gaps gaps;
  const std::size_t count = 1 + random() % kBlockPostings;
  const unsigned most = 1 + random() % 24;
  const bool first = random() % 3 == 0;
  gaps.before = first ? 0xFFFFFFFF : static_cast<std::uint32_t>(random() % 1'000'000);
  std::uint32_t next = gaps.before + 1;
  for (std::size_t i = 0; i < count; ++i) {
    next += static_cast<std::uint32_t>(random() & ((1U << most) - 1));
    gaps.passages.push_back(next++);
  }
  for (std::uint8_t& width : gaps.widths) {
    const unsigned least = most > 8 ? most - 8 : 0;  // fewer than 256 zeros in unary
    width = static_cast<std::uint8_t>(least + random() % (most + 3 - least));
  }
  return gaps;
}

TEST(JoinGaps, GivesThePassagesOnEveryKernel) {
  for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
    std::mt19937_64 random(seed);
    const Gaps gaps = random_gaps(random);
    for (const Kernel kernel : kernels()) {
      std::vector<std::uint32_t> passages;
      ASSERT_TRUE(join(gaps, kernel, passages)) << seed;
      ASSERT_EQ(passages, gaps.passages) << seed;
    }
  }
}

// A gap of 2^32 - 1 or so leads back: every kernel sees it, wherever it is.
TEST(JoinGaps, RefusesPassagesThatDoNotRise) {
  for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
    std::mt19937_64 random(seed);
    Gaps gaps = random_gaps(random);
    const std::size_t at = random() % gaps.passages.size();
    if (at == 0 && gaps.before == 0xFFFFFFFF) continue;
    const std::uint32_t last = at == 0 ? gaps.before : gaps.passages[at - 1];
    gaps.passages[at] = last - static_cast<std::uint32_t>(random() % 2 == 0 ? 0 : random() % (std::uint64_t{last} + 1));
    gaps.widths.fill(31);
    std::vector<std::uint32_t> passages;
    ASSERT_FALSE(join(gaps, Kernel::portable, passages)) << seed;
    gaps.widths.fill(25);
    for (const Kernel kernel : kernels()) ASSERT_FALSE(join(gaps, kernel, passages)) << seed;
  }
}

}  // namespace
}  // namespace renvoi::index
