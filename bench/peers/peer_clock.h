// The time this thread has had the processor: what the wall would say on a machine that does nothing else.
#pragma once

#include <time.h>

namespace renvoi::bench {

inline double thread_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e6 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_nsec);
}

}  // namespace renvoi::bench
