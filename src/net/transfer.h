// One exchange with one checked address: what libcurl is told, and what it says back. No redirects, no names.
//
// Two threads meet here. The transfer loop's thread runs curl, which fills the Transfer through callbacks; the thread
// that called fetch() waits, takes the pieces of a streamed body, and reads the rest when it is finished. Everything
// behind `mutex` is shared; curl's handle belongs to the loop's thread from the moment the transfer is given to it.
#pragma once

#include <curl/curl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/address_guard.h"
#include "net/http_client.h"

namespace renvoi::net {

struct TransferOrder {
  Url url;
  std::string method;
  std::vector<std::string> headers;
  std::string body;
  IpAddress address;  // checked, dialled
  bool stream = false;
  bool follow = false;  // a redirect's body is not wanted
  std::uint64_t max_body_bytes = 0;
  std::chrono::milliseconds connect_timeout_ms{};
  std::chrono::milliseconds total_timeout_ms{};
  std::chrono::milliseconds stall_timeout_ms{};
  std::string user_agent;
  std::string ca_bundle;
};

class Transfer {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Transfer(TransferOrder order);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Of the loop's thread. `start` false: out of memory, or curl refuses the order.
  bool start();
  CURL* handle() const { return easy_; }
  // The next moment at which `check_deadlines` may have something to say.
  Clock::time_point next_deadline() const;
  // Sets the failure when a time limit has passed; the transfer is then to be ended.
  bool check_deadlines(Clock::time_point now);
  void finish(CURLcode code);
  void resume_if_asked();

  // Of the caller's thread, under `mutex`.
  std::mutex mutex;
  std::condition_variable_any changed;
  bool finished = false;
  std::string pieces;   // of a streamed body, not yet taken
  bool paused = false;  // curl waits until pieces are taken
  bool resume = false;  // the caller took them
  int status = 0;
  const char* http_version = "";
  std::map<std::string, std::string> headers;
  std::string body;
  std::optional<Error> error;
  bool connect_failed = false;  // nothing was sent: another address may be tried

  std::atomic<bool> cancel = false;  // asked by the caller, done by the loop

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static int on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) noexcept;
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
  bool header_line(std::string_view line);
  std::size_t body_piece(std::string_view piece);
  void fail(ErrorCode code, std::string message);
  Error describe(CURLcode code) const;
  bool set_options();
  bool set_method();

  const TransferOrder order_;
  CURL* easy_ = nullptr;
  curl_slist* request_headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> curl_message_{};
  std::string last_header_;
  std::size_t header_bytes_ = 0;
  std::uint64_t body_bytes_ = 0;
  Clock::time_point started_{};
  Clock::time_point last_byte_{};
  curl_off_t bytes_seen_ = 0;
  bool wrong_address_ = false;
};

}  // namespace renvoi::net
