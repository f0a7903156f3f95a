#include "crawl/file_fetch.h"

#include <chrono>
#include <filesystem>

#include "extract/archive_member.h"
#include "io/file_system.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;

Timestamp modified_at(const fs::path& path) {
  std::error_code error;
  const auto time = fs::last_write_time(path, error);
  if (error) return 0;
  return std::chrono::floor<std::chrono::seconds>(std::chrono::file_clock::to_sys(time)).time_since_epoch().count();
}

Observation failed(Observation seen, const Error& error, const fs::path& path) {
  seen.reason = error.message;
  std::error_code ignored;
  if (error.code == ErrorCode::not_found && fs::is_directory(path.parent_path(), ignored)) {
    seen.outcome = Outcome::missing;
    seen.status = 404;
    seen.reason = "the file is not there";
  } else if (error.code == ErrorCode::not_found || error.code == ErrorCode::unavailable) {
    seen.outcome = Outcome::unreachable;
  } else if (error.code == ErrorCode::denied) {
    seen.outcome = Outcome::blocked;
  } else {
    seen.outcome = Outcome::refused;
  }
  return seen;
}

}  // namespace

std::string file_version(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return "";
  const auto time = fs::last_write_time(path, error);
  return error ? "" : std::to_string(size) + "-" + std::to_string(time.time_since_epoch().count());
}

Observation fetch_file(const net::Url& url, const catalog::Validators& validators, std::uint64_t max_bytes,
                       MemberReader& members, bool keep, Timestamp now) {
  Observation seen;
  seen.at = now;
  seen.final_address = url.without_fragment();
  const std::string name = url.file_path();
  const auto split = extract::split_member(name);
  std::error_code ignored;
  const bool is_member = split && !fs::exists(name, ignored);  // a folder may be called "a.zip!"
  const fs::path path = is_member ? split->archive : name;
  const std::string version = file_version(path);
  if (!version.empty() && version == validators.etag) {
    seen.outcome = Outcome::not_modified;
    seen.status = 304;
    seen.validators.etag = version;
    return seen;
  }
  seen.modified_at = modified_at(path);
  if (is_member && !version.empty()) {
    members.read(path, version, std::string(split->member), max_bytes, keep, seen);
  } else {
    auto bytes = io::real_file_system()->read(path, max_bytes);
    if (!bytes) return failed(std::move(seen), bytes.error(), path);
    seen.outcome = Outcome::fetched;
    seen.status = 200;
    seen.body = std::move(bytes).value();
  }
  if (seen.outcome == Outcome::fetched) seen.validators.etag = version;
  return seen;
}

}  // namespace renvoi::crawl
