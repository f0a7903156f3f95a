// Documents are looked at again within a budget: what is slow does not hold up what stands, what is gone is replaced.
#include "answer/look_round.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "answer/world.h"

namespace renvoi::answer {
namespace {

// The real one, but slow for some addresses, unless stopped.
class SlowFetcher final : public crawl::Fetcher {
 public:
  explicit SlowFetcher(crawl::Fetcher& real) : real_(real) {}
  void delay(const std::string& part_of_address, std::chrono::milliseconds time) { delays_[part_of_address] = time; }
  crawl::Observation fetch(const Request& request, std::stop_token stop) override {
    for (const auto& [part, time] : delays_) {
      if (request.address.find(part) == std::string::npos) continue;
      std::mutex mutex;
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, time, [] { return false; });
      if (stop.stop_requested()) {
        crawl::Observation seen;
        seen.outcome = crawl::Outcome::unreachable;
        seen.reason = "stopped";
        return seen;
      }
    }
    return real_.fetch(request, stop);
  }

 private:
  crawl::Fetcher& real_;
  std::map<std::string, std::chrono::milliseconds> delays_;
};

class LookRound : public testing::Test {
 protected:
  void SetUp() override {
    if (test::embedder() == nullptr) GTEST_SKIP() << "no embedding model: run ./dev setup";
    for (const char* name : {"a.md", "b.md", "c.md", "d.md"})
      world.write(name,
                  std::string("# Page ") + name + "\n\nThis is what page " + name + " says to whoever reads it.\n");
    world.ingest();
    references = world.collection->catalog().references().value();
    std::sort(references.begin(), references.end(), [](const auto& x, const auto& y) { return x.address < y.address; });
    ASSERT_EQ(references.size(), 4U);
    slow = std::make_unique<SlowFetcher>(*world.fetcher);
  }
  std::vector<std::optional<Look>> look(const LookBudget& budget, crawl::DocumentCache* cache = nullptr) {
    const auto start = std::chrono::steady_clock::now();
    auto looks = look_in_order({*world.collection, *slow, *test::embedder(), cache}, references, budget, {});
    took = std::chrono::steady_clock::now() - start;
    return looks;
  }

  test::World world;
  std::vector<catalog::Reference> references;
  std::unique_ptr<SlowFetcher> slow;
  std::chrono::steady_clock::duration took{};
};

using std::chrono::milliseconds;
constexpr milliseconds kForever{60'000};

TEST_F(LookRound, LooksAtNoMoreThanWasWanted) {
  const auto looks = look({2, 10'000, 20'000});
  EXPECT_TRUE(looks[0] && looks[0]->document && looks[0]->verified);
  EXPECT_TRUE(looks[1] && looks[1]->document);
  EXPECT_FALSE(looks[2] || looks[3]);
}

TEST_F(LookRound, TheNextTakesThePlaceOfWhatIsGone) {
  std::filesystem::remove(world.pages / "a.md");
  std::filesystem::remove(world.pages / "c.md");
  const auto looks = look({2, 10'000, 20'000});
  ASSERT_TRUE(looks[0]);
  EXPECT_FALSE(looks[0]->document);
  EXPECT_TRUE(looks[1] && looks[1]->document);
  EXPECT_TRUE(looks[2] && !looks[2]->document);
  EXPECT_TRUE(looks[3] && looks[3]->document);
}

TEST_F(LookRound, WhatIsSlowIsCutShortWhenSomethingStands) {
  slow->delay("a.md", kForever);
  const auto looks = look({3, 300, 30'000});
  EXPECT_GE(took, milliseconds(300));
  EXPECT_LT(took, milliseconds(5'000));
  ASSERT_TRUE(looks[0]);
  EXPECT_FALSE(looks[0]->document);
  EXPECT_NE(looks[0]->reason.find("did not answer in time"), std::string::npos) << looks[0]->reason;
  EXPECT_TRUE(looks[1] && looks[1]->document);
  // Our impatience is no evidence about the document.
  EXPECT_EQ(world.collection->catalog().reference(references[0].id)->state, catalog::ReferenceState::live);
}

TEST_F(LookRound, WhatIsSlowAndCachedCountsAsOfItsLastCheck) {
  slow->delay("a.md", kForever);
  crawl::DocumentCache cache(*world.files, world.root / "cache", 1u << 20);
  ASSERT_TRUE(
      cache.put(references[0].id, {"text/markdown", "# Page a.md\n\nAs it was.\n", references[0].fingerprint}).ok());
  const auto looks = look({3, 300, 30'000}, &cache);
  ASSERT_TRUE(looks[0] && looks[0]->document);
  EXPECT_FALSE(looks[0]->verified);
  EXPECT_EQ(looks[0]->checked_at, references[0].checked_at);
}

TEST_F(LookRound, WhenNothingStandsYetItWaitsForTheFirst) {
  for (const char* name : {"a.md", "c.md", "d.md"}) slow->delay(name, kForever);
  slow->delay("b.md", milliseconds(700));
  const auto looks = look({4, 100, 30'000});
  EXPECT_GE(took, milliseconds(700));
  EXPECT_LT(took, milliseconds(10'000));
  EXPECT_TRUE(looks[1] && looks[1]->document);
}

TEST_F(LookRound, ButNotForEver) {
  for (const char* name : {"a.md", "b.md", "c.md", "d.md"}) slow->delay(name, kForever);
  const auto looks = look({2, 100, 400});
  EXPECT_LT(took, milliseconds(5'000));
  for (const auto& each : looks) EXPECT_FALSE(each && each->document);
}

}  // namespace
}  // namespace renvoi::answer
