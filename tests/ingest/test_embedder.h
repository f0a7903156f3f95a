// An embedder for tests of the write path, which counts what it is given.
#pragma once

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "model/embedder.h"

namespace renvoi::test {

constexpr std::size_t kDimensions = 16;

// A row of unit length, the same for the same seed.
inline void append_unit_row(model::Embeddings& all, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> row(all.dimensions);
  float square = 0;
  for (float& value : row) {
    value = normal(random);
    square += value * value;
  }
  for (const float value : row) all.values.push_back(value / std::sqrt(square));
}

// Vectors by the hash of the text; may be held up, or fail.
class TestEmbedder final : public model::Embedder {
 public:
  std::size_t dimensions() const override { return kDimensions; }
  const std::string& digest() const override { return name_; }
  const std::string& name() const override { return name_; }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole,
                                  const model::EmbedProgress&, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return !held_; })) return Error{ErrorCode::unavailable, "stopped"};
    if (fails) return Error{ErrorCode::internal, "the engine failed"};
    texts_ += texts.size();
    for (const std::string_view text : texts) last_.emplace_back(text);
    model::Embeddings all{kDimensions, {}};
    for (const std::string_view text : texts) append_unit_row(all, fingerprint(text));
    return all;
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  std::size_t texts() {
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  // Those since the last call.
  std::vector<std::string> take_texts() {
    const std::lock_guard lock(mutex_);
    return std::exchange(last_, {});
  }
  std::atomic<bool> fails = false;

 private:
  std::string name_ = "00aa";
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool held_ = false;
  std::size_t texts_ = 0;
  std::vector<std::string> last_;
};

}  // namespace renvoi::test
