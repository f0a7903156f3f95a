// Any bytes as an archive in a folder: what is listed can be read, in whatever order, or says why not.
// rooms: crawl extract net io base
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "crawl/archive_members.h"
#include "extract/archive_member.h"
#include "net/url.h"

using namespace renvoi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("renvoi-fuzz-" + std::to_string(getpid()) + ".zip");
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto listing = crawl::list_members(file, 50);
  if (listing.members.size() > 50) std::abort();
  crawl::MemberReader members;
  std::size_t number = 0;
  for (const std::string& member : listing.members) {
    // Nothing leads out of the archive, and its address leads back to it.
    const std::string path = file.string() + "!/" + member;
    const auto url = net::Url::parse(net::file_url(path));
    if (!url.ok() || url->file_path() != path) std::abort();
    const auto split = extract::split_member(path);
    if (!split || split->archive != file.string() || split->member != member) std::abort();
    crawl::Observation seen;
    members.read(file, "1", member, 1u << 20, ++number % 3 != 0, seen);
    if (seen.outcome == crawl::Outcome::fetched && seen.body.size() > (1u << 20)) std::abort();
  }
  return 0;
}
