// The catalogue's tables and their version. Drawn in docs/format.md, "Catalogue".
#pragma once

#include <filesystem>

#include "base/result.h"
#include "catalog/database.h"

namespace renvoi::catalog {

constexpr std::int64_t kApplicationId = 0x524E5631;  // "RNV1", in the file's header
constexpr std::int64_t kSchemaVersion = 5;

// Makes the tables of a new file, brings an older version up to this one (write), and refuses what is not ours.
// Errors: `corrupt`: not a catalogue, or of a newer version; says which.
Result<void> prepare_schema(Database& database, const std::filesystem::path& file);

}  // namespace renvoi::catalog
