// When the next request to a host may start.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace renvoi::crawl {

// Thread-safe. Time is the steady clock's: a changed wall clock does not make it rude.
class Politeness {
 public:
  using Clock = std::chrono::steady_clock;

  // Waits for the host's turn and takes it: the next one is at least `delay` later. False when stopped.
  bool wait(const std::string& host, std::chrono::milliseconds delay, std::stop_token stop);
  // The request ended now: the delay counts from here.
  void finished(const std::string& host, std::chrono::milliseconds delay);
  // The host asked for nothing more for so long (Retry-After).
  void hold(const std::string& host, std::chrono::seconds time);
  // When the host's turn is, as far as is known now.
  Clock::time_point turn(const std::string& host);
  // How long it is to be left alone for; nothing when that is over.
  std::optional<std::chrono::seconds> held(const std::string& host);

 private:
  struct Host {
    Clock::time_point next{};
    Clock::time_point held_until{};
  };
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Host> hosts_;
};

}  // namespace renvoi::crawl
