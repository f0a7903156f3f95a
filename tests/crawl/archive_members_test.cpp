// ZIP and tar files in folders: their files are documents of their own and live as other files do.
#include "crawl/archive_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "crawl/file_fetch.h"
#include "crawl/folder_sync.h"
#include "crawl/folder_walk.h"
#include "extract/archive_member.h"
#include "extract/archive_writer.h"
#include "extract/text_fragment.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using catalog::ReferenceState;
using extract::test::archive_of;
using extract::test::Files;
using extract::test::Packing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string note(const std::string& what) { return "# " + what + "\n\nA whole sentence about the " + what + ".\n"; }

TEST(ArchiveMember, IsToldByTheArchiveBeforeIt) {
  const auto split = extract::split_member("/n/a.ZIP!/b.tar.gz!/c d.md");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->archive, "/n/a.ZIP");
  EXPECT_EQ(split->member, "b.tar.gz!/c d.md");
  EXPECT_EQ(extract::split_member("/wow!/a.zip!/b")->archive, "/wow!/a.zip");
  for (const char* name : {"/n/a.zip", "/n/a.zip!/", "/n/a!/b.md", "/n/.zip", "", "!/"})
    EXPECT_FALSE(extract::split_member(name)) << name;
  EXPECT_EQ(extract::link_to("file:///n/a.zip!/b.html", "some text", {0, 4}), "file:///n/a.zip");
}

