// What people say of answers, kept as questions for an evaluation: <data>/feedback/queries.jsonl and qrels.tsv, both in
// BEIR's layout, both only ever appended to. Nothing is kept unless server.keep_feedback is set.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/file_system.h"

namespace renvoi::app {

struct Feedback {
  std::string question;
  bool good = false;
  std::string text;                    // of the answer
  std::vector<std::string> addresses;  // that it cited
  std::string comment;
};

// Thread-safe.
class FeedbackStore {
 public:
  FeedbackStore(io::FileSystem& files, std::filesystem::path folder) : files_(files), folder_(std::move(folder)) {}
  // The question's id in both files, "f" and a number of seconds and bytes. On stable storage when it returns. What
  // was good says that its pages answer the question: a line of qrels.tsv for each. Errors: `exhausted` when the file
  // has 64 MiB, those of the file system.
  Result<std::string> add(const Feedback& feedback, Timestamp now);

 private:
  io::FileSystem& files_;
  const std::filesystem::path folder_;
  std::mutex mutex_;
};

}  // namespace renvoi::app
