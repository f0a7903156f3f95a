// The first semantic tier: a text's vector without a network, from a table of one vector for each token of a model.
//
// The table is distilled from the embedding model itself (distil.h; the idea of Model2Vec, Tulkens and van Dongen 2024,
// https://github.com/MinishLab/model2vec). A text is the sum of its tokens' rows, each times its SIF weight a / (a + p)
// (Arora, Liang and Ma, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", ICLR 2017), made a unit vector.
// A FittedTable replaces the rows of the tokens that a collection uses by rows fitted to the encoder's own vectors of
// that collection (table_fit.h). Both serve passages and queries alike: there is no prefix.
//
// The vectors are *centred*: they compare with e - mean, e a vector of the encoder and mean that of the table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "model/embedder.h"
#include "model/static_table_file.h"
#include "model/static_table_tokenizer.h"

namespace renvoi::model {

// Token to vector. Immutable, thread-safe.
class TokenTable {
 public:
  virtual ~TokenTable() = default;
  virtual std::uint32_t dimensions() const = 0;
  virtual std::uint32_t tokens() const = 0;  // ids are below this
  virtual const std::string& model_digest() const = 0;
  // 0 to 1; 0 for a token that says nothing (control tokens) and for an id that is not one.
  virtual float weight(std::uint32_t token) const = 0;
  // What the encoder's vectors are centred by; zeros when it is not known. `dimensions` numbers.
  virtual std::span<const float> mean() const = 0;
  // sum += factor x the token's row; an id that is not one adds nothing. Errors: `corrupt`.
  virtual Result<void> add_row(std::uint32_t token, float factor, std::span<float> sum) const = 0;
};

// out = the sum over the bag of count x weight x row, not made a unit; gives its length. O(distinct tokens x
// dimensions). Errors: `corrupt`.
Result<double> sum_tokens(const TokenTable& table, const TokenBag& bag, std::span<float> out);
// The same as a unit vector; zeros when no token of the bag says anything.
Result<void> embed_tokens(const TokenTable& table, const TokenBag& bag, std::span<float> out);

// Every token of a model, from distil(). Resident memory: the rows that are used (mapped), and 2 kB.
// Rows of eight bits: on fr-cnil, en-xquad and en-cranfield nDCG@10 is within .001 of that of float32 rows.
class StaticTable final : public TokenTable {
 public:
  // `model_digest` empty: whatever model it is of. Errors: as TableFile::open, and `conflict` when the table is of
  // another model.
  static Result<std::shared_ptr<const StaticTable>> open(io::FileSystem& files, const std::filesystem::path& path,
                                                         std::string_view model_digest);
  explicit StaticTable(TableFile file) : file_(std::move(file)) {}
  std::uint32_t dimensions() const override { return file_.header().dimensions; }
  std::uint32_t tokens() const override { return file_.header().rows; }
  const std::string& model_digest() const override { return file_.header().model_digest; }
  float weight(std::uint32_t token) const override;
  std::span<const float> mean() const override { return file_.mean(); }
  Result<void> add_row(std::uint32_t token, float factor, std::span<float> sum) const override;
  std::uint32_t checksum() const { return file_.checksum(); }

 private:
  TableFile file_;
};

// A StaticTable with the rows of some tokens replaced. Resident memory: 4 bytes for each token of the model beside the
// rows that are used.
class FittedTable final : public TokenTable {
 public:
  // Checks all of the file: some megabytes, and whoever takes it can still take another. Errors: as TableFile::open,
  // and `conflict` when it was fitted over another table than `base`.
  static Result<std::shared_ptr<const FittedTable>> open(io::FileSystem& files, const std::filesystem::path& path,
                                                         std::shared_ptr<const StaticTable> base);
  FittedTable(TableFile file, std::shared_ptr<const StaticTable> base);
  std::uint32_t dimensions() const override { return base_->dimensions(); }
  std::uint32_t tokens() const override { return base_->tokens(); }
  const std::string& model_digest() const override { return base_->model_digest(); }
  float weight(std::uint32_t token) const override { return base_->weight(token); }
  std::span<const float> mean() const override { return file_.mean(); }
  Result<void> add_row(std::uint32_t token, float factor, std::span<float> sum) const override;
  std::uint64_t generation() const { return file_.header().generation; }
  std::uint32_t checksum() const { return file_.checksum(); }
  std::uint32_t passages() const { return file_.header().texts; }  // that it was fitted to
  float score() const { return file_.header().score; }             // FitReport::score
  float score_before() const { return file_.header().score_before; }
  std::uint32_t rows() const { return file_.header().rows; }  // that it replaces

 private:
  TableFile file_;
  std::shared_ptr<const StaticTable> base_;
  std::vector<std::uint32_t> row_of_;  // by token; rows() where there is none
};

// A table as an Embedder: role and window make no difference. An empty text, and one whose tokens say nothing, has a
// row of zeros. Calls do not wait for one another: one thread each gives as many times the throughput. `digest` is the
// model's. Errors of embed: `unavailable` when stopped, `corrupt`, `internal`.
std::unique_ptr<Embedder> make_table_embedder(std::shared_ptr<const TokenTable> table,
                                              std::shared_ptr<const TextTokenizer> tokenizer);

}  // namespace renvoi::model
