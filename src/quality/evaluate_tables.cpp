#include "quality/evaluate_tables.h"

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "extract/document.h"
#include "model/table_fit.h"
#include "quality/scratch_folder.h"

namespace renvoi::quality {
namespace {

// Passes on, and keeps what the encoder said of passages.
class Recorder final : public model::Embedder {
 public:
  explicit Recorder(model::Embedder& below) : below_(below) {}
  std::size_t dimensions() const override { return below_.dimensions(); }
  const std::string& digest() const override { return below_.digest(); }
  const std::string& name() const override { return below_.name(); }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole role,
                                  const model::EmbedProgress& progress, std::stop_token stop) override {
    RENVOI_TRY(model::Embeddings embedded, below_.embed(texts, role, progress, std::move(stop)));
    if (role == model::EmbedRole::passage) {
      passages.insert(passages.end(), texts.begin(), texts.end());
      vectors.insert(vectors.end(), embedded.values.begin(), embedded.values.end());
    }
    return embedded;
  }
  std::vector<std::string> passages;
  std::vector<float> vectors;

 private:
  model::Embedder& below_;
};

class TableEvaluator {
 public:
  TableEvaluator(const BeirSet& set, Recorder& encoder, std::shared_ptr<const model::StaticTable> base,
                 std::shared_ptr<const model::TextTokenizer> tokenizer, io::FileSystem& files, const Clock& clock,
                 const std::filesystem::path& scratch, const TableEvaluationOptions& options)
      : set_(set),
        encoder_(encoder),
        base_(std::move(base)),
        tokenizer_(std::move(tokenizer)),
        files_(files),
        clock_(clock),
        scratch_(scratch),
        options_(options),
        identity_{encoder.digest(), static_cast<std::uint32_t>(encoder.dimensions()), extract::kExtractorVersion} {}

  Result<TableEvaluation> run() {
    TableEvaluation all;
    RENVOI_TRY(auto encoded, open_collection("encoded", nullptr));
    RENVOI_TRY(const BuiltCorpus built, build_corpus(set_, *encoded, encoder_, options_.on_progress));
    RENVOI_CHECK(encoded->compact());  // as after an `add`
    search::SearcherOptions searching;
    searching.fusion = options_.fusion;
    search::Searcher searcher(*encoded, encoder_, searching);
    RENVOI_TRY(all.bm25, measure(set_, built, searcher, search::SearchMode::bm25));
    RENVOI_TRY(all.encoder, measure(set_, built, searcher, search::SearchMode::semantic));
    RENVOI_TRY(all.encoder_hybrid, measure(set_, built, searcher, search::SearchMode::hybrid));
    encoded.reset();
    RENVOI_CHECK(count_tokens());
    for (const FittedOn on : {FittedOn::nothing, FittedOn::fifth, FittedOn::all}) {
      double score = 0;
      const auto start = std::chrono::steady_clock::now();
      RENVOI_TRY(const search::TierTable table, table_of(on, score));
      if (on == FittedOn::all)
        all.fit_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      for (const bool encoded_documents : {false, true}) {
        RENVOI_TRY(TableMeasures measured, measure_table(table, on, encoded_documents, built));
        measured.fit_score = score;
        all.tables.push_back(std::move(measured));
      }
    }
    all.documents = set_.documents.size();
    all.passages = built.passages;
    all.queries = set_.queries.size();
    all.encode_seconds = built.encode_seconds;
    return all;
  }

 private:
  Result<std::unique_ptr<search::Collection>> open_collection(const std::string& name, const search::TierTable* table) {
    std::shared_ptr<search::TierTables> tables;
    if (table != nullptr) tables = search::fixed_tables(table->identity, table->embedder, table->held_out_cosine);
    return search::Collection::open(files_, clock_, scratch_ / name, identity_, search::Collection::Mode::write,
                                    std::move(tables));
  }

  Result<void> count_tokens() {
    for (const std::string& passage : encoder_.passages) {
      RENVOI_TRY(model::TokenBag bag, tokenizer_->bag(passage));
      bags_.push_back(std::move(bag));
      keys_.push_back(fingerprint(passage));
    }
    return {};
  }

