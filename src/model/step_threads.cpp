#include "model/step_threads.h"

#include <algorithm>

namespace renvoi::model {

void StepThreads::took(double time) {
  if (all_ <= 1) return;
  ++steps_;
  if (trying_) {
    double& quickest = trial_[alone_ ? 1 : 0];
    quickest = quickest == 0 ? time : std::min(quickest, time);
    if (steps_ % kStepsEach != 0) return;
    if (steps_ == kStepsEach) {
      alone_ = !alone_;
    } else {
      decide();
    }
    return;
  }
  if (alone_) {
    if (steps_ >= kStepsAlone) begin_trial();
    return;
  }
  best_ = best_ == 0 ? time : std::min(best_ * kForget, time);
  slow_ = time > kMuchSlower * best_ ? slow_ + 1 : 0;
  if (slow_ >= 2 && steps_ >= kStepsBetweenTrials) begin_trial();
}

void StepThreads::begin_trial() {
  trying_ = true;
  steps_ = slow_ = 0;
  trial_ = {};
}

void StepThreads::decide() {
  alone_ = trial_[1] < kWorthIt * trial_[0];
  trying_ = false;
  steps_ = slow_ = 0;
  best_ = 0;
}

}  // namespace renvoi::model
