#include "crawl/fetcher.h"

#include <algorithm>
#include <ctime>
#include <set>

#include "base/date.h"
#include "crawl/ascii.h"
#include "crawl/file_fetch.h"
#include "crawl/meta_refresh.h"
#include "crawl/politeness.h"
#include "crawl/rate.h"
#include "crawl/robots_cache.h"
#include "crawl/web_archive.h"
#include "net/retry_after.h"

namespace renvoi::crawl {
namespace {

using std::chrono::milliseconds;
constexpr std::uint32_t kMaxDelay_ms = 30'000;
constexpr std::size_t kMaxRedirects = 10;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// "Tue, 24 Nov 2026 10:00:00 GMT" (RFC 9110 section 5.6.7, the form that may be sent).
std::optional<Timestamp> parse_http_date(std::string_view value) {
  std::tm date{};
  if (strptime(std::string(trim(value)).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return {};
  return static_cast<Timestamp>(timegm(&date));
}

bool is_home(const net::Url& url) {
  const std::string path = lower(url.path_and_query());
  return path == "/" || path.starts_with("/index.") || path == "/home" || path == "/home/";
}

Observation observed(Outcome outcome, std::string reason, int status = 0) {
  Observation seen;
  seen.outcome = outcome;
  seen.reason = std::move(reason);
  seen.status = status;
  return seen;
}

Observation of_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::denied:
    case ErrorCode::exhausted:
    case ErrorCode::invalid:
      return observed(Outcome::refused, error.message);
    default:
      break;
  }
  Observation seen = observed(Outcome::unreachable, error.message);
  seen.retry_after_s = error.retry_after_s;
  return seen;
}

Outcome outcome_of(int status, bool conditional) {
  if (status == 200 || status == 203) return Outcome::fetched;
  if (status == 304) return conditional ? Outcome::not_modified : Outcome::refused;
  if (status == 404 || status == 410) return Outcome::missing;
  if (status >= 500 || status == 408 || status == 425) return Outcome::unreachable;
  if (status >= 400) return Outcome::blocked;
  return Outcome::refused;
}

class HttpFetcher final : public Fetcher {
 public:
  HttpFetcher(net::HttpClient& client, const Clock& clock, FetcherOptions options)
      : client_(client),
        clock_(clock),
        options_(std::move(options)),
        rate_(options_.requests_per_minute),
        robots_(client, clock, options_.robots_agent, &rate_) {}

  Observation fetch(const Request& request, std::stop_token stop) override {
    if (!request.archive.empty())
      return fetch_archived(request.archive, request.locator, request.address, options_.max_body_bytes, clock_.now(),
                            stop);
    const auto url = net::Url::parse(request.address);
    if (!url) return at_now(observed(Outcome::refused, url.error().message), request.address);
    if (url->scheme() == "file")
      return fetch_file(*url, request.validators, options_.max_body_bytes, members_, !request.urgent, clock_.now());
    return follow(*url, request, stop);
  }

  std::chrono::steady_clock::time_point turn(const Request& request) override {
    const auto url = net::Url::parse(request.address);
    if (!request.archive.empty() || !url || url->scheme() == "file") return {};
    return politeness_.turn(url->origin());
  }

  std::vector<std::string> sitemaps(const Request& request, std::stop_token stop) override {
    const auto url = net::Url::parse(request.address);
    if (!url || url->scheme() == "file") return {};
    return robots_.get(*url, addresses(request), stop)->robots.sitemaps();
  }

 private:
  struct Hop {
    Observation seen;
    std::optional<net::Url> next;  // where it redirects to
  };

  Observation at_now(Observation seen, std::string address) const {
    seen.at = clock_.now();
    seen.final_address = std::move(address);
    return seen;
  }

  // Redirects are followed here, because robots.txt and the pace of each host on the way hold too.
  Observation follow(const net::Url& start, const Request& request, std::stop_token stop) {
    net::Url url = start;
    bool permanent = true;
    std::set<std::string> visited;
    for (std::size_t hops = 0; hops <= kMaxRedirects; ++hops) {
      if (!visited.insert(url.href()).second)
        return at_now(observed(Outcome::blocked, "a redirect loop: perhaps it wants cookies"), url.without_fragment());
      Hop hop = one(url, request, hops == 0, stop);
      if (!hop.next) {
        hop.seen.permanent_redirect = hops > 0 && permanent;
        return at_now(soft_not_found(std::move(hop.seen), start, url), url.without_fragment());
      }
      permanent &= hop.seen.status == 301 || hop.seen.status == 308;
      url = std::move(*hop.next);
    }
    return at_now(observed(Outcome::blocked, "more than 10 redirects"), url.without_fragment());
  }

  // A page that now leads to the home page is not there any more.
  static Observation soft_not_found(Observation seen, const net::Url& asked, const net::Url& got) {
    if (seen.outcome != Outcome::fetched || asked == got || !is_home(got) || is_home(asked)) return seen;
    return observed(Outcome::missing, "it redirects to the home page", seen.status);
  }

  // Whether robots.txt lets it be read; sets the delay that it asks for.
  std::optional<Observation> refused_by_robots(const net::Url& url, const Request& request, std::uint32_t& delay_ms,
                                               std::stop_token stop) {
    if (!request.policy.obey_robots) return {};
    const auto rules = robots_.get(url, addresses(request), stop);
    if (rules->error) {
      Observation seen = of_error(*rules->error);
      seen.status = rules->status;
      seen.reason = "robots.txt: " + seen.reason;
      return seen;
    }
    delay_ms = std::max(delay_ms, std::min(rules->robots.crawl_delay_ms().value_or(0), kMaxDelay_ms));
    if (rules->robots.allows(url.path_and_query())) return {};
    return observed(Outcome::blocked, "robots.txt does not allow it");
  }

