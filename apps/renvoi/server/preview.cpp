#include "server/preview.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "answer/time_limit.h"
#include "extract/passages.h"

namespace renvoi::app {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostListed = 100;

// Of this process; removed when it goes.
class ScratchFolder {
 public:
  explicit ScratchFolder(const fs::path& data) {
    static std::atomic<std::uint64_t> number{0};
    path_ = data / fmt::format("preview-{}-{}", ::getpid(), ++number);
    std::error_code ignored;
    fs::remove_all(path_, ignored);  // of a process of that number that was killed
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

class PageList final : public crawl::SyncSink {
 public:
  PageList(Preview& preview, std::size_t most, std::stop_source enough)
      : preview_(preview), most_(most), enough_(std::move(enough)) {}
  Result<void> on_document(const catalog::Reference& reference, extract::Document document, bool) override {
    if (preview_.pages.size() == most_) return {};
    preview_.pages.push_back({reference.address, document.title, document.language, reference.type,
                              static_cast<std::uint32_t>(extract::passages(document).size())});
    if (preview_.pages.size() == most_) enough_.request_stop();
    return {};
  }
  Result<void> on_state(const catalog::Reference&, const std::string&) override { return {}; }

 private:
  Preview& preview_;
  const std::size_t most_;
  std::stop_source enough_;
};

}  // namespace

Result<Preview> preview_source(Engine& engine, const catalog::Source& source, const PreviewLimits& limits,
                               std::stop_token stop) {
  const auto began = std::chrono::steady_clock::now();
  const ScratchFolder scratch(engine.config().data);
  RENVOI_CHECK(engine.files().create_folders(scratch.path()));
  RENVOI_TRY(const auto catalog, catalog::Catalog::open(scratch.path() / "catalog.db", catalog::Catalog::Mode::write));
  RENVOI_TRY(const catalog::Source added, catalog->add_source(source));
  Preview preview;
  const answer::TimeLimit limit(std::move(stop), static_cast<std::uint32_t>(limits.time_ms.count()));
  std::stop_source enough;
  const std::stop_callback when_time_is_up(limit.token(), [&] { enough.request_stop(); });
  PageList sink(preview, limits.pages, enough);
  crawl::SyncOptions options;
  options.life = engine.config().life;
  options.revisit = engine.config().revisit;
  options.probe = engine.config().probe;
  options.requests_per_minute = engine.config().fetch.source_requests_per_minute;
  options.hosts_at_once = 4;
  RENVOI_TRY(const crawl::SyncReport report,
             crawl::sync_source(added, *catalog, engine.fetcher(), engine.clock(), sink, options, enough.get_token()));
  RENVOI_TRY(const auto frontier, catalog->frontier(added.id));
  preview.waiting_count = frontier.size();
  for (const auto& entry : frontier) {
    if (preview.waiting.size() == kMostListed) break;
    preview.waiting.push_back(entry.address);
  }
  preview.problems = report.problems;
  if (preview.problems.size() > kMostListed) preview.problems.resize(kMostListed);
  preview.complete = report.complete && frontier.empty();
  preview.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return preview;
}

}  // namespace renvoi::app
