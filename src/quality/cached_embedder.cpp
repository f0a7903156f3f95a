#include "quality/cached_embedder.h"

#include <fstream>
#include <string_view>
#include <utility>

#include "base/hash.h"

namespace renvoi::quality {

CachedEmbedder::CachedEmbedder(model::Embedder& below, std::filesystem::path file)
    : below_(below), file_(std::move(file)) {
  if (file_.empty()) return;
  std::ifstream in(file_, std::ios::binary);
  std::uint64_t key = 0;
  std::vector<float> row(below.dimensions());
  const auto bytes = static_cast<std::streamsize>(row.size() * sizeof(float));
  while (in.read(reinterpret_cast<char*>(&key), sizeof key) && in.read(reinterpret_cast<char*>(row.data()), bytes))
    known_[key] = row;
}

Result<model::Embeddings> CachedEmbedder::embed(std::span<const std::string_view> texts, model::EmbedRole role,
                                                const model::EmbedProgress& progress, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> keys;
  std::vector<std::string_view> unknown;
  std::vector<std::uint64_t> unknown_keys;
  for (const std::string_view text : texts) {
    keys.push_back(fingerprint((role == model::EmbedRole::query ? "q" : "p") + std::string(text)));
    if (known_.contains(keys.back())) continue;
    unknown.push_back(text);
    unknown_keys.push_back(keys.back());
  }
  if (!unknown.empty()) {
    RENVOI_TRY(const model::Embeddings made, below_.embed(unknown, role, progress, std::move(stop)));
    std::ofstream out;
    if (!file_.empty()) out.open(file_, std::ios::binary | std::ios::app);
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      const auto row = made.row(i);
      if (out.is_open()) {
        out.write(reinterpret_cast<const char*>(&unknown_keys[i]), sizeof unknown_keys[i]);
        out.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size_bytes()));
      }
      known_[unknown_keys[i]].assign(row.begin(), row.end());
    }
  }
  model::Embeddings all{dimensions(), {}};
  for (const std::uint64_t key : keys) {
    const std::vector<float>& row = known_.at(key);
    all.values.insert(all.values.end(), row.begin(), row.end());
  }
  return all;
}

}  // namespace renvoi::quality
