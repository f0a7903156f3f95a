// The log: what was committed and is in no segment yet. Drawn in docs/format.md, "Log".
//
// Each commit is one record (a batch with its CRC-32C), made durable before it is acknowledged, then followed by a
// small mark that says so. After a crash a record at the end that is not whole was never acknowledged and is cut; a bad
// record with its mark, or with anything whole after it, is damage.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"

namespace renvoi::index {

constexpr std::size_t kLogHeaderBytes = 32;
// 2: a batch may hold codes of another quantizer than the plain one. A writer begins a log of version 1 anew, so that a
// program which knows only that says so, and does not take it for damage.
constexpr std::uint32_t kLogVersion = 2;

struct LogContent {
  std::uint32_t version = kLogVersion;
  std::vector<std::string> batches;    // in order
  std::uint64_t last_sequence = 0;     // of the last batch; the given one when there is none
  std::uint64_t whole_bytes = 0;       // what follows is cut by a writer
  bool marked = true;                  // the last batch is followed by its mark
  bool mark_damaged = false;           // a mark between two whole batches is bad: nothing is lost
  std::uint64_t last_mark_offset = 0;  // of the last header, for LogTail
};

// Reads the bytes of a whole log file. `first_sequence` is the one before its first batch, as the manifest says.
// Errors: `corrupt`, naming `name`; `invalid` (a newer version).
Result<LogContent> read_log(std::string_view bytes, const std::string& name, std::uint64_t number,
                            std::uint64_t first_sequence);

// Appends. Not thread-safe.
class LogWriter {
 public:
  // A new, durable, empty log file (the folder is not synced).
  static Result<LogWriter> create(io::FileSystem& files, const std::filesystem::path& path, std::uint64_t number,
                                  std::uint64_t first_sequence);
  // Goes on after what read_log found: cuts the rest, makes the whole durable, marks it.
  static Result<LogWriter> resume(io::FileSystem& files, const std::filesystem::path& path, const LogContent& content);

  // When it returns, the batch is durable. After an error it is not in the log: the tail is cut before the next append.
  Result<void> append(std::string_view batch);
  // What another log holds from the end of a batch on, byte by byte: records do not say which file they are in. When it
  // returns, they are durable. Errors also: `corrupt` when they are not whole records from last_sequence() + 1 to
  // `last_sequence`; after any error this log must not be used.
  Result<void> append_records(std::string_view records, std::uint64_t last_sequence);
  std::uint64_t last_sequence() const { return sequence_; }
  std::uint64_t size_bytes() const { return whole_bytes_; }

 private:
  LogWriter(io::FileSystem& files, std::filesystem::path path) : files_(&files), path_(std::move(path)) {}
  Result<void> cut();
  io::FileSystem* files_;
  std::filesystem::path path_;
  std::unique_ptr<io::AppendFile> file_;  // null: the tail must be cut first
  std::uint64_t whole_bytes_ = 0;
  std::uint64_t sequence_ = 0;
};

}  // namespace renvoi::index
