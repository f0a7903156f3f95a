#include "lazy_models.h"

#include <fmt/format.h>

namespace renvoi::app {

Result<void> LazyEmbedder::warm() {
  const std::lock_guard lock(mutex_);
  if (embedder_) return {};
  RENVOI_TRY(auto loaded, load_());
  if (loaded->dimensions() != dimensions_) {
    return Error{ErrorCode::corrupt,
                 fmt::format("the model '{}' gives {} dimensions, but its header says {}: add it again "
                             "with 'renvoi model add'",
                             name_, loaded->dimensions(), dimensions_)};
  }
  embedder_ = std::move(loaded);
  return {};
}

Result<model::Embeddings> LazyEmbedder::embed(std::span<const std::string_view> texts, model::EmbedRole role,
                                              const model::EmbedProgress& progress, std::stop_token stop) {
  RENVOI_CHECK(warm());
  return embedder_->embed(texts, role, progress, stop);
}

Result<void> LazyGenerator::warm() {
  const std::lock_guard lock(mutex_);
  if (generator_) return {};
  RENVOI_TRY(generator_, load_());
  return {};
}

Result<model::Generation> LazyGenerator::generate(std::span<const model::Message> messages,
                                                  const model::GenerateOptions& options, const model::OnPiece& on_piece,
                                                  std::stop_token stop) {
  RENVOI_CHECK(warm());
  return generator_->generate(messages, options, on_piece, stop);
}

}  // namespace renvoi::app
