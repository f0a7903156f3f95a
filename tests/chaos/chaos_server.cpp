#include "chaos/chaos_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace renvoi::test {
namespace {

constexpr int kPoll_ms = 50;

int listen_on(const char* address, int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address, &place.sin_addr);
  if (bind(listener, reinterpret_cast<sockaddr*>(&place), sizeof place) != 0 || listen(listener, 64) != 0)
    throw std::runtime_error(std::string("cannot listen on ") + address);
  return listener;
}

std::string read_head(int socket) {
  std::string head;
  char piece[4'096];
  while (head.find("\r\n\r\n") == std::string::npos && head.size() < 100'000) {
    pollfd wait{socket, POLLIN, 0};
    if (poll(&wait, 1, 2'000) <= 0) return {};
    const ssize_t size = recv(socket, piece, sizeof piece, 0);
    if (size <= 0) return {};
    head.append(piece, static_cast<std::size_t>(size));
  }
  return head;
}

Ask parse(const std::string& head) {
  Ask ask;
  const std::size_t first = head.find(' '), second = head.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return ask;
  ask.target = head.substr(first + 1, second - first - 1);
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size() && head.compare(at, 2, "\r\n") != 0) {
    const std::size_t end = head.find("\r\n", at), colon = head.find(": ", at);
    if (colon < end) {
      std::string name = head.substr(at, colon - at);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      ask.headers[name] = head.substr(colon + 2, end - colon - 2);
    }
    at = end + 2;
  }
  const std::string host = ask.header("host");
  ask.host = host.substr(0, host.rfind(':'));
  return ask;
}

}  // namespace

bool Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

void Wire::reset() {
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Wire::answer(int status, const std::string& body, const std::string& headers) {
  send("HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + headers + "Content-Length: " +
       std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + (status == 304 ? "" : body));
}

ChaosServer::ChaosServer() {
  listeners_.push_back(listen_on("127.0.0.1", 0));
  sockaddr_in place{};
  socklen_t size = sizeof place;
  getsockname(listeners_[0], reinterpret_cast<sockaddr*>(&place), &size);
  port_ = ntohs(place.sin_port);
  listeners_.push_back(listen_on("127.0.0.2", port_));
  for (const int listener : listeners_) acceptors_.emplace_back([this, listener] { accept_on(listener); });
}

ChaosServer::~ChaosServer() {
  ends_ = true;
  acceptors_.clear();
  while (open_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (const int listener : listeners_) close(listener);
}

void ChaosServer::accept_on(int listener) {
  while (!ends_) {
    pollfd wait{listener, POLLIN, 0};
    if (poll(&wait, 1, kPoll_ms) <= 0) continue;
    const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    ++open_;
    std::thread([this, socket] {
      serve(socket);
      close(socket);
      --open_;
    }).detach();
  }
}

void ChaosServer::serve(int socket) {
  Ask ask = parse(read_head(socket));
  if (ask.target.empty()) return;
  const Behaviour behaviour = behaviour_for(ask);
  Wire wire(socket);
  behaviour(wire, ask);
}

Behaviour ChaosServer::behaviour_for(Ask& ask) {
  const std::scoped_lock lock(mutex_);
  ask.times = ++asked_[{ask.host, ask.target}];
  auto found = behaviours_.find({ask.host, ask.target});
  if (found == behaviours_.end() && ask.target != "/robots.txt") found = behaviours_.find({ask.host, "*"});
  if (found != behaviours_.end()) return found->second;
  return [](Wire& wire, const Ask&) { wire.answer(404, "<p>There is nothing here.</p>"); };
}

void ChaosServer::set(const std::string& host, const std::string& target, Behaviour behaviour) {
  const std::scoped_lock lock(mutex_);
  behaviours_[{host, target}] = std::move(behaviour);
}

void ChaosServer::remove(const std::string& host, const std::string& target) {
  const std::scoped_lock lock(mutex_);
  behaviours_.erase({host, target});
}

int ChaosServer::asked(const std::string& host, const std::string& target) const {
  const std::scoped_lock lock(mutex_);
  const auto found = asked_.find({host, target});
  return found == asked_.end() ? 0 : found->second;
}

int ChaosServer::asked_beginning(const std::string& host, const std::string& prefix) const {
  const std::scoped_lock lock(mutex_);
  int times = 0;
  for (const auto& [key, count] : asked_) times += key.first == host && key.second.starts_with(prefix) ? count : 0;
  return times;
}

}  // namespace renvoi::test
