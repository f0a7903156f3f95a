// A list of addresses: CSV with a header, JSON lines, or one address a line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "dataset/capture.h"
#include "io/file_system.h"
#include "net/http_client.h"

namespace renvoi::capture {

struct ListOptions {
  net::AddressPolicy addresses = net::AddressPolicy::global_only;
  std::string robots_agent = "renvoi";
  std::uint64_t max_body_bytes = 256u << 20;
  std::uint32_t min_delay_ms = 1'000;  // between two requests to one host; a longer Crawl-delay is kept to
};

// Columns (or fields) by name, in any case: "url" (or "image_url", "address") is asked for; "class" or "label" becomes
// a class, "caption" or "text" a text, "licence" or "license" the licence; what else there is becomes a structure,
// field "metadata". An address that robots.txt disallows, or that is answered with anything but 200, is a problem and
// no item: the next run asks again. Redirects are followed, each through robots.txt and guard. Parquet: convert it to
// CSV or JSON lines first. Errors: `not_found`, `denied`, `invalid` (no column of addresses, a line that is none).
Result<std::unique_ptr<dataset::EntrySource>> list_source(io::FileSystem& files, const std::filesystem::path& list,
                                                          net::HttpClient& client, const Clock& clock,
                                                          const ListOptions& options = {}, std::stop_token stop = {});

}  // namespace renvoi::capture
