#include "crawl/document_cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>

#include "io/bytes.h"
#include "io/crc32c.h"
#include "io/temporary_folder.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using catalog::Retention;
using test::TemporaryFolder;

// Text that does not compress, so that sizes are known.
std::string noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}
CachedPage page_of(std::size_t bytes, unsigned seed, std::uint32_t fetch_ms = 0) {
  return {"text/html", noise(bytes, seed), seed, Retention::page, fetch_ms};
}
void write(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

class Cache : public testing::Test {
 protected:
  DocumentCache open(std::uint64_t max_bytes) { return {*files, folder / "cache", max_bytes}; }
  // As if nobody had used it for so long.
  void age(const std::string& name, std::chrono::hours time) {
    const fs::path file = folder / ("cache/" + name);
    fs::last_write_time(file, fs::last_write_time(file) - time);
  }
  const TemporaryFolder folder{TemporaryFolder::On::memory};
  const std::unique_ptr<io::FileSystem> files = io::real_file_system();
};

TEST_F(Cache, GivesBackWhatItHoldsAndNothingElse) {
  DocumentCache cache = open(100'000);
  const ReferenceId id{7};
  EXPECT_FALSE(cache.get(id).has_value());
  ASSERT_TRUE(cache.put(id, {"text/html", std::string("a\0b", 3), 42, Retention::text, 9}).ok());
  const auto held = open(100'000).get(id);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->body, std::string("a\0b", 3));
  EXPECT_EQ(held->content_type, "text/html");
  EXPECT_EQ(held->fingerprint, 42U);
  EXPECT_EQ(held->kind, Retention::text);
  EXPECT_EQ(held->fetch_ms, 9U);
  cache.remove(id);
  EXPECT_FALSE(cache.get(id).has_value());
}

TEST_F(Cache, NoDamagedFileIsServed) {
  DocumentCache cache = open(100'000);
  ASSERT_TRUE(cache.put(ReferenceId{1}, {"text/html", "some text", 1}).ok());
  const fs::path file = folder / "cache/1.page";
  const std::string whole = *files->read(file, 10'000);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string bad = whole;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    write(file, bad);
    EXPECT_FALSE(cache.get(ReferenceId{1}).has_value()) << "byte " << i;
    write(file, whole.substr(0, i));
    EXPECT_FALSE(cache.get(ReferenceId{1}).has_value()) << "cut at " << i;
  }
}

TEST_F(Cache, StaysWithinItsBoundAndForgetsTheLeastRecentlyUsed) {
  DocumentCache cache = open(3 * 8'192);
  for (unsigned i = 1; i <= 3; ++i) {
    ASSERT_TRUE(cache.put(ReferenceId{i}, page_of(5'000, i)).ok());
    age(std::to_string(i) + ".page", std::chrono::hours(10 - i));
  }
  DocumentCache again = open(3 * 8'192);  // the order outlives the process
  ASSERT_TRUE(again.get(ReferenceId{1}).has_value());
  ASSERT_TRUE(again.put(ReferenceId{4}, page_of(5'000, 4)).ok());
  EXPECT_TRUE(again.get(ReferenceId{1}).has_value());
  EXPECT_FALSE(again.get(ReferenceId{2}).has_value());
  EXPECT_TRUE(again.get(ReferenceId{4}).has_value());
  ASSERT_TRUE(again.put(ReferenceId{5}, page_of(90'000, 5)).ok());
  EXPECT_FALSE(again.get(ReferenceId{5}).has_value());
  EXPECT_LE(files->disk_bytes(folder / "cache"), 3U * 8'192);
}

TEST_F(Cache, WhatIsDearToGetStaysLonger) {
  DocumentCache cache = open(2 * 8'192);
  ASSERT_TRUE(cache.put(ReferenceId{1}, page_of(5'000, 1, 700)).ok());
  ASSERT_TRUE(cache.put(ReferenceId{2}, page_of(5'000, 2, 0)).ok());
  age("1.page", std::chrono::hours(5));  // used longer ago, yet worth more
  DocumentCache again = open(2 * 8'192);
  ASSERT_TRUE(again.put(ReferenceId{3}, page_of(5'000, 3)).ok());
  EXPECT_TRUE(again.get(ReferenceId{1}).has_value());
  EXPECT_FALSE(again.get(ReferenceId{2}).has_value());
}

TEST_F(Cache, ThePinnedStaysWhateverComes) {
  DocumentCache cache = open(2 * 8'192);
  EXPECT_EQ(cache.pin(ReferenceId{1}, true).error().code, ErrorCode::not_found);
  ASSERT_TRUE(cache.put(ReferenceId{1}, page_of(5'000, 1)).ok());
  ASSERT_TRUE(cache.pin(ReferenceId{1}, true).ok());
  for (unsigned i = 2; i < 9; ++i) ASSERT_TRUE(cache.put(ReferenceId{i}, page_of(5'000, i)).ok());
  EXPECT_TRUE(cache.get(ReferenceId{1}).has_value());
  EXPECT_TRUE(cache.get(ReferenceId{8}).has_value());
  // A new version of it is pinned, too; unpinned it leaves like any other.
  ASSERT_TRUE(cache.put(ReferenceId{1}, page_of(5'000, 77)).ok());
  EXPECT_EQ(open(2 * 8'192).use().pinned_pages, 1U);
  ASSERT_TRUE(cache.pin(ReferenceId{1}, false).ok());
  age("1.page", std::chrono::hours(50));
  DocumentCache again = open(2 * 8'192);
  for (unsigned i = 2; i < 9; ++i) ASSERT_TRUE(again.put(ReferenceId{i}, page_of(5'000, i)).ok());
  EXPECT_FALSE(again.get(ReferenceId{1}).has_value());
}

TEST_F(Cache, NeverOverItsBoundWhateverIsPut) {
  std::mt19937 random(5);
  const std::uint64_t bound = 200'000;
  DocumentCache cache = open(bound);
  for (int i = 0; i < 400; ++i) {
    const ReferenceId id{1 + static_cast<std::uint32_t>(random() % 60)};
    if (random() % 10 == 0) cache.remove(id);
    if (random() % 20 == 0) (void)cache.pin(id, random() % 2 == 0);
    ASSERT_TRUE(
        cache.put(id, page_of(random() % 30'000, static_cast<unsigned>(i), static_cast<std::uint32_t>(random() % 900)))
            .ok());
    ASSERT_LE(files->disk_bytes(folder / "cache"), bound);
    ASSERT_EQ(cache.use().page_bytes, open(bound).use().page_bytes);
  }
}

TEST_F(Cache, SaysWhatItHoldsByKindAndObeysALowerBoundOfTheNextStart) {
  DocumentCache cache = open(1u << 20);
  for (unsigned i = 1; i <= 4; ++i) ASSERT_TRUE(cache.put(ReferenceId{i}, page_of(5'000, i)).ok());
  ASSERT_TRUE(cache.put(ReferenceId{9}, {"text/plain", "short", 9, Retention::text, 0}).ok());
  write(folder / "cache/5.page.tmp-abc", "left by a crash");
  EXPECT_EQ(cache.use().page_bytes, 4U * 8'192);
  EXPECT_EQ(cache.use().text_bytes, 4'096U);
  DocumentCache lower = open(2 * 8'192);
  ASSERT_TRUE(lower.put(ReferenceId{10}, page_of(10, 10)).ok());
  EXPECT_LE(files->disk_bytes(folder / "cache"), 2U * 8'192);
  EXPECT_FALSE(fs::exists(folder / "cache/5.page.tmp-abc"));
}

TEST(CachedPage, OfVersion1IsRead) {
  io::ByteWriter writer;
  writer.append(std::string_view("RVC1"));
  writer.u64(42);
  writer.text("text/html");
  writer.text("<p>old</p>");
  writer.u32(io::crc32c(writer.str()));
  const auto page = parse_cached_page(writer.str());
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->body, "<p>old</p>");
  EXPECT_EQ(page->kind, Retention::page);
}

TEST(CachedPage, ThatClaimsMoreThanItHoldsIsNotRead) {
  CachedPage page{"t", std::string(100'000, 'x'), 1};
  std::string bytes = bytes_of(page).value();
  EXPECT_LT(bytes.size(), 500U);
  // The length of the body, as a varint, behind magic, fingerprint, kind, fetch_ms and type.
  const std::size_t at = 4 + 8 + 1 + 4 + 2;
  for (const char claimed : {'\x01', '\x7f'}) {
    std::string bad = bytes.substr(0, bytes.size() - 4);
    bad[at + 2] = claimed;
    io::ByteWriter sum;
    sum.append(std::string_view(bad));
    sum.u32(io::crc32c(bad));
    EXPECT_EQ(parse_cached_page(sum.str()).has_value(), bad[at + 2] == bytes[at + 2]);
  }
}

}  // namespace
}  // namespace renvoi::crawl
