#include "crawl/web_archive.h"

#include <charconv>

#include "crawl/ascii.h"
#include "crawl/file_fetch.h"
#include "crawl/robots.h"
#include "crawl/warc.h"
#include "crawl/zip.h"
#include "net/url.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxProblems = 100;

// "SIZE-TIME@OFFSET+SKIP"
std::string locator_of(const std::string& version, WarcPlace place) {
  return version + "@" + std::to_string(place.offset_bytes) + "+" + std::to_string(place.skip_bytes);
}

std::optional<WarcPlace> place_of(std::string_view locator, const std::string& version) {
  if (!locator.starts_with(version) || locator.substr(version.size(), 1) != "@") return {};
  locator.remove_prefix(version.size() + 1);
  WarcPlace place;
  const char* end = locator.data() + locator.size();
  const auto offset = std::from_chars(locator.data(), end, place.offset_bytes);
  if (offset.ec != std::errc() || offset.ptr == end || *offset.ptr != '+') return {};
  const auto skip = std::from_chars(offset.ptr + 1, end, place.skip_bytes);
  if (skip.ec != std::errc() || skip.ptr != end) return {};
  return place;
}

std::string address_of(const WarcAnswer& answer) {
  const auto url = net::Url::parse(answer.target);
  return url && url->scheme() != "file" ? url->without_fragment() : "";
}

bool is_document(const WarcAnswer& answer) {
  const std::string type = lower(std::string_view(answer.header("content-type")));
  return answer.status == 200 &&
         (type.empty() || type.starts_with("text/html") || type.starts_with("application/xhtml+xml") ||
          type.starts_with("text/plain") || type.starts_with("text/markdown") || type.starts_with("text/x-markdown"));
}

struct Part {
  std::string name;  // in messages; "" for the file itself
  ByteRange range;
};

// The parts of the file that are WARC.
Result<std::vector<Part>> parts_of(const io::RandomFile& file, std::vector<std::string>& problems) {
  std::string start(4, '\0');
  RENVOI_TRY(const std::size_t got, file.read_at(0, start));
  if (got < 4 || !start.starts_with("PK\x03\x04")) return std::vector<Part>{{"", {0, file.size_bytes()}}};
  RENVOI_TRY(const auto members, zip_members(file));
  std::vector<Part> parts;
  for (const ZipMember& member : members) {
    const std::string name = lower(std::string_view(member.name));
    if (!name.starts_with("archive/") || !(name.ends_with(".warc") || name.ends_with(".warc.gz"))) continue;
    if (member.stored)
      parts.push_back({member.name + ": ", {member.offset_bytes, member.size_bytes}});
    else
      problems.push_back(member.name +
                         " is compressed or encrypted inside the WACZ file, which must store it as it is");
  }
  if (parts.empty() && problems.empty())
    return Error{ErrorCode::corrupt, "this ZIP file is no WACZ: it has no archive/*.warc or archive/*.warc.gz"};
  return parts;
}

class Listing {
 public:
  explicit Listing(std::size_t max_pages) : max_pages_(max_pages) {}

  // `on_page` gets each document in turn.
  Result<void> read(const io::RandomFile& file,
                    const std::function<void(const std::string&, const WarcAnswer&)>& on_page,
                    const std::stop_token& stop) {
    RENVOI_TRY(const std::vector<Part> parts, parts_of(file, found.problems));
    bool any = false;
    for (const Part& part : parts) {
      const auto scan = scan_warc(
          file, part.range,
          [&](const WarcAnswer& answer) {
            const std::string address = is_document(answer) ? address_of(answer) : "";
            if (!address.empty()) on_page(address, answer);
            return true;
          },
          stop);
      if (!scan && (scan.error().code != ErrorCode::corrupt || parts.size() == 1)) return scan.error();
      any |= scan.ok();
      if (!scan) {
        problem(part.name + scan.error().message);
        continue;
      }
      for (const std::string& each : scan->problems) problem(part.name + each);
      found.complete &= scan->complete;
    }
    if (!any && !found.problems.empty()) return Error{ErrorCode::corrupt, found.problems.front()};
    return {};
  }

