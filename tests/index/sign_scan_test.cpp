#include "index/sign_scan.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "index/quantizer_dot.h"

namespace renvoi::index {
namespace {

// Of exactly the size that is needed, so that sanitizers see an overread.
std::unique_ptr<std::uint8_t[]> random_bytes(std::mt19937_64& random, std::size_t count) {
  auto bytes = std::make_unique<std::uint8_t[]>(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(random());
  return bytes;
}

// Every byte in every lane of every row of a small block: each table entry is told apart by its value.
TEST(SignScan, LooksUpEveryByteInEveryLane) {
  constexpr std::size_t kRows = 3;
  std::vector<std::uint8_t> table(kRows * kTableRowEntries);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint8_t>(i * 2 + 1);
  for (std::size_t row = 0; row < kRows; ++row)
    for (std::size_t lane = 0; lane < kScanLanes; ++lane)
      for (unsigned byte = 0; byte < 256; ++byte) {
        std::vector<std::uint8_t> block(kRows * kScanLanes);
        block[row * kScanLanes + lane] = static_cast<std::uint8_t>(byte);
        std::vector<std::uint32_t> expected(kScanLanes);
        for (std::size_t l = 0; l < kScanLanes; ++l)
          for (std::size_t r = 0; r < kRows; ++r) {
            const unsigned here = r == row && l == lane ? byte : 0;
            expected[l] += table[r * 32 + here % 16] + std::uint32_t{table[r * 32 + 16 + here / 16]};
          }
        std::vector<std::uint32_t> sums(kScanLanes);
        for (const Simd level : available_simd()) {
          scan_blocks(level, table.data(), kRows, block.data(), 1, block.size(), sums.data());
          ASSERT_EQ(sums, expected) << to_string(level) << " row " << row << " lane " << lane << " byte " << byte;
        }
        scan_blocks_naive(table.data(), kRows, block.data(), 1, block.size(), sums.data());
        ASSERT_EQ(sums, expected);
      }
}

TEST(SignScan, EveryLevelAgreesWithTheNaiveOne) {
  std::mt19937_64 random(1);
  for (const std::size_t rows : {1U, 2U, 3U, 7U, 12U, 47U, 48U, 127U, 128U, 129U, 255U, 256U, 257U, 512U})
    for (const std::size_t blocks : {0U, 1U, 2U, 9U}) {
      const std::size_t stride = rows * kScanLanes + (rows % 3) * 64;
      const std::size_t bytes = blocks == 0 ? 0 : (blocks - 1) * stride + rows * kScanLanes;
      const auto table = random_bytes(random, rows * kTableRowEntries);
      const auto codes = random_bytes(random, bytes);
      std::vector<std::uint32_t> expected(blocks * kScanLanes);
      scan_blocks_naive(table.get(), rows, codes.get(), blocks, stride, expected.data());
      for (const Simd level : available_simd()) {
        std::vector<std::uint32_t> sums(blocks * kScanLanes, 77);
        scan_blocks(level, table.get(), rows, codes.get(), blocks, stride, sums.data());
        EXPECT_EQ(sums, expected) << to_string(level) << " rows " << rows << " blocks " << blocks;
      }
    }
}

TEST(SignScan, TheLargestEntriesDoNotOverflow) {
  for (const std::size_t rows : {128U, 129U, 1'000U}) {
    const std::vector<std::uint8_t> table(rows * kTableRowEntries, 255);
    const std::vector<std::uint8_t> codes(rows * kScanLanes, 0x5A);
    for (const Simd level : available_simd()) {
      std::vector<std::uint32_t> sums(kScanLanes);
      scan_blocks(level, table.data(), rows, codes.data(), 1, codes.size(), sums.data());
      EXPECT_EQ(sums, std::vector<std::uint32_t>(kScanLanes, static_cast<std::uint32_t>(rows * 510)))
          << to_string(level);
    }
  }
}

TEST(SignScan, ScoresAreTheSameBitsOnEveryLevel) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<float> number(-1, 1);
  for (int round = 0; round < 2'000; ++round) {
    const LaneScoring scoring{number(random) / 999, number(random), number(random) / 8'000, number(random) / 9'000,
                              number(random)};
    std::vector<std::uint32_t> sums(kScanLanes);
    for (std::uint32_t& sum : sums) sum = static_cast<std::uint32_t>(random() % 25'000);
    const auto scales = random_bytes(random, 2 * kScanLanes);
    const auto axes = random_bytes(random, 2 * kScanLanes);
    std::vector<float> expected(kScanLanes);
    float threshold = number(random);
    std::uint32_t reached = 0;
    for (std::size_t lane = 0; lane < kScanLanes; ++lane) {
      const auto at = [&](const std::uint8_t* numbers) {
        std::uint16_t value = 0;
        std::memcpy(&value, numbers + 2 * lane, 2);
        return static_cast<float>(value);
      };
      // One operation a statement: nothing to fuse.
      volatile float product = scoring.step * static_cast<float>(sums[lane]);
      product = product + scoring.offset;
      volatile float scale = scoring.unit * at(scales.get());
      product = product * scale;
      volatile float axis = scoring.axis_step * at(axes.get());
      axis = axis + scoring.axis_offset;
      expected[lane] = product + axis;
      if (round % 2 == 0 && lane == 7) threshold = expected[lane];  // just reached
    }
    for (std::size_t lane = 0; lane < kScanLanes; ++lane)
      if (expected[lane] >= threshold) reached |= 1U << lane;
    for (const Simd level : available_simd()) {
      std::vector<float> scores(kScanLanes);
      EXPECT_EQ(score_lanes(level, scoring, sums.data(), scales.get(), axes.get(), threshold, scores.data()), reached);
      EXPECT_EQ(std::memcmp(scores.data(), expected.data(), kScanLanes * sizeof(float)), 0) << to_string(level);
    }
  }
}

// One bit of one plane at a time, then random ones.
TEST(PlanesDot, EachBitCountsOnce) {
  std::mt19937_64 random(3);
  constexpr std::size_t kStride = 16;  // two groups
  std::vector<std::int16_t> weights(128);
  for (std::int16_t& weight : weights) weight = static_cast<std::int16_t>(static_cast<int>(random() % 2'001) - 1'000);
  for (std::size_t i = 0; i < 128; ++i)
    for (std::size_t plane = 0; plane < 8; ++plane) {
      std::vector<std::uint8_t> planes(8 * kStride);
      planes[plane * kStride + i / 8] = static_cast<std::uint8_t>(1U << (i % 8));
      const std::vector<std::uint8_t> group_planes = {8, 3};
      const std::int64_t expected = plane < group_planes[i / 64] ? std::int64_t{weights[i]} << (7 - plane) : 0;
      EXPECT_EQ(planes_dot_naive(planes.data(), kStride, group_planes, weights.data()), expected);
      for (const Simd level : available_simd())
        EXPECT_EQ(planes_dot(level, planes.data(), kStride, group_planes, weights.data()), expected)
            << to_string(level) << " coordinate " << i << " plane " << plane;
    }
}

TEST(PlanesDot, EveryLevelAgreesWithTheNaiveOne) {
  std::mt19937_64 random(4);
  for (const std::size_t groups : {0U, 1U, 2U, 5U, 6U, 17U, 64U})
    for (int round = 0; round < 20; ++round) {
      const std::size_t stride = groups * 8 + static_cast<std::size_t>(round % 3) * 5;
      const auto planes = random_bytes(random, 8 * stride);
      if (round % 4 == 0) std::memset(planes.get(), 255, 8 * stride);
      std::vector<std::uint8_t> group_planes(groups);
      for (std::uint8_t& count : group_planes) count = static_cast<std::uint8_t>(random() % 9);
      if (round % 4 == 0) group_planes.assign(groups, 8);
      // At the bound on the sum of weights, all of one sign or mixed.
      const std::size_t bound = groups == 0 ? 0 : std::min<std::size_t>(32'767, (std::size_t{1} << 23) / (groups * 64));
      std::vector<std::int16_t> weights(groups * 64);
      for (std::int16_t& weight : weights) {
        const auto size = static_cast<int>(round % 4 == 0 ? bound : random() % (bound + 1));
        weight = static_cast<std::int16_t>(round % 4 != 0 && random() % 2 == 0 ? -size : size);
      }
      const std::int64_t expected = planes_dot_naive(planes.get(), stride, group_planes, weights.data());
      for (const Simd level : available_simd())
        EXPECT_EQ(planes_dot(level, planes.get(), stride, group_planes, weights.data()), expected)
            << to_string(level) << " groups " << groups << " round " << round;
    }
}

}  // namespace
}  // namespace renvoi::index
