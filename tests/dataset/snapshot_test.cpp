// For ever the same: a snapshot's name is its content, it costs what changed, and its streams are pure functions.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <random>
#include <set>

#include "dataset/datasheet.h"
#include "dataset/snapshots.h"
#include "dataset/stream.h"
#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"

namespace renvoi::dataset {
namespace {

using renvoi::test::TemporaryFolder;

const char* kClasses[] = {"cat", "dog", "fox"};

// A dataset of `items` texts; those whose number is not a multiple of 7 have a verified class.
struct World {
  World(io::FileSystem& files, const std::filesystem::path& folder, std::uint32_t items)
      : files_(files), folder_(folder) {
    dataset = Dataset::open(files, folder, Mode::write).value();
    assertions = AssertionStore::open(files, folder, Mode::write).value();
    snapshots = Snapshots::open(files, folder, Mode::write).value();
    (void)dataset->items().add_source("test", "nowhere", "", 1);
    anna = assertions->agent({AgentKind::person, "anna", "", ""});
    add(items);
  }
  void add(std::uint32_t items) {
    std::vector<Assertion> words;
    for (std::uint32_t i = 0; i < items; ++i) {
      Item item;
      item.origin = "item " + std::to_string(dataset->count());
      item.media_type = "text/plain";
      item.captured_at = 5;
      const auto number = dataset->add(item, "content of " + item.origin);
      if (*number % 7 != 0) words.push_back(word(*number, kClasses[*number % 3]));
    }
    EXPECT_TRUE(dataset->commit().ok());
    EXPECT_TRUE(assertions->append(words).ok());
  }
  Assertion word(ItemNumber item, const std::string& label) const {
    Assertion assertion;
    assertion.item = item;
    assertion.agent = anna;
    assertion.at = 6;
    assertion.body = {BodyKind::label, "class", label};
    return assertion;
  }
  SnapshotInfo snapshot() const {
    auto info = snapshots->make(*dataset, *assertions, "", 7);
    EXPECT_TRUE(info.ok()) << info.error().describe();
    return std::move(info).value_or(SnapshotInfo{});
  }
  std::uint64_t disk() const { return files_.disk_bytes(folder_ / "snapshots"); }

