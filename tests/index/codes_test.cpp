#include "index/codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

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
    const std::vector<float> straight = a;
    rotation.apply(a);
    rotation.apply(b);
    EXPECT_NEAR(dot(a, b), before, 1e-5) << dimensions;
    EXPECT_NEAR(dot(a, a), 1.0, 1e-5) << dimensions;
    rotation.apply_inverse(a);
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], straight[i], 1e-5) << dimensions;
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

TEST(OldCodes, LevelsAreCentredAndScaled) {
  // Five coordinates: bytes hold 0 and 3, 1 and 4, 2 and nothing.
  const std::uint8_t levels[] = {0x10, 0x8F, 0x07};
  const float scale = 0.5F;
  std::vector<std::byte> code(old_code_bytes(5));
  std::memcpy(code.data(), levels, 3);
  std::memcpy(code.data() + 3, &scale, 4);
  std::vector<float> rotated(5);
  decode_old_code(code, rotated);
  EXPECT_EQ(rotated, (std::vector<float>{-3.75F, 3.75F, -0.25F, -3.25F, 0.25F}));
}

}  // namespace
}  // namespace renvoi::index
