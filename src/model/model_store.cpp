#include "model/model_store.h"

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "io/file_system.h"
#include "model/llama_handles.h"
#include "model/llama_model.h"

namespace renvoi::model {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t max_manifest_bytes = 64 << 10;
constexpr std::size_t max_name_bytes = 100;
constexpr const char* manifest_name = "manifest.json";

bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  // A name that begins with a point would be a hidden folder, or the folder above.
  return !name.empty() && name.size() <= max_name_bytes && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), allowed);
}

// "Qwen 2.5 (Q4).gguf" -> "qwen-2.5-q4"
std::string name_from_file(const fs::path& file) {
  std::string name;
  for (const char c : file.stem().string()) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool kept = is_name(std::string("a") + lower);
    if (kept || (!name.empty() && name.back() != '-')) name += kept ? lower : '-';
  }
  name.erase(0, std::min(name.find_first_not_of(".-"), name.size()));
  name.resize(std::min(name.size(), max_name_bytes));
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "model" : name;
}

Result<ModelManifest> read_manifest(io::FileSystem& files, const fs::path& folder) {
  const fs::path path = folder / manifest_name;
  RENVOI_TRY(const std::string text, files.read(path, max_manifest_bytes));
  const json content = json::parse(text, nullptr, false);
  const auto broken = [&](const char* why) {
    return Error{ErrorCode::corrupt,
                 path.string() + " " + why + ": remove the folder " + folder.string() + " and add the model again"};
  };
  if (!content.is_object()) return broken("is not a manifest");
  try {
    ModelManifest manifest;
    manifest.name = content.at("name").get<std::string>();
    const auto role = content.at("role").get<std::string>();
    const auto file = content.at("file").get<std::string>();
    manifest.digest = content.at("sha256").get<std::string>();
    manifest.bytes = content.at("bytes").get<std::uint64_t>();
    manifest.added_at = parse_rfc3339(content.at("added_at").get<std::string>()).value_or(0);
    manifest.may_generate = content.at("may_generate").get<bool>();
    manifest.probe_summary = content.at("probe_summary").get<std::string>();
    if (manifest.name != folder.filename().string()) return broken("names another folder");
    if (role != "embed" && role != "generate") return broken("has a role that is not known");
    if (manifest.digest.size() != 64) return broken("holds no digest");
    // The file lies beside its manifest, and nowhere else.
    if (file.empty() || fs::path(file).filename() != file || file == "..") return broken("names a file elsewhere");
    manifest.role = role == "embed" ? ModelRole::embed : ModelRole::generate;
    manifest.file = fs::absolute(folder / file);
    return manifest;
  } catch (const std::exception&) {
    return broken("lacks a field or has one of the wrong type");
  }
}

Result<void> write_manifest(io::FileSystem& files, const ModelManifest& manifest) {
  const json content = {{"name", manifest.name},
                        {"role", std::string(to_string(manifest.role))},
                        {"file", manifest.file.filename().string()},
                        {"sha256", manifest.digest},
                        {"bytes", manifest.bytes},
                        {"added_at", to_rfc3339(manifest.added_at)},
                        {"may_generate", manifest.may_generate},
                        {"probe_summary", repair_utf8(manifest.probe_summary)}};
  const std::string text = content.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  return files.replace(manifest.file.parent_path() / manifest_name, std::as_bytes(std::span(text)));
}

// A hard link costs no space; where the file system has none, or the store is on another one, a copy.
Result<void> link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::remove(to, failure);  // what an interrupted `add` left
  fs::create_hard_link(fs::canonical(from, failure), to, failure);
  if (!failure) return {};
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, failure);
  if (!failure) return {};
  const bool full =
      failure == std::errc::no_space_on_device || failure == std::errc::file_too_large || failure.value() == EDQUOT;
  std::error_code ignored;
  fs::remove(to, ignored);
  return Error{full ? ErrorCode::exhausted : ErrorCode::unavailable,
               "the model could not be copied to " + to.string() + ": " + failure.message()};
}

}  // namespace

