#include "extract/extract.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>

#include "extract/decode.h"
#include "extract/html.h"
#include "extract/markdown.h"
#include "extract/plain.h"
#include "extract/sniff.h"

namespace renvoi::extract {
namespace {

Error unreadable(const std::string& found) {
  return {ErrorCode::invalid, fmt::format("this is {}; what can be read is HTML, Markdown and plain text", found)};
}

Result<Document> extract_checked(std::string_view bytes, const Hints& hints, const Limits& limits) {
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(limits.max_milliseconds);
  if (bytes.empty()) return Error{ErrorCode::invalid, "the document is empty (0 bytes)"};
  const Sniffed sniffed = sniff(bytes, hints);
  if (sniffed.kind == Kind::binary) return unreadable(sniffed.binary_name);
  Document document;
  if (bytes.size() > limits.max_input_bytes) {
    bytes = bytes.substr(0, limits.max_input_bytes);
    document.truncated = true;
  }
  Decoded decoded;
  decode(bytes, charset_of(hints.content_type), sniffed.kind == Kind::html, decoded);
  document.charset = decoded.charset;
  switch (sniffed.kind) {
    case Kind::html:
      document.media_type = "text/html";
      RENVOI_CHECK(read_html(decoded.text, hints, limits, deadline, document));
      break;
    case Kind::markdown:
      document.media_type = "text/markdown";
      RENVOI_CHECK(read_markdown(decoded.text, hints, limits, deadline, document));
      break;
    default:
      document.media_type = "text/plain";
      RENVOI_CHECK(read_plain(decoded.text, hints, limits, deadline, document));
  }
  if (document.text.empty())
    return Error{ErrorCode::invalid,
                 fmt::format("there is no text in this document ({}, {} bytes)", document.media_type, bytes.size())};
  return document;
}

}  // namespace

Result<Document> extract(std::string_view bytes, const Hints& hints, const Limits& limits) {
  try {
    return extract_checked(bytes, hints, limits);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::exhausted,
                 fmt::format("not enough memory to read this document of {} bytes", bytes.size())};
  } catch (const std::exception& error) {
    return Error{ErrorCode::internal, fmt::format("reading a document failed: {}", error.what())};
  }
}

}  // namespace renvoi::extract
