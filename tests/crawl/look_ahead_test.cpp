#include "crawl/look_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <random>

#include "crawl/agenda.h"
#include "crawl/rate.h"

namespace renvoi::crawl {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock;

// Does what the test says, on whatever thread it is asked.
class FunctionFetcher final : public Fetcher {
 public:
  using Function = std::function<Observation(const Request&, std::stop_token)>;
  explicit FunctionFetcher(Function function) : function_(std::move(function)) {}
  Observation fetch(const Request& request, std::stop_token stop) override { return function_(request, stop); }

 private:
  Function function_;
};

Fetcher::Request to(const std::string& address) { return {address, {}, {}, false, {}, {}}; }

Observation with_body(std::string body) {
  Observation seen;
  seen.outcome = Outcome::fetched;
  seen.body = std::move(body);
  return seen;
}

void wait_for_stop(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, 60s, [] { return false; });
}

// The agenda against one that is obviously right: a list of everything in order.
class NaiveAgenda {
 public:
  struct Entry {
    std::string host;
    int item;
  };
  std::optional<Entry> next(Time::time_point now) const {
    for (const Entry& entry : entries)
      if (!busy.contains(entry.host) && (!later.contains(entry.host) || later.at(entry.host) <= now)) return entry;
    return {};
  }
  std::deque<Entry> entries;
  std::set<std::string> busy;
  std::map<std::string, Time::time_point> later;
};

TEST(Agenda, GivesWhatWaitsLongestOfTheHostsThatAreFree) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    Agenda<int> agenda;
    NaiveAgenda naive;
    const Time::time_point start{};
    Time::time_point now = start;
    int last = 0;
    for (int step = 0; step < 2'000; ++step) {
      now += std::chrono::milliseconds(random() % 20);
      const std::string host(1, static_cast<char>('a' + random() % 7));
      if (random() % 5 < 2) {
        agenda.push(host, ++last);
        naive.entries.push_back({host, last});
      } else if (!naive.busy.empty() && random() % 2 == 0) {
        const std::string freed = *std::next(naive.busy.begin(), static_cast<long>(random() % naive.busy.size()));
        naive.busy.erase(freed);
        agenda.free(freed);
      } else {
        const auto expected = naive.next(now);
        const auto found = agenda.next_host(now);
        ASSERT_EQ(found.has_value(), expected.has_value()) << "seed " << seed << " step " << step;
        if (!found) continue;
        ASSERT_EQ(*found, expected->host);
        ASSERT_EQ(agenda.first(*found), expected->item);
        naive.later.erase(*found);
        if (random() % 3 == 0) {
          agenda.defer(*found, now + 30ms);
          naive.later[*found] = now + 30ms;
          continue;
        }
        ASSERT_EQ(agenda.take(*found), expected->item);
        std::erase_if(naive.entries, [&](const auto& entry) { return entry.item == expected->item; });
        naive.busy.insert(*found);
      }
      ASSERT_EQ(agenda.size(), naive.entries.size());
    }
  }
}

TEST(Agenda, WhatIsPushedToTheFrontComesFirst) {
  Agenda<int> agenda;
  const auto now = Time::now();
  agenda.push("a", 1);
  agenda.push("a", 2);
  agenda.push("b", 3);
  EXPECT_EQ(agenda.take(*agenda.next_host(now)), 1);
  EXPECT_EQ(*agenda.next_host(now), "b");
  agenda.push_front("a", 4);  // a is busy still
  EXPECT_EQ(*agenda.next_host(now), "b");
  agenda.free("a");
  EXPECT_EQ(*agenda.next_host(now), "a");
  agenda.defer("a", now + 1h);
  EXPECT_EQ(agenda.next_due(), now + 1h);
  EXPECT_EQ(agenda.take(*agenda.next_host(now)), 3);
  EXPECT_FALSE(agenda.next_host(now + 59min));
  EXPECT_EQ(*agenda.next_host(now + 1h), "a");
  EXPECT_EQ(agenda.take("a"), 4);
  agenda.free("a");
  EXPECT_EQ(agenda.take(*agenda.next_host(now)), 2);
  EXPECT_TRUE(agenda.empty());
}

