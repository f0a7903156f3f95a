// A sample of the passages that were encoded: what tables are fitted to (model/table_fit.h).
//
// Of all passages that were ever offered it holds those whose fingerprints have the least hashes, so that it depends on
// what the collection holds and not on the order of reading, and the same passage read again changes nothing. It keeps
// no text: counts of tokens without their order, and the encoder's vector at eight bits a dimension.
//
// The file (docs/format.md, "Fitted tables"):
//     8 magic "RNVOISMP"   4 version (1)   4 dimensions, d   64 SHA-256 of the model, hexadecimal
//     4 passages   4 passages that left since the last fit
//     for each:  8 fingerprint  4 reference  1 fitted already (0 or 1)  4 scale, float32  d signed bytes
//                varint: distinct tokens; for each, rising: varint token less the one before, varint count
//     4 CRC-32C of all before
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "model/static_table_tokenizer.h"

namespace renvoi::ingest {

constexpr std::uint32_t kMaxSampledPassages = 8'192;

struct SampledPassage {
  ReferenceId reference = ReferenceId::none;
  std::uint64_t fingerprint = 0;
  bool fitted = false;  // the last fit has seen it
  model::TokenBag bag;
  float scale = 0;
  std::vector<std::int8_t> vector;  // times scale
};

// Not thread-safe. Memory: about 1 kB a passage of 200 tokens at 384 dimensions.
class FitSample {
 public:
  FitSample(std::uint32_t dimensions, std::string model_digest, std::uint32_t max_passages = kMaxSampledPassages)
      : dimensions_(dimensions), model_digest_(std::move(model_digest)), max_passages_(max_passages) {}

  // Whether take() would keep it: ask before its tokens are counted. False when it is here already.
  bool wants(std::uint64_t fingerprint) const;
  // `vector` has `dimensions` numbers.
  void take(ReferenceId reference, std::uint64_t fingerprint, model::TokenBag bag, std::span<const float> vector);
  // Gives how many left.
  std::size_t erase_if(const std::function<bool(const SampledPassage&)>& leaves);
  std::size_t size() const { return passages_.size(); }
  std::uint32_t dimensions() const { return dimensions_; }
  // Passages that came or left since mark_fitted().
  std::size_t changes() const;
  // Those of these fingerprints have been fitted.
  void mark_fitted(std::span<const std::uint64_t> fingerprints);

  // As fit_table takes them, in an order that depends on the fingerprints alone.
  struct Passages {
    std::vector<model::TokenBag> bags;
    std::vector<std::uint64_t> keys;
    std::vector<float> vectors;
  };
  Passages passages() const;

  std::string bytes() const;
  // Errors: `corrupt` (damaged: it says how), `conflict` (of another model or number of dimensions), `invalid` (another
  // version).
  static Result<FitSample> read(std::string_view bytes, std::uint32_t dimensions, const std::string& model_digest,
                                std::uint32_t max_passages = kMaxSampledPassages);

 private:
  std::uint32_t dimensions_;
  std::string model_digest_;
  std::uint32_t max_passages_;
  std::uint32_t left_ = 0;                            // since the last fit
  std::map<std::uint64_t, SampledPassage> passages_;  // by hash of the fingerprint
};

}  // namespace renvoi::ingest
