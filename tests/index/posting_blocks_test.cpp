#include "index/posting_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "index/block_cursor.h"

namespace renvoi::index {
namespace {

struct List {
  std::vector<std::uint8_t> lengths;
  std::vector<Posting> postings;
  std::string bytes;
  std::uint32_t passages() const { return static_cast<std::uint32_t>(lengths.size()); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(postings.size()); }
};

// Lists of every size and density, some in bursts as the passages of one document make them, some frequencies
// beyond 15.
List random_list(std::uint64_t seed, std::uint32_t most_passages = 40'000) {
  std::mt19937_64 random(seed);
  List list;
  list.lengths.resize(1 + random() % most_passages);
  for (std::uint8_t& length : list.lengths) length = static_cast<std::uint8_t>(random());
  const double density = std::pow(10.0, -std::uniform_real_distribution<double>(0.0, 4.5)(random));
  const double burst = random() % 2 == 0 ? density : 0.7;
  const std::uint64_t often = 1 + random() % 10;
  bool in = false;
  for (std::uint32_t passage = 0; passage < list.passages(); ++passage) {
    in = std::uniform_real_distribution<double>(0.0, 1.0)(random) < (in ? burst : density);
    if (!in) continue;
    std::uint32_t frequency = 1;
    while (random() % 10 >= often && frequency < 30) ++frequency;
    list.postings.push_back({passage, frequency});
  }
  if (list.postings.empty()) list.postings.push_back({list.passages() - 1, 1});
  io::ByteWriter out;
  PostingBlockWriter(list.lengths).write(out, list.postings);
  list.bytes = out.take();
  return list;
}

// The bytes in a room of exactly their size, so that a sanitizer sees a read beyond.
struct Exact {
  explicit Exact(const std::string& bytes) : room(new char[bytes.size()]), size(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), room.get());
  }
  std::string_view view() const { return {room.get(), size}; }
  std::unique_ptr<char[]> room;
  std::size_t size;
};

TEST(LengthCode, RisesIsExactWhereSaidAndStandsForNoMoreThanTheLength) {
  for (std::uint32_t length = 0; length < 20'000; ++length) {
    const std::uint32_t stands_for = length_of_code(length_code(length));
    ASSERT_LE(stands_for, length);
    if (length < 128) {
      ASSERT_EQ(stands_for, length);
    }
    if (length < 256) {
      ASSERT_LE(length - stands_for, 1U);
    }
    if (length < 16'384) {
      ASSERT_GE(stands_for * 5, length * 4) << length;
    }
    if (length > 0) {
      ASSERT_GE(length_code(length), length_code(length - 1));
    }
  }
  for (unsigned code = 0; code < 256; ++code)
    EXPECT_EQ(length_code(length_of_code(static_cast<std::uint8_t>(code))), code);
  EXPECT_EQ(length_code(0xFFFFFFFF), 255);
}

TEST(PostingBlocks, EveryListComesBack) {
  for (std::uint64_t seed = 0; seed < 800; ++seed) {
    const List list = random_list(seed);
    const Exact bytes(list.bytes);
    for (const Kernel kernel : {Kernel::portable, best_kernel()}) {
      BlockCursor cursor(bytes.view(), list.size(), list.passages(), kernel);
      for (const Posting& posting : list.postings) {
        ASSERT_FALSE(cursor.at_end()) << seed;
        ASSERT_EQ(cursor.passage(), posting.passage) << seed;
        ASSERT_EQ(cursor.frequency(), std::min(posting.frequency, kMaxFrequency)) << seed;
        cursor.next();
      }
      ASSERT_TRUE(cursor.at_end()) << seed;
      ASSERT_FALSE(cursor.failed()) << seed;
    }
    ASSERT_TRUE(check_posting_list(bytes.view(), list.size(), list.lengths).ok()) << seed;
    if (list.size() >= kBlockPostings) continue;
    DecodedBlock block;  // a short list says itself where it ends
    ASSERT_TRUE(block.decode_short(list.bytes + "more", list.size(), list.passages())) << seed;
    ASSERT_EQ(block.short_bytes(), list.bytes.size()) << seed;
  }
}

