#include "dataset/media_type.h"

#include <algorithm>
#include <cctype>

#include "base/utf8.h"

namespace renvoi::dataset {
namespace {

struct Known {
  std::string_view extension, type;
};
// The first extension of a type is the one it is written with.
constexpr Known kKnown[] = {
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"bmp", "image/bmp"},
    {"tiff", "image/tiff"},
    {"tif", "image/tiff"},
    {"svg", "image/svg+xml"},
    {"pgm", "image/x-portable-graymap"},
    {"ppm", "image/x-portable-pixmap"},
    {"wav", "audio/wav"},
    {"mp3", "audio/mpeg"},
    {"flac", "audio/flac"},
    {"ogg", "audio/ogg"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"html", "text/html"},
    {"htm", "text/html"},
    {"txt", "text/plain"},
    {"md", "text/markdown"},
    {"csv", "text/csv"},
    {"json", "application/json"},
    {"jsonl", "application/jsonl"},
    {"xml", "application/xml"},
    {"pdf", "application/pdf"},
    {"eml", "message/rfc822"},
    {"npy", "application/x-npy"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
};
struct Magic {
  std::string_view begin, type;
};
constexpr Magic kMagics[] = {
    {"\x89PNG\r\n\x1a\n", "image/png"},
    {"\xff\xd8\xff", "image/jpeg"},
    {"GIF87a", "image/gif"},
    {"GIF89a", "image/gif"},
    {"%PDF-", "application/pdf"},
    {"fLaC", "audio/flac"},
    {"OggS", "audio/ogg"},
    {"PK\x03\x04", "application/zip"},
    {"P5\n", "image/x-portable-graymap"},
    {"P6\n", "image/x-portable-pixmap"},
    {"\x93NUMPY", "application/x-npy"},
};

}  // namespace

std::string media_type_of(std::string_view bytes, std::string_view name) {
  for (const Magic& magic : kMagics)
    if (bytes.starts_with(magic.begin)) return std::string(magic.type);
  if (bytes.starts_with("RIFF") && bytes.size() >= 12) {
    if (bytes.substr(8, 4) == "WEBP") return "image/webp";
    if (bytes.substr(8, 4) == "WAVE") return "audio/wav";
  }
  const std::size_t slash = name.rfind('/');
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos && (slash == std::string_view::npos || dot > slash)) {
    std::string extension(name.substr(dot + 1));
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const Known& known : kKnown)
      if (known.extension == extension) return std::string(known.type);
  }
  const std::string_view sample = truncate_utf8(bytes, 4'096);
  if (!bytes.empty() && is_valid_utf8(sample) && sample.find('\0') == std::string_view::npos) return "text/plain";
  return "application/octet-stream";
}

std::string_view extension_of(std::string_view media_type) {
  media_type = media_type.substr(0, media_type.find(';'));
  while (media_type.ends_with(' ')) media_type.remove_suffix(1);
  for (const Known& known : kKnown)
    if (known.type == media_type) return known.extension;
  return "bin";
}

}  // namespace renvoi::dataset