// Each fetch waits until all are under way: one after the other, none would end.
TEST(LookAhead, AsksSeveralAtOnceAndGivesEachAnswerOnce) {
  constexpr std::uint64_t kRunning = 16;
  std::mutex mutex;
  std::condition_variable together;
  std::uint64_t begun = 0;
  FunctionFetcher fetcher([&](const Fetcher::Request& request, const std::stop_token&) {
    std::unique_lock lock(mutex);
    if (++begun == kRunning) together.notify_all();
    return with_body(together.wait_for(lock, 30s, [&] { return begun >= kRunning; }) ? request.address : "alone");
  });
  LookAhead ahead(fetcher, {kRunning, 1u << 20}, {});
  for (std::uint64_t i = 0; i < kRunning; ++i) {
    EXPECT_TRUE(ahead.has_room());
    ahead.ask(i, to("http://host" + std::to_string(i) + "/"));
  }
  EXPECT_FALSE(ahead.has_room());
  std::set<std::uint64_t> answered;
  for (std::uint64_t i = 0; i < kRunning; ++i) {
    const auto answer = ahead.next(Time::now() + 30s);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->seen.body, "http://host" + std::to_string(answer->ticket) + "/");
    EXPECT_TRUE(answered.insert(answer->ticket).second);
  }
  EXPECT_FALSE(ahead.next(Time::now()));
}

TEST(LookAhead, HasNoRoomWhileTooMuchWaitsToBeTaken) {
  FunctionFetcher fetcher([](const Fetcher::Request&, const std::stop_token&) { return with_body("0123456789"); });
  LookAhead ahead(fetcher, {8, 15}, {});
  ahead.ask(1, to("http://a/"));
  ahead.ask(2, to("http://b/"));
  ASSERT_TRUE(ahead.next(Time::now() + 30s));
  ahead.ask(3, to("http://a/"));                       // taken although there may be no room for it
  while (ahead.has_room()) std::this_thread::yield();  // until both are answered: 20 bytes
  EXPECT_TRUE(ahead.next(Time::now() + 30s));
  EXPECT_TRUE(ahead.has_room());
  ahead.drop(3);  // answered or not
  ahead.drop(2);
  EXPECT_FALSE(ahead.next(Time::now()));
  EXPECT_TRUE(ahead.has_room());
}

TEST(LookAhead, WhatIsDroppedIsEndedAndNeverAnswered) {
  std::atomic<int> ended = 0;
  FunctionFetcher fetcher([&](const Fetcher::Request& request, const std::stop_token& stop) {
    if (request.address == "http://slow/") wait_for_stop(stop);
    ended += stop.stop_requested() ? 1 : 0;
    return with_body(request.address);
  });
  LookAhead ahead(fetcher, {4, 1u << 20}, {});
  ahead.ask(1, to("http://slow/"));
  ahead.ask(2, to("http://quick/"));
  EXPECT_EQ(ahead.next(Time::now() + 30s)->ticket, 2u);
  ahead.drop(1);
  while (ended == 0) std::this_thread::yield();
  EXPECT_FALSE(ahead.next(Time::now()));
}

TEST(LookAhead, StopEndsEveryFetchAndEveryWait) {
  std::atomic<int> begun = 0, ended = 0;
  FunctionFetcher fetcher([&](const Fetcher::Request&, const std::stop_token& stop) {
    ++begun;
    wait_for_stop(stop);
    ended += stop.stop_requested() ? 1 : 0;
    return Observation{};
  });
  std::stop_source stop;
  {
    LookAhead ahead(fetcher, {8, 1u << 20}, stop.get_token());
    for (std::uint64_t i = 0; i < 8; ++i) ahead.ask(i, to("http://host" + std::to_string(i) + "/"));
    while (begun < 8) std::this_thread::yield();
    std::jthread stopper([&] { stop.request_stop(); });
    EXPECT_FALSE(ahead.next(Time::now() + 60s));
  }
  EXPECT_EQ(ended, 8);
}

TEST(LookAhead, OfOneNoThreadIsMade) {
  const auto here = std::this_thread::get_id();
  FunctionFetcher fetcher([&](const Fetcher::Request& request, const std::stop_token&) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    return with_body(request.address);
  });
  LookAhead ahead(fetcher, {1, 1u << 20}, {});
  EXPECT_TRUE(ahead.has_room());
  ahead.ask(7, to("http://a/"));
  EXPECT_FALSE(ahead.has_room());
  EXPECT_EQ(ahead.next(Time::now())->ticket, 7u);
  EXPECT_TRUE(ahead.has_room());
}

TEST(Rate, SpreadsRequestsAndGivesNoBurst) {
  Rate rate(60'000);  // one a millisecond
  const auto start = Time::now();
  for (int i = 0; i < 51; ++i) EXPECT_TRUE(rate.wait({}));
  EXPECT_GE(Time::now() - start, 50ms);
  Rate slow(1);
  slow.count();
  EXPECT_GT(slow.next(), Time::now() + 50s);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(slow.wait(stop.get_token()));
  Rate none(0);
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(none.wait({}));
  EXPECT_LE(none.next(), Time::now());
}

}  // namespace
}  // namespace renvoi::crawl
