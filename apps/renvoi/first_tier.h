// The table of token vectors distilled from the embedding model ('renvoi model distil'), where there is one: what makes
// a document searchable at once.
#pragma once

#include <memory>
#include <optional>

#include "index/index.h"
#include "io/file_system.h"
#include "lazy_models.h"
#include "model/model_store.h"
#include "model/static_table.h"
#include "search/fusion.h"

namespace renvoi::app {

struct FirstTierTable {
  std::shared_ptr<const model::StaticTable> table;
  std::unique_ptr<LazyEmbedder> embedder;  // loads the model's vocabulary when it is first asked
  index::Identity identity;                // of the collection's first tier
};

// Nothing when the model was not distilled. Errors: `corrupt` and the like, with what to do.
Result<std::optional<FirstTierTable>> open_first_tier_table(io::FileSystem& files,
                                                            const model::ModelManifest& embedding_model,
                                                            const index::Identity& full);

}  // namespace renvoi::app
