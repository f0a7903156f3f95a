#include "lazy_models.h"

#include <fmt/format.h>

namespace renvoi::app {

Result<std::shared_ptr<model::Embedder>> LazyEmbedder::loaded() {
  const std::lock_guard lock(mutex_);
  if (auto present = last_loaded_.lock()) return present;
  RENVOI_TRY(std::shared_ptr<model::Embedder> loaded, load_());
  if (loaded->dimensions() != dimensions_) {
    return Error{ErrorCode::corrupt,
                 fmt::format("the model '{}' gives {} dimensions, but its header says {}: add it again "
                             "with 'renvoi model add'",
                             name_, loaded->dimensions(), dimensions_)};
  }
  last_loaded_ = loaded;
  if (!retired_) embedder_ = loaded;
  return loaded;
}

Result<void> LazyEmbedder::warm() {
  RENVOI_CHECK(loaded());
  return {};
}

void LazyEmbedder::retire() {
  std::shared_ptr<model::Embedder> last;  // freed without the lock
  {
    const std::lock_guard lock(mutex_);
    retired_ = true;
    last.swap(embedder_);
  }
}

Result<model::Embeddings> LazyEmbedder::embed(std::span<const std::string_view> texts, model::EmbedRole role,
                                              const model::EmbedProgress& progress, std::stop_token stop) {
  RENVOI_TRY(const std::shared_ptr<model::Embedder> embedder, loaded());
  return embedder->embed(texts, role, progress, stop);
}

// Not loaded, or being loaded: nobody has the encoder.
std::optional<float> LazyEmbedder::cosine_temperature() const {
  const std::lock_guard lock(mutex_);
  return embedder_ == nullptr ? std::nullopt : embedder_->cosine_temperature();
}

std::chrono::milliseconds LazyEmbedder::expected_wait() const {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  return lock && embedder_ ? embedder_->expected_wait() : std::chrono::milliseconds{};
}

Result<std::vector<std::uint32_t>> LazyTokenizer::tokens(std::string_view text) const {
  const model::TextTokenizer* tokenizer = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!tokenizer_) {
      RENVOI_TRY(tokenizer_, load_());
    }
    tokenizer = tokenizer_.get();
  }
  return tokenizer->tokens(text);
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