std::string_view to_string(ModelRole role) { return role == ModelRole::embed ? "embed" : "generate"; }

fs::path table_file(const ModelManifest& manifest) { return manifest.file.parent_path() / "first-tier.table"; }

Result<std::vector<ModelManifest>> ModelStore::list(std::vector<std::string>* problems) const {
  const auto files = io::real_file_system();
  std::vector<ModelManifest> manifests;
  if (!files->exists(folder_)) return manifests;
  RENVOI_TRY(const auto names, files->list(folder_));
  for (const auto& name : names) {
    std::error_code ignored;
    if (!is_name(name) || !fs::is_directory(folder_ / name, ignored)) continue;
    auto manifest = read_manifest(*files, folder_ / name);
    if (manifest && !files->exists(manifest->file)) {
      manifest = Error{ErrorCode::not_found, manifest->file.string() + " is missing: add the model again"};
    }
    if (manifest) {
      manifests.push_back(std::move(manifest).value());
    } else if (problems != nullptr) {
      problems->push_back(manifest.error().describe());
    }
  }
  std::sort(manifests.begin(), manifests.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return manifests;
}

Result<ModelManifest> ModelStore::add(const fs::path& gguf, std::optional<std::string> name, Timestamp now,
                                      const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  RENVOI_TRY(const GgufSummary summary, read_gguf_summary(gguf));
  if (name && !is_name(*name)) {
    return Error{ErrorCode::invalid, "\"" + repair_utf8(truncate_utf8(*name, 120)) +
                                         "\" cannot be the name of a model: 1 to 100 of a-z, 0-9, '.', '_' and '-', "
                                         "not beginning with '.'"};
  }
  ModelManifest manifest;
  manifest.name = name ? *name : name_from_file(gguf);
  manifest.role = summary.is_embedding ? ModelRole::embed : ModelRole::generate;
  manifest.bytes = summary.file_bytes;
  manifest.added_at = now;
  RENVOI_TRY(manifest.digest, file_digest(gguf, progress));
  RENVOI_TRY(const auto known, list());
  for (const auto& other : known) {
    if (other.digest == manifest.digest && (!name || other.name == *name)) return other;
    if (other.name == manifest.name) {
      return Error{ErrorCode::conflict,
                   "the name \"" + manifest.name + "\" is taken by another model: give this one " + "another name"};
    }
  }
  const auto files = io::real_file_system();
  const fs::path folder = folder_ / manifest.name;
  RENVOI_CHECK(files->create_folders(folder));
  manifest.file = fs::absolute(folder / (manifest.name + ".gguf"));
  RENVOI_CHECK(link_or_copy(gguf, manifest.file));
  RENVOI_CHECK(write_manifest(*files, manifest));
  RENVOI_CHECK(files->sync_folder(folder));
  return manifest;
}

Result<void> ModelStore::record_probe(const std::string& name, bool may_generate, const std::string& summary) {
  if (!is_name(name)) return Error{ErrorCode::invalid, "that is not the name of a model"};
  const auto files = io::real_file_system();
  if (!files->exists(folder_ / name / manifest_name)) {
    return Error{ErrorCode::not_found, "there is no model \"" + name + "\": renvoi model list shows those there are"};
  }
  RENVOI_TRY(auto manifest, read_manifest(*files, folder_ / name));
  manifest.may_generate = may_generate;
  manifest.probe_summary = summary;
  return write_manifest(*files, manifest);
}

Result<void> ModelStore::verify(const ModelManifest& manifest) const {
  RENVOI_TRY(const auto digest, file_digest(manifest.file));
  if (digest != manifest.digest) {
    return Error{ErrorCode::corrupt, manifest.file.string() + " is not what was added (its SHA-256 differs): remove " +
                                         "the folder " + manifest.file.parent_path().string() + " and add it again"};
  }
  return {};
}

}  // namespace renvoi::model
