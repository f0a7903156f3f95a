// The tables of sniff.h: what extensions and media types tell.
#include <algorithm>
#include <array>
#include <utility>

#include "extract/code_languages.h"
#include "extract/lines.h"
#include "extract/sniff.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::array kExtensions{
    std::pair{"html"sv, Kind::html},     std::pair{"htm"sv, Kind::html},
    std::pair{"xhtml"sv, Kind::html},    std::pair{"xht"sv, Kind::html},
    std::pair{"md"sv, Kind::markdown},   std::pair{"markdown"sv, Kind::markdown},
    std::pair{"mkd"sv, Kind::markdown},  std::pair{"mdown"sv, Kind::markdown},
    std::pair{"txt"sv, Kind::plain},     std::pair{"text"sv, Kind::plain},
    std::pair{"log"sv, Kind::plain},     std::pair{"eml"sv, Kind::mail},
    std::pair{"mbox"sv, Kind::mbox},     std::pair{"srt"sv, Kind::subtitles},
    std::pair{"vtt"sv, Kind::subtitles}, std::pair{"csv"sv, Kind::table},
    std::pair{"tsv"sv, Kind::table},     std::pair{"tab"sv, Kind::table},
    std::pair{"json"sv, Kind::json},     std::pair{"jsonl"sv, Kind::json},
    std::pair{"ndjson"sv, Kind::json},   std::pair{"geojson"sv, Kind::json},
    std::pair{"jsonld"sv, Kind::json},   std::pair{"rst"sv, Kind::rst},
    std::pair{"adoc"sv, Kind::asciidoc}, std::pair{"asciidoc"sv, Kind::asciidoc},
    std::pair{"tex"sv, Kind::latex},     std::pair{"latex"sv, Kind::latex},
    std::pair{"ltx"sv, Kind::latex},
};

constexpr std::array kMediaTypes{
    std::pair{"text/html"sv, Kind::html},
    std::pair{"application/xhtml+xml"sv, Kind::html},
    std::pair{"text/markdown"sv, Kind::markdown},
    std::pair{"text/x-markdown"sv, Kind::markdown},
    std::pair{"text/plain"sv, Kind::plain},
    std::pair{"message/rfc822"sv, Kind::mail},
    std::pair{"application/mbox"sv, Kind::mbox},
    std::pair{"text/vtt"sv, Kind::subtitles},
    std::pair{"application/x-subrip"sv, Kind::subtitles},
    std::pair{"text/csv"sv, Kind::table},
    std::pair{"text/tab-separated-values"sv, Kind::table},
    std::pair{"application/json"sv, Kind::json},
    std::pair{"application/ld+json"sv, Kind::json},
    std::pair{"application/geo+json"sv, Kind::json},
    std::pair{"application/x-ndjson"sv, Kind::json},
    std::pair{"application/jsonl"sv, Kind::json},
    std::pair{"text/x-rst"sv, Kind::rst},
    std::pair{"text/prs.fallenstein.rst"sv, Kind::rst},
    std::pair{"text/asciidoc"sv, Kind::asciidoc},
    std::pair{"text/x-asciidoc"sv, Kind::asciidoc},
    std::pair{"text/x-tex"sv, Kind::latex},
    std::pair{"application/x-tex"sv, Kind::latex},
    std::pair{"application/x-latex"sv, Kind::latex},
    std::pair{"text/javascript"sv, Kind::code},
    std::pair{"application/javascript"sv, Kind::code},
    std::pair{"text/x-python"sv, Kind::code},
    std::pair{"text/x-c"sv, Kind::code},
    std::pair{"text/css"sv, Kind::code},
};

template <typename Table>
std::optional<Kind> look_up(const Table& table, std::string_view key) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.first == key; });
  if (found == table.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::string extension_of(std::string_view name) {
  name = name.substr(0, name.find_first_of("?#"));
  name = name.substr(name.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  return lower(name.substr(dot + 1));
}

std::optional<Kind> kind_of_name(std::string_view name) {
  const std::string extension = extension_of(name);
  if (const auto kind = look_up(kExtensions, extension)) return kind;
  if (code_language(extension) != nullptr) return Kind::code;
  return std::nullopt;
}

std::optional<Kind> kind_of_media_type(std::string_view media_type) { return look_up(kMediaTypes, media_type); }

}  // namespace renvoi::extract
