#include "crawl/scope.h"

#include <algorithm>
#include <array>

#include "crawl/ascii.h"

namespace renvoi::crawl {
namespace {

constexpr std::array kNotDocuments{
    "7z",  "aac",  "apk",         "avi",  "avif", "bin",  "bmp",   "bz2", "class", "css", "deb",  "dll",  "dmg", "doc",
    "eot", "eps",  "exe",         "flac", "flv",  "gif",  "gz",    "ico", "iso",   "jar", "jpeg", "jpg",  "js",  "json",
    "m4a", "m4v",  "map",         "mjs",  "mkv",  "mov",  "mp3",   "mp4", "mpeg",  "mpg", "msi",  "ogg",  "ogv", "otf",
    "png", "ppt",  "ps",          "rar",  "rpm",  "so",   "svg",   "swf", "tar",   "tgz", "tif",  "tiff", "ttf", "wasm",
    "wav", "webm", "webmanifest", "webp", "wmv",  "woff", "woff2", "xls", "xz",    "zip", "zst"};

// Of those, what is a document when somebody put it into a folder: on a site they are parts of pages and downloads.
constexpr std::array kFilesOnly{"js", "json", "mjs", "tar", "tgz", "zip"};

std::string extension_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : lower(name.substr(dot + 1));
}

template <typename Names>
bool is_one_of(const Names& names, const std::string& extension) {
  return std::any_of(names.begin(), names.end(), [&](const char* known) { return extension == known; });
}

bool is_default(const net::Url& url) {
  return (url.scheme() == "http" && url.port() == 80) || (url.scheme() == "https" && url.port() == 443);
}

}  // namespace

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "/" : std::string(path.substr(0, slash + 1));
}

bool may_be_document(std::string_view path) { return !is_one_of(kNotDocuments, extension_of(path)); }

bool file_may_be_document(std::string_view path) {
  return may_be_document(path) || (is_one_of(kFilesOnly, extension_of(path)) && !path.ends_with(".min.js"));
}

std::optional<net::Url> resolve_link(std::string_view target, const net::Url& base) {
  const auto url = net::Url::parse(target, base);
  if (!url || (url->scheme() != "http" && url->scheme() != "https")) return {};
  auto whole = net::Url::parse(url->without_fragment());
  if (!whole) return {};
  return std::move(whole).value();
}

Result<Scope> Scope::of(const catalog::Source& source) {
  using catalog::SourceKind;
  Scope scope;
  if (source.kind == SourceKind::feed || source.kind == SourceKind::list || source.kind == SourceKind::opml) {
    scope.anywhere_ = true;
    scope.any_type_ = source.kind == SourceKind::list;
    scope.prefix_ = source.policy.path_prefix.empty() ? "/" : source.policy.path_prefix;
    return scope;
  }
  RENVOI_TRY(const net::Url url, net::Url::parse(source.address));
  scope.host_ = url.host();
  scope.port_ = url.port();
  scope.default_port_ = is_default(url);
  // A sitemap lists pages of its whole host.
  scope.prefix_ = source.kind == SourceKind::sitemap ? "/" : folder_of(url.path());
  if (!source.policy.path_prefix.empty()) scope.prefix_ = source.policy.path_prefix;
  return scope;
}

bool Scope::holds(const net::Url& url) const {
  if (url.scheme() != "http" && url.scheme() != "https") return false;
  if (!anywhere_ && url.host() != host_) return false;
  if (!anywhere_ && (default_port_ ? !is_default(url) : url.port() != port_)) return false;
  const std::string path = url.path();
  return path.starts_with(prefix_) && (any_type_ || may_be_document(path));
}

}  // namespace renvoi::crawl