class MembersTest : public FolderSyncTest {
 protected:
  void pack(const std::string& name, const Files& files, Packing packing = Packing::zip) {
    write(name, archive_of(files, packing));
    // Two archives of one size, written in one tick of the clock, are one version.
    const fs::path path = folder / ("docs/" + name);
    fs::last_write_time(path, fs::file_time_type::clock::now() + std::chrono::seconds(++packed_));
  }
  fs::path at(const std::string& name) { return fs::path(source.address) / name; }
  std::string address(const std::string& name) { return net::file_url(at(name).string()); }
  std::vector<std::string> shown() {
    std::vector<std::string> names;
    const auto references = catalog->references(source.id);
    for (const auto& reference : *references)
      if (catalog::is_showable(reference)) names.push_back(reference.address.substr(address("").size()));
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  int packed_ = 0;
};

TEST_F(MembersTest, AreListedAsAFoldersFilesAre) {
  const std::string inner = archive_of({{"deep.md", "d"}, {"x/deeper.html", "e"}}, Packing::tar_gz);
  for (const auto packing : {Packing::zip, Packing::stored_zip, Packing::tar, Packing::tar_gz}) {
    pack("a.zip",
         {{"z.md", "z"},
          {"sub dir/b.html", "b"},
          {".hidden", "h"},
          {".git/c.md", "c"},
          {"../out.md", "o"},
          {"x/../y.md", "o"},
          {"__MACOSX/z.md", "m"},
          {"photo.png", "p"},
          {"100% ?#.md", "q"},
          {"z.md", "again"},
          {"inner.tgz", inner}},
         packing);
    const auto listing = list_members(at("a.zip"), 100);
    EXPECT_THAT(listing.members,
                ElementsAre("z.md", "sub dir/b.html", "100% ?#.md", "inner.tgz!/deep.md", "inner.tgz!/x/deeper.html"));
    EXPECT_TRUE(listing.complete);
    EXPECT_THAT(listing.problems, IsEmpty());
    const auto cut = list_members(at("a.zip"), 2);
    EXPECT_EQ(cut.members.size(), 2u);
    EXPECT_TRUE(cut.truncated && !cut.complete);
  }
  write("b.md", "b");
  const auto walk = walk_folder(source.address, 100);
  ASSERT_TRUE(walk.ok());
  EXPECT_EQ(walk->files.size(), 6u);
  EXPECT_EQ(walk->files.front(), at("a.zip!/z.md"));
  EXPECT_EQ(walk->files.back(), at("b.md"));
  EXPECT_TRUE(walk_folder(source.address, 3)->truncated);
}

TEST_F(MembersTest, WhatIsBeyondALimitIsSaid) {
  std::string nested = archive_of({{"a.md", "a"}});
  for (int i = 0; i < 3; ++i) nested = archive_of({{"n.zip", nested}, {std::to_string(i) + ".md", "b"}});
  write("deep.zip", nested);
  const auto deep = list_members(at("deep.zip"), 100);
  EXPECT_THAT(deep.members, ElementsAre("n.zip!/n.zip!/0.md", "n.zip!/1.md", "2.md"));
  ASSERT_EQ(deep.problems.size(), 1u);
  EXPECT_THAT(deep.problems[0], HasSubstr("deeper than 3"));
  // A bomb in what is passed over: 64 MiB of nothing in 64 KiB.
  write("bomb.tar.gz", archive_of({{"a.png", std::string(64u << 20, '\0')}, {"b.md", note("b")}}, Packing::tar_gz));
  const auto bomb = list_members(at("bomb.tar.gz"), 100);
  EXPECT_FALSE(bomb.complete);
  ASSERT_EQ(bomb.problems.size(), 1u);
  EXPECT_THAT(bomb.problems[0], HasSubstr("a bomb"));
  const std::string sound = archive_of({{"a.md", note("a")}, {"b.md", note("b")}}, Packing::tar_gz);
  write("cut.tgz", sound.substr(0, sound.size() / 2));
  EXPECT_FALSE(list_members(at("cut.tgz"), 100).complete);
  EXPECT_FALSE(list_members(at("not-there.zip"), 100).complete);
}

// In whatever order, and with whatever is read between.
TEST_F(MembersTest, AreReadWholeInAnyOrder) {
  Files files;
  for (int i = 0; i < 40; ++i) files.emplace_back(std::to_string(i) + ".md", note("file " + std::to_string(i)));
  const std::string inner = archive_of(files, Packing::tar_gz);
  files.emplace_back("inner.tgz", inner);
  files.emplace_back("last.md", note("last"));
  for (const auto packing : {Packing::zip, Packing::tar_gz}) {
    pack("a.zip", files, packing);
    MemberReader members;
    const auto read = [&](const std::string& name, bool keep, std::uint64_t max_bytes = 1'000) {
      const auto url = net::Url::parse(address("a.zip!/" + name));
      return fetch_file(*url, {}, max_bytes, members, keep, 5);
    };
    std::uint32_t random = 7;
    for (int round = 0; round < 200; ++round) {
      random = random * 1'664'525u + 1'013'904'223u;
      const int i = round < 40 ? round : static_cast<int>(random >> 8) % 40;
      const bool in_inner = (random & 0x40000000u) != 0;
      const std::string number = std::to_string(i);
      const auto seen = read((in_inner ? "inner.tgz!/" : "") + number + ".md", (random & 0x20000000u) != 0);
      ASSERT_EQ(seen.outcome, Outcome::fetched) << seen.reason;
      EXPECT_EQ(seen.body, note("file " + number));
      EXPECT_EQ(seen.validators.etag, file_version(at("a.zip")));
    }
    for (const bool keep : {true, false}) {
      EXPECT_EQ(read("nothing.md", keep).outcome, Outcome::missing);
      EXPECT_EQ(read("inner.tgz!/nothing.md", keep).outcome, Outcome::missing);
      EXPECT_EQ(read("nothing.tgz!/1.md", keep).outcome, Outcome::missing);
      EXPECT_EQ(read("last.md!/1.md", keep).outcome, Outcome::missing);
      EXPECT_EQ(read("1.md", keep, 10).outcome, Outcome::refused);
      EXPECT_EQ(read("last.md", keep).outcome, Outcome::fetched);
    }
  }
  MemberReader members;
  const auto url = net::Url::parse(address("a.zip!/1.md"));
  EXPECT_EQ(fetch_file(*url, {file_version(at("a.zip")), ""}, 100, members, true, 5).outcome, Outcome::not_modified);
  fs::remove(at("a.zip"));
  EXPECT_EQ(fetch_file(*url, {}, 100, members, true, 5).outcome, Outcome::missing);
  fs::remove_all(source.address);
  EXPECT_EQ(fetch_file(*url, {}, 100, members, true, 5).outcome, Outcome::unreachable);
}

TEST_F(MembersTest, FollowWhatHappensToTheirArchive) {
  write("plain.md", note("plain file"));
  pack("a.zip", {{"one.md", note("first")}, {"sub/two.md", note("second")}, {"bad.txt", std::string("\0\1\2\0", 4)}});
  const SyncReport first = sync();
  EXPECT_EQ(first.totals.new_documents, 3u);
  ASSERT_EQ(first.problems.size(), 1u);
  EXPECT_EQ(first.problems[0].address, address("a.zip!/bad.txt"));
  EXPECT_THAT(shown(), ElementsAre("a.zip!/one.md", "a.zip!/sub/two.md", "plain.md"));
  EXPECT_EQ(find(address("a.zip!/one.md"))->title, "first");
  EXPECT_EQ(sync().totals.unchanged, 3u);

  pack("a.zip", {{"one.md", note("first")}, {"sub/two.md", note("other")}, {"three.md", note("third")}}, Packing::tar);
  const SyncReport changed = sync();
  EXPECT_EQ(changed.totals.unchanged, 2u);
  EXPECT_EQ(changed.totals.changed_documents, 1u);
  EXPECT_EQ(changed.totals.new_documents, 1u);
  pack("a.zip", {{"three.md", note("third")}});
  EXPECT_EQ(sync().totals.gone, 2u);
  EXPECT_THAT(shown(), ElementsAre("a.zip!/three.md", "plain.md"));

  // Half written, it takes nothing with it; removed, it does.
  const std::string whole = archive_of({{"three.md", note("third")}});
  write("a.zip", whole.substr(0, whole.size() / 2));
  EXPECT_EQ(sync().problems.size(), 1u);
  EXPECT_THAT(shown(), ElementsAre("a.zip!/three.md", "plain.md"));
  fs::remove(at("a.zip"));
  EXPECT_EQ(sync().totals.gone, 1u);
  EXPECT_THAT(shown(), ElementsAre("plain.md"));
}

TEST_F(MembersTest, AreLookedAtAloneWhenAWatchNamesTheirArchive) {
  write("plain.md", note("plain file"));
  pack("sub/a.zip", {{"one.md", note("first")}, {"two.md", note("second")}});
  pack("b.zip", {{"one.md", note("of b")}});
  sync();
  pack("sub/a.zip", {{"two.md", note("second, changed")}});
  fs::remove(at("b.zip"));
  fs::remove(at("plain.md"));
  options.paths = {{at("sub/a.zip").string()}};
  const SyncReport report = sync();
  EXPECT_EQ(report.totals.changed_documents, 1u);
  EXPECT_THAT(shown(), ElementsAre("b.zip!/one.md", "plain.md", "sub/a.zip!/two.md"));
  fs::remove_all(at("sub"));
  options.paths = {{at("sub").string(), at("b.zip").string()}};
  EXPECT_EQ(sync().totals.gone, 2u);
  EXPECT_THAT(shown(), ElementsAre("plain.md"));
}

// What an earlier version read as one document becomes several.
TEST_F(MembersTest, TakeThePlaceOfTheArchiveAsOneDocument) {
  pack("a.zip", {{"one.md", note("first")}});
  add();
  catalog::Reference whole;
  whole.source = source.id;
  whole.address = address("a.zip");
  whole.indexed = true;
  whole.fingerprint = 5;
  ASSERT_TRUE(catalog->add_reference(whole, clock.now()).ok());
  sync();
  EXPECT_THAT(shown(), ElementsAre("a.zip!/one.md"));
  EXPECT_THAT(find(address("a.zip"))->reason, HasSubstr("documents of their own"));
}

TEST_F(MembersTest, AnArchiveIsASourceOfItsOwn) {
  Files files;
  for (int i = 0; i < 12; ++i) files.emplace_back(std::to_string(i) + ".md", note("file " + std::to_string(i)));
  pack("a.tar.gz", files, Packing::tar_gz);
  const auto described = describe_source(at("a.tar.gz").string(), {}, {});
  ASSERT_TRUE(described.ok());
  EXPECT_EQ(described->kind, catalog::SourceKind::folder);
  EXPECT_TRUE(describe_source(at("a.tar.gz").string(), catalog::SourceKind::folder, {}).ok());
  source = *described;
  EXPECT_EQ(sync().totals.new_documents, 12u);
  pack("a.tar.gz", {{"1.md", note("file 1")}}, Packing::tar_gz);
  EXPECT_EQ(sync().totals.gone, 11u);
  fs::rename(source.address, folder / "away.tar.gz");
  const SyncReport gone = sync();
  EXPECT_EQ(gone.totals.gone, 1u);
  EXPECT_FALSE(gone.held);
  // A folder that is not there is a disk that is not there.
  fs::rename(folder / "away.tar.gz", source.address);
  sync();
  fs::rename(folder / "docs", folder / "unmounted");
  EXPECT_TRUE(sync().held);
  EXPECT_EQ(showable(), 1u);
}

}  // namespace
}  // namespace renvoi::crawl
