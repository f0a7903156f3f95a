#include "index/merge_policy.h"

#include <gtest/gtest.h>

#include <random>

namespace renvoi::index {
namespace {

// A simulation of years: flushes and deaths at random, merged as the policy says.
TEST(MergePolicy, KeepsItsTwoPromisesAndCopiesEachPassageALogarithmicNumberOfTimes) {
  std::mt19937_64 random(1);
  for (int mortality : {0, 5, 30}) {
    std::vector<SegmentSize> segments;
    double flushed = 0;
    double copied = 0;
    for (int flush = 0; flush < 2'000; ++flush) {
      segments.push_back({1'000, 0});
      flushed += 1'000;
      for (SegmentSize& segment : segments) {
        const std::uint64_t deaths = segment.live * (random() % static_cast<std::uint64_t>(mortality + 1)) / 100;
        segment.live -= deaths;
        segment.dead += deaths;
      }
      int merges = 0;
      for (std::vector<std::size_t> chosen = choose_merge(segments); !chosen.empty(); chosen = choose_merge(segments)) {
        ASSERT_LT(++merges, 16);
        SegmentSize merged;
        for (auto at = chosen.rbegin(); at != chosen.rend(); ++at) {
          merged.live += segments[*at].live;
          segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(*at));
        }
        copied += static_cast<double>(merged.live);
        if (merged.live > 0) segments.push_back(merged);
      }
      std::uint64_t live = 0;
      std::uint64_t dead = 0;
      for (const SegmentSize& segment : segments) {
        live += segment.live;
        dead += segment.dead;
      }
      ASSERT_LE(segments.size(), kMaxSegments);
      ASSERT_LE(dead, live);
    }
    EXPECT_LT(copied / flushed, 12) << "mortality " << mortality;
  }
}

}  // namespace
}  // namespace renvoi::index
