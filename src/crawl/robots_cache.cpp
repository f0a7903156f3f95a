#include "crawl/robots_cache.h"

namespace renvoi::crawl {
namespace {

constexpr std::int64_t kKeep_s = 86'400;
constexpr std::int64_t kRetry_s = 600;
constexpr std::size_t kMaxOrigins = 10'000;
constexpr std::uint32_t kMaxRedirects = 5;  // RFC 9309 section 2.3.1.2

}  // namespace

OriginRules RobotsCache::ask(const net::Url& page, net::AddressPolicy addresses, std::stop_token stop) {
  OriginRules rules;
  auto url = net::Url::parse(page.origin() + "/robots.txt");
  if (!url) {
    rules.error = url.error();
    return rules;
  }
  std::string text;
  net::FetchRequest request;
  request.url = std::move(url).value();
  request.addresses = addresses;
  request.max_redirects = kMaxRedirects;
  request.total_timeout_ms = std::chrono::milliseconds(20'000);
  // What is longer than the limit is cut, not refused.
  request.on_body = [&](std::string_view piece) {
    text.append(piece.substr(0, kMaxRobotsBytes - text.size()));
    return text.size() < kMaxRobotsBytes;
  };
  if (rate_ != nullptr) rate_->count();
  const auto response = client_.fetch(request, stop);
  if (!response) {
    // A chain of redirects without an end is a robots.txt that is not there.
    if (response.error().code != ErrorCode::invalid) rules.error = response.error();
    return rules;
  }
  rules.status = response->status;
  if (rules.status >= 200 && rules.status < 300)
    rules.robots = Robots::parse(text, agent_);
  else if (rules.status >= 500 || rules.status == 429)
    rules.error = Error{ErrorCode::unavailable, "HTTP " + std::to_string(rules.status)};
  return rules;
}

std::shared_ptr<const OriginRules> RobotsCache::held(const std::string& origin) const {
  const auto found = entries_.find(origin);
  return found != entries_.end() && clock_.now() < found->second.until ? found->second.rules : nullptr;
}

std::shared_ptr<const OriginRules> RobotsCache::get(const net::Url& page, net::AddressPolicy addresses,
                                                    std::stop_token stop) {
  const std::string origin = page.origin();
  std::unique_lock lock(mutex_);
  // Whose answer was not kept (stopped, or refused by its own policy) leaves the question to the next one.
  answered_.wait(lock, stop, [&] { return held(origin) || !asked_.contains(origin); });
  if (auto rules = held(origin)) return rules;
  if (stop.stop_requested() && asked_.contains(origin)) {
    auto rules = std::make_shared<OriginRules>();
    rules->error = Error{ErrorCode::unavailable, "stopped"};
    return rules;
  }
  asked_.insert(origin);
  lock.unlock();
  auto rules = std::make_shared<const OriginRules>(ask(page, addresses, stop));
  lock.lock();
  asked_.erase(origin);
  answered_.notify_all();
  // A refusal by our own guard says nothing about the origin: another source may be allowed to reach it.
  const bool ours = rules->error && rules->error->code == ErrorCode::denied;
  if (ours || stop.stop_requested()) return rules;
  if (entries_.size() >= kMaxOrigins) entries_.clear();
  const Timestamp now = clock_.now();
  entries_[origin] = {rules, now + (rules->error ? kRetry_s : kKeep_s)};
  return rules;
}

}  // namespace renvoi::crawl