  static net::AddressPolicy addresses(const Request& request) {
    return request.policy.allow_private_addresses ? net::AddressPolicy::allow_private : net::AddressPolicy::global_only;
  }

  net::FetchRequest order(const net::Url& url, const Request& request, bool conditional) const {
    net::FetchRequest order;
    order.url = url;
    order.addresses = addresses(request);
    order.max_redirects = 0;
    order.max_body_bytes = options_.max_body_bytes;
    order.total_timeout_ms = milliseconds(options_.total_timeout_ms);
    order.headers.push_back("Accept: text/html,application/xhtml+xml,text/markdown,text/plain;q=0.9,*/*;q=0.1");
    if (!conditional) return order;
    if (!request.validators.etag.empty()) order.headers.push_back("If-None-Match: " + request.validators.etag);
    if (!request.validators.last_modified.empty())
      order.headers.push_back("If-Modified-Since: " + request.validators.last_modified);
    return order;
  }

  Hop one(const net::Url& url, const Request& request, bool first, std::stop_token stop) {
    const std::string host = url.origin();
    if (const auto held = politeness_.held(host)) {
      Hop hop{observed(Outcome::unreachable, "its host asked for a pause (Retry-After)"), {}};
      hop.seen.retry_after_s = held->count();
      return hop;
    }
    std::uint32_t delay_ms = std::min(request.policy.min_delay_ms, kMaxDelay_ms);
    if (auto refused = refused_by_robots(url, request, delay_ms, stop)) return {std::move(*refused), {}};
    const bool may = request.urgent || (politeness_.wait(host, milliseconds(delay_ms), stop) && rate_.wait(stop));
    if (!may) return {observed(Outcome::unreachable, "stopped"), {}};
    if (request.urgent) rate_.count();
    const bool conditional = first && !(request.validators.etag.empty() && request.validators.last_modified.empty());
    auto response = client_.fetch(order(url, request, conditional), stop);
    politeness_.finished(host, milliseconds(delay_ms));
    if (!response) return {of_error(response.error()), {}};
    if (response->status == 304 && conditional && is_of_another_version(*response, request.validators)) {
      Request whole = request;
      whole.validators = {};
      return one(url, whole, first, stop);
    }
    return understand(std::move(*response), url, conditional);
  }

  // A 304 that names another version than the one that was asked about says nothing (RFC 9110 section 15.4.5).
  static bool is_of_another_version(const net::FetchResponse& response, const catalog::Validators& sent) {
    const auto strong = [](std::string_view etag) { return etag.starts_with("W/") ? etag.substr(2) : etag; };
    const std::string etag = response.header("etag");
    return !etag.empty() && !sent.etag.empty() && strong(etag) != strong(sent.etag);
  }

  // A page that sends the reader on at once is a temporary redirect.
  static void follow_refresh(const net::Url& url, Hop& hop) {
    const std::string type = lower(hop.seen.content_type);
    if (!type.empty() && type.find("html") == std::string::npos) return;
    const auto target = find_meta_refresh(hop.seen.body);
    if (!target) return;
    auto next = net::Url::parse(*target, url);
    if (!next || next->scheme() == "file" || next->without_fragment() == url.without_fragment()) return;
    hop.next = std::move(next).value();
    hop.seen.status = 302;
  }

  Hop understand(net::FetchResponse response, const net::Url& url, bool conditional) {
    Hop hop{observed(Outcome::refused, "", response.status), {}};
    Observation& seen = hop.seen;
    if (is_redirect(response.status)) {
      auto target = net::Url::parse(response.header("location"), url);
      if (!target || response.header("location").empty() || target->scheme() == "file")
        seen.reason = "it redirects to an address that cannot be followed";
      else
        hop.next = std::move(target).value();
      return hop;
    }
    seen.outcome = outcome_of(response.status, conditional);
    if (response.status == 304 && !conditional) seen.reason = "HTTP 304, which nobody asked for";
    if (seen.reason.empty() && seen.outcome != Outcome::fetched && seen.outcome != Outcome::not_modified)
      seen.reason = "HTTP " + std::to_string(response.status);
    if (response.status == 429 || response.status == 503) {
      seen.retry_after_s = net::retry_after_s(response, clock_.now());
      if (seen.retry_after_s) politeness_.hold(url.origin(), std::chrono::seconds(*seen.retry_after_s));
    }
    seen.validators = {response.header("etag"), response.header("last-modified")};
    seen.modified_at = parse_http_date(seen.validators.last_modified).value_or(0);
    seen.content_type = response.header("content-type");
    seen.content_language = response.header("content-language");
    const RobotsTag tag = parse_robots_tag(response.header("x-robots-tag"), options_.robots_agent);
    seen.noindex = tag.noindex;
    seen.nofollow = tag.nofollow;
    seen.noarchive = tag.noarchive;
    if (seen.outcome == Outcome::fetched) {
      seen.body = std::move(response.body);
      follow_refresh(url, hop);
    }
    return hop;
  }

  net::HttpClient& client_;
  const Clock& clock_;
  const FetcherOptions options_;
  Rate rate_;
  RobotsCache robots_;
  Politeness politeness_;
  MemberReader members_;
};

}  // namespace

Fetcher::Request request_for(const catalog::Reference& reference, const catalog::Source& source) {
  Fetcher::Request request{reference.address, {}, source.policy, false, {}, {}};
  if (source.kind != catalog::SourceKind::archive) return request;
  request.archive = source.address;
  request.locator = reference.validators.etag;
  return request;
}

std::unique_ptr<Fetcher> make_fetcher(net::HttpClient& client, const Clock& clock, FetcherOptions options) {
  return std::make_unique<HttpFetcher>(client, clock, std::move(options));
}

}  // namespace renvoi::crawl
