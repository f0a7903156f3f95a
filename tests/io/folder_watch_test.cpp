// What happens in a folder is told, with what is in it.
#include "io/folder_watch.h"

#include <gtest/gtest.h>

#include <fstream>

#include "io/random_file.h"
#include "io/temporary_folder.h"

namespace renvoi::io {
namespace {

namespace fs = std::filesystem;

class FolderWatchTest : public testing::Test {
 protected:
  FolderWatchTest() {
    fs::create_directories(root / "sub/deep");
    write("sub/deep/old.md");
    watch = std::move(watch_folder(root)).value();
  }
  void write(const std::string& name) { std::ofstream(root / name) << "text"; }
  std::set<std::string> told() {
    const auto changes = watch->take();
    EXPECT_TRUE(changes.ok());
    EXPECT_FALSE(changes->lost);
    std::set<std::string> names;
    for (const auto& path : changes->paths) names.insert(fs::path(path).lexically_relative(root).string());
    return names;
  }
  using Names = std::set<std::string>;

  test::TemporaryFolder temporary;
  fs::path root = fs::canonical(temporary.path());
  std::unique_ptr<FolderWatch> watch;
};

TEST_F(FolderWatchTest, TellsWhatIsWrittenMovedAndRemoved) {
  EXPECT_EQ(told(), Names{});
  write("a.md");
  write("sub/deep/b.md");
  EXPECT_EQ(told(), (Names{"a.md", "sub/deep/b.md"}));
  fs::rename(root / "a.md", root / "sub/c.md");
  EXPECT_EQ(told(), (Names{"a.md", "sub/c.md"}));
  fs::remove(root / "sub/c.md");
  EXPECT_EQ(told(), Names{"sub/c.md"});
  write(".hidden");
  std::ifstream(root / "sub/deep/b.md").get();
  EXPECT_EQ(told(), Names{});
}

TEST_F(FolderWatchTest, NewFoldersAreWatchedWithAllThatIsInThem) {
  fs::create_directories(root / "new/er");
  write("new/er/a.md");
  EXPECT_TRUE(told().contains("new"));
  write("new/er/b.md");
  EXPECT_EQ(told(), Names{"new/er/b.md"});
}

TEST_F(FolderWatchTest, AFolderThatMovesIsToldUnderBothNamesAndWatchedUnderTheNew) {
  fs::rename(root / "sub", root / "sup");
  EXPECT_EQ(told(), (Names{"sub", "sup"}));
  write("sup/deep/a.md");
  EXPECT_EQ(told(), Names{"sup/deep/a.md"});
  fs::rename(root / "sup", temporary.path().parent_path() / "renvoi-moved-out");
  EXPECT_EQ(told(), Names{"sup"});
  std::ofstream(temporary.path().parent_path() / "renvoi-moved-out/deep/b.md") << "x";
  EXPECT_EQ(told(), Names{});
  fs::remove_all(temporary.path().parent_path() / "renvoi-moved-out");
  fs::remove_all(root / "sup");
}

TEST_F(FolderWatchTest, ARemovedFolderIsTold) {
  fs::remove_all(root / "sub");
  EXPECT_TRUE(told().contains("sub"));
}

TEST_F(FolderWatchTest, WithoutItsRootItIsLost) {
  fs::rename(root, root.string() + "-away");
  EXPECT_TRUE(watch->take()->lost);
  fs::rename(root.string() + "-away", root);
}

TEST_F(FolderWatchTest, TooManyEventsAreLost) {
  for (int i = 0; i < 20'000; ++i) {  // the system's default is 16,384
    const std::string name = "f" + std::to_string(i % 100);
    write(name);
    fs::remove(root / name);
  }
  EXPECT_TRUE(watch->take()->lost);
}

TEST_F(FolderWatchTest, WhatCannotBeWatchedIsSaid) {
  EXPECT_EQ(watch_folder(root / "none").error().code, ErrorCode::not_found);
  write("file");
  EXPECT_EQ(watch_folder(root / "file").error().code, ErrorCode::invalid);
  EXPECT_EQ(watch_folder(root, 2).error().code, ErrorCode::exhausted);  // root, sub and deep
  fs::create_directory(root / "more");
  auto small = std::move(watch_folder(root, 4)).value();
  fs::create_directory(root / "one-more");
  EXPECT_EQ(small->take().error().code, ErrorCode::exhausted);
}

TEST(RandomFile, ReadsAnywhereAndNoFurtherThanTheEnd) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "f") << "0123456789";
  const std::string bytes = "0123456789";
  const auto real = std::move(open_random(folder / "f")).value();
  const auto memory = random_bytes(bytes);
  for (const RandomFile* file : {real.get(), memory.get()}) {
    EXPECT_EQ(file->size_bytes(), 10u);
    for (std::uint64_t at = 0; at < 12; ++at) {
      std::string out(4, '-');
      const std::size_t got = *file->read_at(at, out);
      EXPECT_EQ(out.substr(0, got), at < 10 ? bytes.substr(at, 4) : "");
    }
  }
  EXPECT_EQ(open_random(folder / "none").error().code, ErrorCode::not_found);
  EXPECT_EQ(open_random(folder.path()).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace renvoi::io
