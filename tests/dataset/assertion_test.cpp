// What people said: nothing acknowledged is lost, nothing damaged is believed, and the index agrees with the log.
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "dataset/assertion_store.h"
#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"

namespace renvoi::dataset {
namespace {

using io::Fault;
using io::FaultyFileSystem;
using renvoi::test::TemporaryFolder;

Assertion random_assertion(std::mt19937_64& random, AssertionNumber next, ItemNumber items) {
  Assertion assertion;
  assertion.item = static_cast<ItemNumber>(random() % items);
  assertion.at = static_cast<Timestamp>(random() % 2'000'000'000);
  assertion.agent = static_cast<AgentNumber>(random() % 2);
  assertion.parent = random() % 3 == 0 ? static_cast<AssertionNumber>(random() % next) : 0;
  if (assertion.parent != 0 && random() % 2 == 0) {
    assertion.kind = random() % 2 == 0 ? AssertionKind::accept : AssertionKind::reject;
    return assertion;
  }
  const auto kind = static_cast<SelectorKind>(random() % 5);
  const std::size_t counts[] = {0, 4, 6 + 2 * (random() % 3), 2, 2};
  assertion.selector.kind = kind;
  for (std::size_t i = 0; i < counts[static_cast<std::size_t>(kind)]; ++i)
    assertion.selector.values.push_back(static_cast<double>(i) + static_cast<double>(random() % 100) / 128);
  const char* values[] = {"chat", "un texte à lire", "-1.5e3", "{\"a\": [1, 2]}"};
  const auto body = random() % 4;
  assertion.body = {static_cast<BodyKind>(body), random() % 2 == 0 ? "class" : "", values[body]};
  assertion.confidence = static_cast<float>(random() % 100) / 100;
  return assertion;
}

std::unique_ptr<AssertionStore> open(io::FileSystem& files, const std::filesystem::path& folder, Mode mode) {
  auto store = AssertionStore::open(files, folder, mode);
  EXPECT_TRUE(store.ok()) << store.error().describe();
  return store.ok() ? std::move(store).value() : nullptr;
}

TEST(AssertionStore, AgreesWithAMapThroughReopeningAndIndexing) {
  const auto files = io::real_file_system();
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    const TemporaryFolder folder(TemporaryFolder::On::memory);
    std::mt19937_64 random(seed);
    std::map<ItemNumber, std::vector<Assertion>> expected;
    auto store = open(*files, folder.path(), Mode::write);
    (void)store->agent({AgentKind::person, "anna", "", ""});
    (void)store->agent({AgentKind::model, "m", "ab", "{}"});
    for (int round = 0; round < 40; ++round) {
      std::vector<Assertion> batch;
      for (std::size_t i = random() % 8; i > 0; --i)
        batch.push_back(
            random_assertion(random, store->next_number() + static_cast<AssertionNumber>(batch.size()), 30));
      const auto numbers = store->append(batch);
      ASSERT_TRUE(numbers.ok()) << numbers.error().describe();
      for (std::size_t i = 0; i < batch.size(); ++i) {
        batch[i].number = (*numbers)[i];
        expected[batch[i].item].push_back(batch[i]);
      }
      if (round % 7 == 6) {
        ASSERT_TRUE(store->index_if_due(10).ok());
      }
      if (round % 11 == 10) {
        store.reset();
        store = open(*files, folder.path(), Mode::write);
        EXPECT_EQ(store->agents().size(), 2U);
      }
    }
    const auto reader = open(*files, folder.path(), Mode::read);
    std::map<ItemNumber, std::vector<Assertion>> walked;
    ASSERT_TRUE(reader
                    ->walk({},
                           [&](const Assertion& assertion) -> Result<void> {
                             walked[assertion.item].push_back(assertion);
                             return {};
                           })
                    .ok());
    EXPECT_EQ(walked, expected);
    for (ItemNumber item = 0; item < 31; ++item) {
      EXPECT_EQ(reader->of(item).value_or(std::vector<Assertion>{}), expected[item]);
      EXPECT_EQ(store->of(item).value_or(std::vector<Assertion>{}), expected[item]);
    }
    std::vector<std::string> problems;
    reader->check(problems);
    EXPECT_EQ(problems, std::vector<std::string>{});
  }
}

TEST(AssertionStore, RefusesWhatIsNone) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  const auto store = open(*files, folder.path(), Mode::write);
  const AgentNumber anna = store->agent({AgentKind::person, "anna", "", ""});
  Assertion good;
  good.agent = anna;
  good.body = {BodyKind::label, "class", "cat"};
  const auto refused = [&](auto change) {
    Assertion bad = good;
    change(bad);
    const auto outcome = store->append(std::vector<Assertion>{good, bad});
    return !outcome.ok() && outcome.error().code == ErrorCode::invalid;
  };
  EXPECT_TRUE(refused([](Assertion& a) { a.agent = 7; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.parent = 9; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.kind = AssertionKind::accept; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.body.value = ""; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.body.value = "\xff"; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.body = {BodyKind::number, "", "12 kg"}; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.body = {BodyKind::structure, "", "{"}; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.selector = {SelectorKind::box, {1, 2, 3}}; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.selector = {SelectorKind::box, {1, 2, -3, 4}}; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.selector = {SelectorKind::polygon, {1, 2, 3, 4, 5}}; }));
  EXPECT_TRUE(refused([](Assertion& a) { a.selector = {SelectorKind::time_range, {2, 1}}; }));
  EXPECT_EQ(store->count(), 0U);
  EXPECT_TRUE(store->append(std::vector<Assertion>{good}).ok());
}

TEST(AssertionStore, EveryFlippedBitIsFoundAndNothingWrongIsTold) {
  const TemporaryFolder folder(TemporaryFolder::On::memory);
  const auto files = io::real_file_system();
  std::map<ItemNumber, std::vector<Assertion>> expected;
  {
    const auto store = open(*files, folder.path(), Mode::write);
    (void)store->agent({AgentKind::person, "anna", "", ""});
    (void)store->agent({AgentKind::model, "m", "", ""});
    std::mt19937_64 random(4);
    for (int i = 0; i < 8; ++i) {
      if (i == 5) {
        ASSERT_TRUE(store->index_if_due(1).ok());
      }
      std::vector<Assertion> one{random_assertion(random, store->next_number(), 3)};
      one[0].number = store->append(one)->front();
      expected[one[0].item].push_back(one[0]);
    }
  }
  for (const std::string name : {"log", "index"}) {
    const auto path = folder / "assertions" / name;
    const std::string whole = *files->read(path, 1 << 20);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      std::string flipped = whole;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      std::ofstream(path, std::ios::binary) << flipped;
      const auto store = AssertionStore::open(*files, folder.path(), Mode::read);
      std::vector<std::string> problems;
      if (!store.ok()) {
        problems.push_back(store.error().message);
      } else {
        (*store)->check(problems);
        for (const auto& [item, assertions] : expected) {
          const auto told = (*store)->of(item);
          if (!told.ok()) {
            EXPECT_EQ(told.error().code, ErrorCode::corrupt);
            continue;
          }
          // Never another assertion than was made; a damaged index may hide some until it is made again.
          for (const Assertion& assertion : *told) {
            EXPECT_NE(std::find(assertions.begin(), assertions.end(), assertion), assertions.end());
          }
        }
      }
      ASSERT_FALSE(problems.empty()) << name << " bit " << bit;
      EXPECT_NE(problems.front().find(name), std::string::npos) << problems.front();
    }
    std::ofstream(path, std::ios::binary) << whole;
  }
}

