#include "net/transfer.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace renvoi::net {
namespace {

constexpr std::size_t kMaxHeaderBytes = 64u << 10;       // of one response, status lines of 1xx included
constexpr std::size_t kMaxRedirectBodyBytes = 1u << 20;  // thrown away; beyond, the connection is
constexpr long kReceiveBytes = 64 << 10;                 // at once
constexpr std::size_t kMaxWaitingBytes = 256u << 10;     // of a streamed body, before curl is made to wait

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_redirect_status(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

IpAddress from_sockaddr(const curl_sockaddr& address) {
  IpAddress ip;
  if (address.family == AF_INET) {
    ip.is_v4 = true;
    ip.bytes[10] = ip.bytes[11] = 0xFF;
    std::memcpy(&ip.bytes[12], reinterpret_cast<const char*>(&address.addr) + offsetof(sockaddr_in, sin_addr), 4);
  } else if (address.family == AF_INET6 && address.addrlen >= sizeof(sockaddr_in6)) {
    std::memcpy(ip.bytes.data(), reinterpret_cast<const char*>(&address.addr) + offsetof(sockaddr_in6, sin6_addr), 16);
  }
  return ip;
}

}  // namespace

Transfer::Transfer(TransferOrder order) : order_(std::move(order)) {}

Transfer::~Transfer() {
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  curl_slist_free_all(request_headers_);
  curl_slist_free_all(connect_to_);
}

bool Transfer::start() {
  easy_ = curl_easy_init();
  if (easy_ == nullptr || !set_options()) {
    fail(ErrorCode::internal, "the HTTP library refused the request to " + order_.url.origin());
    return false;
  }
  started_ = last_byte_ = Clock::now();
  return true;
}

bool Transfer::set_method() {
  bool ok = true;
  const auto set = [&](CURLoption option, auto value) {
    ok = ok && curl_easy_setopt(easy_, option, value) == CURLE_OK;
  };
  if (order_.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (order_.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(order_.body.size()));
    set(CURLOPT_POSTFIELDS, order_.body.data());  // not copied: order_ outlives the handle
  }
  return ok;
}

bool Transfer::set_options() {
  bool ok = set_method();
  const auto set = [&](CURLoption option, auto value) {
    ok = ok && curl_easy_setopt(easy_, option, value) == CURLE_OK;
  };
  const auto add = [&](curl_slist*& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list, line.c_str());
    ok = ok && longer != nullptr;
    if (longer != nullptr) list = longer;
  };
  for (const std::string& header : order_.headers) add(request_headers_, header);
  add(request_headers_, "Expect:");  // no 100-continue: some servers never answer it

  // The checked address and no other. Empty host and port match whatever curl reads in the URL, so that a difference
  // between two URL parsers cannot change what is dialled; a pooled connection is only used for the same address.
  const std::string ip = to_string(order_.address);
  add(connect_to_, "::" + (order_.address.is_v4 ? ip : "[" + ip + "]") + ":" + std::to_string(order_.url.port()));
  set(CURLOPT_CONNECT_TO, connect_to_);
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open);
  set(CURLOPT_OPENSOCKETDATA, this);

  set(CURLOPT_URL, order_.url.without_fragment().c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_HTTP09_ALLOWED, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!order_.ca_bundle.empty()) set(CURLOPT_CAINFO, order_.ca_bundle.c_str());  // the system's CApath stays
  set(CURLOPT_ACCEPT_ENCODING, "");                                              // all that curl can undo
  set(CURLOPT_USERAGENT, order_.user_agent.c_str());
  set(CURLOPT_HTTPHEADER, request_headers_);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_BUFFERSIZE, kReceiveBytes);
  set(CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(1, static_cast<long>(order_.connect_timeout_ms.count())));
  set(CURLOPT_ERRORBUFFER, curl_message_.data());
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  set(CURLOPT_XFERINFODATA, this);
  set(CURLOPT_PRIVATE, this);
  return ok;
}

void Transfer::fail(ErrorCode code, std::string message) {
  const std::lock_guard lock(mutex);
  if (!error) error = Error{code, std::move(message)};
}

