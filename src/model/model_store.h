// The models that renvoi knows: manifests of files by digest, with a role and the result of their probe.
//
// Layout of the folder: <folder>/<name>/manifest.json and the model's files beside it (hard-linked or copied); of an
// embedding model also first-tier.table, when it was distilled (distil.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace renvoi::model {

enum class ModelRole : std::uint8_t { embed, generate };
std::string_view to_string(ModelRole role);

struct ModelManifest {
  std::string name;  // file name without ".gguf", unless given; [a-z0-9._-], at most 100 characters
  ModelRole role = ModelRole::embed;
  std::filesystem::path file;  // absolute
  std::string digest;          // hexadecimal SHA-256 of the file
  std::uint64_t bytes = 0;
  Timestamp added_at = 0;
  bool may_generate = false;  // by the probe
  std::string probe_summary;  // "" when not probed
};

// Where the table distilled from a model lies, or would lie.
std::filesystem::path table_file(const ModelManifest& manifest);

// Thread-safe for different folders only.
class ModelStore {
 public:
  explicit ModelStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Sorted by name. A folder whose manifest cannot be read is skipped and told in `problems`.
  Result<std::vector<ModelManifest>> list(std::vector<std::string>* problems = nullptr) const;
  // Checks the GGUF header, hashes the file with `progress` (bytes done, bytes in all), links or copies it, writes the
  // manifest. The same file twice is not an error. Errors: as read_gguf_summary; `conflict` when the name is taken by
  // another digest; `exhausted`.
  Result<ModelManifest> add(const std::filesystem::path& gguf, std::optional<std::string> name, Timestamp now,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});
  Result<void> record_probe(const std::string& name, bool may_generate, const std::string& summary);
  // Hashes the file again. Errors: `corrupt` when it differs from its manifest.
  Result<void> verify(const ModelManifest& manifest) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace renvoi::model