TEST(AssertionStore, NoFaultLosesAnAcknowledgedAssertion) {
  const auto real = io::real_file_system();
  for (const Fault fault : {Fault::error_before, Fault::error_after, Fault::crash_before, Fault::crash_after}) {
    for (std::uint64_t at = 1; at < 70; ++at) {
      SCOPED_TRACE("operation " + std::to_string(at) + " fault " + std::to_string(static_cast<int>(fault)));
      const TemporaryFolder folder(TemporaryFolder::On::memory);
      FaultyFileSystem files(*real, {.at_operation = at, .fault = fault});
      std::uint64_t acknowledged = 0, begun = 0;
      for (int attempt = 0; attempt < 3; ++attempt) {  // a server goes on, or is started again
        auto store = AssertionStore::open(files, folder.path(), Mode::write);
        if (!store.ok()) continue;
        const AgentNumber anna = (*store)->agent({AgentKind::person, "anna", "", ""});
        for (int i = 0; i < 6; ++i) {
          Assertion one;
          one.agent = anna;
          one.item = static_cast<ItemNumber>(begun++);
          one.body = {BodyKind::label, "class", "number " + std::to_string(acknowledged + 1)};
          const auto numbers = (*store)->append(std::vector<Assertion>{one});
          if (!numbers.ok()) continue;
          ASSERT_EQ(numbers->front(), acknowledged + 1);
          ++acknowledged;
          if (i % 3 == 2) (void)(*store)->index_if_due(1);
        }
      }
      files.lose_power(FaultyFileSystem::Unsynced::mixed, at);
      const auto store = open(*real, folder.path(), Mode::write);
      ASSERT_NE(store, nullptr);
      EXPECT_GE(store->count(), acknowledged);
      std::uint64_t seen = 0;
      ASSERT_TRUE(store
                      ->walk({},
                             [&](const Assertion& assertion) -> Result<void> {
                               EXPECT_EQ(assertion.body.value, "number " + std::to_string(++seen));
                               return {};
                             })
                      .ok());
      EXPECT_GE(seen, acknowledged);
    }
  }
}

}  // namespace
}  // namespace renvoi::dataset
