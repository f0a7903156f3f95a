#include "first_tier.h"

#include <fmt/format.h>

#include "model/static_table_tokenizer.h"
#include "search/tier.h"

namespace renvoi::app {

Result<std::optional<FirstTierTable>> open_first_tier_table(io::FileSystem& files,
                                                            const model::ModelManifest& embedding_model,
                                                            const index::Identity& full) {
  const std::filesystem::path file = model::table_file(embedding_model);
  if (!files.exists(file)) return std::optional<FirstTierTable>();
  auto opened = model::StaticTable::open(files, file, embedding_model.digest);
  if (!opened) {
    Error error = std::move(opened).error();
    error.message +=
        fmt::format("; make it again with 'renvoi model distil {} --again', or remove it", embedding_model.name);
    return error;
  }
  FirstTierTable first;
  first.table = std::move(opened).value();
  first.identity = search::first_tier_identity(full, first.table->checksum());
  first.embedder = std::make_unique<LazyEmbedder>(
      embedding_model.name, embedding_model.digest, first.table->dimensions(),
      [gguf = embedding_model.file, table = first.table]() -> Result<std::unique_ptr<model::Embedder>> {
        RENVOI_TRY(auto tokenizer, model::load_text_tokenizer(gguf));
        return model::make_table_embedder(table, std::shared_ptr<const model::TextTokenizer>(std::move(tokenizer)));
      });
  return std::optional(std::move(first));
}

}  // namespace renvoi::app
