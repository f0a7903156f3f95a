#include "io/record_log.h"

#include <fmt/format.h>

#include <optional>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::io {
namespace {

constexpr std::uint32_t kRecordMagic = 0x4C564E52;  // "RNVL"
constexpr std::size_t kRecordHeaderBytes = 28;

enum class RecordKind : std::uint32_t { batch = 1, mark = 2 };

struct RecordHeader {
  RecordKind kind = RecordKind::batch;
  std::uint32_t length = 0;  // of what follows; 0 for a mark
  std::uint32_t crc = 0;     // of the batch
  std::uint64_t sequence = 0;
};

std::string to_bytes(const RecordHeader& header) {
  ByteWriter writer;
  writer.u32(kRecordMagic);
  writer.u32(static_cast<std::uint32_t>(header.kind));
  writer.u32(header.length);
  writer.u32(header.crc);
  writer.u64(header.sequence);
  writer.u32(crc32c(writer.str()));
  return writer.take();
}

std::optional<RecordHeader> read_header(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < kRecordHeaderBytes) return std::nullopt;
  const std::string_view view = bytes.substr(offset, kRecordHeaderBytes);
  ByteReader reader(view);
  if (reader.u32() != kRecordMagic) return std::nullopt;
  RecordHeader header;
  const std::uint32_t kind = reader.u32();
  header.length = reader.u32();
  header.crc = reader.u32();
  header.sequence = reader.u64();
  if (reader.u32() != crc32c(view.substr(0, kRecordHeaderBytes - 4))) return std::nullopt;
  if (kind != 1 && kind != 2) return std::nullopt;
  header.kind = static_cast<RecordKind>(kind);
  return header;
}

// A whole batch with its header at `offset`.
struct Batch {
  std::string_view bytes;
  std::uint32_t crc = 0;
};
std::optional<Batch> read_batch_at(std::string_view bytes, std::uint64_t offset, std::uint64_t sequence) {
  const std::optional<RecordHeader> header = read_header(bytes, offset);
  if (!header.has_value() || header->kind != RecordKind::batch || header->sequence != sequence) return std::nullopt;
  const std::uint64_t begin = offset + kRecordHeaderBytes;
  if (bytes.size() - begin < header->length) return std::nullopt;
  const std::string_view batch = bytes.substr(begin, header->length);
  if (crc32c(batch) != header->crc) return std::nullopt;
  return Batch{batch, header->crc};
}

// Anything whole after a bad record: then the record was acknowledged once, and was damaged since.
bool anything_whole_after(std::string_view bytes, std::uint64_t offset, std::uint64_t sequence) {
  constexpr std::string_view kNeedle = "RNVL";
  for (std::size_t at = bytes.find(kNeedle, offset + 1); at != std::string_view::npos;
       at = bytes.find(kNeedle, at + 1)) {
    const std::optional<RecordHeader> header = read_header(bytes, at);
    if (!header.has_value() || header->sequence < sequence) continue;
    if (header->kind == RecordKind::mark || header->sequence > sequence) return true;
  }
  return false;
}

Error damaged(const std::string& name, const LogKind& kind, std::uint64_t offset) {
  return {ErrorCode::corrupt, fmt::format("{} is damaged at byte {}; {}", name, offset, kind.advice)};
}

// Magic, u32 version, u32 zero, u64 number, u32 zero, u32 CRC.
std::string file_header(const LogKind& kind, std::uint64_t number, std::uint32_t version) {
  ByteWriter writer;
  writer.append(kind.magic);
  writer.u32(version);
  writer.u32(0);
  writer.u64(number);
  writer.u32(0);
  writer.u32(crc32c(writer.str()));
  return writer.take();
}

