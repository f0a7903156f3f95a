// Which embedding model the collection's index belongs to, and which one it is to belong to.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "first_tier.h"
#include "index/index.h"
#include "io/file_system.h"
#include "lazy_models.h"
#include "model/llama_model.h"
#include "model/model_store.h"
#include "models.h"
#include "search/collection.h"

namespace renvoi::app {

// Ready to be asked: loaded when it is.
struct EmbeddingModel {
  model::ModelManifest manifest;
  index::Identity identity;                          // of the index that it made, or makes
  std::shared_ptr<LazyEmbedder> embedder;            // all cores
  std::shared_ptr<LazyEmbedder> background;          // one thread
  std::shared_ptr<search::CollectionTables> tables;  // of this model, and of the collection
};

struct EmbeddingModels {
  EmbeddingModel present;              // what the index is bound to, or will be when there is none yet
  std::optional<EmbeddingModel> next;  // what it is changed to: another model, or this program's extractor
  std::optional<search::ModelChange> change() const;
};

// The model of the configuration. Without embed.model the collection decides: nothing is begun, and nothing that was
// begun is given up. Errors: as choose_embedding_model; `conflict` when the store has not got the model that the index
// belongs to, with what to do.
Result<EmbeddingModels> choose_embedding_models(const Config& config, io::FileSystem& files,
                                                const std::filesystem::path& collection, Timestamp now,
                                                const Notify& notify);

model::LlamaOptions llama_options(std::uint32_t threads, std::uint32_t context_tokens, const std::string& digest);

}  // namespace renvoi::app
