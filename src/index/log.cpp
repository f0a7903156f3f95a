#include "index/log.h"

namespace renvoi::index {
namespace {

constexpr io::LogKind kKind{"RNVOILOG", 1, kLogVersion,
                            "restore the index from a copy, or remove its folder and run sync to build it again"};

}  // namespace

Result<LogContent> read_log(std::string_view bytes, const std::string& name, std::uint64_t number,
                            std::uint64_t first_sequence) {
  LogContent content;
  content.version = kLogVersion;
  const auto keep = [&](std::string_view batch, std::uint64_t, std::uint64_t) -> Result<void> {
    content.batches.emplace_back(batch);
    return {};
  };
  RENVOI_TRY(static_cast<io::LogEnd&>(content), io::read_log(bytes, name, kKind, number, {0, first_sequence}, keep));
  return content;
}

Result<LogWriter> LogWriter::create(io::FileSystem& files, const std::filesystem::path& path, std::uint64_t number,
                                    std::uint64_t first_sequence) {
  RENVOI_TRY(io::RecordLog log, io::RecordLog::create(files, path, kKind, number, first_sequence));
  return LogWriter(std::move(log));
}

Result<LogWriter> LogWriter::resume(io::FileSystem& files, const std::filesystem::path& path,
                                    const LogContent& content) {
  RENVOI_TRY(io::RecordLog log, io::RecordLog::resume(files, path, kKind, content));
  return LogWriter(std::move(log));
}

}  // namespace renvoi::index
