#include "progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/utf8.h"

namespace renvoi::app {
namespace {

constexpr auto kRedrawEvery = std::chrono::milliseconds(100);
constexpr auto kLineEvery = std::chrono::seconds(5);

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

std::string bar(std::uint64_t done, std::uint64_t all) {
  constexpr std::uint64_t kWidth = 20;
  const std::uint64_t filled = all == 0 ? 0 : std::min(kWidth, done * kWidth / all);
  std::string text = "[";
  for (std::uint64_t i = 0; i < kWidth; ++i) text += i < filled ? '#' : '.';
  return text + "]";
}

}  // namespace

double remaining_seconds(const ingest::IngestProgress& progress) {
  if (progress.passages_per_s <= 0 || progress.documents_indexed == 0) return 0;
  const double passages_per_document =
      static_cast<double>(progress.passages_indexed) / static_cast<double>(progress.documents_indexed);
  const double waiting = static_cast<double>(progress.passages_waiting) +
                         static_cast<double>(progress.sync.waiting) * passages_per_document;
  return waiting / progress.passages_per_s;
}

Progress::Progress(const Output& output) : terminal_(::isatty(STDERR_FILENO) == 1), silent_(output.quiet) {}

Progress::~Progress() { finish(); }

bool Progress::due() {
  const auto now = Clock::now();
  if (silent_ || (last_ != Clock::time_point{} &&
                  now - last_ < (terminal_ ? Clock::duration(kRedrawEvery) : Clock::duration(kLineEvery)))) {
    return false;
  }
  if (!terminal_ && now - started_ < kLineEvery) return false;  // short work needs no lines
  last_ = now;
  return true;
}

void Progress::draw(const std::string& text) {
  if (!terminal_) {
    fmt::print(stderr, "{}\n", text);
    return;
  }
  fmt::print(stderr, "\r\033[K{}", truncate_utf8(text, terminal_columns() - 1));
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::show(const std::string& what, std::uint64_t done, std::uint64_t all, const std::string& unit,
                    double rate_per_s) {
  const std::lock_guard lock(mutex_);
  if (!due()) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const double rate = rate_per_s > 0 ? rate_per_s : seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string text = terminal_ && all > 0 ? bar(done, all) + " " : "";
  if (done == 0 && all == 0)
    text += what;
  else
    text += unit == "B" ? fmt::format("{}: {} of {}", what, human_bytes(done), human_bytes(all))
                        : fmt::format("{}: {} of {} {}", what, done, all, unit);
  if (rate > 0) {
    text += unit == "B" ? fmt::format(", {}/s", human_bytes(static_cast<std::uint64_t>(rate)))
                        : fmt::format(", {:.1f} {}/s", rate, unit);
    if (all > done) text += fmt::format(", {} left", human_seconds(static_cast<double>(all - done) / rate));
  }
  draw(text);
}

void Progress::show(const ingest::IngestProgress& progress) {
  const std::lock_guard lock(mutex_);
  if (!due()) return;
  const std::uint64_t seen = progress.sync.fetched + progress.sync.unchanged;
  const std::uint64_t all = seen + progress.sync.waiting;
  std::string text = terminal_ && progress.sync.waiting > 0 ? bar(seen, all) + " " : "";
  text += fmt::format("{} read, {} waiting; {} passages indexed", counted(seen, "page", "pages"), progress.sync.waiting,
                      progress.passages_indexed);
  if (progress.passages_encoded != progress.passages_indexed && progress.passages_encoded > 0)
    text += fmt::format(", {} encoded", progress.passages_encoded);
  if (progress.passages_waiting > 0) text += fmt::format(" (+{})", progress.passages_waiting);
  if (progress.passages_per_s > 0) text += fmt::format(", {:.1f}/s", progress.passages_per_s);
  if (const double left = remaining_seconds(progress); left >= 1)
    text += fmt::format(", about {} left", human_seconds(left));
  if (progress.sync.failed > 0) text += fmt::format(", {} failed", progress.sync.failed);
  if (terminal_ && !progress.sync.current.empty()) text += "  " + printable(progress.sync.current);
  draw(text);
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

}  // namespace renvoi::app
