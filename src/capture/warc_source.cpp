#include "capture/warc_source.h"

#include <fmt/format.h>

#include <set>
#include <system_error>

#include "base/utf8.h"
#include "capture/signals.h"
#include "crawl/warc.h"
#include "io/random_file.h"
#include "io/system_error.h"

namespace renvoi::capture {
namespace {

namespace fs = std::filesystem;
using dataset::Entry;

class WarcSource final : public dataset::EntrySource {
 public:
  explicit WarcSource(fs::path path) : path_(std::move(path)) {}
  std::string kind() const override { return "warc"; }
  std::string address() const override { return path_.string(); }

  Result<void> walk(const dataset::TakeEntry& take, std::vector<std::string>& problems) override {
    RENVOI_TRY(const auto file, io::open_random(path_));
    std::set<std::string> seen;
    Result<void> outcome;
    const auto on_answer = [&](const crawl::WarcAnswer& answer) {
      if (answer.status != 200) return true;
      Entry entry;
      entry.origin = repair_utf8(answer.target);
      if (!seen.insert(entry.origin).second) entry.origin += " " + to_rfc3339(answer.date);
      for (int more = 2; !seen.insert(entry.origin + " ").second; ++more) entry.origin += fmt::format(" {}", more);
      entry.captured_at = answer.date;
      entry.media_type = repair_utf8(answer.header("content-type"));
      entry.read = [&, place = answer.place](Entry& into) -> Result<std::string> {
        RENVOI_TRY(crawl::WarcDocument document, crawl::read_warc(*file, place, dataset::kMaxBlobBytes));
        into.facts = facts_of(document.answer.headers, document.body);
        return std::move(document.body);
      };
      const Result<bool> go_on = take(std::move(entry));
      if (!go_on.ok()) outcome = go_on.error();
      return go_on.ok() && *go_on;
    };
    RENVOI_TRY(const crawl::WarcScan scan, crawl::scan_warc(*file, {0, file->size_bytes()}, on_answer));
    problems.insert(problems.end(), scan.problems.begin(), scan.problems.end());
    return outcome;
  }

 private:
  const fs::path path_;
};

}  // namespace

Result<std::unique_ptr<dataset::EntrySource>> warc_source(const fs::path& path) {
  std::error_code error;
  const fs::path whole = fs::canonical(path, error);
  if (error) return io::system_error(error.value(), "cannot read the archive", path);
  return std::unique_ptr<dataset::EntrySource>(std::make_unique<WarcSource>(whole));
}

}  // namespace renvoi::capture
