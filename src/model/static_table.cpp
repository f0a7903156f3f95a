#include "model/static_table.h"

#include <algorithm>
#include <cmath>

namespace renvoi::model {

Result<double> sum_tokens(const TokenTable& table, const TokenBag& bag, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0F);
  for (const auto& [token, count] : bag) {
    const float weight = table.weight(token);
    if (weight != 0) RENVOI_CHECK(table.add_row(token, weight * static_cast<float>(count), out));
  }
  double square = 0;
  for (const float x : out) square += static_cast<double>(x) * x;
  return std::sqrt(square);
}

Result<void> embed_tokens(const TokenTable& table, const TokenBag& bag, std::span<float> out) {
  RENVOI_TRY(const double length, sum_tokens(table, bag, out));
  if (!std::isfinite(length)) return Error{ErrorCode::corrupt, "a table of token vectors has a vector without bounds"};
  const double scale = length > 0 ? 1 / length : 0;
  for (float& x : out) x = static_cast<float>(x * scale);
  return {};
}

Result<std::shared_ptr<const StaticTable>> StaticTable::open(io::FileSystem& files, const std::filesystem::path& path,
                                                             std::string_view model_digest) {
  RENVOI_TRY(TableFile file, TableFile::open(files, path, TableKind::every_token));
  if (!model_digest.empty() && file.header().model_digest != model_digest) {
    return Error{ErrorCode::conflict, path.string() + " was made from the model " + file.header().model_digest +
                                          ", not from " + std::string(model_digest) + ": make it again"};
  }
  return std::shared_ptr<const StaticTable>(std::make_shared<StaticTable>(std::move(file)));
}

float StaticTable::weight(std::uint32_t token) const { return token < tokens() ? file_.weights()[token] : 0; }

Result<void> StaticTable::add_row(std::uint32_t token, float factor, std::span<float> sum) const {
  if (token >= tokens()) return {};
  return file_.add_row(token, factor, sum);
}

Result<std::shared_ptr<const FittedTable>> FittedTable::open(io::FileSystem& files, const std::filesystem::path& path,
                                                             std::shared_ptr<const StaticTable> base) {
  RENVOI_TRY(TableFile file, TableFile::open(files, path, TableKind::fitted));
  const TableHeader& header = file.header();
  if (header.base_checksum != base->checksum() || header.dimensions != base->dimensions() ||
      header.model_digest != base->model_digest()) {
    return Error{ErrorCode::conflict, path.string() + " was fitted over another table of token vectors: fit it again"};
  }
  if (!file.tokens().empty() && file.tokens().back() >= base->tokens()) {
    return Error{ErrorCode::corrupt, path.string() + " is damaged (a token that the model lacks): fit it again"};
  }
  RENVOI_CHECK(file.check_rows());
  return std::shared_ptr<const FittedTable>(std::make_shared<FittedTable>(std::move(file), std::move(base)));
}

FittedTable::FittedTable(TableFile file, std::shared_ptr<const StaticTable> base)
    : file_(std::move(file)), base_(std::move(base)), row_of_(base_->tokens(), file_.header().rows) {
  std::uint32_t row = 0;
  for (const std::uint32_t token : file_.tokens()) row_of_[token] = row++;
}

Result<void> FittedTable::add_row(std::uint32_t token, float factor, std::span<float> sum) const {
  if (token >= row_of_.size()) return {};
  if (row_of_[token] == rows()) return base_->add_row(token, factor, sum);
  return file_.add_row(row_of_[token], factor, sum);
}

namespace {

class TableEmbedder final : public Embedder {
 public:
  TableEmbedder(std::shared_ptr<const TokenTable> table, std::shared_ptr<const TextTokenizer> tokenizer)
      : table_(std::move(table)), tokenizer_(std::move(tokenizer)) {}

  std::size_t dimensions() const override { return table_->dimensions(); }
  const std::string& digest() const override { return table_->model_digest(); }
  const std::string& name() const override { return tokenizer_->name(); }

  Result<Embeddings> embed(std::span<const std::string_view> texts, EmbedRole, const EmbedProgress& progress,
                           std::stop_token stop) override {
    constexpr std::size_t texts_per_report = 64;
    Embeddings out{dimensions(), std::vector<float>(texts.size() * dimensions())};
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (stop.stop_requested()) return Error{ErrorCode::unavailable, "embedding was stopped"};
      RENVOI_TRY(const TokenBag bag, tokenizer_->bag(texts[i]));
      RENVOI_CHECK(embed_tokens(*table_, bag, std::span(out.values).subspan(i * dimensions(), dimensions())));
      if (progress && ((i + 1) % texts_per_report == 0 || i + 1 == texts.size())) progress(i + 1);
    }
    return out;
  }

 private:
  std::shared_ptr<const TokenTable> table_;
  std::shared_ptr<const TextTokenizer> tokenizer_;
};

}  // namespace

std::unique_ptr<Embedder> make_table_embedder(std::shared_ptr<const TokenTable> table,
                                              std::shared_ptr<const TextTokenizer> tokenizer) {
  return std::make_unique<TableEmbedder>(std::move(table), std::move(tokenizer));
}

}  // namespace renvoi::model
