#include "io/bytes.h"

#include <gtest/gtest.h>

#include <random>

#include "io/crc32c.h"

namespace renvoi::io {
namespace {

// RFC 3720, appendix B.4.
TEST(Crc32c, KnownAnswers) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(std::string_view("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string_view()), 0U);
}

TEST(Crc32c, InstructionAndTablesAgreeOnEveryLengthAndAlignmentAndInPieces) {
  std::mt19937_64 random(1);
  std::string bytes(300, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  for (std::size_t begin = 0; begin < 17; ++begin)
    for (std::size_t end = begin; end <= bytes.size(); ++end) {
      const auto view = std::as_bytes(std::span(bytes).subspan(begin, end - begin));
      ASSERT_EQ(crc32c(view), crc32c_portable(view)) << begin << " " << end;
      const std::size_t cut = view.size() / 3;
      ASSERT_EQ(crc32c(view.subspan(cut), crc32c(view.first(cut))), crc32c(view));
    }
}

TEST(Bytes, WhatIsWrittenIsRead) {
  std::mt19937_64 random(2);
  ByteWriter writer;
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 2'000; ++i) {
    numbers.push_back(random() >> (random() % 64));
    writer.varint(numbers.back());
    writer.u32(static_cast<std::uint32_t>(numbers.back()));
    writer.text(std::string(numbers.back() % 50, 'x'));
  }
  ByteReader reader(writer.str());
  for (const std::uint64_t number : numbers) {
    ASSERT_EQ(reader.varint(), number);
    ASSERT_EQ(reader.u32(), static_cast<std::uint32_t>(number));
    ASSERT_EQ(reader.text().size(), number % 50);
  }
  EXPECT_TRUE(reader.ok() && reader.at_end());
}

TEST(Bytes, ReadingPastTheEndOrAMalformedNumberFailsForGood) {
  ByteReader shorter(std::string_view("\x01\x02"));
  EXPECT_EQ(shorter.u32(), 0U);
  EXPECT_FALSE(shorter.ok());
  EXPECT_EQ(shorter.u8(), 0U);
  ByteReader endless(std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
  endless.varint();
  EXPECT_FALSE(endless.ok());
  ByteReader huge_text(std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x"));
  EXPECT_TRUE(huge_text.text().empty());
  EXPECT_FALSE(huge_text.ok());
  ByteReader wide(std::string_view("\xFF\xFF\xFF\xFF\x7F"));
  wide.varint32();
  EXPECT_FALSE(wide.ok());
}

}  // namespace
}  // namespace renvoi::io
