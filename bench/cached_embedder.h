// An encoder whose vectors are kept in a file from one run to the next (fingerprint, float32), so that a bench can ask
// the same questions in many ways.
#pragma once

#include <fstream>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "model/embedder.h"

namespace renvoi::bench {

// `below` must outlive it. For one thread.
class CachedEmbedder final : public model::Embedder {
 public:
  CachedEmbedder(model::Embedder& below, std::string file) : below_(below), file_(std::move(file)) {
    std::ifstream in(file_, std::ios::binary);
    std::uint64_t key = 0;
    std::vector<float> row(below.dimensions());
    const auto bytes = static_cast<std::streamsize>(row.size() * sizeof(float));
    while (in.read(reinterpret_cast<char*>(&key), sizeof key) && in.read(reinterpret_cast<char*>(row.data()), bytes))
      known_[key] = row;
  }
  std::size_t dimensions() const override { return below_.dimensions(); }
  const std::string& digest() const override { return below_.digest(); }
  const std::string& name() const override { return below_.name(); }
  std::optional<float> cosine_temperature() const override { return below_.cosine_temperature(); }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole role,
                                  const model::EmbedProgress&, std::stop_token stop) override {
    const auto key_of = [&](std::string_view text) {
      return fingerprint((role == model::EmbedRole::query ? "q" : "p") + std::string(text));
    };
    std::vector<std::string_view> unknown;
    for (const std::string_view text : texts)
      if (!known_.contains(key_of(text))) unknown.push_back(text);
    if (!unknown.empty()) {
      RENVOI_TRY(const model::Embeddings made, below_.embed(unknown, role, {}, stop));
      std::ofstream out(file_, std::ios::binary | std::ios::app);
      for (std::size_t i = 0; i < unknown.size(); ++i) {
        const std::uint64_t key = key_of(unknown[i]);
        const auto row = made.row(i);
        out.write(reinterpret_cast<const char*>(&key), sizeof key);
        out.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size_bytes()));
        known_[key].assign(row.begin(), row.end());
      }
    }
    model::Embeddings all{dimensions(), {}};
    for (const std::string_view text : texts) {
      const auto& row = known_.at(key_of(text));
      all.values.insert(all.values.end(), row.begin(), row.end());
    }
    return all;
  }

 private:
  model::Embedder& below_;
  std::string file_;
  std::unordered_map<std::uint64_t, std::vector<float>> known_;
};

}  // namespace renvoi::bench
