#include "net/transfer_loop.h"

#include <signal.h>

#include <algorithm>

namespace renvoi::net {

TransferLoop::TransferLoop(std::uint32_t max_open_connections) {
  curl_global_init(CURL_GLOBAL_DEFAULT);  // counted and thread-safe since 7.84
  multi_ = curl_multi_init();
  if (multi_ == nullptr) return;
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(max_open_connections));
  thread_ = std::thread([this] { run(); });
}

TransferLoop::~TransferLoop() {
  if (multi_ != nullptr) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      wake();  // under the lock: the thread frees what this touches once it knows
    }
    thread_.join();
  }
  curl_global_cleanup();
}

void TransferLoop::add(std::shared_ptr<Transfer> transfer) {
  {
    const std::lock_guard lock(mutex_);
    added_.push_back(std::move(transfer));
  }
  wake();
}

void TransferLoop::wake() { curl_multi_wakeup(multi_); }

void TransferLoop::take_added() {
  std::vector<std::shared_ptr<Transfer>> added;
  {
    const std::lock_guard lock(mutex_);
    added.swap(added_);
  }
  for (std::shared_ptr<Transfer>& transfer : added) {
    if (!transfer->start() || curl_multi_add_handle(multi_, transfer->handle()) != CURLM_OK) {
      transfer->finish(CURLE_FAILED_INIT);
      continue;
    }
    running_.emplace(transfer->handle(), std::move(transfer));
  }
}

void TransferLoop::end(CURL* handle, CURLcode code) {
  const auto found = running_.find(handle);
  if (found == running_.end()) return;
  const std::shared_ptr<Transfer> transfer = found->second;
  curl_multi_remove_handle(multi_, handle);
  running_.erase(found);
  transfer->finish(code);
}

void TransferLoop::take_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left))
    if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
}

void TransferLoop::run() {
  // OpenSSL writes to sockets without MSG_NOSIGNAL: a peer that has gone would end the whole process.
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    take_added();
    int count = 0;
    curl_multi_perform(multi_, &count);
    take_finished();
    const auto now = Transfer::Clock::now();
    auto next = now + std::chrono::seconds(1);
    std::vector<CURL*> ended;
    for (const auto& [handle, transfer] : running_) {
      transfer->resume_if_asked();
      if (transfer->cancel.load() || transfer->check_deadlines(now))
        ended.push_back(handle);
      else
        next = std::min(next, transfer->next_deadline());
    }
    for (CURL* handle : ended) end(handle, CURLE_ABORTED_BY_CALLBACK);
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(next - now).count() + 1;
    curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::clamp<long>(wait, 1, 1'000)), nullptr);
  }
  take_added();
  while (!running_.empty()) end(running_.begin()->first, CURLE_ABORTED_BY_CALLBACK);
  curl_multi_cleanup(multi_);  // here, not in the destructor: closing a TLS connection writes
}

}  // namespace renvoi::net
