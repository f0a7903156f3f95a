#include "extract/extract.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "extract/archive_folder.h"
#include "extract/asciidoc.h"
#include "extract/code.h"
#include "extract/decode.h"
#include "extract/extract_any.h"
#include "extract/html.h"
#include "extract/json_text.h"
#include "extract/latex.h"
#include "extract/mail.h"
#include "extract/markdown.h"
#include "extract/office.h"
#include "extract/pdf.h"
#include "extract/plain.h"
#include "extract/rst.h"
#include "extract/rtf.h"
#include "extract/separated.h"
#include "extract/sniff.h"
#include "extract/subtitles.h"

namespace renvoi::extract {
namespace {

Error unreadable(const std::string& found) {
  return {ErrorCode::invalid,
          fmt::format(
              "this is {}; what can be read is HTML, PDF, Word, PowerPoint, Excel, OpenDocument, EPUB, RTF, Markdown, "
              "plain text, e-mail and the other kinds of text in docs/operations.md",
              found)};
}

// Kinds whose end says where everything is: a beginning of them is nothing.
Result<void> read_packed(Kind kind, std::string_view bytes, const Reading& reading, Document& document) {
  if (bytes.size() > reading.limits.max_input_bytes)
    return Error{ErrorCode::exhausted, fmt::format("this file of {} bytes is longer than the {} that are read of its "
                                                   "kind: raise fetch.max_body_bytes",
                                                   bytes.size(), reading.limits.max_input_bytes)};
  if (kind == Kind::pdf) {
    document.media_type = "application/pdf";
    return read_pdf(bytes, reading, document);
  }
  if (kind == Kind::zip) {
    RENVOI_TRY(const bool office, read_office(bytes, reading, document));
    if (office) return {};
  }
  document.media_type = kind == Kind::zip   ? "application/zip"
                        : kind == Kind::tar ? "application/x-tar"
                                            : "application/gzip";
  return read_archive_folder(bytes, reading, document);
}

Result<void> read_text(Kind kind, std::string_view text, const Reading& reading, Document& document) {
  const auto& [hints, limits, deadline, depth] = reading;
  switch (kind) {
    case Kind::html:
      document.media_type = "text/html";
      return read_html(text, hints, limits, deadline, document);
    case Kind::markdown:
      document.media_type = "text/markdown";
      return read_markdown(text, hints, limits, deadline, document);
    case Kind::subtitles:
      return read_subtitles(text, reading, document);
    case Kind::table:
      return read_separated(text, reading, document);
    case Kind::json:
      return read_json(text, reading, document);
    case Kind::rst:
      return read_rst(text, reading, document);
    case Kind::asciidoc:
      return read_asciidoc(text, reading, document);
    case Kind::latex:
      return read_latex(text, reading, document);
    case Kind::code:
      return read_code(text, reading, document);
    default:
      document.media_type = "text/plain";
      return read_plain(text, hints, limits, deadline, document);
  }
}

// What says itself how its bytes are to be read: each part of a message, each font of RTF.
Result<void> read_self_described(Kind kind, std::string_view bytes, const Reading& reading, Document& document) {
  document.charset = "utf-8";
  if (kind == Kind::rtf) return read_rtf(bytes, reading, document);
  return kind == Kind::mail ? read_mail(bytes, reading, document) : read_mbox(bytes, reading, document);
}

}  // namespace

Result<Document> extract_any(std::string_view bytes, const Reading& reading) {
  if (bytes.empty()) return Error{ErrorCode::invalid, "the document is empty (0 bytes)"};
  const Sniffed sniffed = sniff(bytes, reading.hints);
  if (sniffed.kind == Kind::binary) return unreadable(sniffed.binary_name);
  Document document;
  const bool packed =
      sniffed.kind == Kind::zip || sniffed.kind == Kind::tar || sniffed.kind == Kind::gzip || sniffed.kind == Kind::pdf;
  if (!packed && bytes.size() > reading.limits.max_input_bytes) {
    bytes = bytes.substr(0, reading.limits.max_input_bytes);
    document.truncated = true;
  }
  if (packed) {
    RENVOI_CHECK(read_packed(sniffed.kind, bytes, reading, document));
  } else if (sniffed.kind == Kind::mail || sniffed.kind == Kind::mbox || sniffed.kind == Kind::rtf) {
    RENVOI_CHECK(read_self_described(sniffed.kind, bytes, reading, document));
  } else {
    Decoded decoded;
    decode(bytes, charset_of(reading.hints.content_type), sniffed.kind == Kind::html, decoded);
    document.charset = decoded.charset;
    RENVOI_CHECK(read_text(sniffed.kind, decoded.text, reading, document));
  }
  if (document.text.empty())
    return Error{ErrorCode::invalid,
                 fmt::format("there is no text in this document ({}, {} bytes)", document.media_type, bytes.size())};
  return document;
}

Result<Document> extract(std::string_view bytes, const Hints& hints, const Limits& limits) {
  try {
    const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(limits.max_milliseconds);
    return extract_any(bytes, {hints, limits, deadline});
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::exhausted,
                 fmt::format("not enough memory to read this document of {} bytes", bytes.size())};
  } catch (const std::exception& error) {
    return Error{ErrorCode::internal, fmt::format("reading a document failed: {}", error.what())};
  }
}

std::uint32_t page_at(const Document& document, std::uint32_t offset) {
  const auto after = std::upper_bound(document.pages.begin(), document.pages.end(), offset,
                                      [](std::uint32_t at, const Page& page) { return at < page.range.begin; });
  return after == document.pages.begin() ? 0 : std::prev(after)->number;
}

}  // namespace renvoi::extract
