#include "crawl/http_body.h"

#include <array>
#include <charconv>
#include <optional>

#include "crawl/ascii.h"
#include "crawl/gzip.h"

namespace renvoi::crawl {
namespace {

// Nothing when it is not chunked, or not to its end.
std::optional<std::string> unchunk(std::string_view body) {
  std::string out;
  for (;;) {
    const std::size_t line = body.find("\r\n");
    if (line == std::string_view::npos) return {};
    std::string_view digits = body.substr(0, line);
    digits = trim(digits.substr(0, digits.find(';')));
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return {};
    body.remove_prefix(line + 2);
    if (size == 0) return out;
    if (size > body.size() || body.size() - size < 2 || body.substr(size, 2) != "\r\n") return {};
    out.append(body, 0, size);
    body.remove_prefix(size + 2);
  }
}

Result<std::string> inflate(std::string_view body, Inflater::Format format, std::uint64_t max_bytes) {
  Inflater inflater(format);
  std::array<char, 64 << 10> piece;
  std::string out;
  for (;;) {
    RENVOI_TRY(const Inflater::Step step, inflater.step(body, piece));
    if (out.size() + step.given > max_bytes)
      return Error{ErrorCode::exhausted, "the body is larger than " + std::to_string(max_bytes) + " bytes"};
    out.append(piece.data(), step.given);
    body.remove_prefix(step.taken);
    if (step.end) return out;
    if (step.taken == 0 && step.given == 0) return Error{ErrorCode::corrupt, "the compressed body is cut short"};
  }
}

Result<std::string> decode_one(std::string body, std::string_view coding, std::uint64_t max_bytes) {
  if (coding.empty() || coding == "identity") return body;
  if (coding == "gzip" || coding == "x-gzip") {
    if (!is_gzip(body)) return body;
    return inflate(body, Inflater::Format::gzip_or_zlib, max_bytes);
  }
  if (coding == "deflate") {
    auto zlib = inflate(body, Inflater::Format::gzip_or_zlib, max_bytes);
    if (zlib.ok() || zlib.error().code == ErrorCode::exhausted) return zlib;
    auto raw = inflate(body, Inflater::Format::raw, max_bytes);  // what some servers mean by it
    return raw.ok() || raw.error().code == ErrorCode::exhausted ? std::move(raw) : Result<std::string>(std::move(body));
  }
  return Error{ErrorCode::invalid, "its content coding " + std::string(coding) + " is not read"};
}

}  // namespace

Result<std::string> decode_http_body(std::string body, std::string_view transfer_encoding,
                                     std::string_view content_encoding, std::uint64_t max_bytes) {
  if (lower(transfer_encoding).find("chunked") != std::string::npos)
    if (auto whole = unchunk(body)) body = std::move(*whole);
  // The last one listed was applied last. More than a few is an attack.
  std::string codings = lower(content_encoding);
  for (int layer = 0; !codings.empty(); ++layer) {
    if (layer == 3) return Error{ErrorCode::invalid, "more than three content codings"};
    const std::size_t comma = codings.rfind(',');
    const std::size_t from = comma == std::string::npos ? 0 : comma + 1;
    auto decoded = decode_one(std::move(body), trim(std::string_view(codings).substr(from)), max_bytes);
    if (!decoded && decoded.error().code == ErrorCode::corrupt)
      return Error{ErrorCode::invalid, decoded.error().message};
    if (!decoded) return std::move(decoded).error();
    body = std::move(decoded).value();
    codings.resize(comma == std::string::npos ? 0 : comma);
  }
  return body;
}

}  // namespace renvoi::crawl
