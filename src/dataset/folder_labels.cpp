#include "dataset/folder_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dataset/csv.h"

namespace renvoi::dataset {
namespace {

using Json = nlohmann::json;

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<MetadataTable> parse_jsonl(std::string_view text) {
  MetadataTable table;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Json row = Json::parse(line, nullptr, false);
    if (!row.is_object() || !row.contains("file_name") || !row["file_name"].is_string())
      return Error{ErrorCode::invalid, fmt::format("line {} is no JSON object with a file_name", number)};
    const std::string name = row["file_name"];
    row.erase("file_name");
    table[name] = dump(row);
  }
  return table;
}

Result<MetadataTable> parse_table(std::string_view text) {
  RENVOI_TRY(const auto rows, parse_csv(text));
  MetadataTable table;
  if (rows.empty()) return table;
  const auto column = std::find(rows[0].begin(), rows[0].end(), "file_name");
  if (column == rows[0].end()) return Error{ErrorCode::invalid, "there is no column file_name"};
  const auto name_at = static_cast<std::size_t>(column - rows[0].begin());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].size() != rows[0].size())
      return Error{ErrorCode::invalid,
                   fmt::format("row {} has {} fields, not {}", i + 1, rows[i].size(), rows[0].size())};
    Json row = Json::object();
    for (std::size_t field = 0; field < rows[i].size(); ++field)
      if (field != name_at) row[rows[0][field]] = rows[i][field];
    table[rows[i][name_at]] = dump(row);
  }
  return table;
}

}  // namespace

bool is_metadata_name(std::string_view name) { return name == "metadata.csv" || name == "metadata.jsonl"; }

Result<MetadataTable> parse_metadata(std::string_view text, std::string_view name) {
  return name.ends_with(".jsonl") ? parse_jsonl(text) : parse_table(text);
}

std::vector<Label> labels_of_path(std::string_view origin, const MetadataTable& metadata, const std::string& name) {
  std::vector<Label> labels;
  const std::size_t slash = origin.rfind('/');
  if (slash != std::string_view::npos && slash > 0) {
    const std::size_t before = origin.rfind('/', slash - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::string folder(origin.substr(begin, slash - begin));
    // A split is no class.
    if (folder != "train" && folder != "test" && folder != "validation")
      labels.push_back({{}, {BodyKind::label, "class", folder}});
  }
  if (const auto row = metadata.find(name); row != metadata.end())
    labels.push_back({{}, {BodyKind::structure, "metadata", row->second}});
  return labels;
}

}  // namespace renvoi::dataset
