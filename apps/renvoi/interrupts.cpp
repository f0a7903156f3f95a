#include "interrupts.h"

#include <csignal>
#include <cstring>

#include <pthread.h>
#include <unistd.h>

#include "exit_codes.h"

namespace renvoi::app {
namespace {

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);  // our own way to end the waiting thread
  return set;
}

void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;  // nobody listens: nothing to be done
}

}  // namespace

Interrupts::Interrupts() {
  const sigset_t set = watched_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { wait(); });
}

Interrupts::~Interrupts() {
  ending_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
}

std::stop_token Interrupts::stop_cleanly(const char* message) {
  message_ = message;
  clean_ = true;
  return source_.get_token();
}

void Interrupts::wait() {
  const sigset_t set = watched_signals();
  for (;;) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0) continue;
    if (signal == SIGUSR1) {
      if (ending_) return;
      continue;
    }
    if (!clean_ || source_.stop_requested()) ::_exit(kExitInterrupted);
    say(message_);
    source_.request_stop();
  }
}

}  // namespace renvoi::app