TEST(PostingBlocks, AListOfEveryPassageTakesNextToNothing) {
  List list;
  list.lengths.assign(100'000, 10);
  for (std::uint32_t i = 0; i < list.passages(); ++i) list.postings.push_back({i, 1});
  io::ByteWriter out;
  PostingBlockWriter(list.lengths).write(out, list.postings);
  EXPECT_LT(out.size(), 100'000U / 8 * 3 / 2);
  EXPECT_TRUE(check_posting_list(out.str(), list.size(), list.lengths).ok());
}

TEST(PostingBlocks, AListReadInASegmentOfAnotherSizeStaysInItsRange) {
  std::vector<Posting> postings;
  std::vector<std::uint8_t> lengths(1 << 20, 20);
  for (std::uint32_t i = 0; i < 300; ++i) postings.push_back({i * 3'000, 1});
  io::ByteWriter out;
  PostingBlockWriter(lengths).write(out, postings);
  BlockCursor cursor(out.str(), 300, 0xFFFFFFFF);
  EXPECT_TRUE(cursor.advance_to(299 * 3'000));
  EXPECT_EQ(cursor.passage(), 299U * 3'000);
  EXPECT_FALSE(cursor.advance_to(0xFFFFFFFE));
  EXPECT_FALSE(cursor.failed());
  // Fewer passages than the list speaks of: bad, not out of range.
  BlockCursor narrow(out.str(), 300, 500'000);
  EXPECT_TRUE(narrow.failed());
}

TEST(BlockCursor, AdvancesToWhatAWalkWouldFind) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const List list = random_list(seed, 100'000);
    std::mt19937_64 random(seed);
    BlockCursor cursor(list.bytes, list.size(), list.passages());
    std::uint32_t target = 0;
    const std::uint32_t stride = 1 + static_cast<std::uint32_t>(random() % (1 + list.passages() / 10));
    while (true) {
      target += static_cast<std::uint32_t>(random() % (stride + 1));
      const auto expected = std::lower_bound(list.postings.begin(), list.postings.end(), target,
                                             [](const Posting& a, std::uint32_t b) { return a.passage < b; });
      if (random() % 4 == 0) {
        BlockCursor begun(list.bytes, list.size(), list.passages(), best_kernel(), target);
        ASSERT_EQ(!begun.at_end(), expected != list.postings.end()) << seed << " from " << target;
        if (!begun.at_end()) {
          ASSERT_EQ(begun.passage(), expected->passage) << seed << " from " << target;
        }
        ASSERT_FALSE(begun.failed());
      }
      const bool shallow = random() % 2 == 0;
      if (shallow) {
        const bool found = cursor.shallow_advance_to(target);
        ASSERT_EQ(found, expected != list.postings.end()) << seed;
        if (found) {
          ASSERT_GE(cursor.block_last(), target) << seed;
          ASSERT_LE(expected->passage, cursor.block_last()) << seed;
        }
      }
      if (!shallow || random() % 2 == 0) {
        const bool found = cursor.advance_to(target);
        ASSERT_EQ(found, expected != list.postings.end()) << seed;
        if (found) {
          ASSERT_EQ(cursor.passage(), expected->passage) << seed << " to " << target;
          ASSERT_EQ(cursor.frequency(), std::min(expected->frequency, kMaxFrequency)) << seed;
        }
      }
      if (expected == list.postings.end()) break;
    }
    ASSERT_FALSE(cursor.failed());
  }
}

// The promise that makes skipping safe, for parameters and average lengths that the writer knew nothing of.
TEST(ScoreBound, IsNeverBelowAScoreOfItsBlock) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const List list = random_list(seed, 20'000);
    if (list.size() < kBlockPostings) continue;
    std::mt19937_64 random(seed);
    for (int round = 0; round < 5; ++round) {
      const Bm25Parameters parameters{std::uniform_real_distribution<float>(0, 3)(random),
                                      std::uniform_real_distribution<float>(0, 1)(random)};
      const Bm25Curve curve = Bm25Curve::make(parameters, static_cast<float>(1 + random() % 400)).value();
      const float weight = std::uniform_real_distribution<float>(0.01F, 20)(random);
      BlockCursor cursor(list.bytes, list.size(), list.passages());
      for (; !cursor.at_end(); cursor.next()) {
        const float score = curve.score(weight, cursor.frequency(), list.lengths[cursor.passage()]);
        ASSERT_LE(score, cursor.block_bound().of(weight, curve)) << seed;
        if (cursor.groups() > 1) {
          ASSERT_LE(score, cursor.bound_of_group(cursor.group()).of(weight, curve)) << seed;
        }
      }
    }
  }
}

TEST(Bm25Curve, RefusesParametersThatBoundNothing) {
  for (const auto& [k1, b, average] :
       {std::tuple(-1.0F, 0.5F, 10.0F), std::tuple(1.0F, -0.1F, 10.0F), std::tuple(1.0F, 1.1F, 10.0F),
        std::tuple(1.0F, 0.5F, 0.0F), std::tuple(NAN, 0.5F, 10.0F), std::tuple(1.0F, 0.5F, INFINITY)}) {
    const auto curve = Bm25Curve::make({k1, b}, average);
    ASSERT_FALSE(curve.ok());
    EXPECT_EQ(curve.error().code, ErrorCode::invalid);
  }
}

// Walks and jumps; what comes out rises and is in range, and it ends.
void read_hostile(std::string_view bytes, std::uint32_t postings, std::span<const std::uint8_t> lengths,
                  std::mt19937_64& random, std::uint64_t seed) {
  const auto passages = static_cast<std::uint32_t>(lengths.size());
  (void)check_posting_list(bytes, postings, lengths);
  for (const Kernel kernel : {Kernel::portable, best_kernel()}) {
    BlockCursor cursor(bytes, postings, passages, kernel);
    std::uint64_t least = 0;
    std::uint32_t count = 0;
    while (!cursor.at_end()) {
      const std::uint32_t passage = cursor.passage();
      const std::uint8_t frequency = cursor.frequency();
      if (cursor.failed()) break;
      ASSERT_GE(passage, least) << seed;
      ASSERT_LT(passage, passages) << seed;
      ASSERT_GE(frequency, 1) << seed;
      ASSERT_LE(frequency, kMaxFrequency) << seed;
      ASSERT_LE(++count, postings) << seed;
      least = std::uint64_t{passage} + 1;
      if (random() % 4 == 0)
        cursor.shallow_advance_to(passage + 1 + static_cast<std::uint32_t>(random() % (1 + passages / 4)));
      else
        cursor.next();
    }
  }
}

TEST(BlockCursor, DamagedListsFailAndNothingElse) {
  std::size_t failed = 0;
  for (std::uint64_t seed = 0; seed < 6'000; ++seed) {
    List list = random_list(seed % 300, 20'000);
    std::mt19937_64 random(seed);
    for (std::uint64_t damage = 1 + random() % 3; damage > 0 && !list.bytes.empty(); --damage) {
      const std::size_t at = random() % list.bytes.size();
      switch (random() % 4) {
        case 0:
          list.bytes[at] = static_cast<char>(random());
          break;
        case 1:
          list.bytes[at] = static_cast<char>(static_cast<unsigned>(list.bytes[at]) ^ 1U << (random() % 8));
          break;
        case 2:
          list.bytes.resize(at);
          break;
        default:
          list.bytes.insert(at, 1, static_cast<char>(random()));
      }
    }
    const Exact bytes(list.bytes);
    ASSERT_NO_FATAL_FAILURE(read_hostile(bytes.view(), list.size(), list.lengths, random, seed));
    failed += check_posting_list(bytes.view(), list.size(), list.lengths).ok() ? 0 : 1;
  }
  EXPECT_GT(failed, 1'000U);
}

TEST(BlockCursor, AnyBytesAreNoDanger) {
  const std::vector<std::uint8_t> lengths(5'000, 20);
  for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string garbage(random() % 600, '\0');
    for (char& byte : garbage) byte = random() % 3 == 0 ? '\0' : static_cast<char>(random());
    const Exact bytes(garbage);
    for (const std::uint32_t postings : {1U, 5U, 127U, 128U, 300U, 5'000U, 6'000U})
      ASSERT_NO_FATAL_FAILURE(read_hostile(bytes.view(), postings, lengths, random, seed));
  }
}

TEST(CheckPostingList, SeesABoundThatIsTooSmall) {
  List list;
  list.lengths.assign(10'000, 30);
  for (std::uint32_t i = 0; i < 200; ++i) list.postings.push_back({i * 50, 1 + i % 3});
  io::ByteWriter out;
  PostingBlockWriter(list.lengths).write(out, list.postings);
  ASSERT_TRUE(check_posting_list(out.str(), list.size(), list.lengths).ok());
  list.lengths[50] = 29;  // shorter than any that the bound knows of
  const Result<void> checked = check_posting_list(out.str(), list.size(), list.lengths);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace renvoi::index
