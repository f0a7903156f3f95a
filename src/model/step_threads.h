// How many threads a step of a model is worth on a machine that others use too.
//
// llama.cpp's threads wait for each other hundreds of times a token, spinning. On a quiet machine that is quick; where
// a thread must wait for its core it costs a time slice each time, and one thread alone is many times faster.
#pragma once

#include <array>
#include <cstdint>

namespace renvoi::model {

// Either all threads or one. Compares the two at the start, and again when steps with all become much slower than the
// best of them were, or when one has been used for a while. Not thread-safe.
class StepThreads {
 public:
  explicit StepThreads(int all) : all_(all), trying_(all > 1) {}
  int threads() const { return alone_ ? 1 : all_; }
  // The step that used threads() took so long for each of its tokens (any unit).
  void took(double time_per_token);

 private:
  void begin_trial();
  void decide();

  static constexpr int kStepsEach = 2;    // of a trial
  static constexpr int kStepsAlone = 64;  // before all are tried again
  static constexpr int kStepsBetweenTrials = 32;
  static constexpr double kMuchSlower = 4;
  static constexpr double kWorthIt = 0.8;   // of the other's time, to be chosen
  static constexpr double kForget = 1.002;  // a step: contexts grow, and steps with them

  int all_;
  bool alone_ = false;
  bool trying_;
  int steps_ = 0;  // since the last decision, or of the trial
  int slow_ = 0;   // steps in a row
  double best_ = 0;
  std::array<double, 2> trial_{};  // all, one: the quickest step of each
};

}  // namespace renvoi::model
