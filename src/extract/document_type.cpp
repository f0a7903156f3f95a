#include "extract/document_type.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxTypeBytes = 40;

constexpr std::array kNames{"html"sv,     "markdown"sv, "text"sv, "pdf"sv,  "docx"sv, "xlsx"sv, "pptx"sv,
                            "odt"sv,      "ods"sv,      "odp"sv,  "epub"sv, "rtf"sv,  "csv"sv,  "json"sv,
                            "xml"sv,      "tsv"sv,      "mail"sv, "mbox"sv, "vtt"sv,  "srt"sv,  "rst"sv,
                            "asciidoc"sv, "tex"sv,      "code"sv, "zip"sv,  "tar"sv,  "gzip"sv};

constexpr std::array kLongNames{
    std::pair{"xhtml+xml"sv, "html"sv},
    std::pair{"plain"sv, "text"sv},
    std::pair{"vnd.openxmlformats-officedocument.wordprocessingml.document"sv, "docx"sv},
    std::pair{"vnd.openxmlformats-officedocument.spreadsheetml.sheet"sv, "xlsx"sv},
    std::pair{"vnd.openxmlformats-officedocument.presentationml.presentation"sv, "pptx"sv},
    std::pair{"vnd.oasis.opendocument.text"sv, "odt"sv},
    std::pair{"vnd.oasis.opendocument.spreadsheet"sv, "ods"sv},
    std::pair{"vnd.oasis.opendocument.presentation"sv, "odp"sv},
    std::pair{"epub+zip"sv, "epub"sv},
    std::pair{"tab-separated-values"sv, "tsv"sv},
    std::pair{"rfc822"sv, "mail"sv},
    std::pair{"x-subrip"sv, "srt"sv},
    std::pair{"x-rst"sv, "rst"sv},
    std::pair{"x-tex"sv, "tex"sv},
    std::pair{"x-source"sv, "code"sv},
    std::pair{"x-tar"sv, "tar"sv},
};

}  // namespace

std::string document_type(std::string_view media_type) {
  media_type = media_type.substr(0, media_type.find(';'));
  std::string subtype;
  for (const char c : media_type.substr(media_type.find('/') + 1))
    if (std::isgraph(static_cast<unsigned char>(c)) != 0)
      subtype += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& [name, short_name] : kLongNames)
    if (subtype == name) return std::string(short_name);
  return subtype.substr(0, kMaxTypeBytes);
}

std::span<const std::string_view> document_types() { return kNames; }

}  // namespace renvoi::extract
