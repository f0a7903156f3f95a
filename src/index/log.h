// The log: what was committed and is in no segment yet. Drawn in docs/format.md, "Log"; its rules are io/record_log.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "io/record_log.h"

namespace renvoi::index {

using io::kLogHeaderBytes;
// 2: a batch may hold codes of another quantizer than the plain one. A writer begins a log of version 1 anew, so that a
// program which knows only that says so, and does not take it for damage.
constexpr std::uint32_t kLogVersion = 2;

struct LogContent : io::LogEnd {
  std::vector<std::string> batches;  // in order
};

// Reads the bytes of a whole log file. `first_sequence` is the one before its first batch, as the manifest says.
// Errors: `corrupt`, naming `name`; `invalid` (a newer version).
Result<LogContent> read_log(std::string_view bytes, const std::string& name, std::uint64_t number,
                            std::uint64_t first_sequence);

// Appends. Not thread-safe. See io::RecordLog for what its functions promise.
class LogWriter {
 public:
  static Result<LogWriter> create(io::FileSystem& files, const std::filesystem::path& path, std::uint64_t number,
                                  std::uint64_t first_sequence);
  static Result<LogWriter> resume(io::FileSystem& files, const std::filesystem::path& path, const LogContent& content);
  Result<void> append(std::string_view batch) { return log_.append(batch); }
  Result<void> append_records(std::string_view records, std::uint64_t last_sequence) {
    return log_.append_records(records, last_sequence);
  }
  std::uint64_t last_sequence() const { return log_.last_sequence(); }
  std::uint64_t size_bytes() const { return log_.size_bytes(); }

 private:
  explicit LogWriter(io::RecordLog log) : log_(std::move(log)) {}
  io::RecordLog log_;
};

}  // namespace renvoi::index
