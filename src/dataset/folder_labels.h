// Labels from folders' names and from metadata files, as Hugging Face's ImageFolder has them. For the room's own use.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dataset/capture.h"

namespace renvoi::dataset {

// Rows by file_name; each a JSON object without it.
using MetadataTable = std::map<std::string, std::string>;

bool is_metadata_name(std::string_view name);  // metadata.csv, metadata.jsonl
// Errors: `invalid` (no column file_name, a line that is none).
Result<MetadataTable> parse_metadata(std::string_view text, std::string_view name);
std::vector<Label> labels_of_path(std::string_view origin, const MetadataTable& metadata, const std::string& name);

}  // namespace renvoi::dataset
