// One request being answered: the handler's thread writes, the connection's coroutine sends.
//
// What lies between them is a bounded queue of bytes, already in the form in which they go over the wire. The handler
// waits when it is full (back-pressure), and is told when the peer has gone.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "net/http_server.h"

namespace renvoi::net {

class Exchange final : public ResponseWriter {
 public:
  struct Options {
    bool head = false;       // HEAD: no body goes out
    bool http_1_0 = false;   // no chunks: the end of the connection ends the body
    bool keep_alive = true;  // the client wants to go on
  };
  // `notify` is called on the handler's thread whenever there is something to send; `stopping` is the server's.
  Exchange(Options options, const std::atomic<bool>& stopping, std::function<void()> notify);

  // Of the handler's thread.
  void send(int status, std::string_view content_type, std::string body, Headers headers) override;
  void begin(int status, std::string_view content_type, Headers headers) override;
  bool write(std::string_view piece) override;
  void end() override;
  bool cancelled() const override;
  // After the handler: a 500 when it has not answered, the connection's end when it has left the answer half written.
  void handler_returned();

  // Of the connection's coroutine. `take` moves out what is queued.
  std::string take();
  bool finished() const;  // the handler is done and everything was taken
  bool has_output() const;
  void peer_gone();                                 // nothing can be sent any more
  void peer_half_closed() { half_closed_ = true; }  // it sends no more; it may still read
  bool must_close() const;                          // no further request on this connection

 private:
  enum class State : std::uint8_t { nothing, streaming, answered };
  void push(std::string bytes);
  std::string head(int status, std::string_view content_type, const Headers& headers,
                   std::optional<std::size_t> length);

  const Options options_;
  const std::atomic<bool>& stopping_;
  const std::function<void()> notify_;
  std::atomic<bool> half_closed_ = false;
  std::atomic<bool> gone_ = false;
  State state_ = State::nothing;  // of the handler's thread
  bool bodiless_ = false;         // HEAD, 204, 304; of the handler's thread
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::string queued_;
  bool returned_ = false;
  bool close_ = false;
};

// A whole answer whose connection is then closed, for requests that never reach a handler.
std::string refusal_response(int status, std::string_view message, bool head);

}  // namespace renvoi::net
