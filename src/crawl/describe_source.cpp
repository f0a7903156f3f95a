#include <filesystem>

#include "crawl/ascii.h"
#include "crawl/sync.h"
#include "io/random_file.h"
#include "net/url.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using catalog::Source;
using catalog::SourceKind;

constexpr std::size_t kSniffedBytes = 64u << 10;

std::string name_of(const std::string& path) { return lower(path.substr(path.rfind('/') + 1)); }

bool is_sitemap_name(const std::string& name) {
  return name.find("sitemap") != std::string::npos &&
         (name.ends_with(".xml") || name.ends_with(".xml.gz") || name.ends_with(".txt"));
}

bool is_archive_name(const std::string& name) {
  return name.ends_with(".warc") || name.ends_with(".warc.gz") || name.ends_with(".wacz");
}

// Read from a file, or only by a server.
bool may_be_local(SourceKind kind) {
  return kind != SourceKind::url && kind != SourceKind::site && kind != SourceKind::sitemap;
}
bool may_be_remote(SourceKind kind) { return !has_local_documents(kind); }

// Of a plain file.
SourceKind kind_of_file(const fs::path& path) {
  const std::string name = name_of(path.string());
  if (is_archive_name(name)) return SourceKind::archive;
  if (name.ends_with(".opml")) return SourceKind::opml;
  const auto file = io::open_random(path);
  if (!file) return SourceKind::file;
  std::string start(kSniffedBytes, '\0');
  const auto got = (*file)->read_at(0, start);
  if (!got) return SourceKind::file;
  const auto found = sniff_listing(std::string_view(start).substr(0, *got));
  return found && *found != SourceKind::sitemap ? *found : SourceKind::file;
}

std::string a(SourceKind kind) {
  return (kind == SourceKind::archive || kind == SourceKind::opml ? "an " : "a ") + std::string(to_string(kind));
}

Result<Source> describe_path(const fs::path& given, std::optional<SourceKind> kind, Source source) {
  std::error_code error;
  const fs::path path = fs::canonical(given, error);
  if (error)
    return Error{ErrorCode::not_found, given.string() + " is neither an existing file or folder nor a URL (" +
                                           error.message() + "): write a URL whole, as https://host/path"};
  const bool folder = fs::is_directory(path, error);
  if (!folder && !fs::is_regular_file(path, error))
    return Error{ErrorCode::invalid, path.string() + " is neither a plain file nor a folder"};
  const bool fits = !kind || (may_be_local(*kind) && (*kind == SourceKind::folder) == folder);
  if (!fits)
    return Error{ErrorCode::invalid, path.string() + " is a " + (folder ? "folder" : "file") + ", not " + a(*kind)};
  source.kind = kind ? *kind : folder ? SourceKind::folder : kind_of_file(path);
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
  if (policy.serve_gone && policy.retention == catalog::Retention::none)
    return Error{
        ErrorCode::invalid,
        "what is gone can only be served where a copy is kept: set a retention (text or page) beside serve_gone"};
  if (trimmed.find("://") == std::string_view::npos) return describe_path(fs::path(trimmed), kind, std::move(source));
  RENVOI_TRY(const net::Url url, net::Url::parse(trimmed));
  if (url.scheme() == "file") return describe_path(url.file_path(), kind, std::move(source));
  const std::string name = name_of(url.path());
  if (kind == SourceKind::archive || (!kind && is_archive_name(name)))
    return Error{ErrorCode::invalid, url.href() + " is a URL: an archive is read from a file, so download it first"};
  if (kind && !may_be_remote(*kind)) return Error{ErrorCode::invalid, url.href() + " is a URL, not " + a(*kind)};
  const SourceKind guess = is_sitemap_name(name)     ? SourceKind::sitemap
                           : name.ends_with(".opml") ? SourceKind::opml
                                                     : SourceKind::site;
  source.kind = kind.value_or(guess);
  source.address = url.without_fragment();
  return source;
}

Source recognise_source(Source source, Fetcher& fetcher, std::stop_token stop) {
  if (source.kind != SourceKind::site) return source;
  const Observation seen = fetcher.fetch({source.address, {}, source.policy, true, {}, {}}, stop);
  if (seen.outcome != Outcome::fetched) return source;
  source.kind = sniff_listing(seen.body).value_or(source.kind);
  return source;
}

}  // namespace renvoi::crawl
