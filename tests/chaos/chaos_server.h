// A web server that misbehaves on purpose: raw sockets on two loopback addresses, any number of host names.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace renvoi::test {

struct Ask {
  std::string host;                            // without port
  std::string target;                          // "/a?b=c"
  std::map<std::string, std::string> headers;  // names in lower case
  int times = 0;                               // how often this target was asked for, this time included
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// One connection, for a behaviour to break.
class Wire {
 public:
  explicit Wire(int socket) : socket_(socket) {}
  bool send(std::string_view bytes);  // false: the other end has gone
  void reset();                       // RST instead of FIN
  // A whole answer, with its length, and "Connection: close".
  void answer(int status, const std::string& body, const std::string& headers = "Content-Type: text/html\r\n");

 private:
  int socket_;
};

using Behaviour = std::function<void(Wire&, const Ask&)>;

// Thread-safe. A thread for each connection; all ended by the destructor.
class ChaosServer {
 public:
  ChaosServer();  // listens on 127.0.0.1 and 127.0.0.2, one port
  ~ChaosServer();
  int port() const { return port_; }
  std::string url(const std::string& host, const std::string& target) const {
    return "http://" + host + ":" + std::to_string(port_) + target;
  }
  // Of one address of one host; the path "*" is for all others of it. Nothing: HTTP 404.
  void set(const std::string& host, const std::string& target, Behaviour behaviour);
  void remove(const std::string& host, const std::string& target);
  void forget() {
    const std::scoped_lock lock(mutex_);
    asked_.clear();
  }
  int asked(const std::string& host, const std::string& target) const;
  // Of all targets that begin so.
  int asked_beginning(const std::string& host, const std::string& prefix) const;

 private:
  void accept_on(int listener);
  void serve(int socket);
  Behaviour behaviour_for(Ask& ask);

  int port_ = 0;
  std::vector<int> listeners_;
  std::vector<std::jthread> acceptors_;
  std::atomic<int> open_{0};
  std::atomic<bool> ends_{false};
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Behaviour> behaviours_;
  std::map<std::pair<std::string, std::string>, int> asked_;
};

}  // namespace renvoi::test