  io::FileSystem& files_;
  std::filesystem::path folder_;
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<AssertionStore> assertions;
  std::unique_ptr<Snapshots> snapshots;
  AgentNumber anna = 0;
};

TEST(Snapshots, TheSameContentHasTheSameNameHoweverItCameAbout) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  World one(*files, folder / "one", 5'000);
  World other(*files, folder / "other", 3'000);
  (void)other.snapshot();
  ASSERT_TRUE(other.assertions->count() > 0);
  other.add(2'000);
  const SnapshotInfo first = one.snapshot();
  EXPECT_EQ(first.name, other.snapshot().name);  // made in two steps, and from a parent
  EXPECT_EQ(one.snapshot().name, first.name);    // nothing changed: the same, listed once
  EXPECT_EQ(one.snapshots->list().size(), 1U);

  const auto before = one.disk();
  ASSERT_TRUE(one.assertions->append(std::vector<Assertion>{one.word(4'321, "new")}).ok());
  const SnapshotInfo second = one.snapshot();
  EXPECT_NE(second.name, first.name);
  EXPECT_LT(one.disk() - before, before / 3);  // one chunk of five

  const auto a = one.snapshots->open_snapshot(first.name.substr(0, 8));
  const auto b = one.snapshots->open_snapshot("latest");
  ASSERT_TRUE(a.ok() && b.ok());
  std::vector<std::string> told;
  ASSERT_TRUE(diff(*a, *b, [&](const ItemChange& change) {
                told.push_back(std::to_string(change.item) + ": " + change.before + " -> " + change.after);
                return true;
              }).ok());
  EXPECT_EQ(told, std::vector<std::string>{"4321: verified dog -> verified new"});
  EXPECT_EQ(one.snapshots->find("zzzzzz").error().code, ErrorCode::not_found);

  // Everything an item had is in it.
  const auto chunk = a->chunk(4);
  ASSERT_TRUE(chunk.ok());
  EXPECT_EQ(chunk->size(), 5'000U - 4 * kChunkItems);
  const SnapshotItem& item = chunk->front();
  EXPECT_EQ(item.item.number, 4 * kChunkItems);
  EXPECT_EQ(item.digest, one.dataset->digest(item.item.number));
  EXPECT_EQ(item.assertions, *one.assertions->of(item.item.number));
}

TEST(Snapshots, ARemovalIsATombstoneAndOldNamesStillHold) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  World world(*files, folder / "set", 1'500);
  const SnapshotInfo before = world.snapshot();
  ASSERT_TRUE(world.dataset->remove(std::vector<ItemNumber>{1'025}, "asked for", 8).ok());
  const SnapshotInfo after = world.snapshot();
  EXPECT_NE(before.name, after.name);
  std::vector<std::string> problems;
  world.dataset->check(problems);
  world.snapshots->check(problems);
  EXPECT_EQ(problems, std::vector<std::string>{});
  const auto old = world.snapshots->open_snapshot(before.name);
  const auto view = make_view(*old, Selection::verified);
  const auto order = StreamOrder::make(*view, {.shuffled = false});
  const auto index = std::find(view->items.begin(), view->items.end(), 1'025U) - view->items.begin();
  const auto sample = read_sample(*world.dataset, *view, *order, static_cast<std::uint64_t>(index));
  ASSERT_TRUE(sample.ok());
  EXPECT_TRUE(sample->removed);
  EXPECT_EQ(sample->bytes, "");
  EXPECT_EQ(sample->digest, sha256("content of item 1025"));
  const auto now = make_view(*world.snapshots->open_snapshot(after.name), Selection::verified);
  EXPECT_EQ(now->items.size() + 1, view->items.size());
}

TEST(Snapshots, NoFaultListsWhatIsNotWhole) {
  const auto real = io::real_file_system();
  for (std::uint64_t at = 1; at < 30; ++at) {
    for (const io::Fault fault : {io::Fault::error_after, io::Fault::crash_before, io::Fault::crash_after}) {
      SCOPED_TRACE(at);
      const TemporaryFolder folder(TemporaryFolder::On::memory);
      std::string acknowledged;
      io::FaultyFileSystem files(*real);
      {
        World world(*real, folder / "set", 30);
        world.snapshots.reset();
        files.set_plan({.at_operation = at, .fault = fault});
        if (auto snapshots = Snapshots::open(files, folder / "set", Mode::write); snapshots.ok())
          if (const auto made = (*snapshots)->make(*world.dataset, *world.assertions, "", 1); made.ok())
            acknowledged = made->name;
      }
      files.lose_power(io::FaultyFileSystem::Unsynced::mixed, at);
      const auto snapshots = Snapshots::open(*real, folder / "set", Mode::write);
      ASSERT_TRUE(snapshots.ok()) << snapshots.error().describe();
      if (!acknowledged.empty()) {
        EXPECT_TRUE((*snapshots)->open_snapshot(acknowledged).ok());
      }
      for (const SnapshotInfo& info : (*snapshots)->list()) EXPECT_TRUE((*snapshots)->open_snapshot(info.name).ok());
      std::vector<std::string> problems;
      (*snapshots)->check(problems);
      EXPECT_EQ(problems, std::vector<std::string>{});
    }
  }
}

TEST(Datasheet, CountsWhatTheSnapshotHoldsAndEscapesIt) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  World world(*files, folder / "set", 700);
  ASSERT_TRUE(world.assertions->append(std::vector<Assertion>{world.word(0, "<script>")}).ok());
  (void)world.snapshot();
  const auto page = datasheet(*world.snapshots->open_snapshot("latest"), "things");
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->find("<script"), std::string::npos);
  EXPECT_NE(page->find("&lt;script&gt;"), std::string::npos);
  for (const char* told : {"<h1>things</h1>", ">verified</text>", ">601</text>", ">none</text>", ">99</text>",
                           ">person anna</text>", ">test nowhere</text>"})
    EXPECT_NE(page->find(told), std::string::npos) << told;
  EXPECT_EQ(*page, *datasheet(*world.snapshots->open_snapshot("latest"), "things"));
}

TEST(Chunk, HostileBytesAreCorruptNeverACrash) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  World world(*files, folder / "set", 5);
  (void)world.snapshot();
  const auto items = world.snapshots->open_snapshot("latest")->chunk(0);
  const std::string bytes = encode_chunk(*items);
  EXPECT_EQ(encode_chunk(*decode_chunk(bytes, 0)), bytes);
  std::mt19937_64 random(2);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<char> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(decode_chunk({exact.data(), exact.size()}, 0).ok());
    std::string changed = bytes;
    changed[size] = static_cast<char>(random());
    (void)decode_chunk(changed, 0);
    (void)decode_root(changed);
  }
}

TEST(Permutation, EveryPlaceOnceAtEverySize) {
  for (std::uint64_t size = 1; size < 700; ++size) {
    const Permutation permutation(size, size * 17);
    std::vector<bool> seen(size, false);
    for (std::uint64_t place = 0; place < size; ++place) {
      const std::uint64_t at = permutation.at(place);
      ASSERT_LT(at, size);
      ASSERT_FALSE(seen[at]) << "size " << size;
      seen[at] = true;
    }
  }
  const std::uint64_t large = (std::uint64_t{1} << 33) + 5;
  const Permutation permutation(large, 1);
  std::set<std::uint64_t> seen;
  for (std::uint64_t place = 0; place < 20'000; ++place) {
    EXPECT_LT(permutation.at(place * 400'000), large);
    seen.insert(permutation.at(place * 400'000));
  }
  EXPECT_EQ(seen.size(), 20'000U);
}

// Over many keys every value stands at every place about equally often: chi-squared with 19 x 20 cells, far tail.
TEST(Permutation, IsUniformOverKeys) {
  constexpr std::uint64_t kSize = 20, kKeys = 20'000;
  std::vector<double> counts(kSize * kSize, 0);
  for (std::uint64_t key = 0; key < kKeys; ++key)
    for (std::uint64_t place = 0; place < kSize; ++place)
      counts[place * kSize + Permutation(kSize, key).at(place)] += 1;
  double chi = 0;
  const double expected = static_cast<double>(kKeys) / kSize;
  for (const double count : counts) chi += (count - expected) * (count - expected) / expected;
  EXPECT_LT(chi, 361 + 6 * 27);  // 19 x 19 degrees of freedom, standard deviation 27
}

StreamView plain_view(std::size_t size) {
  StreamView view;
  view.class_names = {"a", "b", "c"};
  for (std::size_t i = 0; i < size; ++i) {
    view.items.push_back(static_cast<ItemNumber>(i));
    view.classes.push_back(i % 10 == 0 ? 1 : i % 50 == 1 ? 2 : 0);
  }
  return view;
}

TEST(StreamOrder, AnEpochHasEverySampleOnceAndDependsOnSeedAndEpochOnly) {
  for (const std::size_t size : {1, 2, 255, 256, 257, 5'000, 16'384, 16'385, 16'640, 40'001}) {
    const StreamView view = plain_view(size);
    std::set<std::vector<std::size_t>> orders;
    for (const StreamSpec& spec : {StreamSpec{1, 0}, StreamSpec{1, 1}, StreamSpec{2, 0}}) {
      const auto order = StreamOrder::make(view, spec);
      ASSERT_TRUE(order.ok());
      ASSERT_EQ(order->size(), size);
      std::vector<std::size_t> sequence;
      for (std::uint64_t position = 0; position < size; ++position) sequence.push_back(order->at(position));
      orders.insert(sequence);
      // Any position, in any order, from another object: the same.
      const auto again = StreamOrder::make(view, spec);
      std::mt19937_64 random(size);
      for (int i = 0; i < 1'000; ++i) {
        const std::uint64_t position = random() % size;
        ASSERT_EQ(again->at(position), sequence[position]);
      }
      std::sort(sequence.begin(), sequence.end());
      std::vector<std::size_t> all(size);
      std::iota(all.begin(), all.end(), 0);
      ASSERT_EQ(sequence, all) << size;
    }
    if (size > 10) {
      EXPECT_EQ(orders.size(), 3U) << size;
    }
  }
}

TEST(StreamOrder, TouchesFewGroupsAtATime) {
  const StreamView view = plain_view(100'000);
  const auto order = StreamOrder::make(view, {3, 0});
  std::set<std::size_t> groups;
  for (std::uint64_t position = 0; position < 64 * 256; ++position) groups.insert(order->at(position) / 256);
  EXPECT_LE(groups.size(), 65U);
  EXPECT_GE(groups.size(), 60U);
}

TEST(StreamOrder, BalancedDrawsEachClassEquallyOftenAndEveryMemberInTurn) {
  const StreamView view = plain_view(1'000);
  const auto order = StreamOrder::make(view, {.seed = 5, .epoch = 2, .balanced = true});
  ASSERT_TRUE(order.ok());
  std::map<std::uint32_t, int> of_class;
  std::map<std::size_t, int> of_item;
  for (std::uint64_t position = 0; position < order->size(); ++position) {
    const std::size_t index = order->at(position);
    ++of_class[view.classes[index]];
    ++of_item[index];
    if (position % 3 == 2) {
      EXPECT_EQ(of_class[0], of_class[1]);
      EXPECT_EQ(of_class[0], of_class[2]);
    }
  }
  for (const auto& [index, times] : of_item)
    if (view.classes[index] == 2) {
      EXPECT_NEAR(times, 333.0 / 20, 1.01);
    }
  StreamView none = plain_view(3);
  none.classes.assign(3, StreamView::kNoClass);
  EXPECT_EQ(StreamOrder::make(none, {.balanced = true}).error().code, ErrorCode::invalid);
}

TEST(Stream, GivesTheBytesOfASnapshotThoughTheDatasetWentOn) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  World world(*files, folder / "set", 3'000);
  const SnapshotInfo info = world.snapshot();
  const auto tar_of = [&] {
    const auto view = make_view(*world.snapshots->open_snapshot(info.name), Selection::verified);
    EXPECT_EQ(view->items.size(), 3'000U - 429);
    EXPECT_EQ(view->class_names, (std::vector<std::string>{"cat", "dog", "fox"}));
    const auto order = StreamOrder::make(*view, {9, 1});
    std::string tar;
    for (std::uint64_t position = 100; position < 200; ++position) {
      const auto sample = read_sample(*world.dataset, *view, *order, position);
      EXPECT_TRUE(sample.ok());
      EXPECT_EQ(sample->bytes, "content of item " + std::to_string(sample->item));
      EXPECT_EQ(view->class_names[sample->label], kClasses[sample->item % 3]);
      append_tar(tar, *sample, *view);
    }
    end_tar(tar);
    return tar;
  };
  const std::string before = tar_of();
  world.add(500);
  ASSERT_TRUE(world.assertions->append(std::vector<Assertion>{world.word(11, "other")}).ok());
  EXPECT_EQ(tar_of(), before);
  EXPECT_EQ(before.size() % 512, 0U);
}

}  // namespace
}  // namespace renvoi::dataset
