#include "extract/sniff.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLookBytes = 4'096;
constexpr std::size_t kPdfMarkBytes = 1'024;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view name;
};

constexpr std::array kSignatures{
    Signature{0, "PK\x05\x06"sv, "an empty ZIP archive"},
    Signature{0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an old Microsoft Office document"},
    Signature{0, "%!PS"sv, "a PostScript file"},
    Signature{0, "\x89PNG\r\n\x1A\n"sv, "a PNG image"},
    Signature{0, "\xFF\xD8\xFF"sv, "a JPEG image"},
    Signature{0, "GIF87a"sv, "a GIF image"},
    Signature{0, "GIF89a"sv, "a GIF image"},
    Signature{0, "II*\0"sv, "a TIFF image"},
    Signature{0, "MM\0*"sv, "a TIFF image"},
    Signature{8, "WEBP"sv, "a WebP image"},
    Signature{0, "\0\0\1\0"sv, "an icon"},
    Signature{4, "ftyp"sv, "a video or image of the MP4 family"},
    Signature{0, "\x1A\x45\xDF\xA3"sv, "a Matroska video"},
    Signature{0, "RIFF"sv, "a RIFF media file"},
    Signature{0, "OggS"sv, "an Ogg media file"},
    Signature{0, "ID3"sv, "an MP3 sound"},
    Signature{0, "fLaC"sv, "a FLAC sound"},
    Signature{0, "BZh"sv, "bzip2-compressed data"},
    Signature{0,
              "\xFD"
              "7zXZ"sv,
              "xz-compressed data"},
    Signature{0, "\x28\xB5\x2F\xFD"sv, "zstd-compressed data"},
    Signature{0, "7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive"},
    Signature{0, "Rar!\x1A\x07"sv, "a RAR archive"},
    Signature{0,
              "\x7F"
              "ELF"sv,
              "an executable"},
    Signature{0, "MZ\x90\0"sv, "a Windows executable"},
    Signature{0, "\0asm"sv, "a WebAssembly module"},
    Signature{0, "\xCA\xFE\xBA\xBE"sv, "a Java class or a Mach-O executable"},
    Signature{0, "\xCF\xFA\xED\xFE"sv, "a Mach-O executable"},
    Signature{0, "SQLite format 3\0"sv, "an SQLite database"},
    Signature{0, "GGUF"sv, "a GGUF model"},
    Signature{0, "wOFF"sv, "a font"},
    Signature{0, "wOF2"sv, "a font"},
    Signature{0, "OTTO"sv, "a font"},
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool has_byte_order_mark(std::string_view bytes) {
  return bytes.starts_with("\xEF\xBB\xBF") || bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF") ||
         bytes.starts_with("\0\0\xFE\xFF"sv);
}

std::string_view binary_name(std::string_view bytes) {
  for (const Signature& signature : kSignatures)
    if (bytes.size() >= signature.offset && bytes.substr(signature.offset).starts_with(signature.bytes))
      return signature.name;
  return {};
}

// A NUL, or more than one control byte in fifty, is no text in any charset but UTF-16 and UTF-32, whose zeros are
// regular (a page in one of them without a mark is rare, and told by every other byte being zero).
bool looks_binary(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kLookBytes);
  std::size_t controls = 0, even_zeros = 0, odd_zeros = 0;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const auto c = static_cast<unsigned char>(head[i]);
    if (c == 0) ++(i % 2 == 0 ? even_zeros : odd_zeros);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1B) ++controls;
  }
  const std::size_t half = head.size() / 2;
  if (half > 8 && ((even_zeros > half * 8 / 10 && odd_zeros == 0) || (odd_zeros > half * 8 / 10 && even_zeros == 0)))
    return false;
  return even_zeros + odd_zeros > 2 || controls * 50 > head.size();
}

bool looks_like_html(std::string_view bytes) {
  std::string_view head = bytes.substr(0, kLookBytes);
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const std::string text = lower(trim(head));
  for (const std::string_view start : {"<!doctype html", "<html", "<head", "<body", "<title", "<?xml", "<!--", "<div",
                                       "<p>", "<h1", "<meta", "<script", "<table", "<article", "<main", "<section"})
    if (text.starts_with(start)) return start != "<?xml" || text.find("<html") != std::string::npos;
  return text.find("<html") != std::string::npos && text.find("<body") != std::string::npos;
}

