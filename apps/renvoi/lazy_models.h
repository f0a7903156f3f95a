// Models that are loaded when they are first needed: a command that only counts pages does not wait for one, and a
// server that only extracts does not hold a generator in memory.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "model/embedder.h"
#include "model/generator.h"
#include "model/static_table_tokenizer.h"

namespace renvoi::app {

// Thread-safe. What can be said without the weights comes from the manifest and the file's header.
class LazyEmbedder final : public model::Embedder {
 public:
  using Load = std::function<Result<std::unique_ptr<model::Embedder>>()>;
  LazyEmbedder(std::string name, std::string digest, std::size_t dimensions, Load load)
      : name_(std::move(name)), digest_(std::move(digest)), dimensions_(dimensions), load_(std::move(load)) {}
  std::size_t dimensions() const override { return dimensions_; }
  const std::string& digest() const override { return digest_; }
  const std::string& name() const override { return name_; }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole role,
                                  const model::EmbedProgress& progress, std::stop_token stop) override;
  std::optional<float> cosine_temperature() const override;  // nothing before it is loaded
  std::chrono::milliseconds expected_wait() const override;
  // Loads it now if it is not. Errors: of `load`, each time anew.
  Result<void> warm();
  // It is not the model in use any more: gives its memory back, once whoever is being answered has been. A question
  // that began before may ask again: then it is loaded for as long as somebody asks, and not kept.
  void retire();

 private:
  Result<std::shared_ptr<model::Embedder>> loaded();

  const std::string name_, digest_;
  const std::size_t dimensions_;
  Load load_;
  mutable std::mutex mutex_;
  std::shared_ptr<model::Embedder> embedder_;  // none once retired
  std::weak_ptr<model::Embedder> last_loaded_;
  bool retired_ = false;
};

class LazyTokenizer final : public model::TextTokenizer {
 public:
  using Load = std::function<Result<std::unique_ptr<model::TextTokenizer>>()>;
  LazyTokenizer(std::string name, Load load) : name_(std::move(name)), load_(std::move(load)) {}
  const std::string& name() const override { return name_; }
  Result<std::vector<std::uint32_t>> tokens(std::string_view text) const override;

 private:
  const std::string name_;
  Load load_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<model::TextTokenizer> tokenizer_;
};

class LazyGenerator final : public model::Generator {
 public:
  using Load = std::function<Result<std::unique_ptr<model::Generator>>()>;
  LazyGenerator(std::string name, std::uint32_t context_tokens, Load load)
      : name_(std::move(name)), context_tokens_(context_tokens), load_(std::move(load)) {}
  const std::string& name() const override { return name_; }
  std::uint32_t context_tokens() const override { return context_tokens_; }
  Result<model::Generation> generate(std::span<const model::Message> messages, const model::GenerateOptions& options,
                                     const model::OnPiece& on_piece, std::stop_token stop) override;

 private:
  Result<void> warm();
  const std::string name_;
  const std::uint32_t context_tokens_;
  Load load_;
  std::mutex mutex_;
  std::unique_ptr<model::Generator> generator_;
};

}  // namespace renvoi::app
