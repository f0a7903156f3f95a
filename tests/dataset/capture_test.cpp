// Captured once: everything a source has, each once, whatever interrupts.
#include "dataset/capture.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "dataset/csv.h"
#include "dataset/sources.h"
#include "dataset/state.h"
#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"

namespace renvoi::dataset {
namespace {

using renvoi::test::TemporaryFolder;

void write(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string write_archive(const std::filesystem::path& path, bool zip,
                          const std::vector<std::pair<std::string, std::string>>& members) {
  struct archive* archive = archive_write_new();
  if (zip) {
    archive_write_set_format_zip(archive);
  } else {
    archive_write_set_format_pax_restricted(archive);
    archive_write_add_filter_gzip(archive);
  }
  archive_write_open_filename(archive, path.c_str());
  for (const auto& [name, bytes] : members) {
    struct archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(archive, entry);
    archive_write_data(archive, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(archive);
  archive_write_free(archive);
  return path.string();
}

struct World {
  explicit World(io::FileSystem& files, const std::filesystem::path& folder) {
    auto opened = Dataset::open(files, folder, Mode::write);
    EXPECT_TRUE(opened.ok()) << opened.error().describe();
    dataset = std::move(opened).value();
    auto store = AssertionStore::open(files, folder, Mode::write);
    EXPECT_TRUE(store.ok()) << store.error().describe();
    assertions = std::move(store).value();
  }
  std::map<std::string, std::string> content() const {
    std::map<std::string, std::string> found;
    for (ItemNumber item = 0; item < dataset->count(); ++item)
      EXPECT_TRUE(found.emplace(dataset->item(item)->origin, dataset->bytes(item).value_or("?")).second);
    return found;
  }
  std::string label(ItemNumber item) const {
    const auto state = derive(*assertions->of(item), assertions->agents(), {1, 1});
    return state.answers.empty() ? "" : std::string(to_string(state.state)) + " " + state.answers[0].body.value;
  }
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<AssertionStore> assertions;
};

TEST(Capture, FoldersWithTheirLabels) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  write(folder / "data/train/cat/1.txt", "one");
  write(folder / "data/train/cat/2.txt", "two");
  write(folder / "data/train/dog/1.txt", "one");  // the same bytes as the first
  write(folder / "data/train/dog/metadata.jsonl", "{\"file_name\": \"1.txt\", \"age\": 3}\n");
  write(folder / "data/.hidden", "no");
  write(folder / "data/train/loose.txt", "no class");
  std::filesystem::create_symlink("/etc", folder / "data/link");
  World world(*files, folder / "set");
  const ManualClock clock(1'000'000);
  const auto source = folder_source(*files, folder / "data", FolderLabels::imagefolder);
  ASSERT_TRUE(source.ok());
  for (int pass = 0; pass < 2; ++pass) {
    const auto report = capture(*world.dataset, world.assertions.get(), **source, clock, {.trust_labels = true});
    ASSERT_TRUE(report.ok()) << report.error().describe();
    EXPECT_EQ(report->added, pass == 0 ? 4U : 0U);
    EXPECT_EQ(report->known, pass == 0 ? 0U : 4U);
    EXPECT_TRUE(report->complete);
    EXPECT_EQ(world.dataset->count(), 4U);
    EXPECT_EQ(world.dataset->blobs().count(), 3U);
    EXPECT_EQ(world.assertions->count(), 4U);
  }
  const std::map<std::string, std::string> expected{{"train/cat/1.txt", "one"},
                                                    {"train/cat/2.txt", "two"},
                                                    {"train/dog/1.txt", "one"},
                                                    {"train/loose.txt", "no class"}};
  EXPECT_EQ(world.content(), expected);
  EXPECT_EQ(world.label(0), "verified cat");
  EXPECT_EQ(world.label(3), "");
  const Item item = *world.dataset->item(0);
  EXPECT_EQ(item.media_type, "text/plain");
  EXPECT_EQ(item.captured_at, 1'000'000);
  ASSERT_EQ(world.dataset->items().sources().size(), 1U);
  EXPECT_EQ(world.dataset->items().sources()[0].kind, "imagefolder");
  EXPECT_NE(world.dataset->items().sources()[0].finished_at, 0);

  // What changed at the origin is a new item only when that is asked for; the old one stays.
  write(folder / "data/train/cat/1.txt", "one, changed");
  EXPECT_EQ(capture(*world.dataset, nullptr, **source, clock)->added, 0U);
  EXPECT_EQ(capture(*world.dataset, nullptr, **source, clock, {.again = true})->added, 1U);
  EXPECT_EQ(world.dataset->bytes(0).value_or("?"), "one");
  EXPECT_EQ(world.dataset->bytes(4).value_or("?"), "one, changed");
}

TEST(Capture, ArchivesOfEitherKind) {
  const auto files = io::real_file_system();
  const ManualClock clock(7);
  for (const bool zip : {false, true}) {
    const TemporaryFolder folder;
    const auto path = write_archive(
        folder / "a", zip, {{"x/a.txt", "alpha"}, {"./x/b.txt", ""}, {"y/é.txt", "gamma"}, {"x/a.txt", "twice"}});
    World world(*files, folder / "set");
    const auto source = archive_source(path, FolderLabels::imagefolder);
    ASSERT_TRUE(source.ok());
    const auto report = capture(*world.dataset, world.assertions.get(), **source, clock);
    ASSERT_TRUE(report.ok()) << report.error().describe();
    const std::map<std::string, std::string> expected{
        {"x/a.txt", "alpha"}, {"x/b.txt", ""}, {"y/é.txt", "gamma"}, {"x/a.txt#2", "twice"}};
    EXPECT_EQ(world.content(), expected);
    EXPECT_EQ(world.label(0), "proposed x");
  }
}

TEST(Capture, ADamagedArchiveIsSaidAndWhatCameBeforeIsKept) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  std::vector<std::pair<std::string, std::string>> members;
  for (int i = 0; i < 200; ++i)
    members.emplace_back(std::to_string(i), std::string(5'000, static_cast<char>('a' + i % 26)));
  const auto path = write_archive(folder / "a", false, members);
  const std::string whole = *files->read(path, 1 << 30);
  write(path, whole.substr(0, whole.size() / 2));
  World world(*files, folder / "set");
  const auto source = archive_source(path, FolderLabels::none);
  const auto broken = capture(*world.dataset, nullptr, **source, ManualClock(1));
  EXPECT_EQ(broken.error().code, ErrorCode::corrupt);
  const auto kept = world.dataset->count();
  EXPECT_GT(kept, 0U);
  EXPECT_LT(kept, 200U);
  write(path, whole);
  const auto report = capture(*world.dataset, nullptr, **source, ManualClock(2));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->known, kept);
  EXPECT_EQ(world.dataset->count(), 200U);
}

TEST(Capture, CocoKeepsNegativesBoxesAndIds) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  write(folder / "coco.json",
        R"({"licenses": [{"id": 1, "url": "https://creativecommons.org/licenses/by/4.0/", "name": "BY"}],
    "images": [{"id": 10, "file_name": "a.png", "width": 4, "height": 3, "license": 1}, {"id": 11, "file_name": "b.png"}],
    "annotations": [{"id": 5, "image_id": 10, "category_id": 2, "bbox": [0, 1, 2, 1.5], "area": 3, "iscrowd": 0}],
    "categories": [{"id": 2, "name": "bird"}]})");
  write(folder / "images/a.png", "A");
  write(folder / "images/b.png", "B");
  World world(*files, folder / "set");
  const auto source = coco_source(*files, folder / "coco.json", folder / "images");
  ASSERT_TRUE(source.ok()) << source.error().describe();
  ASSERT_TRUE(capture(*world.dataset, world.assertions.get(), **source, ManualClock(3)).ok());
  ASSERT_EQ(world.dataset->count(), 2U);
  EXPECT_EQ(world.dataset->item(0)->facts.licence, "https://creativecommons.org/licenses/by/4.0/");
  const auto assertions = *world.assertions->of(0);
  ASSERT_EQ(assertions.size(), 2U);
  EXPECT_EQ(assertions[0].selector, (Selector{SelectorKind::box, {0, 1, 2, 1.5}}));
  EXPECT_EQ(assertions[0].body.value, "bird");
  EXPECT_TRUE(world.assertions->of(1)->empty());

  write(folder / "bad.json",
        R"({"images": [{"id": 1, "file_name": "../../etc/passwd"}], "annotations": [], "categories": []})");
  EXPECT_EQ(coco_source(*files, folder / "bad.json", folder.path()).error().code, ErrorCode::invalid);
}

// Whatever fails in between, running it again gives what an undisturbed capture gives, labels and all.
TEST(Capture, GoesOnAfterAnyFault) {
  const TemporaryFolder data;
  const auto real = io::real_file_system();
  std::set<std::string> origins;
  for (int i = 0; i < 9; ++i) {
    const std::string origin = std::string(i % 2 == 0 ? "cat/" : "dog/") + std::to_string(i);
    write(data / origin, "content " + std::to_string(i));
    origins.insert(origin);
  }
  for (std::uint64_t at = 1; at < 45; ++at) {
    for (const io::Fault fault : {io::Fault::crash_before, io::Fault::crash_after}) {
      SCOPED_TRACE("operation " + std::to_string(at) + " fault " + std::to_string(static_cast<int>(fault)));
      const TemporaryFolder folder(TemporaryFolder::On::memory);
      io::FaultyFileSystem files(*real, {.at_operation = at, .fault = fault});
      const auto attempt = [&](io::FileSystem& on, bool small_commits) -> Result<void> {
        RENVOI_TRY(auto dataset, Dataset::open(on, folder / "set", Mode::write));
        RENVOI_TRY(auto assertions, AssertionStore::open(on, folder / "set", Mode::write));
        RENVOI_TRY(const auto source, folder_source(*real, data.path(), FolderLabels::imagefolder));
        std::stop_source stop;
        if (small_commits) {  // an interruption in the middle, in good order, and on
          std::uint64_t seen = 0;
          class Counting final : public EntrySource {
           public:
            Counting(EntrySource& below, std::stop_source& stop, std::uint64_t& seen)
                : below_(below), stop_(stop), seen_(seen) {}
            std::string kind() const override { return below_.kind(); }
            std::string address() const override { return below_.address(); }
            Result<void> walk(const TakeEntry& take, std::vector<std::string>& problems) override {
              return below_.walk(
                  [&](Entry entry) {
                    if (++seen_ == 4) stop_.request_stop();
                    return take(std::move(entry));
                  },
                  problems);
            }

           private:
            EntrySource& below_;
            std::stop_source& stop_;
            std::uint64_t& seen_;
          } counting(*source, stop, seen);
          RENVOI_CHECK(capture(*dataset, assertions.get(), counting, ManualClock(1), {}, stop.get_token()));
        }
        RENVOI_CHECK(capture(*dataset, assertions.get(), *source, ManualClock(1)));
        return {};
      };
      (void)attempt(files, true);
      files.lose_power(io::FaultyFileSystem::Unsynced::mixed, at);
      const auto again = attempt(*real, false);
      ASSERT_TRUE(again.ok()) << again.error().describe();
      World world(*real, folder / "set");
      std::set<std::string> found;
      for (const auto& [origin, bytes] : world.content()) {
        EXPECT_EQ(bytes, "content " + origin.substr(4));
        found.insert(origin);
      }
      EXPECT_EQ(found, origins);
      for (ItemNumber item = 0; item < world.dataset->count(); ++item) {
        EXPECT_EQ(world.label(item), "proposed " + world.dataset->item(item)->origin.substr(0, 3));
        EXPECT_EQ(world.assertions->of(item)->size(), 1U);
      }
      std::vector<std::string> problems;
      world.dataset->check(problems);
      world.assertions->check(problems);
      EXPECT_EQ(problems, std::vector<std::string>{});
    }
  }
}

TEST(Dataset, RemovalTakesAllItemsOfTheSameBytesAndIsFinishedAfterACrash) {
  const auto real = io::real_file_system();
  for (std::uint64_t at = 1; at < 25; ++at) {
    const TemporaryFolder folder(TemporaryFolder::On::memory);
    const auto add = [](Dataset& dataset, const std::string& origin, const std::string& bytes) {
      Item item;
      item.origin = origin;
      EXPECT_TRUE(dataset.add(item, bytes).ok());
    };
    {
      auto dataset = Dataset::open(*real, folder / "set", Mode::write);
      (void)(*dataset)->items().add_source("test", "", "", 1);
      add(**dataset, "a", "secret-secret");
      add(**dataset, "b", "public");
      add(**dataset, "c", "secret-secret");
      ASSERT_TRUE((*dataset)->commit().ok());
    }
    io::FaultyFileSystem files(*real, {.at_operation = at, .fault = io::Fault::crash_after});
    bool acknowledged = false;
    if (auto dataset = Dataset::open(files, folder / "set", Mode::write); dataset.ok()) {
      const auto removed = (*dataset)->remove(std::vector<ItemNumber>{2}, "asked for", 9);
      acknowledged = removed.ok();
      if (acknowledged) {
        EXPECT_EQ(*removed, (std::vector<ItemNumber>{0, 2}));
      }
    }
    files.lose_power(io::FaultyFileSystem::Unsynced::mixed, at);
    { EXPECT_TRUE(Dataset::open(*real, folder / "set", Mode::write).ok()); }
    const auto dataset = Dataset::open(*real, folder / "set", Mode::read);
    ASSERT_TRUE(dataset.ok());
    const bool removed = (*dataset)->is_removed(2);
    EXPECT_TRUE(removed || !acknowledged);
    EXPECT_EQ((*dataset)->is_removed(0), removed);
    EXPECT_EQ((*dataset)->bytes(1).value_or("?"), "public");
    EXPECT_EQ((*dataset)->digest(0), sha256("secret-secret"));
    if (removed) {
      EXPECT_EQ((*dataset)->bytes(0).error().code, ErrorCode::gone);
      for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path()))
        if (file.is_regular_file()) {
          EXPECT_EQ(real->read(file.path(), 1 << 20)->find("secret"), std::string::npos) << file.path();
        }
    }
  }
}

TEST(Csv, QuotesCommasAndLineEnds) {
  const auto rows = parse_csv("a,\"b,\"\"c\"\"\nd\",e\r\n\r\n1,,3\n");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(*rows, (std::vector<std::vector<std::string>>{{"a", "b,\"c\"\nd", "e"}, {"1", "", "3"}}));
  EXPECT_EQ(parse_csv("\"a").error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace renvoi::dataset
