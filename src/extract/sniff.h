// What kind of thing some bytes are, whatever they are declared to be. For the room's own use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "extract/extract.h"

namespace renvoi::extract {

enum class Kind : std::uint8_t {
  html,
  markdown,
  plain,
  zip,  // Office, OpenDocument, EPUB, or a folder: office.h looks into it
  tar,
  gzip,
  pdf,
  rtf,
  mail,
  mbox,
  subtitles,
  table,  // CSV and its kind
  json,
  rst,
  asciidoc,
  latex,
  code,
  binary,
};

struct Sniffed {
  Kind kind = Kind::plain;
  std::string binary_name;  // of a binary: "a PDF file", "a ZIP archive (Office, EPUB or other)", ...
};

// The kind that a file name's extension ("a/b.md?raw=1") or a media type ("text/markdown") tells; nothing when it tells
// none.
std::optional<Kind> kind_of_name(std::string_view name);
std::optional<Kind> kind_of_media_type(std::string_view media_type);

// The extension of a file name in lower case, without its dot; "" when there is none.
std::string extension_of(std::string_view name);

// Signatures of well-known binary kinds and the share of control bytes come first (a wrong Content-Type is common),
// then the declared type, then the name's extension, then the look of the beginning. UTF-16 and UTF-32 with a byte
// order mark are text.
Sniffed sniff(std::string_view bytes, const Hints& hints);

// "text/html" of "Text/HTML; charset=x"; "" when there is none.
std::string media_type_of(std::string_view content_type);
// The charset parameter of a Content-Type, without quotes, in lower case; "" when there is none.
std::string charset_of(std::string_view content_type);

}  // namespace renvoi::extract