  Result<search::TierTable> table_of(FittedOn on, double& score) {
    if (on == FittedOn::nothing) return tier_table(base_, 0, {});
    constexpr std::size_t kShare = 5;
    std::vector<model::TokenBag> bags;
    std::vector<std::uint64_t> keys;
    std::vector<float> vectors;
    const std::size_t width = encoder_.dimensions();
    for (std::size_t i = 0; i < bags_.size(); ++i) {
      // By the fingerprint, hashed again: the same passages on every machine, and others than are held out.
      if (on == FittedOn::fifth && fingerprint(std::to_string(keys_[i])) % kShare != 0) continue;
      bags.push_back(bags_[i]);
      keys.push_back(keys_[i]);
      const std::span<const float> row = std::span(encoder_.vectors).subspan(i * width, width);
      vectors.insert(vectors.end(), row.begin(), row.end());
    }
    model::FitOptions fitting;
    fitting.held_out = model::HeldOut::fitted_last;
    RENVOI_TRY(const model::FittedRows rows, model::fit_table(*base_, *base_, {bags, keys, vectors}, fitting));
    score = rows.report.score;
    const std::filesystem::path file = scratch_ / (on == FittedOn::all ? "all.fit" : "fifth.fit");
    RENVOI_CHECK(model::write_fitted_table(rows, *base_, 1, files_, file));
    RENVOI_TRY(auto fitted, model::FittedTable::open(files_, file, base_));
    const std::uint32_t checksum = fitted->checksum();
    return tier_table(std::move(fitted), checksum, static_cast<float>(score));
  }

  search::TierTable tier_table(std::shared_ptr<const model::TokenTable> table, std::uint32_t fitted_checksum,
                               std::optional<float> held_out_cosine) const {
    return {search::first_tier_identity(identity_, base_->checksum(), fitted_checksum),
            model::make_table_embedder(std::move(table), tokenizer_), held_out_cosine};
  }

  Result<TableMeasures> measure_table(const search::TierTable& table, FittedOn on, bool encoded_documents,
                                      const BuiltCorpus& encoded) {
    TableMeasures measured;
    measured.fitted_on = on;
    measured.encoded_documents = encoded_documents;
    const std::string name = encoded_documents ? "encoded" : "first-" + std::to_string(static_cast<int>(on));
    RENVOI_TRY(const auto collection, open_collection(name, &table));
    BuiltCorpus built = encoded;
    if (!encoded_documents) {
      RENVOI_TRY(built, build_corpus(set_, *collection, *table.embedder, {}, search::Tier::first));
      RENVOI_CHECK(collection->compact());
    }
    const auto at = [&](search::SearchMode mode, const search::FusionOptions& fusion) {
      search::SearcherOptions searching;
      searching.fusion = fusion;
      search::Searcher searcher(*collection, encoder_, searching);
      return measure(set_, built, searcher, mode, true);
    };
    RENVOI_TRY(measured.semantic, at(search::SearchMode::semantic, options_.fusion));
    RENVOI_TRY(measured.hybrid, at(search::SearchMode::hybrid, options_.fusion));
    for (const float weight : options_.weights) {
      RENVOI_TRY(const Measures hybrid, at(search::SearchMode::hybrid, {weight, weight, weight, weight, weight}));
      measured.at_weights.push_back(hybrid);
    }
    return measured;
  }

  const BeirSet& set_;
  Recorder& encoder_;
  const std::shared_ptr<const model::StaticTable> base_;
  const std::shared_ptr<const model::TextTokenizer> tokenizer_;
  io::FileSystem& files_;
  const Clock& clock_;
  const std::filesystem::path scratch_;
  const TableEvaluationOptions& options_;
  const index::Identity identity_;
  std::vector<model::TokenBag> bags_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace

Result<TableEvaluation> evaluate_tables(const std::filesystem::path& folder, model::Embedder& embedder,
                                        std::shared_ptr<const model::StaticTable> table,
                                        std::shared_ptr<const model::TextTokenizer> tokenizer, io::FileSystem& files,
                                        const Clock& clock, const TableEvaluationOptions& options) {
  RENVOI_TRY(const BeirSet set, read_beir(folder, files));
  RENVOI_TRY(const std::unique_ptr<ScratchFolder> scratch, ScratchFolder::make());
  Recorder encoder(embedder);
  return TableEvaluator(set, encoder, std::move(table), std::move(tokenizer), files, clock, scratch->path(), options)
      .run();
}

}  // namespace renvoi::quality
