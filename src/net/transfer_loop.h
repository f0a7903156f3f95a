// The thread that runs curl: takes transfers, moves their bytes, enforces their deadlines.
#pragma once

#include <curl/curl.h>

#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/transfer.h"

namespace renvoi::net {

// Thread-safe.
class TransferLoop {
 public:
  explicit TransferLoop(std::uint32_t max_open_connections);  // idle ones included
  ~TransferLoop();                                            // ends every transfer with `unavailable`
  TransferLoop(const TransferLoop&) = delete;
  TransferLoop& operator=(const TransferLoop&) = delete;

  bool usable() const { return multi_ != nullptr; }
  // The transfer is finished exactly once, also when it cannot be started.
  void add(std::shared_ptr<Transfer> transfer);
  // A transfer was cancelled, or its body taken: have a look.
  void wake();

 private:
  void run();
  void take_added();
  void take_finished();
  void end(CURL* handle, CURLcode code);

  CURLM* multi_ = nullptr;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Transfer>> added_;
  bool stopping_ = false;
  std::map<CURL*, std::shared_ptr<Transfer>> running_;  // of the thread
  std::thread thread_;
};

}  // namespace renvoi::net
