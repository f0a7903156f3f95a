#include <gtest/gtest.h>

#include <random>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/utf8.h"

namespace renvoi {
namespace {

// FIPS 180-2, appendix B.
TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(to_hex(sha256(std::string_view("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(std::string_view(""))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, InPiecesIsTheSameAsAtOnce) {
  Sha256Stream stream;
  const std::string text(10'000, 'x');
  for (std::size_t at = 0; at < text.size(); at += 777)
    stream.update(std::as_bytes(std::span(text).subspan(at, std::min<std::size_t>(777, text.size() - at))));
  EXPECT_EQ(stream.finish(), sha256(text));
}

TEST(Fingerprint, IsLittleEndianOfTheDigest) { EXPECT_EQ(fingerprint("abc"), 0xeacf018fbf1678baULL); }

TEST(Rfc3339, RoundTripsAndRefusesNonsense) {
  EXPECT_EQ(to_rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(1'795'479'345), "2026-11-24T00:15:45Z");
  EXPECT_EQ(parse_rfc3339("2026-11-24T00:15:45Z"), 1'795'479'345);
  for (const char* bad : {"", "2026-02-31T00:00:00Z", "2026-11-24T00:15:45+01:00", "2026-11-24 00:15:45Z"})
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

TEST(Utf8, EveryCodePointRoundTripsAndSurrogatesDoNot) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string text;
    append_utf8(text, c);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    ASSERT_EQ(is_valid_utf8(text), !surrogate) << std::hex << static_cast<unsigned>(c);
    if (!surrogate) {
      ASSERT_EQ(decode_utf8(text).code_point, c);
    }
  }
}

TEST(Utf8, RefusesOverlongTruncatedAndTooHigh) {
  for (std::string_view bad :
       {"\xC0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xC3", "\xE2\x82", "\xF4\x90\x80\x80", "\xFF", "\x80"})
    EXPECT_FALSE(is_valid_utf8(bad));
}

TEST(Utf8, RepairOfRandomBytesIsValidAndOfValidTextIsItself) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string repaired = repair_utf8(bytes);
    ASSERT_TRUE(is_valid_utf8(repaired)) << "round " << round;
    ASSERT_EQ(repair_utf8(repaired), repaired);
    for (std::size_t cut = 0; cut <= repaired.size(); ++cut) ASSERT_TRUE(is_valid_utf8(truncate_utf8(repaired, cut)));
  }
}

Result<int> half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::invalid, "odd number"};
  return number / 2;
}
Result<int> quarter(int number) {
  RENVOI_TRY(const int once, half(number));
  return half(once);
}

TEST(Result, TryPassesValuesOnAndErrorsUp) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().code, ErrorCode::invalid);
  EXPECT_EQ(quarter(6).error().in("quarter").describe(), "invalid: quarter: odd number");
}

}  // namespace
}  // namespace renvoi
