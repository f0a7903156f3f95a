// Ctrl-C and SIGTERM: the first asks for a clean stop, the second ends the process at once.
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace renvoi::app {

// Made once, first thing in main(), before any other thread: it blocks the signals for all of them and waits for them
// on a thread of its own.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // From here on the first signal requests a stop through this token; before, it ends the process with status 130.
  // `message` (a literal) is said on standard error when it comes; may be empty.
  std::stop_token stop_cleanly(const char* message);
  bool stopped() const { return source_.stop_requested(); }

 private:
  void wait();
  std::stop_source source_;
  std::atomic<bool> clean_ = false;
  std::atomic<const char*> message_ = "";
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace renvoi::app
