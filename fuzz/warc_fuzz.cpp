// rooms: crawl
// Any bytes as a WARC file, and as a ZIP that holds one: what a walk gives, reading at its place gives too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "crawl/warc.h"
#include "crawl/zip.h"

using namespace renvoi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kMaxBodyBytes = 1 << 20;
  const auto file = io::random_bytes({reinterpret_cast<const char*>(data), size});
  std::vector<crawl::WarcAnswer> answers;
  const auto scan = crawl::scan_warc(*file, {0, size}, [&](const crawl::WarcAnswer& answer) {
    answers.push_back(answer);
    return answers.size() < 50;
  });
  for (const auto& answer : answers) {
    const auto document = crawl::read_warc(*file, answer.place, kMaxBodyBytes);
    if (!document.ok() && document.error().code == ErrorCode::corrupt) std::abort();
    if (!document.ok()) continue;
    if (document->answer.target != answer.target || document->body.size() > kMaxBodyBytes) std::abort();
  }
  const auto members = crawl::zip_members(*file);
  if (!members.ok()) return 0;
  for (const auto& member : *members) {
    if (member.offset_bytes > size || member.size_bytes > size - member.offset_bytes) std::abort();
    (void)crawl::scan_warc(*file, {member.offset_bytes, member.size_bytes}, [](const auto&) { return true; });
  }
  return 0;
}
