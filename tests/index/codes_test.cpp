#include "index/codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>
#include <set>

#include "base/hash.h"
#include "naive_index.h"

namespace renvoi::index {
namespace {

using test::random_unit;

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

TEST(Rotation, KeepsInnerProductsInEveryDimension) {
  std::mt19937_64 random(1);
  for (std::uint32_t dimensions : {1U, 2U, 3U, 5U, 7U, 8U, 24U, 100U, 127U, 128U, 129U, 384U, 1'000U, 4'096U}) {
    const Rotation rotation("seed", dimensions);
    std::vector<float> a = random_unit(random, dimensions);
    std::vector<float> b = random_unit(random, dimensions);
    const double before = dot(a, b);
    rotation.apply(a);
    rotation.apply(b);
    EXPECT_NEAR(dot(a, b), before, 1e-5) << dimensions;
    EXPECT_NEAR(dot(a, a), 1.0, 1e-5) << dimensions;
  }
}

// One coordinate must be spread over all others: that is what makes four bits enough for any model.
TEST(Rotation, SpreadsASingleCoordinate) {
  for (const std::uint32_t at : {0U, 5U, 200U, 383U}) {
    const Rotation rotation("seed", 384);
    std::vector<float> vector(384);
    vector[at] = 1;
    rotation.apply(vector);
    float largest = 0;
    for (const float value : vector) largest = std::max(largest, std::abs(value));
    EXPECT_LT(largest, 0.35F) << at;
  }
}

TEST(Codec, InnerProductIsThatOfTheDecodedCode) {
  std::mt19937_64 random(2);
  for (const std::uint32_t dimensions : {1U, 3U, 24U, 31U, 33U, 65U, 384U, 1'023U}) {
    const Codec codec("digest", dimensions);
    EXPECT_EQ(codec.code_bytes(), (dimensions + 1) / 2 + 4);
    for (int round = 0; round < 50; ++round) {
      const std::vector<float> vector = random_unit(random, dimensions);
      const std::vector<float> query = random_unit(random, dimensions);
      std::vector<std::byte> code(codec.code_bytes());
      codec.encode(vector, code);
      std::vector<float> rotated = query;
      Rotation("digest", dimensions).apply(rotated);
      EXPECT_NEAR(codec.inner_product(codec.prepare(query), code.data()), dot(codec.decode(code), rotated), 1e-5);
    }
  }
}

// Invariant 6: these bytes are the same on every machine. The digest was written down once.
TEST(Codec, CodesAreTheSameOnEveryMachine) {
  const Codec codec("digest", 384);
  Sha256Stream stream;
  std::vector<std::byte> code(codec.code_bytes());
  std::mt19937_64 random(3);
  for (int round = 0; round < 100; ++round) {
    std::vector<float> vector(384);
    for (float& value : vector) value = static_cast<float>(static_cast<int>(random() % 2'001) - 1'000) / 20'000.0F;
    codec.encode(vector, code);
    stream.update(code);
  }
  EXPECT_EQ(to_hex(stream.finish()), "02d903bbbb3d91a4c9344cd176a6aedebe88f2c0592efa133bf6267a6d8ff477");
}

TEST(Codec, ZeroTinyAndHugeVectorsHaveFiniteProducts) {
  const Codec codec("digest", 48);
  const std::vector<float> query(48, 0.1F);
  std::vector<std::byte> code(codec.code_bytes());
  for (const float value : {0.0F, 1e-42F, 1e-38F, 1e-20F, 1e15F}) {
    codec.encode(std::vector<float>(48, value), code);
    EXPECT_TRUE(std::isfinite(codec.inner_product(codec.prepare(query), code.data()))) << value;
  }
}

struct Quality {
  double recall = 0;
  double bias = 0;   // of the inner product of a vector with its own code, which should be 1
  double error = 0;  // root mean square, of inner products with queries
};

// Vectors around 200 Gaussian centres, as embeddings of a corpus lie; queries near some of them.
Quality measure(ScaleChoice choice, std::size_t vectors, std::size_t queries) {
  constexpr std::uint32_t kDimensions = 384;
  std::mt19937_64 random(4);
  std::normal_distribution<float> normal;
  const Codec codec("digest", kDimensions, choice);
  std::vector<std::vector<float>> centres;
  for (int i = 0; i < 200; ++i) centres.push_back(random_unit(random, kDimensions));
  const auto near = [&](const std::vector<float>& centre, float spread) {
    std::vector<float> vector = centre;
    for (float& value : vector) value += spread * normal(random) / std::sqrt(static_cast<float>(kDimensions));
    const auto length = static_cast<float>(std::sqrt(dot(vector, vector)));
    for (float& value : vector) value /= length;
    return vector;
  };
  std::vector<std::vector<float>> corpus;
  std::vector<std::vector<std::byte>> codes;
  Quality quality;
  for (std::size_t i = 0; i < vectors; ++i) {
    corpus.push_back(near(centres[random() % centres.size()], 0.8F));
    codes.emplace_back(codec.code_bytes());
    codec.encode(corpus.back(), codes.back());
    quality.bias += static_cast<double>(codec.inner_product(codec.prepare(corpus.back()), codes.back().data())) - 1.0;
  }
  quality.bias /= static_cast<double>(vectors);
  const auto best = [&](auto score) {
    std::vector<std::size_t> order(vectors);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<double> scores(vectors);
    for (std::size_t i = 0; i < vectors; ++i) scores[i] = score(i);
    std::partial_sort(order.begin(), order.begin() + 10, order.end(),
                      [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    return std::set<std::size_t>(order.begin(), order.begin() + 10);
  };
  for (std::size_t i = 0; i < queries; ++i) {
    const std::vector<float> query = near(corpus[random() % vectors], 0.6F);
    const PreparedQuery prepared = codec.prepare(query);
    double squares = 0;
    const auto exact = best([&](std::size_t v) { return dot(query, corpus[v]); });
    const auto found = best([&](std::size_t v) {
      const double product = codec.inner_product(prepared, codes[v].data());
      if (v % 50 == 0) squares += std::pow(product - dot(query, corpus[v]), 2);
      return product;
    });
    quality.error += std::sqrt(squares / (static_cast<double>(vectors) / 50));
    for (const std::size_t hit : found) quality.recall += exact.contains(hit) ? 0.1 : 0;
  }
  quality.recall /= static_cast<double>(queries);
  quality.error /= static_cast<double>(queries);
  return quality;
}

TEST(Codec, FourBitsKeepTheTenNearest) {
  const Quality least_squares = measure(ScaleChoice::least_squares, 5'000, 40);
  const Quality unbiased = measure(ScaleChoice::unbiased, 5'000, 40);
  for (const auto& [name, quality] : {std::pair("least squares", least_squares), std::pair("unbiased", unbiased)})
    std::printf("%s: recall@10 %.4f, bias %.5f, rms error %.5f\n", name, quality.recall, quality.bias, quality.error);
  EXPECT_GE(least_squares.recall, 0.90);
  EXPECT_GE(unbiased.recall, 0.90);
  EXPECT_LT(std::abs(unbiased.bias), 1e-4);
}

}  // namespace
}  // namespace renvoi::index
