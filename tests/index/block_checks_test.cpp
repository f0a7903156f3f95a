#include "index/block_checks.h"

#include <gtest/gtest.h>

#include <random>

namespace renvoi::index {
namespace {

TEST(BlockChecks, ABadBlockIsFoundWhenItIsAskedForAndNoSooner) {
  std::mt19937_64 random(1);
  for (const std::size_t size : {std::size_t{1}, kCheckedBlockBytes - 1, kCheckedBlockBytes, kCheckedBlockBytes + 1,
                                 70 * kCheckedBlockBytes + 5}) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::string checksums = block_checksums(bytes);
    ASSERT_EQ(checksums.size(), block_checksums_bytes(size));
    const auto view = std::as_bytes(std::span(bytes));
    {
      BlockChecks checks;
      checks.watch(view, std::as_bytes(std::span(checksums)));
      EXPECT_TRUE(checks.verify(view));
      EXPECT_FALSE(checks.damaged());
    }
    for (int round = 0; round < 20; ++round) {
      const std::size_t at = random() % size;
      const int flip = 1 << random() % 8;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      const std::size_t block = at / kCheckedBlockBytes;
      BlockChecks checks;
      checks.watch(view, std::as_bytes(std::span(checksums)));
      if (block > 0) {
        EXPECT_TRUE(checks.verify(view.first(block * kCheckedBlockBytes)));
      }
      const std::size_t behind = (block + 1) * kCheckedBlockBytes;
      if (behind < size) {
        EXPECT_TRUE(checks.verify(view.subspan(behind)));
      }
      EXPECT_FALSE(checks.damaged());
      EXPECT_FALSE(checks.verify(view.subspan(block * kCheckedBlockBytes, 1)));
      EXPECT_FALSE(checks.verify(view));  // and every time
      EXPECT_TRUE(checks.damaged());
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
    }
  }
}

}  // namespace
}  // namespace renvoi::index
