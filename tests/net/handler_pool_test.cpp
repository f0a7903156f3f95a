#include "net/handler_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <random>
#include <thread>

namespace renvoi::net {
namespace {

using namespace std::chrono_literals;

// Waits for something that must come; the deadline only bounds a failure.
template <typename Condition>
bool eventually(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

TEST(HandlerPool, WorksOnOthersWhileSomeWaitElsewhere) {
  HandlerPool pool(2, 200);
  std::atomic<int> waiting = 0;
  std::latch all_are_there(100);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(pool.submit([&] {
      HandlerPool::begin_to_wait_elsewhere();
      ++waiting;
      all_are_there.arrive_and_wait();  // with two at a time it would never come
      HandlerPool::end_to_wait_elsewhere();
    }));
  }
  EXPECT_TRUE(eventually([&] { return waiting == 100; }));
  EXPECT_TRUE(eventually([&] { return pool.running() == 0; }));
}

TEST(HandlerPool, WorksOnNoMoreAtOnceThanItMay) {
  HandlerPool pool(3, 10'000);
  std::atomic<int> working = 0, most = 0, done = 0;
  std::mt19937 random(7);
  for (int i = 0; i < 3'000; ++i) {
    const bool waits = random() % 3 == 0;
    ASSERT_TRUE(pool.submit([&, waits] {
      const int now = ++working;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      --working;
      if (waits) {
        HandlerPool::begin_to_wait_elsewhere();
        std::this_thread::yield();
        HandlerPool::end_to_wait_elsewhere();
      }
      ++done;
    }));
  }
  pool.join();
  EXPECT_EQ(done, 3'000);
  // A task that comes back from elsewhere is one too many until it ends; here it works on nothing that is counted.
  EXPECT_LE(most, 3);
}

TEST(HandlerPool, RefusesWhatIsTooMuchAndNothingAfterJoin) {
  HandlerPool pool(1, 2);
  std::latch door(1);
  std::atomic<int> done = 0;
  const auto task = [&] {
    door.wait();
    ++done;
  };
  EXPECT_TRUE(pool.submit(task));
  ASSERT_TRUE(eventually([&] { return pool.running() == 1; }));
  EXPECT_TRUE(pool.submit(task));
  EXPECT_TRUE(pool.submit(task));
  EXPECT_FALSE(pool.submit(task));
  door.count_down();
  pool.join();
  EXPECT_EQ(done, 3);
  EXPECT_FALSE(pool.submit(task));
}

}  // namespace
}  // namespace renvoi::net
