#include "model/step_threads.h"

#include <gtest/gtest.h>

#include <functional>

namespace renvoi::model {
namespace {

// How long a token takes with so many threads: a machine, drawn.
using Machine = std::function<double(int threads)>;
double quiet(int threads) { return 100.0 / threads; }
double busy(int threads) { return threads == 1 ? 200 : 2'500; }

// Steps with all threads, of `steps`.
int steps_with_all(StepThreads& pace, const Machine& machine, int steps) {
  int with_all = 0;
  for (int i = 0; i < steps; ++i) {
    if (pace.threads() > 1) ++with_all;
    pace.took(machine(pace.threads()));
  }
  return with_all;
}

TEST(StepThreads, UsesAllOnAQuietMachineAndOneOnABusyOne) {
  StepThreads on_quiet(8), on_busy(8);
  EXPECT_EQ(steps_with_all(on_quiet, quiet, 1'000), 998);
  EXPECT_LT(steps_with_all(on_busy, busy, 1'000), 40);
}

TEST(StepThreads, FollowsAMachineThatGetsBusyAndQuietAgain) {
  StepThreads pace(2);
  steps_with_all(pace, quiet, 200);
  EXPECT_LT(steps_with_all(pace, busy, 100), 16);
  EXPECT_EQ(pace.threads(), 1);
  steps_with_all(pace, quiet, 80);
  EXPECT_EQ(steps_with_all(pace, quiet, 100), 100);
}

TEST(StepThreads, IsNotMisledByOneSlowStepNorByStepsThatGrow) {
  StepThreads pace(4);
  double grown = 1;
  int step = 0;
  const auto machine = [&](int threads) {
    grown *= 1.001;
    return quiet(threads) * grown * (++step % 50 == 0 ? 30 : 1);
  };
  EXPECT_EQ(steps_with_all(pace, machine, 2'000), 1'998);
}

TEST(StepThreads, HasNoChoiceWithOne) {
  StepThreads pace(1);
  EXPECT_EQ(steps_with_all(pace, quiet, 100), 0);
}

}  // namespace
}  // namespace renvoi::model