curl_socket_t Transfer::on_open(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  // The last line of defence: whatever happened above, nothing but the checked address is dialled.
  if (from_sockaddr(*address) != transfer.order_.address) {
    transfer.wrong_address_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  try {
    return static_cast<Transfer*>(self)->header_line({data, size * count}) ? size * count : 0;
  } catch (...) {  // out of memory: curl ends the transfer
    return 0;
  }
}

bool Transfer::header_line(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    fail(ErrorCode::invalid, "the response's headers are larger than 64 KiB");
    return false;
  }
  const std::lock_guard lock(mutex);
  if (line.starts_with("HTTP/")) {  // a new status line: what came before was a 1xx
    headers.clear();
    last_header_.clear();
    long code = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &code);
    status = static_cast<int>(code);
    return true;
  }
  if ((line.starts_with(' ') || line.starts_with('\t')) && !last_header_.empty()) {  // obs-fold, RFC 9112 section 5.2
    headers[last_header_] += " " + std::string(trim(line));
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;  // the empty line, or one that curl let pass
  last_header_ = lower(trim(line.substr(0, colon)));
  const auto [header, is_new] = headers.try_emplace(last_header_, trim(line.substr(colon + 1)));
  if (!is_new) header->second += ", " + std::string(trim(line.substr(colon + 1)));
  return true;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  try {
    return static_cast<Transfer*>(self)->body_piece({data, size * count});
  } catch (...) {
    return 0;
  }
}

std::size_t Transfer::body_piece(std::string_view piece) {
  std::unique_lock lock(mutex);
  const bool thrown_away = order_.follow && is_redirect_status(status) && headers.contains("location");
  if (order_.stream && !thrown_away && status / 100 == 2 && pieces.size() >= kMaxWaitingBytes) {
    paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  body_bytes_ += piece.size();
  const std::uint64_t limit_bytes = thrown_away ? kMaxRedirectBodyBytes : order_.max_body_bytes;
  if (body_bytes_ > limit_bytes) {
    lock.unlock();
    fail(ErrorCode::exhausted, "the body is larger than " + std::to_string(limit_bytes) +
                                   " bytes (after decompression): raise the limit if it is wanted");
    return 0;
  }
  if (thrown_away) return piece.size();
  if (order_.stream && status / 100 == 2) {
    pieces += piece;
    changed.notify_all();
  } else {
    body += piece;
  }
  return piece.size();
}

int Transfer::on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  if (received + sent != transfer.bytes_seen_) {
    transfer.bytes_seen_ = received + sent;
    transfer.last_byte_ = Clock::now();
  }
  return transfer.cancel.load() ? 1 : 0;
}

Transfer::Clock::time_point Transfer::next_deadline() const {
  return std::min(started_ + order_.total_timeout_ms, last_byte_ + order_.stall_timeout_ms);
}

bool Transfer::check_deadlines(Clock::time_point now) {
  if (now >= started_ + order_.total_timeout_ms) {
    fail(ErrorCode::unavailable,
         "timeout: not finished after " + std::to_string(order_.total_timeout_ms.count()) + " ms");
    return true;
  }
  {
    const std::lock_guard lock(mutex);
    if (paused) last_byte_ = now;  // it is the reader of the body that is slow
  }
  if (now < last_byte_ + order_.stall_timeout_ms) return false;
  fail(ErrorCode::unavailable,
       "timeout: the server sent nothing for " + std::to_string(order_.stall_timeout_ms.count()) + " ms");
  return true;
}

void Transfer::resume_if_asked() {
  {
    const std::lock_guard lock(mutex);
    if (!resume) return;
    resume = paused = false;
  }
  last_byte_ = Clock::now();
  curl_easy_pause(easy_, CURLPAUSE_CONT);  // may call on_body at once
}

Error Transfer::describe(CURLcode code) const {
  const std::string detail = curl_message_[0] != '\0' ? curl_message_.data() : curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      return {ErrorCode::unavailable, "cannot connect: " + detail};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorCode::unavailable, "timeout: " + detail};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return {ErrorCode::unavailable, "TLS error: " + detail};
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorCode::invalid, "the file of CA certificates cannot be used: " + detail};
    case CURLE_PARTIAL_FILE:
      return {ErrorCode::unavailable, "the body was cut short: " + detail};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return {ErrorCode::unavailable, "the connection was closed or reset: " + detail};
    case CURLE_BAD_CONTENT_ENCODING:
      return {ErrorCode::invalid, "the body is not in the content coding it declares: " + detail};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return {ErrorCode::invalid, "the answer is not well-formed HTTP: " + detail};
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR:
      return {ErrorCode::exhausted, "not enough memory for the answer: " + detail};
    default:
      return {ErrorCode::unavailable, detail};
  }
}

void Transfer::finish(CURLcode code) {
  std::lock_guard lock(mutex);
  long version = 0;
  if (easy_ != nullptr) curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  http_version = version == CURL_HTTP_VERSION_2_0   ? "2"
                 : version == CURL_HTTP_VERSION_1_0 ? "1.0"
                 : version == CURL_HTTP_VERSION_1_1 ? "1.1"
                                                    : "";
  if (wrong_address_) {
    error = Error{ErrorCode::denied, "an address that was not checked was about to be dialled"};
  } else if (code != CURLE_OK && !error) {
    error = describe(code);
    connect_failed = code == CURLE_COULDNT_CONNECT;
  }
  finished = true;
  changed.notify_all();
}

}  // namespace renvoi::net
