// Plain sockets for tests: servers that misbehave as told, and a client that sends whatever bytes it is given.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace renvoi::net {

constexpr int kPatience_ms = 20'000;  // no wait of a test is longer; a test that reaches it fails by what it then sees

inline bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// One piece; "" at the end, on an error or after kPatience_ms.
inline std::string receive_some(int socket, int patience_ms = kPatience_ms) {
  pollfd polled{socket, POLLIN, 0};
  if (poll(&polled, 1, patience_ms) <= 0) return "";
  char piece[16 << 10];
  const ssize_t count = recv(socket, piece, sizeof piece, 0);
  return count > 0 ? std::string(piece, static_cast<std::size_t>(count)) : "";
}

inline std::string receive_all(int socket) {
  std::string all;
  for (std::string piece = receive_some(socket); !piece.empty(); piece = receive_some(socket)) all += piece;
  return all;
}

// Until `mark` has been seen `times` times, or the end.
inline std::string receive_until(int socket, std::string_view mark, int times = 1) {
  std::string all;
  for (;;) {
    std::size_t at = 0;
    int seen = 0;
    for (; (at = all.find(mark, at)) != std::string::npos; at += mark.size()) ++seen;
    if (seen >= times) return all;
    const std::string piece = receive_some(socket);
    if (piece.empty()) return all;
    all += piece;
  }
}

inline int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(socket);
    return -1;
  }
  return socket;
}

// A client's connection, closed at the end of its scope.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(connect_to(port)) {}
  ~RawClient() { close_now(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  bool send(std::string_view bytes) { return send_all(socket_, bytes); }
  std::string all() { return receive_all(socket_); }
  std::string until(std::string_view mark, int times = 1) { return receive_until(socket_, mark, times); }
  void close_now() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  int socket() const { return socket_; }

 private:
  int socket_;
};

// Runs `script` for every connection, on a thread of its own; the connection is closed when it returns.
class ScriptedServer {
 public:
  using Script = std::function<void(int socket, int connection)>;
  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 64) != 0)
      std::abort();
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : open_) shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }

 private:
  void accept_all() {
    for (;;) {
      const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0 || stopping_) {
        if (socket >= 0) close(socket);
        return;
      }
      {
        const std::lock_guard lock(mutex_);
        open_.push_back(socket);
      }
      threads_.emplace_back([this, socket, number = connections_++] {
        sigset_t pipe_signal;  // a script may write with OpenSSL, to a client that has gone
        sigemptyset(&pipe_signal);
        sigaddset(&pipe_signal, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
        script_(socket, number);
        const std::lock_guard lock(mutex_);
        open_.remove(socket);
        close(socket);
      });
    }
  }

  const Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::list<int> open_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace renvoi::net
