// The table of token vectors distilled from the embedding model ('renvoi model distil'), and those fitted to a
// collection: what makes a document searchable at once, and a query fast.
#pragma once

#include <filesystem>
#include <memory>

#include "index/index.h"
#include "io/file_system.h"
#include "model/model_store.h"
#include "model/static_table_tokenizer.h"
#include "search/collection_tables.h"

namespace renvoi::app {

// The model's vocabulary, loaded when it is first asked.
std::shared_ptr<const model::TextTokenizer> lazy_tokenizer(const model::ModelManifest& embedding_model);

// There may be no table yet: one that is made later is found. Errors: `corrupt` and the like of a table that is there,
// with what to do.
Result<std::shared_ptr<search::CollectionTables>> open_tables(io::FileSystem& files,
                                                              const model::ModelManifest& embedding_model,
                                                              const index::Identity& full,
                                                              const std::filesystem::path& collection);

}  // namespace renvoi::app
