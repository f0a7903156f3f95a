#include "dataset/log_check.h"

#include <fmt/format.h>

namespace renvoi::dataset {

void check_log(io::FileSystem& files, const std::filesystem::path& path, const io::LogKind& kind,
               std::vector<std::string>& problems) {
  const auto map = files.map(path);
  if (!map.ok()) {
    problems.push_back(map.error().message);
    return;
  }
  const std::string_view bytes(reinterpret_cast<const char*>((*map)->bytes().data()), (*map)->bytes().size());
  const auto ignore = [](std::string_view, std::uint64_t, std::uint64_t) { return Result<void>(); };
  const auto end = io::read_log(bytes, path.string(), kind, 0, {}, ignore);
  if (!end.ok()) {
    problems.push_back(end.error().message);
    return;
  }
  if (end->mark_damaged)
    problems.push_back(fmt::format("{}: a mark between two records is damaged; nothing is lost", path.string()));
  if (end->whole_bytes < bytes.size() || !end->marked)
    problems.push_back(
        fmt::format("{} is not whole from byte {} on: an interrupted write, which the next one cuts off, "
                    "or the last mark is damaged; nothing that was acknowledged is lost",
                    path.string(), end->whole_bytes));
}

}  // namespace renvoi::dataset
