#include "models.h"

#include <fmt/format.h>

#include <algorithm>

namespace renvoi::app {
namespace {

namespace fs = std::filesystem;
constexpr const char* kBundledEmbedder = "multilingual-e5-small-q4_0";
constexpr const char* kBundledGenerator = "smollm2-135m-instruct-q4_1";

std::vector<model::ModelManifest> with_role(const std::vector<model::ModelManifest>& all, model::ModelRole role) {
  std::vector<model::ModelManifest> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](const auto& each) { return each.role == role; });
  return found;
}

std::optional<model::ModelManifest> named(const std::vector<model::ModelManifest>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

std::string names_of(const std::vector<model::ModelManifest>& all) {
  std::string names;
  for (const auto& each : all) names += (names.empty() ? "" : ", ") + each.name;
  return names.empty() ? "none" : names;
}

// A configured name, or the one that is meant without one. Nothing when the store has none of that role.
Result<std::optional<model::ModelManifest>> pick(const std::vector<model::ModelManifest>& of_role,
                                                 const std::string& wanted, const char* setting,
                                                 const char* preferred) {
  if (!wanted.empty()) {
    auto found = named(of_role, wanted);
    if (found) return found;
    return Error{ErrorCode::not_found, fmt::format("{} = \"{}\": there is no such model (there are: {}); add it with "
                                                   "'renvoi model add FILE.gguf'",
                                                   setting, wanted, names_of(of_role))};
  }
  if (of_role.empty()) return std::optional<model::ModelManifest>();
  auto usual = named(of_role, preferred);
  return usual ? usual : std::optional(of_role.front());
}

Result<std::optional<model::ModelManifest>> adopt(const char* name, model::ModelStore& store, Timestamp now,
                                                  const Notify& notify) {
  const auto file = bundled_model(std::string(name) + ".gguf");
  if (!file) return std::optional<model::ModelManifest>();
  RENVOI_TRY(const auto added, store.add(*file, name, now));
  if (notify) notify(fmt::format("added the model {} that came with renvoi", added.name));
  return std::optional(added);
}

}  // namespace

fs::path models_folder(const Config& config) { return config.data / "models"; }

std::uint64_t table_bytes(const model::ModelManifest& manifest) {
  std::error_code failed;
  const std::uintmax_t bytes = fs::file_size(model::table_file(manifest), failed);
  return failed ? 0 : bytes;
}

std::optional<fs::path> bundled_model(const std::string& file_name) {
  for (const fs::path& folder : {program_folder() / "../share/renvoi/models", fs::path(RENVOI_BUILD_MODELS)}) {
    std::error_code failed;
    if (fs::is_regular_file(folder / file_name, failed)) return fs::weakly_canonical(folder / file_name, failed);
  }
  return {};
}

Result<model::ModelManifest> choose_embedding_model(const Config& config, model::ModelStore& store, Timestamp now,
                                                    const Notify& notify) {
  RENVOI_TRY(const auto all, store.list());
  const auto embedders = with_role(all, model::ModelRole::embed);
  const bool bundled_wanted = config.embed.model.empty() || config.embed.model == kBundledEmbedder;
  if (bundled_wanted && (embedders.empty() || (!config.embed.model.empty() && !named(embedders, kBundledEmbedder)))) {
    RENVOI_TRY(auto adopted, adopt(kBundledEmbedder, store, now, notify));
    if (adopted) return *adopted;
  }
  RENVOI_TRY(auto chosen, pick(embedders, config.embed.model, "embed.model", kBundledEmbedder));
  if (chosen) return *chosen;
  return Error{
      ErrorCode::not_found,
      fmt::format("there is no embedding model: run './dev setup' in the sources, or add one with 'renvoi model "
                  "add FILE.gguf' (folder: {})",
                  models_folder(config).string())};
}

Result<std::optional<model::ModelManifest>> choose_generation_model(const Config& config, model::ModelStore& store,
                                                                    Timestamp now, const Notify& notify) {
  if (!config.generate.endpoint.empty()) return std::optional<model::ModelManifest>();
  RENVOI_TRY(const auto all, store.list());
  const auto generators = with_role(all, model::ModelRole::generate);
  if (generators.empty() && (config.generate.model.empty() || config.generate.model == kBundledGenerator)) {
    RENVOI_TRY(auto adopted, adopt(kBundledGenerator, store, now, notify));
    if (adopted) return adopted;
  }
  return pick(generators, config.generate.model, "generate.model", kBundledGenerator);
}

}  // namespace renvoi::app
