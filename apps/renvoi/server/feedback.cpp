#include "server/feedback.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/date.h"
#include "output.h"

namespace renvoi::app {
namespace {

constexpr std::uint64_t kMost_bytes = 64u << 20;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

Result<std::string> FeedbackStore::add(const Feedback& feedback, Timestamp now) {
  const std::lock_guard lock(mutex_);
  RENVOI_CHECK(files_.create_folders(folder_));
  RENVOI_TRY(const auto queries, files_.append(folder_ / "queries.jsonl"));
  if (queries->size_bytes() > kMost_bytes)
    return Error{ErrorCode::exhausted,
                 fmt::format("{} is full: move it away, a new one is begun", (folder_ / "queries.jsonl").string())};
  // Unique: no two lines of one file begin at the same byte.
  const std::string id = fmt::format("f{}-{}", now, queries->size_bytes());
  const Json line{{"_id", id},
                  {"text", feedback.question},
                  {"metadata",
                   {{"at", to_rfc3339(now)},
                    {"good", feedback.good},
                    {"answer", feedback.text},
                    {"addresses", feedback.addresses},
                    {"comment", feedback.comment}}}};
  RENVOI_CHECK(queries->append(bytes_of(dump(line) + "\n")));
  RENVOI_CHECK(queries->sync());
  std::string judgments;
  for (const std::string& address : feedback.addresses) {
    const bool plain = std::none_of(address.begin(), address.end(), [](unsigned char c) { return c < 0x20; });
    if (feedback.good && plain) judgments += fmt::format("{}\t{}\t1\n", id, address);
  }
  if (judgments.empty()) return id;
  RENVOI_TRY(const auto qrels, files_.append(folder_ / "qrels.tsv"));
  if (qrels->size_bytes() == 0) judgments = "query-id\tcorpus-id\tscore\n" + judgments;
  RENVOI_CHECK(qrels->append(bytes_of(judgments)));
  RENVOI_CHECK(qrels->sync());
  return id;
}

}  // namespace renvoi::app
