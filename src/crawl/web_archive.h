// A WARC or WACZ file as a source: what answers it holds, and each of them as an observation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "crawl/observation.h"

namespace renvoi::crawl {

struct ArchivedPage {
  std::string locator;  // for fetch_archived: which version of the file, and where in it
  Timestamp date = 0;   // WARC-Date
};

struct ArchiveListing {
  std::map<std::string, ArchivedPage> pages;  // by address (http(s), without fragment): the newest answer of each
  std::vector<std::string> problems;
  bool complete = true;  // false: part of it could not be read, or there were more than max_pages
};

// The answers with status 200 that are HTML or text. A .wacz (or any ZIP) is read where its members archive/*.warc and
// *.warc.gz are stored uncompressed, as its specification wants. O(size of the file). Errors: `not_found`, `denied`,
// `corrupt` (neither WARC nor WACZ, or damaged from the start).
Result<ArchiveListing> list_archive(const std::filesystem::path& path, std::size_t max_pages,
                                    std::stop_token stop = {});

// One of them, read again. The observation's time is the WARC-Date, its validator the locator. When the file is no
// longer the one that `locator` means (another size or time), it is looked through for the address. A file that is not
// there is `unreachable` (a disk may not be mounted), a record that is not in it `missing`.
Observation fetch_archived(const std::filesystem::path& path, const std::string& locator, const std::string& address,
                           std::uint64_t max_body_bytes, Timestamp now, std::stop_token stop = {});

}  // namespace renvoi::crawl