  void keep(const std::string& address, const WarcAnswer& answer, const std::string& version) {
    const auto held = found.pages.find(address);
    if (held == found.pages.end() && found.pages.size() >= max_pages_) {
      found.complete = false;
      return;
    }
    if (held == found.pages.end() || answer.date >= held->second.date)
      found.pages[address] = {locator_of(version, answer.place), answer.date};
  }

  ArchiveListing found;

 private:
  void problem(std::string what) {
    found.complete = false;
    if (found.problems.size() < kMaxProblems) found.problems.push_back(std::move(what));
  }
  std::size_t max_pages_;
};

Observation failed(Observation seen, const Error& error) {
  seen.reason = "the archive: " + error.message;
  seen.outcome = error.code == ErrorCode::denied                                              ? Outcome::blocked
                 : error.code == ErrorCode::not_found || error.code == ErrorCode::unavailable ? Outcome::unreachable
                                                                                              : Outcome::refused;
  return seen;
}

Observation observed(Observation seen, WarcDocument document, std::string locator) {
  const RobotsTag tag = parse_robots_tag(document.answer.header("x-robots-tag"), "renvoi");
  seen.outcome = Outcome::fetched;
  seen.status = document.answer.status;
  seen.validators.etag = std::move(locator);
  seen.content_type = document.answer.header("content-type");
  seen.content_language = document.answer.header("content-language");
  seen.noindex = tag.noindex;
  seen.nofollow = tag.nofollow;
  seen.noarchive = tag.noarchive;
  seen.body = std::move(document.body);
  if (document.answer.date != 0) seen.at = document.answer.date;
  return seen;
}

// Where the newest answer of `address` is now.
Result<std::optional<WarcPlace>> find_again(const io::RandomFile& file, const std::string& wanted,
                                            const std::stop_token& stop) {
  std::optional<WarcPlace> place;
  Timestamp date = 0;
  Listing listing(1);
  RENVOI_CHECK(listing.read(
      file,
      [&](const std::string& address, const WarcAnswer& answer) {
        if (address != wanted || (place && answer.date < date)) return;
        place = answer.place;
        date = answer.date;
      },
      stop));
  return place;
}

}  // namespace

Result<ArchiveListing> list_archive(const fs::path& path, std::size_t max_pages, std::stop_token stop) {
  RENVOI_TRY(const auto file, io::open_random(path));
  const std::string version = file_version(path);
  Listing listing(max_pages);
  RENVOI_CHECK(listing.read(
      *file, [&](const std::string& address, const WarcAnswer& answer) { listing.keep(address, answer, version); },
      stop));
  return std::move(listing.found);
}

Observation fetch_archived(const fs::path& path, const std::string& locator, const std::string& address,
                           std::uint64_t max_body_bytes, Timestamp now, std::stop_token stop) {
  Observation seen;
  seen.at = now;
  seen.final_address = address;
  const auto file = io::open_random(path);
  if (!file) return failed(std::move(seen), file.error());
  const std::string version = file_version(path);
  if (const auto place = place_of(locator, version)) {
    auto document = read_warc(**file, *place, max_body_bytes);
    if (document.ok() && address_of(document->answer) == address)
      return observed(std::move(seen), std::move(document).value(), locator);
    if (!document.ok() && document.error().code != ErrorCode::corrupt) return failed(std::move(seen), document.error());
  }
  const auto place = find_again(**file, address, stop);
  if (!place) return failed(std::move(seen), place.error());
  if (!*place) {
    seen.outcome = stop.stop_requested() ? Outcome::unreachable : Outcome::missing;
    seen.status = stop.stop_requested() ? 0 : 404;
    seen.reason = stop.stop_requested() ? "stopped" : "it is not in the archive any more";
    return seen;
  }
  auto document = read_warc(**file, **place, max_body_bytes);
  if (!document) return failed(std::move(seen), document.error());
  return observed(std::move(seen), std::move(document).value(), locator_of(version, **place));
}

}  // namespace renvoi::crawl
