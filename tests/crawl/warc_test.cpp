// Archives: what they hold is read as it was, wherever it lies; what is damaged or lies costs no more than itself.
#include "crawl/warc.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "crawl/http_body.h"
#include "crawl/warc_support.h"
#include "crawl/web_archive.h"
#include "crawl/zip.h"
#include "io/temporary_folder.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using test::answer;
using test::compress;
using test::http;
using test::info;
using test::record;

struct Scanned {
  WarcScan scan;
  std::vector<WarcAnswer> answers;
  std::optional<Error> error;
};
Scanned scan(const std::string& bytes) {
  // In a buffer of the exact size, so that sanitizers see an overread.
  const std::vector<char> exact(bytes.begin(), bytes.end());
  const auto file = io::random_bytes({exact.data(), exact.size()});
  Scanned all;
  auto scan = scan_warc(*file, {0, file->size_bytes()}, [&](const WarcAnswer& each) {
    all.answers.push_back(each);
    return true;
  });
  if (scan)
    all.scan = *scan;
  else
    all.error = scan.error();
  return all;
}

std::vector<std::string> records_of(int count) {
  std::vector<std::string> records{info()};
  for (int i = 0; i < count; ++i)
    records.push_back(
        answer("https://a.test/" + std::to_string(i), "text " + std::string(std::size_t(i) * 7'919, 'x')));
  return records;
}

std::string joined(const std::vector<std::string>& records) {
  std::string all;
  for (const auto& each : records) all += each;
  return all;
}

// Plain, a gzip member for each record, one for each two, one for all.
std::vector<std::string> forms(const std::vector<std::string>& records) {
  std::string each, pairs;
  for (std::size_t i = 0; i < records.size(); ++i) {
    each += compress(records[i]);
    if (i % 2 == 0) pairs += compress(records[i] + (i + 1 < records.size() ? records[i + 1] : ""));
  }
  return {joined(records), each, pairs, compress(joined(records))};
}

TEST(Warc, EveryFormGivesTheSameAnswersAndEachIsReadAgainAtItsPlace) {
  const auto records = records_of(40);
  for (const std::string& bytes : forms(records)) {
    const Scanned all = scan(bytes);
    ASSERT_FALSE(all.error) << all.error->message;
    EXPECT_TRUE(all.scan.complete);
    EXPECT_TRUE(all.scan.problems.empty());
    EXPECT_EQ(all.scan.records, 41u);
    ASSERT_EQ(all.answers.size(), 40u);
    const auto file = io::random_bytes(bytes);
    for (std::size_t i = 0; i < 40; ++i) {
      EXPECT_EQ(all.answers[i].target, "https://a.test/" + std::to_string(i));
      EXPECT_EQ(to_rfc3339(all.answers[i].date), "2024-05-01T12:00:00Z");
      EXPECT_EQ(all.answers[i].status, 200);
      const auto document = read_warc(*file, all.answers[i].place, 10u << 20);
      ASSERT_TRUE(document.ok()) << document.error().message;
      EXPECT_EQ(http(document->body),
                records[i + 1].substr(records[i + 1].find("HTTP/1.1"), http(document->body).size()));
      EXPECT_EQ(document->answer.target, all.answers[i].target);
    }
  }
}

TEST(Warc, OldAndUnusualFormsAreRead) {
  const std::string bytes =
      "\r\n" + record("<https://a.test/1>", http("x"), {.version = "WARC/1.0"}) +
      record("https://a.test/2", http("y", "Content-Type: text/html;\r\n charset=utf-8\r\nX-A: 1\r\nX-A: 2\r\n")) +
      record("dns:a.test", "20240501120000\na.test. 3 IN A 1.2.3.4\n") + record("https://a.test/3", "") +
      record("https://a.test/4", http("z"), {.type = "request"}) +
      record("https://a.test/5", "HTTP/1.1 200 OK\r\nno end");
  const Scanned all = scan(bytes);
  ASSERT_FALSE(all.error) << all.error->message;
  ASSERT_EQ(all.answers.size(), 2u);
  EXPECT_EQ(all.scan.records, 6u);
  EXPECT_EQ(all.answers[0].target, "https://a.test/1");
  EXPECT_EQ(all.answers[1].header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(all.answers[1].header("x-a"), "1, 2");
}

TEST(Warc, ALieAboutTheLengthCostsTheRecordOrTheRestOfAPlainFile) {
  // The body holds what looks like a record of another address.
  const std::string forged = record("https://bank.test/", http("forged"));
  for (const std::int64_t lie :
       std::initializer_list<std::int64_t>{-1, -20, -400, 1, 3, 100, 5'000, 1'000'000, 9'000'000'000'000'000}) {
    const std::vector<std::string> records{
        info(), answer("https://a.test/1", "one"),
        record("https://a.test/2", http("two " + std::string(300, 'x') + "\r\n\r\n" + forged + "end"),
               {.lie_bytes = lie}),
        answer("https://a.test/3", "three")};
    std::string each;
    for (const auto& one : records) each += compress(one);
    const Scanned gzipped = scan(each);
    ASSERT_FALSE(gzipped.error);
    ASSERT_EQ(gzipped.answers.size(), 2u) << lie;
    EXPECT_EQ(gzipped.answers[1].target, "https://a.test/3");
    EXPECT_EQ(gzipped.scan.problems.size(), 1u);
    const Scanned plain = scan(joined(records));
    ASSERT_FALSE(plain.error);
    EXPECT_EQ(plain.answers.size(), 1u) << lie;
    EXPECT_FALSE(plain.scan.complete);
    EXPECT_EQ(plain.scan.problems.size(), 1u);
  }
}

TEST(Warc, CutAnywhereItGivesWholeRecordsOnly) {
  const auto records = records_of(3);
  for (const std::string& bytes : forms(records)) {
    std::size_t before = 0;
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 50) {
      const Scanned all = scan(bytes.substr(0, size));
      EXPECT_GE(all.answers.size(), before);
      before = all.answers.size();
      for (const WarcAnswer& each : all.answers)
        EXPECT_TRUE(read_warc(*io::random_bytes(std::string_view(bytes).substr(0, size)), each.place, 1u << 20).ok());
    }
    EXPECT_LE(before, 3u);
    EXPECT_EQ(scan(bytes).answers.size(), 3u);
  }
}

TEST(Warc, DamagedBytesNeverCrashAndNeverGiveAnAddressThatIsNotThere) {
  std::mt19937_64 random(7);
  const auto records = records_of(4);
  for (const std::string& whole : forms(records)) {
    for (int i = 0; i < 300; ++i) {
      std::string bytes = whole;
      for (int flips = 0; flips < 1 + i % 4; ++flips)
        bytes[random() % bytes.size()] ^= static_cast<char>(1 + random() % 255);
      const Scanned all = scan(bytes);
      for (const WarcAnswer& each : all.answers) (void)read_warc(*io::random_bytes(bytes), each.place, 1u << 20);
      (void)read_warc(*io::random_bytes(bytes), {random() % bytes.size(), random() % 1'000}, 1u << 20);
    }
  }
}

TEST(Warc, ABombIsWalkedWithoutHoldingIt) {
  const std::string& bomb = test::gzip_of_a_gigabyte();
  const std::string bytes = compress(info()) + bomb + compress(answer("https://a.test/1", "one"));
  const Scanned all = scan(bytes);
  ASSERT_FALSE(all.error);
  EXPECT_EQ(all.scan.problems.size(), 1u);
  ASSERT_EQ(all.answers.size(), 1u);
  EXPECT_EQ(scan(bomb).error->code, ErrorCode::corrupt);
  const std::string inside =
      compress(record("https://a.test/1", http(compress(std::string(5'000'000, 'x')), "Content-Encoding: gzip\r\n")));
  EXPECT_EQ(read_warc(*io::random_bytes(inside), {}, 1'000'000).error().code, ErrorCode::exhausted);
  EXPECT_EQ(read_warc(*io::random_bytes(inside), {}, 6'000'000)->body.size(), 5'000'000u);
}

TEST(Warc, WhatIsNoWarcIsCorrupt) {
  for (const std::string& none :
       {std::string(), std::string("\r\n\r\n"), std::string("hello"), std::string("WARC/0.17\r\n\r\n"),
        std::string("WARC/1.0\r\n"), compress("hello"), std::string("\x1F\x8B"),
        std::string("WARC/1.0\r\nContent-Length: -1\r\n\r\n"), std::string(200'000, 'x')}) {
    const Scanned all = scan(none);
    EXPECT_TRUE((all.error && all.error->code == ErrorCode::corrupt) || (all.answers.empty() && all.scan.records == 0))
        << none;
  }
}

TEST(HttpBody, CodingsAreUndone) {
  const std::string text = "some text, twice: some text";
  const auto decode = [](std::string body, const char* transfer, const char* content) {
    return decode_http_body(std::move(body), transfer, content, 1'000);
  };
  EXPECT_EQ(*decode("5;x=y\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "chunked", ""), "hello world");
  EXPECT_EQ(*decode("not chunked", "chunked", ""), "not chunked");
  EXPECT_EQ(*decode("ffffffffffffffff\r\nx\r\n0\r\n", "chunked", ""), "ffffffffffffffff\r\nx\r\n0\r\n");
  EXPECT_EQ(*decode(compress(text), "", "gzip"), text);
  EXPECT_EQ(*decode(text, "", "gzip"), text);
  EXPECT_EQ(*decode(compress(text, test::Wrap::zlib), "", "deflate"), text);
  EXPECT_EQ(*decode(compress(text, test::Wrap::raw), "", "Deflate"), text);
  EXPECT_EQ(*decode(compress(compress(text, test::Wrap::zlib)), "", "deflate, gzip"), text);
  EXPECT_EQ(decode(compress(text), "", "br").error().code, ErrorCode::invalid);
  EXPECT_EQ(decode(compress(text), "", "gzip, gzip, gzip, gzip").error().code, ErrorCode::invalid);
  EXPECT_EQ(decode(compress(text).substr(0, 20), "", "gzip").error().code, ErrorCode::invalid);
  EXPECT_EQ(decode(compress(std::string(2'000, 'x')), "", "gzip").error().code, ErrorCode::exhausted);
}

TEST(Zip, MembersAreWhereTheirDataAre) {
  const std::string bytes = test::zip({{"datapackage.json", "{}"}, {"archive/a.warc", "abc"}});
  const auto members = zip_members(*io::random_bytes(bytes));
  ASSERT_TRUE(members.ok()) << members.error().message;
  ASSERT_EQ(members->size(), 2u);
  EXPECT_EQ((*members)[1].name, "archive/a.warc");
  EXPECT_EQ(bytes.substr((*members)[1].offset_bytes, (*members)[1].size_bytes), "abc");
  EXPECT_TRUE((*members)[1].stored);
}

TEST(Zip, HostileOnesAreCorrupt) {
  const std::string whole = test::zip({{"a", "abc"}, {"b", std::string(100, 'x')}});
  const auto check = [](const std::string& bytes) {
    const auto members = zip_members(*io::random_bytes(bytes));
    if (!members) return;
    for (const ZipMember& member : *members) EXPECT_LE(member.offset_bytes + member.size_bytes, bytes.size());
  };
  for (std::size_t size = 0; size < whole.size(); ++size) check(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int value : {0x00, 0x01, 0x7F, 0xFF}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(value);
      check(bytes);
    }
}

class WebArchive : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary | std::ios::trunc) << bytes;
    return (folder / name).string();
  }
  test::TemporaryFolder folder;
};

TEST_F(WebArchive, ListsTheNewestHtmlOfEachAddress) {
  const std::vector<std::string> records{
      info(),
      answer("https://a.test/1#top", "old", {.date = "2020-01-01T00:00:00Z"}),
      answer("https://a.test/1", "new", {.date = "2024-01-01T00:00:00Z"}),
      answer("https://a.test/1", "older", {.date = "2019-01-01T00:00:00Z"}),
      record("https://a.test/image", http("\x89PNG", "Content-Type: image/png\r\n")),
      record("https://a.test/gone", http("x", "Content-Type: text/html\r\n", "404 Not Found")),
      record("urn:uuid:1", http("x")),
      record("https://a.test/notes", http("plain", "Content-Type: text/plain; charset=utf-8\r\n"))};
  std::string each;
  for (const auto& one : records) each += compress(one);
  const std::string bytes = test::zip({{"archive/a.warc.gz", each},
                                       {"pages/pages.jsonl", "{}"},
                                       {"archive/b.warc", answer("https://b.test/", "from b")}});
  for (const auto& [name, content, pages] : {std::tuple{"a.warc", joined(records), 2u},
                                             std::tuple{"a.warc.gz", each, 2u}, std::tuple{"a.wacz", bytes, 3u}}) {
    const std::string path = write(name, content);
    const auto listing = list_archive(path, 1'000);
    ASSERT_TRUE(listing.ok()) << listing.error().message;
    EXPECT_TRUE(listing->complete);
    ASSERT_EQ(listing->pages.size(), pages) << name;
    const auto& page = listing->pages.at("https://a.test/1");
    EXPECT_EQ(to_rfc3339(page.date), "2024-01-01T00:00:00Z");
    const Observation seen = fetch_archived(path, page.locator, "https://a.test/1", 1u << 20, 1'800'000'000);
    EXPECT_EQ(seen.outcome, Outcome::fetched) << seen.reason;
    EXPECT_EQ(seen.at, page.date);
    EXPECT_NE(seen.body.find("new"), std::string::npos);
    EXPECT_EQ(seen.validators.etag, page.locator);
  }
}

TEST_F(WebArchive, AFileThatChangedIsLookedThrough) {
  const std::string path = write("a.warc", info() + answer("https://a.test/1", "one"));
  const std::string locator = list_archive(path, 10)->pages.at("https://a.test/1").locator;
  write("a.warc", info() + answer("https://a.test/0", "zero, and longer") + answer("https://a.test/1", "two"));
  const Observation moved = fetch_archived(path, locator, "https://a.test/1", 1u << 20, 5);
  EXPECT_EQ(moved.outcome, Outcome::fetched);
  EXPECT_NE(moved.body.find("two"), std::string::npos);
  EXPECT_NE(moved.validators.etag, locator);
  write("a.warc", info() + answer("https://a.test/0", "zero"));
  EXPECT_EQ(fetch_archived(path, locator, "https://a.test/1", 1u << 20, 5).outcome, Outcome::missing);
  fs::remove(path);
  EXPECT_EQ(fetch_archived(path, locator, "https://a.test/1", 1u << 20, 5).outcome, Outcome::unreachable);
  EXPECT_EQ(list_archive(path, 10).error().code, ErrorCode::not_found);
}

TEST_F(WebArchive, ALocatorThatPointsElsewhereIsNotBelieved) {
  const std::string path =
      write("a.warc", info() + answer("https://a.test/1", "one") + answer("https://a.test/2", "two"));
  const auto listing = list_archive(path, 10);
  const Observation seen =
      fetch_archived(path, listing->pages.at("https://a.test/2").locator, "https://a.test/1", 1u << 20, 5);
  EXPECT_NE(seen.body.find("one"), std::string::npos);
  for (const char* bad : {"", "x", "@", "1-2@3+4", "99999999999999999999@1+1"})
    EXPECT_EQ(fetch_archived(path, bad, "https://a.test/1", 1u << 20, 5).outcome, Outcome::fetched) << bad;
}

TEST_F(WebArchive, WhatIsCompressedInAWaczIsTold) {
  const std::string path = write("a.wacz", test::zip({{"archive/a.warc", info()}}, true));
  const auto listing = list_archive(path, 10);
  ASSERT_FALSE(listing.ok());
  EXPECT_NE(listing.error().message.find("archive/a.warc"), std::string::npos);
  EXPECT_EQ(list_archive(write("b.wacz", test::zip({{"x", "y"}})), 10).error().code, ErrorCode::corrupt);
  EXPECT_EQ(list_archive(write("c.warc", "nothing"), 10).error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace renvoi::crawl
