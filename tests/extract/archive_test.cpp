#include "extract/archive.h"
#include "extract/archive_member.h"

#include "archive_writer.h"
#include "reading_support.h"

namespace renvoi::extract {
namespace {

using test::archive_of;
using test::Files;
using test::outline;
using test::Packing;
using test::read;
using test::refusal;
using testing::ElementsAre;
using testing::HasSubstr;

ArchiveDeadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(10); }
bool all(std::string_view) { return true; }

TEST(Archive, EveryPackingGivesItsFiles) {
  const Files files{{"a/é.txt", "one"}, {"/b.txt", "two"}, {"../../c.txt", std::string(300'000, 'x')}};
  for (const Packing packing : {Packing::zip, Packing::stored_zip, Packing::tar, Packing::tar_gz}) {
    const std::string bytes = archive_of(files, packing);
    const auto names = archive_names(bytes, {}, soon());
    ASSERT_TRUE(names.ok()) << names.error().describe();
    EXPECT_THAT(*names, ElementsAre("a/é.txt", "b.txt", "../../c.txt"));
    const auto entries = read_archive(
        bytes, [](std::string_view name) { return name != "b.txt"; }, {}, soon());
    ASSERT_TRUE(entries.ok()) << entries.error().describe();
    ASSERT_EQ(entries->size(), 2u);
    EXPECT_EQ((*entries)[0].bytes, "one");
    EXPECT_EQ((*entries)[1].bytes.size(), 300'000u);
  }
}

TEST(Archive, BombsAreStoppedByWhatTheyExpandTo) {
  const std::string bomb = archive_of({{"a.txt", std::string(40u << 20, '\0')}});
  ASSERT_LT(bomb.size(), 200'000u);
  const auto read = read_archive(bomb, all, {}, soon());
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::exhausted);
  EXPECT_THAT(read.error().message, HasSubstr("a bomb"));
  const auto total = read_archive(bomb, all, {.max_total_bytes = 1u << 20}, soon());
  ASSERT_FALSE(total.ok());
  EXPECT_THAT(total.error().message, HasSubstr("more than 1 MiB"));
  const auto cut = read_archive(bomb, all, {.max_entry_bytes = 1'000}, soon());
  ASSERT_TRUE(cut.ok());
  EXPECT_TRUE((*cut)[0].truncated);
  EXPECT_EQ((*cut)[0].bytes.size(), 1'000u);
}

TEST(Archive, TooManyEntriesAndTooMuchTimeAreExhausted) {
  Files files;
  for (int i = 0; i < 50; ++i) files.emplace_back("f" + std::to_string(i), "x");
  const auto names = archive_names(archive_of(files), {.max_entries = 49}, soon());
  ASSERT_FALSE(names.ok());
  EXPECT_EQ(names.error().code, ErrorCode::exhausted);
  const auto late = archive_names(archive_of(files), {}, std::chrono::steady_clock::now() - std::chrono::seconds(1));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::exhausted);
}

TEST(Archive, DamageIsFound) {
  const std::string whole =
      archive_of({{"a.txt", "some words to be packed"}, {"b.txt", "and others"}}, Packing::stored_zip);
  std::string changed = whole;
  changed[changed.find("some words")] = 'X';  // its checksum is wrong now
  const auto entries = read_archive(changed, all, {}, soon());
  ASSERT_TRUE(entries.ok()) << entries.error().describe();
  EXPECT_THAT((*entries)[0].problem, HasSubstr("CRC"));
  EXPECT_EQ((*entries)[1].problem, "");
  // The directory names a place where no member is.
  std::string wrong = whole;
  const std::size_t directory = wrong.find("PK\x01\x02");
  ASSERT_NE(directory, std::string::npos);
  wrong[directory + 42] = 0x33;
  const auto misled = read_archive(wrong, all, {}, soon());
  if (misled.ok()) {
    EXPECT_LE(misled->size(), 2u);
  } else {
    EXPECT_EQ(misled.error().code, ErrorCode::corrupt);
  }
  const auto none = archive_names("PK\x03\x04 and then nothing of the kind", {}, soon());
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::corrupt);
}

TEST(Archive, AMemberIsReadByItsName) {
  const std::string deep = archive_of({{"c.md", "deep"}}, Packing::tar);
  const std::string inner = archive_of({{"b.tar", deep}, {"twin.md", "inner"}});
  const std::string whole =
      archive_of({{"a/inner.zip", inner}, {"twin.md", "outer"}, {"long.txt", std::string(5'000, 'x')}});
  const auto read = [&](std::string_view member, std::uint64_t max_bytes = 1'000) {
    return read_member(whole, member, max_bytes, soon());
  };
  EXPECT_EQ(read("twin.md").value(), "outer");
  EXPECT_EQ(read("a/inner.zip!/twin.md").value(), "inner");
  EXPECT_EQ(read("a/inner.zip!/b.tar!/c.md").value(), "deep");
  EXPECT_EQ(read("long.txt", 5'000)->size(), 5'000u);
  EXPECT_EQ(read("long.txt", 4'999).error().code, ErrorCode::exhausted);
  EXPECT_EQ(read("missing.md").error().code, ErrorCode::not_found);
  EXPECT_EQ(read("a/inner.zip!/a/inner.zip!/x").error().code, ErrorCode::not_found);
  EXPECT_EQ(read("a.zip!/b.zip!/c.zip!/d.zip!/e").error().code, ErrorCode::not_found);
  EXPECT_EQ(read("twin.md!/x").error().code, ErrorCode::not_found) << "no archive by its name: a name like any other";
  EXPECT_EQ(read_member(inner, "b.tar!/c.md!/x", 9, soon()).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_member("no archive", "a.md", 9, soon()).error().code, ErrorCode::corrupt);
}

TEST(ArchiveFolder, FilesAreSectionsUnderTheirNames) {
  const Document document = read(archive_of({{"docs/a.md", "# Alpha\n\nText of alpha.\n\n## Part\n\nMore."},
                                             {".git/config", "hidden"},
                                             {"__MACOSX/docs/._a.md", "hidden"},
                                             {"picture.png", "\x89PNG\r\n\x1A\n........"},
                                             {"b.txt", "Text of beta."}}),
                                 "two.zip");
  EXPECT_EQ(document.media_type, "application/zip");
  EXPECT_THAT(outline(document),
              ElementsAre("h1 docs/a.md", "p Text of alpha.", "h3 Part", "p More.", "h1 b.txt", "p Text of beta."));
  const Document tar = read(archive_of({{"b.txt", "Text of beta."}}, Packing::tar_gz), "x.tgz");
  EXPECT_THAT(outline(tar), ElementsAre("h1 b.txt", "p Text of beta."));
}

TEST(ArchiveFolder, NestingEndsSomewhere) {
  std::string nested = archive_of({{"b.txt", "Text of beta."}});
  for (int i = 0; i < 2; ++i) nested = archive_of({{"in.zip", nested}});
  EXPECT_THAT(outline(read(nested)), ElementsAre("h1 in.zip", "h2 in.zip", "h3 b.txt", "p Text of beta."));
  nested = archive_of({{"in.zip", nested}});
  const Error error = refusal(nested);
  EXPECT_EQ(error.code, ErrorCode::invalid);
  EXPECT_THAT(error.message, HasSubstr("deeper than 3"));
}

TEST(ArchiveFolder, NothingReadableIsSaid) {
  const Error error =
      refusal(archive_of({{"a.png", "\x89PNG\r\n\x1A\n........"}, {"b.png", "\x89PNG\r\n\x1A\n......"}}));
  EXPECT_EQ(error.code, ErrorCode::invalid);
  EXPECT_THAT(error.message, HasSubstr("none of the 2 files"));
  EXPECT_THAT(error.message, HasSubstr("a PNG image"));
  EXPECT_THAT(refusal(std::string("\x1F\x8B\x08 not really gzip")).code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace renvoi::extract
