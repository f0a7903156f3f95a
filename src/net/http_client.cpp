#include "net/http_client.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/utf8.h"
#include "net/host_gate.h"
#include "net/percent.h"
#include "net/transfer.h"
#include "net/transfer_loop.h"

namespace renvoi::net {
namespace {

using Addresses = std::vector<IpAddress>;
constexpr std::size_t kMaxAddressesTried = 4;
constexpr std::chrono::minutes kRememberNames{1};
constexpr std::size_t kLoops = 2;  // what they spend is expanding bodies: a core each is 2,000 pages a second and more

bool is_redirect_status(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string lower_name(std::string_view header) {
  std::string name(header.substr(0, header.find(':')));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

// A line break in a header would let its author write the rest of the request.
Result<void> check_headers(const std::vector<std::string>& headers) {
  for (const std::string& header : headers) {
    const std::size_t colon = header.find(':');
    const bool control = std::any_of(header.begin(), header.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
    if (colon == 0 || colon == std::string::npos || control || header.find(' ') < colon)
      return Error{ErrorCode::invalid, "a request header is not \"Name: value\" on one line"};
    const std::string name = lower_name(header);
    if (name == "host" || name == "content-length" || name == "transfer-encoding" || name == "connection")
      return Error{ErrorCode::invalid, "the request header " + name + " is set by the client itself"};
  }
  return {};
}

Result<void> check_request(const FetchRequest& request) {
  if (request.url.scheme() != "http" && request.url.scheme() != "https")
    return Error{ErrorCode::invalid, "only http and https URLs can be fetched over the network"};
  if (request.method != "GET" && request.method != "HEAD" && request.method != "POST")
    return Error{ErrorCode::invalid, "the method must be GET, HEAD or POST"};
  if (request.method != "POST" && !request.body.empty())
    return Error{ErrorCode::invalid, "only a POST may have a body"};
  return check_headers(request.headers);
}

bool names_a_secret(const std::string& header) {
  const std::string name = lower_name(header);
  return name == "authorization" || name == "proxy-authorization" || name == "cookie" || name == "x-api-key" ||
         name == "api-key";
}

// What is left of the request when it goes on to `target` (Fetch standard, "HTTP-redirect fetch").
void follow(FetchRequest& request, int status, Url target) {
  const bool to_get =
      (status == 303 && request.method != "HEAD") || (request.method == "POST" && (status == 301 || status == 302));
  if (to_get) {
    request.method = "GET";
    request.body.clear();
    std::erase_if(request.headers, [](const std::string& h) { return lower_name(h).starts_with("content-"); });
  }
  if (target.origin() != request.url.origin()) std::erase_if(request.headers, names_a_secret);
  request.url = std::move(target);
}

Result<Url> redirect_target(const std::string& location, const Url& from) {
  // Servers send raw bytes; those that are not UTF-8 are kept as bytes, as browsers do.
  const auto target = Url::parse(is_valid_utf8(location) ? location : percent_encode(location, ""), from);
  if (!target) return target.error().in("redirected");
  if (target->scheme() == "file")
    return Error{ErrorCode::invalid, "redirected to a file of this machine: " + target->href()};
  return target;
}

}  // namespace

std::string FetchResponse::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? "" : found->second;
}

struct HttpClient::Impl {
  explicit Impl(Options given)
      : options(std::move(given)),
        resolver(options.resolver ? options.resolver
                                  : make_remembering_resolver(make_system_resolver(), kRememberNames)),
        gate(std::max(1u, options.max_connections_per_host), std::max(1u, options.max_connections)),
        loops(kLoops) {
    const std::uint32_t open = std::max({1u, options.max_connections, options.max_idle_connections});
    for (auto& loop : loops) loop = std::make_unique<TransferLoop>(open / kLoops + 1);
  }

  Result<Addresses> checked_addresses(const FetchRequest& request, std::stop_token stop);
  Result<FetchResponse> exchange(const FetchRequest& request, std::stop_token stop);
  Result<FetchResponse> exchange_with(const FetchRequest& request, const IpAddress& address, bool& try_next,
                                      std::stop_token stop);
  bool stream(Transfer& transfer, std::unique_lock<std::mutex>& lock, const FetchRequest& request);
  Result<FetchResponse> fetch(FetchRequest request, std::stop_token stop);
  // Always the same one for an origin: it has its open connection.
  TransferLoop& loop_of(const FetchRequest& request) {
    return *loops[std::hash<std::string>()(request.url.origin()) % loops.size()];
  }
  bool usable() const {
    return std::all_of(loops.begin(), loops.end(), [](const auto& loop) { return loop->usable(); });
  }

  const Options options;
  const std::shared_ptr<Resolver> resolver;
  HostGate gate;
  std::vector<std::unique_ptr<TransferLoop>> loops;
};

// Resolves once. One bad address condemns the name: its owner could pick which of them we dial.
Result<Addresses> HttpClient::Impl::checked_addresses(const FetchRequest& request, std::stop_token stop) {
  std::string host = request.url.host();
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Addresses addresses;
  if (const auto literal = parse_ip(host)) {
    addresses = {*literal};
  } else {
    auto resolved = resolver->resolve(host, request.connect_timeout_ms, stop);
    if (!resolved) return std::move(resolved).error();
    addresses = std::move(resolved).value();
  }
  if (addresses.empty()) return Error{ErrorCode::not_found, "the host name " + host + " has no address"};
  for (const IpAddress& address : addresses) RENVOI_CHECK(check_address(address, request.addresses, host));
  return addresses;
}

// Hands what has arrived to the caller's function, without the lock. False when it wants no more.
bool HttpClient::Impl::stream(Transfer& transfer, std::unique_lock<std::mutex>& lock, const FetchRequest& request) {
  std::string piece;
  piece.swap(transfer.pieces);
  if (transfer.paused) {
    transfer.resume = true;
    loop_of(request).wake();
  }
  lock.unlock();
  bool more = false;
  try {
    more = piece.empty() || request.on_body(piece);
  } catch (...) {
    transfer.cancel = true;  // nobody will take the rest
    loop_of(request).wake();
    throw;
  }
  lock.lock();
  return more;
}

Result<FetchResponse> HttpClient::Impl::exchange_with(const FetchRequest& request, const IpAddress& address,
                                                      bool& try_next, std::stop_token stop) {
  const auto transfer = std::make_shared<Transfer>(TransferOrder{.url = request.url,
                                                                 .method = request.method,
                                                                 .headers = request.headers,
                                                                 .body = request.body,
                                                                 .address = address,
                                                                 .stream = static_cast<bool>(request.on_body),
                                                                 .follow = request.max_redirects > 0,
                                                                 .max_body_bytes = request.max_body_bytes,
                                                                 .connect_timeout_ms = request.connect_timeout_ms,
                                                                 .total_timeout_ms = request.total_timeout_ms,
                                                                 .stall_timeout_ms = request.stall_timeout_ms,
                                                                 .user_agent = options.user_agent,
                                                                 .ca_bundle = options.ca_bundle});
  TransferLoop& loop = loop_of(request);
  loop.add(transfer);
  std::unique_lock lock(transfer->mutex);
  bool wants_more = true;
  for (;;) {
    // Bounded: the loop ends every transfer at its total timeout.
    const bool awake =
        transfer->changed.wait(lock, stop, [&] { return transfer->finished || !transfer->pieces.empty(); });
    if (wants_more && !transfer->pieces.empty()) wants_more = stream(*transfer, lock, request);
    if (transfer->finished && (!wants_more || transfer->pieces.empty())) break;
    if (awake && wants_more) continue;
    // Stopped, by the caller's token or function. The loop lets go of the connection before we give up our turn.
    transfer->cancel = true;
    loop.wake();
    transfer->changed.wait(lock, [&] { return transfer->finished; });
    break;
  }
  if (stop.stop_requested() && transfer->error) return Error{ErrorCode::unavailable, "stopped"};
  if (wants_more && transfer->error) {
    try_next = transfer->connect_failed;
    return *transfer->error;
  }
  FetchResponse response;
  response.status = transfer->status;
  response.final_url = request.url;
  response.headers = std::move(transfer->headers);
  response.body = std::move(transfer->body);
  response.address = to_string(address);
  response.http_version = transfer->http_version;
  return response;
}

// One request without redirects: the addresses of its host in turn, until one can be connected to.
Result<FetchResponse> HttpClient::Impl::exchange(const FetchRequest& request, std::stop_token stop) {
  auto pass = gate.enter(request.url.origin(), request.total_timeout_ms, stop);
  if (!pass) return std::move(pass).error();
  RENVOI_TRY(const Addresses addresses, checked_addresses(request, stop));
  const std::size_t count = std::min(addresses.size(), kMaxAddressesTried);
  for (std::size_t i = 0;; ++i) {
    bool try_next = false;
    auto response = exchange_with(request, addresses[i], try_next, stop);
    if (response.ok() || !try_next || i + 1 >= count) return response;
  }
}

Result<FetchResponse> HttpClient::Impl::fetch(FetchRequest request, std::stop_token stop) {
  RENVOI_CHECK(check_request(request));
  std::vector<Redirect> redirects;
  std::set<std::string> visited;
  for (;;) {
    visited.insert(request.method + " " + request.url.without_fragment());
    auto response = exchange(request, stop);
    if (!response)
      return redirects.empty() ? response.error() : response.error().in("after a redirect to " + request.url.href());
    const auto location = response->headers.find("location");
    if (request.max_redirects == 0 || !is_redirect_status(response->status) || location == response->headers.end()) {
      response->redirects = std::move(redirects);
      return response;
    }
    RENVOI_TRY(Url target, redirect_target(location->second, request.url));
    redirects.push_back({response->status, request.url.href(), target.href()});
    if (redirects.size() > request.max_redirects)
      return Error{ErrorCode::invalid,
                   "more than " + std::to_string(request.max_redirects) + " redirects, the last to " + target.href()};
    follow(request, response->status, std::move(target));
    if (visited.contains(request.method + " " + request.url.without_fragment()))
      return Error{ErrorCode::invalid, "redirect loop: " + request.url.href() + " redirects to itself"};
  }
}

HttpClient::HttpClient(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;

Result<FetchResponse> HttpClient::fetch(const FetchRequest& request, std::stop_token stop) {
  try {
    if (!impl_->usable()) return Error{ErrorCode::internal, "the HTTP library could not be started"};
    auto response = impl_->fetch(request, std::move(stop));
    if (!response) return response.error().in("fetching " + request.url.href());
    return response;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::exhausted, "not enough memory to fetch " + request.url.origin()};
  } catch (const std::exception& error) {
    return Error{ErrorCode::internal, std::string("fetching failed: ") + error.what()};
  }
}

}  // namespace renvoi::net
