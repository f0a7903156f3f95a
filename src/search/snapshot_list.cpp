#include "search/snapshot_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace renvoi::search {
namespace {

using nlohmann::json;
constexpr const char* kFormat = "renvoi snapshot";
constexpr int kVersion = 1;
constexpr std::string_view kIndex = "index/";
constexpr std::string_view kFitted = "fitted/";
constexpr std::size_t kMaxNameBytes = 100;

bool is_plain_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxNameBytes && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), allowed);
}

bool is_ours(std::string_view path) {
  return path == "catalog.db" || (path.starts_with(kIndex) && is_plain_name(path.substr(kIndex.size()))) ||
         (path.starts_with(kFitted) && is_plain_name(path.substr(kFitted.size())));
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string to_json(const SnapshotList& list) {
  json files = json::array();
  for (const SnapshotFile& file : list.files)
    files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  return json{{"format", kFormat},
              {"version", kVersion},
              {"made_at", to_rfc3339(list.made_at)},
              {"model_sha256", list.identity.model_digest},
              {"dimensions", list.identity.dimensions},
              {"extractor_version", list.identity.extractor_version},
              {"references", list.references},
              {"passages", list.passages},
              {"files", files}}
             .dump(2, ' ', false, json::error_handler_t::replace) +
         "\n";
}

Result<SnapshotList> read_snapshot_list(std::string_view text, const std::string& name) {
  const auto damaged = [&](const std::string& what) {
    return Error{ErrorCode::corrupt, fmt::format("{} is damaged ({}); use another snapshot", name, what)};
  };
  const json content = json::parse(text, nullptr, false);
  if (!content.is_object() || content.value("format", json()) != kFormat) return damaged("not a list of a snapshot");
  SnapshotList list;
  try {
    if (const int version = content.at("version").get<int>(); version != kVersion)
      return Error{ErrorCode::invalid,
                   fmt::format("{} has format version {}, this program knows {}; use the renvoi that wrote it", name,
                               version, kVersion)};
    const auto made_at = parse_rfc3339(content.at("made_at").get<std::string>());
    if (!made_at) return damaged("its time");
    list.made_at = *made_at;
    list.identity.model_digest = content.at("model_sha256").get<std::string>();
    list.identity.dimensions = content.at("dimensions").get<std::uint32_t>();
    list.identity.extractor_version = content.at("extractor_version").get<std::uint32_t>();
    list.references = content.at("references").get<std::uint64_t>();
    list.passages = content.at("passages").get<std::uint64_t>();
    std::set<std::string> seen;
    for (const json& each : content.at("files")) {
      SnapshotFile file{each.at("path").get<std::string>(), each.at("bytes").get<std::uint64_t>(),
                        each.at("sha256").get<std::string>()};
      if (!is_ours(file.path) || !is_digest(file.sha256) || !seen.insert(file.path).second)
        return damaged("its list of files");
      list.files.push_back(std::move(file));
    }
    if (!seen.contains("catalog.db") || !seen.contains("index/manifest")) return damaged("its list of files");
  } catch (const json::exception&) {
    return damaged("something is missing in it");
  }
  return list;
}

}  // namespace renvoi::search