// What is read although it is not text. A PDF may begin with what its server or mailer left before it (ISO 32000-1,
// annex H.3.4).
std::optional<Kind> packed_kind(std::string_view bytes, const Hints& hints) {
  if (bytes.starts_with("PK\x03\x04")) return Kind::zip;
  if (bytes.starts_with("\x1F\x8B")) return Kind::gzip;
  if (bytes.starts_with("{\\rtf")) return Kind::rtf;
  if (bytes.size() > 262 && bytes.substr(257).starts_with("ustar")) return Kind::tar;
  const std::size_t mark = bytes.substr(0, kPdfMarkBytes).find("%PDF-");
  const bool said = media_type_of(hints.content_type) == "application/pdf" || extension_of(hints.name) == "pdf";
  if (mark == 0 || (mark != std::string_view::npos && (said || looks_binary(bytes)))) return Kind::pdf;
  return std::nullopt;
}

// A message begins with header fields (RFC 5322, section 2.2) and nothing else; three of those that mailers write are
// no accident.
bool looks_like_mail(std::string_view bytes) {
  std::size_t known = 0;
  for (std::string_view rest = bytes.substr(0, kLookBytes); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty() || line == "\r") break;
    if (line.front() == ' ' || line.front() == '\t') continue;
    const std::string name = lower(line.substr(0, line.find(':')));
    if (name.size() == line.size() || name.find(' ') != std::string::npos) return false;
    for (const char* field : {"from", "date", "message-id", "received", "mime-version", "return-path", "subject", "to"})
      known += name == field ? 1 : 0;
  }
  return known >= 3;
}

// Of text that neither its media type nor its name tells.
Kind kind_by_look(std::string_view bytes) {
  std::string_view head = bytes.substr(0, kLookBytes);
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  if (head.starts_with("WEBVTT")) return Kind::subtitles;
  if (head.starts_with("From ") && looks_like_mail(head.substr(std::min(head.size(), head.find('\n') + 1))))
    return Kind::mbox;
  if (looks_like_mail(head)) return Kind::mail;
  const std::string_view start = trim(head);
  if (start.starts_with("\\documentclass")) return Kind::latex;
  const std::string_view after = trim(start.substr(std::min<std::size_t>(start.size(), 1)));
  if ((start.starts_with('{') && after.starts_with('"')) || (start.starts_with('[') && after.starts_with('{')))
    return Kind::json;
  return Kind::plain;
}

}  // namespace

std::string media_type_of(std::string_view content_type) {
  return lower(trim(content_type.substr(0, content_type.find(';'))));
}

std::string charset_of(std::string_view content_type) {
  const std::string all = lower(content_type);
  const std::size_t at = all.find("charset");
  if (at == std::string::npos) return {};
  std::string_view rest = trim(std::string_view(all).substr(at + 7));
  if (!rest.starts_with('=')) return {};
  rest = trim(rest.substr(1));
  if (rest.starts_with('"') || rest.starts_with('\'')) {
    const char quote = rest.front();
    rest.remove_prefix(1);
    return std::string(trim(rest.substr(0, rest.find(quote))));
  }
  return std::string(rest.substr(0, rest.find_first_of("; \t\r\n\"'")));
}

Sniffed sniff(std::string_view bytes, const Hints& hints) {
  if (!has_byte_order_mark(bytes)) {
    if (const auto packed = packed_kind(bytes, hints)) return {*packed, {}};
    if (const std::string_view name = binary_name(bytes); !name.empty()) return {Kind::binary, std::string(name)};
    if (looks_binary(bytes)) return {Kind::binary, "binary data of an unknown kind"};
  }
  const std::string declared = media_type_of(hints.content_type);
  const auto by_name = kind_of_name(hints.name);
  const bool said_plain = declared == "text/plain";
  if (const auto by_type = kind_of_media_type(declared); by_type && !said_plain) return {*by_type, {}};
  // Servers send Markdown, source code and whole pages as text/plain: the name is then the better witness, but for
  // HTML.
  // A page's address ends in the extension of the program that made it (".php").
  const bool made_by_code = by_name == Kind::code && looks_like_html(bytes);
  if (by_name && declared.empty()) return {made_by_code ? Kind::html : *by_name, {}};
  if (said_plain) return {by_name && *by_name != Kind::html ? *by_name : Kind::plain, {}};
  if (looks_like_html(bytes)) return {Kind::html, {}};
  return {by_name ? *by_name : kind_by_look(bytes), {}};
}

}  // namespace renvoi::extract
