#include <filesystem>

#include "crawl/ascii.h"
#include "crawl/sync.h"
#include "net/url.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using catalog::Source;
using catalog::SourceKind;

bool is_sitemap_name(const std::string& path) {
  const std::string name = lower(path.substr(path.rfind('/') + 1));
  return name.find("sitemap") != std::string::npos &&
         (name.ends_with(".xml") || name.ends_with(".xml.gz") || name.ends_with(".txt"));
}

Result<Source> describe_path(const fs::path& given, std::optional<SourceKind> kind, Source source) {
  std::error_code error;
  const fs::path path = fs::canonical(given, error);
  if (error)
    return Error{ErrorCode::not_found, given.string() + " is neither an existing file or folder nor a URL (" +
                                           error.message() + "): write a URL whole, as https://host/path"};
  if (fs::is_directory(path, error))
    source.kind = SourceKind::folder;
  else if (fs::is_regular_file(path, error))
    source.kind = SourceKind::file;
  else
    return Error{ErrorCode::invalid, path.string() + " is neither a plain file nor a folder"};
  if (kind && *kind != source.kind)
    return Error{ErrorCode::invalid, path.string() + " is a " + std::string(to_string(source.kind)) + ", not a " +
                                         std::string(to_string(*kind))};
  source.address = path.string();
  return source;
}

}  // namespace

Result<Source> describe_source(const std::string& text, std::optional<SourceKind> kind,
                               const catalog::SourcePolicy& policy) {
  Source source;
  source.policy = policy;
  const std::string_view trimmed = trim(text);
  if (trimmed.empty()) return Error{ErrorCode::invalid, "a source is a folder, a file or a URL; nothing was given"};
  if (trimmed.find("://") == std::string_view::npos) return describe_path(fs::path(trimmed), kind, std::move(source));
  RENVOI_TRY(const net::Url url, net::Url::parse(trimmed));
  if (url.scheme() == "file") return describe_path(url.file_path(), kind, std::move(source));
  if (kind == SourceKind::folder || kind == SourceKind::file)
    return Error{ErrorCode::invalid, url.href() + " is a URL, not a " + std::string(to_string(*kind))};
  source.kind = kind.value_or(is_sitemap_name(url.path()) ? SourceKind::sitemap : SourceKind::site);
  source.address = url.without_fragment();
  return source;
}

}  // namespace renvoi::crawl
