#include "index/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::index {
namespace {

constexpr std::string_view kFileMagic = "RNVOILOG";
constexpr std::uint32_t kOldestVersion = 1;
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
  io::ByteWriter writer;
  writer.u32(kRecordMagic);
  writer.u32(static_cast<std::uint32_t>(header.kind));
  writer.u32(header.length);
  writer.u32(header.crc);
  writer.u64(header.sequence);
  writer.u32(io::crc32c(writer.str()));
  return writer.take();
}

std::optional<RecordHeader> read_header(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < kRecordHeaderBytes) return std::nullopt;
  const std::string_view view = bytes.substr(offset, kRecordHeaderBytes);
  io::ByteReader reader(view);
  if (reader.u32() != kRecordMagic) return std::nullopt;
  RecordHeader header;
  const std::uint32_t kind = reader.u32();
  header.length = reader.u32();
  header.crc = reader.u32();
  header.sequence = reader.u64();
  if (reader.u32() != io::crc32c(view.substr(0, kRecordHeaderBytes - 4))) return std::nullopt;
  if (kind != 1 && kind != 2) return std::nullopt;
  header.kind = static_cast<RecordKind>(kind);
  return header;
}

// A whole batch with its header at `offset`.
std::optional<std::string_view> read_batch_at(std::string_view bytes, std::uint64_t offset, std::uint64_t sequence) {
  const std::optional<RecordHeader> header = read_header(bytes, offset);
  if (!header.has_value() || header->kind != RecordKind::batch || header->sequence != sequence) return std::nullopt;
  const std::uint64_t begin = offset + kRecordHeaderBytes;
  if (bytes.size() - begin < header->length) return std::nullopt;
  const std::string_view batch = bytes.substr(begin, header->length);
  if (io::crc32c(batch) != header->crc) return std::nullopt;
  return batch;
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

Error damaged(const std::string& name, std::uint64_t offset) {
  return {ErrorCode::corrupt,
          fmt::format("{} is damaged at byte {}; restore the index from a copy, or remove its folder "
                      "and run sync to build it again",
                      name, offset)};
}

// Magic, u32 version, u32 zero, u64 number, u32 zero, u32 CRC.
std::string file_header(std::uint64_t number, std::uint32_t version = kLogVersion) {
  io::ByteWriter writer;
  writer.append(kFileMagic);
  writer.u32(version);
  writer.u32(0);
  writer.u64(number);
  writer.u32(0);
  writer.u32(io::crc32c(writer.str()));
  return writer.take();
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

Result<LogContent> read_log(std::string_view bytes, const std::string& name, std::uint64_t number,
                            std::uint64_t first_sequence) {
  if (bytes.size() < kLogHeaderBytes || bytes.substr(0, 8) != kFileMagic) return damaged(name, 0);
  io::ByteReader header(bytes.substr(8, 4));
  const std::uint32_t version = header.u32();
  io::ByteReader crc(bytes.substr(kLogHeaderBytes - 4, 4));
  const bool intact = crc.u32() == io::crc32c(bytes.substr(0, kLogHeaderBytes - 4));
  const bool known = version >= kOldestVersion && version <= kLogVersion;
  if (intact && !known)
    return Error{ErrorCode::invalid,
                 fmt::format("{} has format version {}, this program knows {} to {}; use the renvoi that wrote it",
                             name, version, kOldestVersion, kLogVersion)};
  if (!known || bytes.substr(0, kLogHeaderBytes) != file_header(number, version)) return damaged(name, 0);

  LogContent content;
  content.version = version;
  content.last_sequence = first_sequence;
  content.whole_bytes = kLogHeaderBytes;
  std::uint32_t last_crc = 0;
  while (true) {
    const std::uint64_t at = content.whole_bytes;
    const std::uint64_t next = content.last_sequence + 1;
    const std::optional<RecordHeader> mark = content.marked ? std::nullopt : read_header(bytes, at);
    if (mark.has_value() && mark->kind == RecordKind::mark && mark->sequence == content.last_sequence &&
        mark->length == 0 && mark->crc == last_crc) {
      content.marked = true;
      content.last_mark_offset = at;
      content.whole_bytes = at + kRecordHeaderBytes;
      continue;
    }
    std::optional<std::string_view> batch = read_batch_at(bytes, at, next);
    std::uint64_t begin = at;
    if (!batch.has_value() && !content.marked) {  // a bad mark with a whole batch behind it
      begin = at + kRecordHeaderBytes;
      batch = read_batch_at(bytes, begin, next);
      content.mark_damaged = content.mark_damaged || batch.has_value();
    }
    if (!batch.has_value()) break;
    content.batches.emplace_back(*batch);
    last_crc = io::crc32c(*batch);
    content.last_sequence = next;
    content.marked = false;
    content.last_mark_offset = begin;
    content.whole_bytes = begin + kRecordHeaderBytes + batch->size();
  }
  if (content.whole_bytes < bytes.size() && anything_whole_after(bytes, content.whole_bytes, content.last_sequence + 1))
    return damaged(name, content.whole_bytes);
  return content;
}

Result<LogWriter> LogWriter::create(io::FileSystem& files, const std::filesystem::path& path, std::uint64_t number,
                                    std::uint64_t first_sequence) {
  LogWriter writer(files, path);
  RENVOI_TRY(writer.file_, files.append(path, 0));
  RENVOI_CHECK(writer.file_->append(as_bytes(file_header(number))));
  RENVOI_CHECK(writer.file_->sync());
  writer.whole_bytes_ = kLogHeaderBytes;
  writer.sequence_ = first_sequence;
  return writer;
}

Result<LogWriter> LogWriter::resume(io::FileSystem& files, const std::filesystem::path& path,
                                    const LogContent& content) {
  LogWriter writer(files, path);
  writer.whole_bytes_ = content.whole_bytes;
  writer.sequence_ = content.last_sequence;
  RENVOI_CHECK(writer.cut());
  if (content.marked) return writer;
  // The last batch was whole but perhaps never durable: it is now, since cut() has synced the file.
  const RecordHeader mark{RecordKind::mark, 0, io::crc32c(content.batches.back()), content.last_sequence};
  if (writer.file_->append(as_bytes(to_bytes(mark))).ok())
    writer.whole_bytes_ += kRecordHeaderBytes;
  else
    writer.file_.reset();
  return writer;
}

Result<void> LogWriter::cut() {
  RENVOI_TRY(std::unique_ptr<io::AppendFile> file, files_->append(path_, static_cast<std::int64_t>(whole_bytes_)));
  RENVOI_CHECK(file->sync());
  file_ = std::move(file);
  return {};
}

Result<void> LogWriter::append(std::string_view batch) {
  if (file_ == nullptr) RENVOI_CHECK(cut());
  const RecordHeader header{RecordKind::batch, static_cast<std::uint32_t>(batch.size()), io::crc32c(batch),
                            sequence_ + 1};
  Result<void> outcome = file_->append(as_bytes(to_bytes(header) + std::string(batch)));
  if (outcome.ok()) outcome = file_->sync();
  if (!outcome.ok()) {
    file_.reset();
    (void)cut();  // tried again before the next append
    return outcome;
  }
  whole_bytes_ += kRecordHeaderBytes + batch.size();
  ++sequence_;
  const RecordHeader mark{RecordKind::mark, 0, header.crc, sequence_};
  if (file_->append(as_bytes(to_bytes(mark))).ok())
    whole_bytes_ += kRecordHeaderBytes;
  else
    file_.reset();  // acknowledged all the same: the batch is durable
  return {};
}

Result<void> LogWriter::append_records(std::string_view records, std::uint64_t last_sequence) {
  const std::string whole = file_header(0) + std::string(records);
  RENVOI_TRY(const LogContent content, read_log(whole, path_.string(), 0, sequence_));
  if (content.last_sequence != last_sequence || content.whole_bytes != whole.size())
    return damaged(path_.string(), whole_bytes_);
  RENVOI_CHECK(file_->append(as_bytes(records)));
  RENVOI_CHECK(file_->sync());
  whole_bytes_ += records.size();
  sequence_ = last_sequence;
  return {};
}

}  // namespace renvoi::index
