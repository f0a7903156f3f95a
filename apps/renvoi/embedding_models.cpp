#include "embedding_models.h"

#include <fmt/format.h>

#include "extract/document.h"
#include "index/named_files.h"
#include "model/llama_model.h"
#include "search/next_index.h"

namespace renvoi::app {
namespace {

namespace fs = std::filesystem;

// Nothing when there is no index, or none that can say.
std::optional<index::Identity> identity_of(io::FileSystem& files, const fs::path& index) {
  const auto manifest = index::current_manifest(files, index);
  return manifest.ok() ? std::optional(manifest->identity) : std::nullopt;
}

std::optional<model::ModelManifest> with_digest(const model::ModelStore& store, const std::string& digest) {
  const auto all = store.list();
  if (!all) return {};
  for (const auto& manifest : *all)
    if (manifest.digest == digest) return manifest;
  return {};
}

Result<model::ModelManifest> wanted_model(const Config& config, model::ModelStore& store, io::FileSystem& files,
                                          const fs::path& collection, Timestamp now, const Notify& notify) {
  if (config.embed.model.empty()) {
    for (const char* folder : {search::kNextFolder, search::kIndexFolder}) {
      const auto identity = identity_of(files, collection / folder);
      if (!identity) continue;
      if (auto manifest = with_digest(store, identity->model_digest)) return *manifest;
    }
  }
  return choose_embedding_model(config, store, now, notify);
}

std::shared_ptr<LazyEmbedder> lazy(const model::ModelManifest& manifest, std::uint32_t threads,
                                   std::size_t dimensions) {
  return std::make_shared<LazyEmbedder>(manifest.name, manifest.digest, dimensions, [manifest, threads] {
    return model::load_embedder(manifest.file, llama_options(threads, 2'048, manifest.digest));
  });
}

Result<EmbeddingModel> make_ready(const Config& config, const model::ModelManifest& manifest) {
  RENVOI_TRY(const auto summary, model::read_gguf_summary(manifest.file));
  EmbeddingModel made;
  made.manifest = manifest;
  made.identity = {manifest.digest, static_cast<std::uint32_t>(summary.dimensions), extract::kExtractorVersion};
  made.embedder = lazy(manifest, config.embed.threads, summary.dimensions);
  made.background = lazy(manifest, 1, summary.dimensions);
  return made;
}

Error model_is_missing(const Config& config, const index::Identity& identity, const model::ModelManifest& wanted,
                       const fs::path& collection) {
  return Error{ErrorCode::conflict,
               fmt::format("the index was made with the embedding model of SHA-256 {}, which is not in the model store "
                           "({}): add its file again with 'renvoi model add FILE.gguf', and it is changed to {} while "
                           "it serves. Without that file: move {} away and run 'renvoi sync', which reads and encodes "
                           "everything again",
                           identity.model_digest, models_folder(config).string(), wanted.name,
                           (collection / search::kIndexFolder).string())};
}

}  // namespace

model::LlamaOptions llama_options(std::uint32_t threads, std::uint32_t context_tokens, const std::string& digest) {
  model::LlamaOptions options;
  options.threads = threads;
  options.context_tokens = context_tokens;
  options.known_digest = digest;
  return options;
}

std::optional<search::ModelChange> EmbeddingModels::change() const {
  if (!next) return {};
  return search::ModelChange{next->identity, next->tables};
}

Result<EmbeddingModels> choose_embedding_models(const Config& config, io::FileSystem& files, const fs::path& collection,
                                                Timestamp now, const Notify& notify) {
  model::ModelStore store(models_folder(config));
  RENVOI_TRY(const model::ModelManifest wanted, wanted_model(config, store, files, collection, now, notify));
  RENVOI_TRY(EmbeddingModel ready, make_ready(config, wanted));
  EmbeddingModels models;
  const auto bound = identity_of(files, collection / search::kIndexFolder);
  if (!bound || *bound == ready.identity) {
    models.present = std::move(ready);
  } else if (bound->model_digest == wanted.digest) {  // another extractor only
    models.present = {wanted, *bound, ready.embedder, ready.background, {}};
    models.next = std::move(ready);
  } else {
    const auto manifest = with_digest(store, bound->model_digest);
    if (!manifest) return model_is_missing(config, *bound, wanted, collection);
    RENVOI_TRY(models.present, make_ready(config, *manifest));
    models.present.identity = *bound;
    models.next = std::move(ready);
  }
  RENVOI_TRY(models.present.tables, open_tables(files, models.present.manifest, models.present.identity, collection));
  if (models.next) {
    RENVOI_TRY(models.next->tables, open_tables(files, models.next->manifest, models.next->identity, collection));
  }
  return models;
}

}  // namespace renvoi::app
