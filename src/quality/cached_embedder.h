// An encoder that keeps its vectors: the same sentences are asked about many times, and a bench runs again tomorrow.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/embedder.h"

namespace renvoi::quality {

// `below` must outlive it. Thread-safe: one text is encoded at a time.
class CachedEmbedder final : public model::Embedder {
 public:
  // With a `file` what it holds is known from the start, and what is encoded is appended to it: for each vector the
  // fingerprint of role and text, and float32 of this machine. Of one model: nobody checks. Empty: memory only.
  explicit CachedEmbedder(model::Embedder& below, std::filesystem::path file = {});
  std::size_t dimensions() const override { return below_.dimensions(); }
  const std::string& digest() const override { return below_.digest(); }
  const std::string& name() const override { return below_.name(); }
  std::optional<float> cosine_temperature() const override { return below_.cosine_temperature(); }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole role,
                                  const model::EmbedProgress& progress = {}, std::stop_token stop = {}) override;

 private:
  model::Embedder& below_;
  std::filesystem::path file_;
  std::mutex mutex_;  // of the rest
  std::unordered_map<std::uint64_t, std::vector<float>> known_;
};

}  // namespace renvoi::quality
