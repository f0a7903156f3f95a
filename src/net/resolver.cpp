#include "net/resolver.h"

#include <ares.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <unordered_map>

namespace renvoi::net {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxAddresses = 16;
constexpr int kPollSlice_ms = 20;  // how late a stop request may be noticed

struct Answer {
  bool done = false;
  int status = ARES_SUCCESS;
  std::vector<IpAddress> addresses;
};

IpAddress from_sockaddr(const sockaddr* address) {
  IpAddress ip;
  if (address->sa_family == AF_INET) {
    ip.is_v4 = true;
    ip.bytes[10] = ip.bytes[11] = 0xFF;
    std::memcpy(&ip.bytes[12], &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
  } else {
    std::memcpy(ip.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
    // A mapped address in an AAAA record is dialled as IPv4, so it is judged as IPv4.
    constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    ip.is_v4 = std::equal(std::begin(kMapped), std::end(kMapped), ip.bytes.begin());
  }
  return ip;
}

void on_answer(void* argument, int status, int, ares_addrinfo* result) noexcept {
  auto& answer = *static_cast<Answer*>(argument);
  answer.done = true;
  answer.status = status;
  if (status != ARES_SUCCESS || result == nullptr) return;
  for (const ares_addrinfo_node* node = result->nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    const IpAddress address = from_sockaddr(node->ai_addr);
    if (answer.addresses.size() < kMaxAddresses &&
        std::find(answer.addresses.begin(), answer.addresses.end(), address) == answer.addresses.end())
      answer.addresses.push_back(address);
  }
  ares_freeaddrinfo(result);
}

// Waits until a socket of the channel is ready or `limit_ms` has passed, and lets c-ares work.
void process(ares_channel channel, int limit_ms) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const auto bits = static_cast<unsigned>(ares_getsock(channel, sockets.data(), ARES_GETSOCK_MAXNUM));
  std::array<pollfd, ARES_GETSOCK_MAXNUM> polled{};
  nfds_t count = 0;
  for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    short events = 0;
    if (ARES_GETSOCK_READABLE(bits, i)) events |= POLLIN;
    if (ARES_GETSOCK_WRITABLE(bits, i)) events |= POLLOUT;
    if (events != 0) polled[count++] = {sockets[i], events, 0};
  }
  timeval longest{limit_ms / 1000, (limit_ms % 1000) * 1000};
  timeval wanted{};
  const timeval* next = ares_timeout(channel, &longest, &wanted);
  poll(polled.data(), count, static_cast<int>(next->tv_sec * 1000 + next->tv_usec / 1000 + 1));
  if (count == 0) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  for (nfds_t i = 0; i < count; ++i) {
    const bool readable = (polled[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
    const bool writable = (polled[i].revents & POLLOUT) != 0;
    ares_process_fd(channel, readable ? polled[i].fd : ARES_SOCKET_BAD, writable ? polled[i].fd : ARES_SOCKET_BAD);
  }
}

Error failure(const std::string& host, int status) {
  if (status == ARES_ENOTFOUND)
    return {ErrorCode::not_found, "the host name " + host + " does not exist: check its spelling"};
  if (status == ARES_ENODATA)
    return {ErrorCode::not_found, "the host name " + host + " has no address: check its spelling"};
  if (status == ARES_EBADNAME) return {ErrorCode::not_found, "the host name " + host + " is not one that DNS can hold"};
  return {ErrorCode::unavailable,
          "DNS could not resolve " + host + ": " + ares_strerror(status) + "; check the network and /etc/resolv.conf"};
}

class SystemResolver final : public Resolver {
 public:
  SystemResolver() { ares_library_init(ARES_LIB_INIT_ALL); }
  ~SystemResolver() override { ares_library_cleanup(); }

  Result<std::vector<IpAddress>> resolve(const std::string& host, milliseconds timeout_ms,
                                         std::stop_token stop) override {
    ares_options options{};
    options.timeout = 2'000;  // of the first try of each server; c-ares doubles it
    options.tries = 3;
    ares_channel channel = nullptr;
    if (const int status = ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
        status != ARES_SUCCESS)
      return failure(host, status);
    Answer answer;
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, on_answer, &answer);
    const Clock::time_point deadline = Clock::now() + timeout_ms;
    while (!answer.done && !stop.stop_requested() && Clock::now() < deadline) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
      process(channel, static_cast<int>(std::clamp<long>(left, 0, kPollSlice_ms)));
    }
    const bool in_time = answer.done;
    ares_destroy(channel);  // calls on_answer for what is still open, so `answer` must outlive it
    if (!in_time)
      return Error{ErrorCode::unavailable, stop.stop_requested() ? "stopped while resolving " + host
                                                                 : "DNS gave no answer in time for " + host};
    if (answer.status != ARES_SUCCESS) return failure(host, answer.status);
    if (answer.addresses.empty()) return failure(host, ARES_ENODATA);
    return std::move(answer.addresses);
  }
};

class RememberingResolver final : public Resolver {
 public:
  RememberingResolver(std::shared_ptr<Resolver> below, milliseconds keep_ms)
      : below_(std::move(below)), keep_ms_(keep_ms) {}

  Result<std::vector<IpAddress>> resolve(const std::string& host, milliseconds timeout_ms,
                                         std::stop_token stop) override {
    {
      const std::scoped_lock lock(mutex_);
      const auto found = names_.find(host);
      if (found != names_.end() && Clock::now() < found->second.until) return found->second.addresses;
    }
    auto addresses = below_->resolve(host, timeout_ms, std::move(stop));
    if (!addresses) return addresses;
    const std::scoped_lock lock(mutex_);
    if (names_.size() >= kMaxNames) names_.clear();
    names_[host] = {*addresses, Clock::now() + keep_ms_};
    return addresses;
  }

 private:
  static constexpr std::size_t kMaxNames = 10'000;
  struct Name {
    std::vector<IpAddress> addresses;
    Clock::time_point until;
  };
  const std::shared_ptr<Resolver> below_;
  const milliseconds keep_ms_;
  std::mutex mutex_;
  std::unordered_map<std::string, Name> names_;
};

}  // namespace

std::shared_ptr<Resolver> make_remembering_resolver(std::shared_ptr<Resolver> below, milliseconds keep_ms) {
  return std::make_shared<RememberingResolver>(std::move(below), keep_ms);
}

std::shared_ptr<Resolver> make_system_resolver() { return std::make_shared<SystemResolver>(); }

}  // namespace renvoi::net
