#include "net/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "net/percent.h"
#include "net/query.h"

namespace renvoi::net {
namespace {

namespace http = boost::beast::http;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(segment.size());
  }
  return false;
}

Refusal refusal_of(const boost::beast::error_code& error, const RequestLimits& limits) {
  if (error == http::error::header_limit)
    return {431, "the request's headers are larger than " + std::to_string(limits.max_header_bytes) + " bytes"};
  if (error == http::error::body_limit)
    return {413, "the request's body is larger than " + std::to_string(limits.max_body_bytes) + " bytes"};
  if (error == http::error::bad_version) return {505, "this server speaks HTTP/1.1"};
  return {400, "malformed request: " + error.message()};
}

// What Beast's parser leaves to its user.
std::optional<Refusal> check_framing(const http::request<http::string_body>& message) {
  if (message.version() != 10 && message.version() != 11) return Refusal{505, "this server speaks HTTP/1.1"};
  const auto count = [&](http::field field) { return message.count(field); };
  if (count(http::field::transfer_encoding) > 0) {
    if (count(http::field::transfer_encoding) > 1 || count(http::field::content_length) > 0 || message.version() == 10)
      return Refusal{400, "malformed request: the end of its body is ambiguous"};
    if (lower(view(message[http::field::transfer_encoding])) != "chunked")
      return Refusal{501, "the only transfer coding this server knows is chunked"};
  }
  // Beast takes "3, 3" too, which others read as one length, as the first, or not at all.
  const std::string_view length = view(message[http::field::content_length]);
  if (count(http::field::content_length) > 1 || length.find_first_not_of("0123456789") != std::string_view::npos)
    return Refusal{400, "malformed request: one Content-Length is needed, in digits"};
  if (count(http::field::host) > 1 || (message.version() == 11 && count(http::field::host) == 0))
    return Refusal{400, "malformed request: exactly one Host header is needed"};
  if (count(http::field::expect) > 0 && lower(view(message[http::field::expect])) != "100-continue")
    return Refusal{417, "the only expectation this server knows is 100-continue"};
  return std::nullopt;
}

}  // namespace

bool parse_request_target(std::string_view target, ServerRequest& request) {
  // The absolute form, which a server must take too (RFC 9112 section 3.2.2); its host is not looked at.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!lower(target.substr(0, scheme.size())).starts_with(scheme)) continue;
    const std::size_t slash = target.find_first_of("/?", scheme.size());
    if (slash == std::string_view::npos || target[slash] == '?') return false;
    target.remove_prefix(slash);
    break;
  }
  if (!target.starts_with('/') || target.find('#') != std::string_view::npos || has_control(target)) return false;
  const std::size_t question = target.find('?');
  const std::string_view raw_path = target.substr(0, question);
  const auto path = decode_component(raw_path);
  if (!path || has_control(*path) || has_dot_segment(*path)) return false;
  if (has_encoded(raw_path, '/') || path->find('\\') != std::string::npos) return false;
  request.path = *path;
  if (question == std::string_view::npos) return true;
  auto query = parse_query(target.substr(question + 1));
  if (!query) return false;
  request.query = std::move(*query);
  return true;
}

struct RequestReader::Parser {
  RequestLimits limits;
  http::request_parser<http::string_body> beast;
};

RequestReader::RequestReader(RequestLimits limits) : parser_(std::make_unique<Parser>()) {
  parser_->limits = limits;
  parser_->beast.header_limit(limits.max_header_bytes);
  parser_->beast.body_limit(limits.max_body_bytes);
  parser_->beast.eager(false);  // stop after the header: it is judged before any body is taken
}

RequestReader::~RequestReader() = default;

std::size_t RequestReader::feed(std::string_view bytes) {
  std::size_t taken = 0;
  auto& beast = parser_->beast;
  while (!done_ && !refusal_ && (taken < bytes.size() || beast.is_done())) {
    if (beast.is_done()) {
      finish();
      break;
    }
    boost::beast::error_code error;
    const std::size_t used = beast.put(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
    taken += used;
    if (!header_done_) header_bytes_ += used;
    if (!header_done_ && header_bytes_ > parser_->limits.max_header_bytes) {
      // Beast's limit is for what it has not taken yet: a request line that came alone is not in it.
      refusal_ = refusal_of(http::error::header_limit, parser_->limits);
      break;
    }
    if (error && error != http::error::need_more) {
      refusal_ = refusal_of(error, parser_->limits);
      break;
    }
    if (beast.is_header_done() && !header_done_) {
      header_arrived();
      continue;
    }
    if (error == http::error::need_more || used == 0) break;
  }
  if (!done_ && !refusal_ && beast.is_done()) finish();
  return taken;
}

void RequestReader::header_arrived() {
  header_done_ = true;
  auto& beast = parser_->beast;
  const auto& message = beast.get();
  refusal_ = check_framing(message);
  if (refusal_) return;
  request_.method = std::string(view(message.method_string()));
  if (!parse_request_target(view(message.target()), request_)) {
    refusal_ = Refusal{400, "malformed request: its target is not a plain path"};
    return;
  }
  for (const auto& field : message) {
    const auto [header, is_new] = request_.headers.try_emplace(lower(view(field.name_string())), view(field.value()));
    if (!is_new) header->second += ", " + std::string(view(field.value()));
  }
  expects_continue_ = message.version() == 11 && message.count(http::field::expect) > 0 && !beast.is_done();
  http_1_0_ = message.version() == 10;
  beast.eager(true);
}

bool RequestReader::take_expects_continue() { return std::exchange(expects_continue_, false); }

void RequestReader::finish() {
  if (!header_done_) header_arrived();
  if (refusal_) return;
  keep_alive_ = parser_->beast.keep_alive();
  request_.body = std::move(parser_->beast.get().body());
  done_ = true;
}

}  // namespace renvoi::net
