// A log that only grows: what was committed, in order. Drawn in docs/format.md, "Log".
//
// Each commit is one record (a batch with its CRC-32C), made durable before it is acknowledged, then followed by a
// small mark that says so. After a crash a record at the end that is not whole was never acknowledged and is cut; a bad
// record with its mark, or with anything whole after it, is damage.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/file_system.h"

namespace renvoi::io {

constexpr std::size_t kLogHeaderBytes = 32;
constexpr std::size_t kMaxLogBatchBytes = 0xFFFF'FFFF;

// Whose log it is: the first eight bytes of the file, the versions that are read, and what to do about damage.
struct LogKind {
  std::string_view magic;
  std::uint32_t oldest_version = 1;
  std::uint32_t version = 1;  // that is written, the newest that is read
  std::string_view advice;    // "restore it from a copy"
};

// A place between two records, and the sequence of the record before it.
struct LogPlace {
  std::uint64_t offset_bytes = 0;  // 0: the beginning, before the header of the file
  std::uint64_t sequence = 0;
};

struct LogEnd {
  std::uint32_t version = 0;           // 0 when reading did not begin at the header
  std::uint64_t last_sequence = 0;     // of the last batch; the given one when there is none
  std::uint64_t whole_bytes = 0;       // what follows is cut by a writer
  bool marked = true;                  // the last batch is followed by its mark
  bool mark_damaged = false;           // a mark between two whole batches is bad: nothing is lost
  std::uint64_t last_mark_offset = 0;  // of the last header of a record
  std::uint32_t last_crc = 0;          // of the last batch
};

// `batch` lies in the bytes that were given, from `offset_bytes` on. An error ends the reading.
using OnBatch = std::function<Result<void>(std::string_view batch, std::uint64_t sequence, std::uint64_t offset_bytes)>;

// Reads the bytes of a whole log file from `from` on, and gives each whole batch. Errors: `corrupt`, naming `name`;
// `invalid` (a newer version); those of `on_batch`.
Result<LogEnd> read_log(std::string_view bytes, const std::string& name, const LogKind& kind, std::uint64_t number,
                        LogPlace from, const OnBatch& on_batch);

// Appends. Not thread-safe.
class RecordLog {
 public:
  // A new, durable, empty log file (the folder is not synced).
  static Result<RecordLog> create(FileSystem& files, const std::filesystem::path& path, const LogKind& kind,
                                  std::uint64_t number, std::uint64_t first_sequence);
  // Goes on after what read_log found: cuts the rest, makes the whole durable, marks it.
  static Result<RecordLog> resume(FileSystem& files, const std::filesystem::path& path, const LogKind& kind,
                                  const LogEnd& end);

  // When it returns, the batch is durable. After an error it is not in the log: the tail is cut before the next append.
  Result<void> append(std::string_view batch);
  // What another log holds from the end of a batch on, byte by byte: records do not say which file they are in. When it
  // returns, they are durable. Errors also: `corrupt` when they are not whole records from last_sequence() + 1 to
  // `last_sequence`; after any error this log must not be used.
  Result<void> append_records(std::string_view records, std::uint64_t last_sequence);
  std::uint64_t last_sequence() const { return sequence_; }
  std::uint64_t size_bytes() const { return whole_bytes_; }
  // Where the batch of the last append() begins in the file.
  std::uint64_t last_batch_offset() const { return last_batch_offset_; }

 private:
  RecordLog(FileSystem& files, std::filesystem::path path, const LogKind& kind)
      : files_(&files), path_(std::move(path)), kind_(kind) {}
  Result<void> cut();
  FileSystem* files_;
  std::filesystem::path path_;
  LogKind kind_;
  std::unique_ptr<AppendFile> file_;  // null: the tail must be cut first
  std::uint64_t whole_bytes_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t last_batch_offset_ = 0;
};

}  // namespace renvoi::io
