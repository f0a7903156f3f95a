#include "net/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace renvoi::net {
namespace {

constexpr std::size_t kMaxQueuedBytes = 256u << 10;

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Status";
  }
}

// RFC 9110 section 5.6.7. strftime would follow the locale.
std::string http_date() {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm t{};
  gmtime_r(&now, &t);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[t.tm_wday], t.tm_mday, kMonths[t.tm_mon],
                     t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// A header that would break the message is left out: a handler that copies a client's text must not let it write
// headers.
void append_header(std::string& out, std::string_view name, std::string_view value) {
  const bool clean = std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  });
  if (is_token(name) && clean) out += fmt::format("{}: {}\r\n", name, value);
}

std::string status_line(int status) {
  return fmt::format("HTTP/1.1 {} {}\r\nServer: renvoi\r\nDate: {}\r\n", status, reason(status), http_date());
}

}  // namespace

Exchange::Exchange(Options options, const std::atomic<bool>& stopping, std::function<void()> notify)
    : options_(options), stopping_(stopping), notify_(std::move(notify)) {}

std::string Exchange::head(int status, std::string_view content_type, const Headers& headers,
                           std::optional<std::size_t> length) {
  if (status < 200 || status > 599) status = 500;
  bodiless_ = options_.head || status == 204 || status == 304;
  std::string out = status_line(status);
  if (!content_type.empty() && status != 204) append_header(out, "Content-Type", content_type);
  for (const auto& [name, value] : headers) append_header(out, name, value);
  if (length && status != 204 && status != 304) append_header(out, "Content-Length", std::to_string(*length));
  if (!length && !options_.http_1_0 && status != 204 && status != 304)
    append_header(out, "Transfer-Encoding", "chunked");
  {
    const std::lock_guard lock(mutex_);
    close_ = close_ || !options_.keep_alive || stopping_ || (!length && options_.http_1_0);
    if (close_)
      append_header(out, "Connection", "close");
    else if (options_.http_1_0)
      append_header(out, "Connection", "keep-alive");
  }
  return out + "\r\n";
}

void Exchange::push(std::string bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (gone_) return;
    queued_ += bytes;
  }
  notify_();
}

void Exchange::send(int status, std::string_view content_type, std::string body, Headers headers) {
  if (state_ != State::nothing) return;
  state_ = State::answered;
  std::string out = head(status, content_type, headers, body.size());
  if (!bodiless_) out += body;
  push(std::move(out));
}

void Exchange::begin(int status, std::string_view content_type, Headers headers) {
  if (state_ != State::nothing) return;
  state_ = State::streaming;
  push(head(status, content_type, headers, std::nullopt));
}

bool Exchange::write(std::string_view piece) {
  if (state_ != State::streaming || gone_ || half_closed_) return false;
  if (bodiless_ || piece.empty()) return true;
  {
    // Bounded: the connection declares the peer gone when a write has not got through in time.
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return queued_.size() < kMaxQueuedBytes || gone_; });
  }
  push(options_.http_1_0 ? std::string(piece) : fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
  return !gone_;
}

void Exchange::end() {
  if (state_ != State::streaming) return;
  state_ = State::answered;
  if (!bodiless_ && !options_.http_1_0) push("0\r\n\r\n");
}

bool Exchange::cancelled() const { return gone_ || half_closed_ || stopping_; }

void Exchange::handler_returned() {
  if (state_ == State::nothing) send(500, "text/plain; charset=utf-8", "internal error\n", {});
  {
    const std::lock_guard lock(mutex_);
    // A stream without its end must not look whole: the missing last chunk and the closed connection say so.
    if (state_ == State::streaming) close_ = true;
    returned_ = true;
  }
  notify_();
}

std::string Exchange::take() {
  std::string out;
  {
    const std::lock_guard lock(mutex_);
    out.swap(queued_);
  }
  room_.notify_all();
  return out;
}

bool Exchange::finished() const {
  const std::lock_guard lock(mutex_);
  return returned_ && queued_.empty();
}

bool Exchange::has_output() const {
  const std::lock_guard lock(mutex_);
  return !queued_.empty();
}

void Exchange::peer_gone() {
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    queued_.clear();
  }
  room_.notify_all();
}

bool Exchange::must_close() const {
  const std::lock_guard lock(mutex_);
  return close_ || gone_;
}

std::string refusal_response(int status, std::string_view message, bool head) {
  std::string out = status_line(status);
  append_header(out, "Content-Type", "text/plain; charset=utf-8");
  append_header(out, "Content-Length", std::to_string(message.size() + 1));
  if (status == 503) append_header(out, "Retry-After", "1");
  append_header(out, "Connection", "close");
  out += "\r\n";
  if (!head) out += fmt::format("{}\n", message);
  return out;
}

}  // namespace renvoi::net
