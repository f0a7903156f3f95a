#include "first_tier.h"

#include <fmt/format.h>

#include "lazy_models.h"

namespace renvoi::app {

std::shared_ptr<const model::TextTokenizer> lazy_tokenizer(const model::ModelManifest& embedding_model) {
  return std::make_shared<const LazyTokenizer>(
      embedding_model.name, [gguf = embedding_model.file] { return model::load_text_tokenizer(gguf); });
}

Result<std::shared_ptr<search::CollectionTables>> open_tables(io::FileSystem& files,
                                                              const model::ModelManifest& embedding_model,
                                                              const index::Identity& full,
                                                              const std::filesystem::path& collection) {
  auto tables = std::make_shared<search::CollectionTables>(
      files, model::table_file(embedding_model), collection / "fitted", full, lazy_tokenizer(embedding_model));
  if (Result<void> sound = tables->base_is_sound(); !sound) {
    Error error = std::move(sound).error();
    error.message +=
        fmt::format("; make it again with 'renvoi model distil {} --again', or remove it", embedding_model.name);
    return error;
  }
  return tables;
}

}  // namespace renvoi::app
