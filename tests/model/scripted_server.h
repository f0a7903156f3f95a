// A web server that says what it is told to, as rudely as it is told to. For one connection after another.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace renvoi::model {

class ScriptedServer {
 public:
  // `answer` is sent as it is, in pieces of `piece_bytes`; then the connection is closed, or held open while `hang`.
  struct Script {
    std::string answer;
    std::size_t piece_bytes = 1 << 20;
    bool hang = false;
  };

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 8) != 0) std::abort();
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    stopped_ = true;
    thread_.join();
    close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  // Head and body of the last request.
  std::string request() const {
    const std::lock_guard lock(mutex_);
    return request_;
  }

 private:
  bool readable(int descriptor) const {
    pollfd wait{descriptor, POLLIN, 0};
    return poll(&wait, 1, 20) > 0;
  }

  void serve() {
    while (!stopped_) {
      if (!readable(listener_)) continue;
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      answer(connection);
      close(connection);
    }
  }

  void answer(int connection) {
    std::string received;
    while (!stopped_ && !is_whole(received)) {
      if (!readable(connection)) continue;
      char buffer[4'096];
      const auto count = recv(connection, buffer, sizeof(buffer), 0);
      if (count <= 0) return;
      received.append(buffer, static_cast<std::size_t>(count));
    }
    {
      const std::lock_guard lock(mutex_);
      request_ = received;
    }
    for (std::size_t at = 0; at < script_.answer.size() && !stopped_; at += script_.piece_bytes) {
      const auto piece = script_.answer.substr(at, script_.piece_bytes);
      if (send(connection, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) return;
      if (script_.piece_bytes < 64) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    while (script_.hang && !stopped_) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  static bool is_whole(const std::string& received) {
    const auto head = received.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const auto length = received.find("Content-Length: ");
    return length == std::string::npos || received.size() >= head + 4 + std::stoul(received.substr(length + 16));
  }

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::string request_;
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

}  // namespace renvoi::model