// The version that the header of a file says.
Result<std::uint32_t> check_file_header(std::string_view bytes, const std::string& name, const LogKind& kind,
                                        std::uint64_t number) {
  if (bytes.size() < kLogHeaderBytes || bytes.substr(0, 8) != kind.magic) return damaged(name, kind, 0);
  ByteReader header(bytes.substr(8, 4));
  const std::uint32_t version = header.u32();
  ByteReader crc(bytes.substr(kLogHeaderBytes - 4, 4));
  const bool intact = crc.u32() == crc32c(bytes.substr(0, kLogHeaderBytes - 4));
  const bool known = version >= kind.oldest_version && version <= kind.version;
  if (intact && !known)
    return Error{ErrorCode::invalid,
                 fmt::format("{} has format version {}, this program knows {} to {}; use the renvoi that wrote it",
                             name, version, kind.oldest_version, kind.version)};
  if (!known || bytes.substr(0, kLogHeaderBytes) != file_header(kind, number, version)) return damaged(name, kind, 0);
  return version;
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

Result<LogEnd> read_log(std::string_view bytes, const std::string& name, const LogKind& kind, std::uint64_t number,
                        LogPlace from, const OnBatch& on_batch) {
  LogEnd end;
  end.last_sequence = from.sequence;
  end.whole_bytes = from.offset_bytes;
  if (from.offset_bytes == 0) {
    RENVOI_TRY(end.version, check_file_header(bytes, name, kind, number));
    end.whole_bytes = kLogHeaderBytes;
  } else if (from.offset_bytes > bytes.size()) {
    return damaged(name, kind, bytes.size());
  } else if (const auto mark = read_header(bytes, from.offset_bytes);
             mark.has_value() && mark->kind == RecordKind::mark && mark->sequence == from.sequence) {
    end.last_mark_offset = from.offset_bytes;  // the place was noted before its mark was written
    end.whole_bytes += kRecordHeaderBytes;
  }
  while (true) {
    const std::uint64_t at = end.whole_bytes;
    const std::uint64_t next = end.last_sequence + 1;
    const std::optional<RecordHeader> mark = end.marked ? std::nullopt : read_header(bytes, at);
    if (mark.has_value() && mark->kind == RecordKind::mark && mark->sequence == end.last_sequence &&
        mark->length == 0 && mark->crc == end.last_crc) {
      end.marked = true;
      end.last_mark_offset = at;
      end.whole_bytes = at + kRecordHeaderBytes;
      continue;
    }
    std::optional<Batch> batch = read_batch_at(bytes, at, next);
    std::uint64_t begin = at;
    if (!batch.has_value() && !end.marked) {  // a bad mark with a whole batch behind it
      begin = at + kRecordHeaderBytes;
      batch = read_batch_at(bytes, begin, next);
      end.mark_damaged = end.mark_damaged || batch.has_value();
    }
    if (!batch.has_value()) break;
    RENVOI_CHECK(on_batch(batch->bytes, next, begin + kRecordHeaderBytes));
    end.last_crc = batch->crc;
    end.last_sequence = next;
    end.marked = false;
    end.last_mark_offset = begin;
    end.whole_bytes = begin + kRecordHeaderBytes + batch->bytes.size();
  }
  if (end.whole_bytes < bytes.size() && anything_whole_after(bytes, end.whole_bytes, end.last_sequence + 1))
    return damaged(name, kind, end.whole_bytes);
  return end;
}

Result<RecordLog> RecordLog::create(FileSystem& files, const std::filesystem::path& path, const LogKind& kind,
                                    std::uint64_t number, std::uint64_t first_sequence) {
  RecordLog log(files, path, kind);
  RENVOI_TRY(log.file_, files.append(path, 0));
  RENVOI_CHECK(log.file_->append(as_bytes(file_header(kind, number, kind.version))));
  RENVOI_CHECK(log.file_->sync());
  log.whole_bytes_ = kLogHeaderBytes;
  log.sequence_ = first_sequence;
  return log;
}

Result<RecordLog> RecordLog::resume(FileSystem& files, const std::filesystem::path& path, const LogKind& kind,
                                    const LogEnd& end) {
  RecordLog log(files, path, kind);
  log.whole_bytes_ = end.whole_bytes;
  log.sequence_ = end.last_sequence;
  RENVOI_CHECK(log.cut());
  if (end.marked) return log;
  // The last batch was whole but perhaps never durable: it is now, since cut() has synced the file.
  const RecordHeader mark{RecordKind::mark, 0, end.last_crc, end.last_sequence};
  if (log.file_->append(as_bytes(to_bytes(mark))).ok())
    log.whole_bytes_ += kRecordHeaderBytes;
  else
    log.file_.reset();
  return log;
}

Result<void> RecordLog::cut() {
  RENVOI_TRY(std::unique_ptr<AppendFile> file, files_->append(path_, static_cast<std::int64_t>(whole_bytes_)));
  RENVOI_CHECK(file->sync());
  file_ = std::move(file);
  return {};
}

Result<void> RecordLog::append(std::string_view batch) {
  if (file_ == nullptr) RENVOI_CHECK(cut());
  const RecordHeader header{RecordKind::batch, static_cast<std::uint32_t>(batch.size()), crc32c(batch), sequence_ + 1};
  Result<void> outcome = file_->append(as_bytes(to_bytes(header) + std::string(batch)));
  if (outcome.ok()) outcome = file_->sync();
  if (!outcome.ok()) {
    file_.reset();
    (void)cut();  // tried again before the next append
    return outcome;
  }
  last_batch_offset_ = whole_bytes_ + kRecordHeaderBytes;
  whole_bytes_ += kRecordHeaderBytes + batch.size();
  ++sequence_;
  const RecordHeader mark{RecordKind::mark, 0, header.crc, sequence_};
  if (file_->append(as_bytes(to_bytes(mark))).ok())
    whole_bytes_ += kRecordHeaderBytes;
  else
    file_.reset();  // acknowledged all the same: the batch is durable
  return {};
}

Result<void> RecordLog::append_records(std::string_view records, std::uint64_t last_sequence) {
  const std::string whole = file_header(kind_, 0, kind_.version) + std::string(records);
  const auto ignore = [](std::string_view, std::uint64_t, std::uint64_t) { return Result<void>(); };
  RENVOI_TRY(const LogEnd end, read_log(whole, path_.string(), kind_, 0, {0, sequence_}, ignore));
  if (end.last_sequence != last_sequence || end.whole_bytes != whole.size())
    return damaged(path_.string(), kind_, whole_bytes_);
  RENVOI_CHECK(file_->append(as_bytes(records)));
  RENVOI_CHECK(file_->sync());
  whole_bytes_ += records.size();
  sequence_ = last_sequence;
  return {};
}

}  // namespace renvoi::io
