#include "ingest/fit_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>

#include "io/crc32c.h"

namespace renvoi::ingest {
namespace {

constexpr std::uint32_t kDimensions = 12;
const std::string kDigest(64, 'a');

std::vector<float> vector_of(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> row(kDimensions);
  double square = 0;
  for (float& x : row) {
    x = normal(random);
    square += static_cast<double>(x) * static_cast<double>(x);
  }
  for (float& x : row) x = static_cast<float>(x / std::sqrt(square));
  return row;
}

model::TokenBag bag_of(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint32_t> tokens(random() % 30);
  for (std::uint32_t& token : tokens) token = static_cast<std::uint32_t>(random() % 5'000);
  return model::count_tokens(tokens);
}

void take(FitSample& sample, std::uint64_t fingerprint) {
  sample.take(static_cast<ReferenceId>(fingerprint % 7 + 1), fingerprint, bag_of(fingerprint), vector_of(fingerprint));
}

void expect_same(const FitSample& a, const FitSample& b) {
  const auto left = a.passages(), right = b.passages();
  EXPECT_EQ(left.keys, right.keys);
  EXPECT_EQ(left.bags, right.bags);
  EXPECT_EQ(left.vectors, right.vectors);
  EXPECT_EQ(a.changes(), b.changes());
}

// What it holds depends on what was offered, not on the order; and it is bounded.
TEST(FitSample, IsTheSameWhateverTheOrderAndNeverLarger) {
  std::vector<std::uint64_t> offered(300);
  for (std::size_t i = 0; i < offered.size(); ++i) offered[i] = i + 1;
  FitSample reference(kDimensions, kDigest, 100);
  for (const std::uint64_t fingerprint : offered) take(reference, fingerprint);
  EXPECT_EQ(reference.size(), 100U);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    std::shuffle(offered.begin(), offered.end(), std::mt19937_64(seed));
    FitSample sample(kDimensions, kDigest, 100);
    for (const std::uint64_t fingerprint : offered) {
      take(sample, fingerprint);
      take(sample, fingerprint);  // again: nothing
      EXPECT_LE(sample.size(), 100U);
    }
    expect_same(sample, reference);
  }
}

TEST(FitSample, KeepsVectorsAtEightBits) {
  FitSample sample(kDimensions, kDigest);
  for (std::uint64_t fingerprint = 1; fingerprint <= 50; ++fingerprint) take(sample, fingerprint);
  const auto passages = sample.passages();
  for (std::size_t i = 0; i < passages.keys.size(); ++i) {
    const std::vector<float> exact = vector_of(passages.keys[i]);
    for (std::size_t d = 0; d < kDimensions; ++d)
      EXPECT_NEAR(passages.vectors[i * kDimensions + d], exact[d], 1.0 / 254 + 1e-6);
    EXPECT_EQ(passages.bags[i], bag_of(passages.keys[i]));
  }
}

TEST(FitSample, CountsWhatCameAndLeftSinceItWasFitted) {
  FitSample sample(kDimensions, kDigest);
  for (std::uint64_t fingerprint = 1; fingerprint <= 40; ++fingerprint) take(sample, fingerprint);
  EXPECT_EQ(sample.changes(), 40U);
  sample.mark_fitted(sample.passages().keys);
  EXPECT_EQ(sample.changes(), 0U);
  take(sample, 41);
  const std::size_t left =
      sample.erase_if([](const SampledPassage& passage) { return passage.reference == static_cast<ReferenceId>(3); });
  EXPECT_GT(left, 3U);
  EXPECT_EQ(sample.changes(), left + 1);
  const auto read = FitSample::read(sample.bytes(), kDimensions, kDigest);
  ASSERT_TRUE(read.ok()) << read.error().describe();
  expect_same(*read, sample);
}

TEST(FitSample, HostileBytesAreAnErrorAndNothingElse) {
  FitSample sample(kDimensions, kDigest);
  for (std::uint64_t fingerprint = 1; fingerprint <= 30; ++fingerprint) take(sample, fingerprint);
  const std::string whole = sample.bytes();
  EXPECT_EQ(FitSample::read(whole, kDimensions + 1, kDigest).error().code, ErrorCode::conflict);
  EXPECT_EQ(FitSample::read(whole, kDimensions, std::string(64, 'b')).error().code, ErrorCode::conflict);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::unique_ptr<char[]> exact(new char[size + 1]);  // sanitizers see every byte read beyond it
    std::copy_n(whole.begin(), size, exact.get());
    EXPECT_FALSE(FitSample::read({exact.get(), size}, kDimensions, kDigest).ok()) << size;
  }
  std::mt19937_64 random(9);
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes = whole;
    const std::size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
    const auto read = FitSample::read(bytes, kDimensions, kDigest);
    ASSERT_FALSE(read.ok()) << "byte " << at;
    EXPECT_EQ(read.error().code, ErrorCode::corrupt);
    // With a checksum that is right: something else, or an error.
    const std::uint32_t crc = io::crc32c(std::string_view(bytes).substr(0, bytes.size() - sizeof(std::uint32_t)));
    std::memcpy(bytes.data() + bytes.size() - sizeof crc, &crc, sizeof crc);
    if (const auto other = FitSample::read(bytes, kDimensions, kDigest); other.ok()) {
      EXPECT_LE(other->size(), sample.size());
      EXPECT_EQ(other->passages().vectors.size(), other->size() * kDimensions);
    }
  }
}

}  // namespace
}  // namespace renvoi::ingest
