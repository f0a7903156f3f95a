// The tables of token vectors of one collection, as files: the base table beside the embedding model, and the tables
// fitted to the collection, "table-N.fit" in its folder fitted/ (docs/format.md, "Fitted tables").
//
// Nothing but the listing says which counts: the newest is that with the largest number over the base table as it is;
// what made the first tier is named by the first tier's own manifest. So publishing is one rename, and whatever a crash
// leaves behind is either whole and newest, or not there.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "model/static_table.h"
#include "model/table_fit.h"
#include "search/tier.h"

namespace renvoi::search {

// Thread-safe. Looks at the files again when it is asked after `look_every`: a table that another process made is in
// use within that time. A file that is damaged, or of another base table or model, is passed over.
class CollectionTables final : public TierTables {
 public:
  // `full`: identity of the collection's full tier. `tokenizer` is the model's.
  CollectionTables(io::FileSystem& files, std::filesystem::path base_file, std::filesystem::path fitted_folder,
                   index::Identity full, std::shared_ptr<const model::TextTokenizer> tokenizer,
                   std::chrono::milliseconds look_every = std::chrono::seconds(1));

  std::shared_ptr<const TierTable> newest() override;
  std::shared_ptr<const TierTable> find(std::string_view digest) override;
  void tidy(std::string_view in_use) override;

  // Ok where there is no base table. Errors: those of StaticTable::open, of the base file as it is now.
  Result<void> base_is_sound();
  std::shared_ptr<const model::StaticTable> base();    // null where there is none
  std::shared_ptr<const model::FittedTable> fitted();  // the newest over the base; null where there is none
  const model::TextTokenizer& tokenizer() const { return *tokenizer_; }
  const index::Identity& identity() const { return full_; }  // of the full tier
  // From when it returns the newest. Errors: those of the file system; `conflict` when `base` is the base no more.
  Result<void> publish(const model::FittedRows& rows, const std::shared_ptr<const model::StaticTable>& base);

 private:
  struct Fitted {
    std::shared_ptr<const model::FittedTable> table;
    std::shared_ptr<const TierTable> tier;
  };
  // With mutex_ held.
  void look(bool now = false);
  void look_at_base();
  void look_at_fitted();
  void open_fitted(std::uint64_t number);
  std::shared_ptr<const TierTable> tier_table(std::shared_ptr<const model::TokenTable> table,
                                              std::uint32_t fitted_checksum,
                                              std::optional<float> held_out_cosine) const;
  bool is_of_another_model(std::uint64_t number) const;
  std::filesystem::path file_of(std::uint64_t number) const;

  io::FileSystem& files_;
  const std::filesystem::path base_file_, fitted_folder_;
  const index::Identity full_;
  const std::shared_ptr<const model::TextTokenizer> tokenizer_;
  const std::chrono::milliseconds look_every_;

  std::mutex mutex_;
  std::chrono::steady_clock::time_point looked_{};
  bool ever_looked_ = false;
  std::string base_header_;  // of the file as it was opened, or could not be
  Result<void> base_problem_;
  std::shared_ptr<const model::StaticTable> base_;
  std::shared_ptr<const TierTable> base_tier_;
  std::map<std::uint64_t, Fitted> fitted_;                       // over base_, by number
  std::set<std::uint64_t> passed_over_;                          // numbers of files that are of no use here
  std::vector<std::shared_ptr<const TierTable>> of_older_base_;  // that a first tier may still be bound to
};

// Whether a file of fitted/ is whole: every checksum of a table, that of a sample (the CRC-32C of all before it, in its
// last four bytes). Ok for a file that is neither. Errors: `corrupt`, and those of the file system.
Result<void> check_fitted_file(io::FileSystem& files, const std::filesystem::path& file);
inline constexpr const char* kFitSampleName = "sample";  // of room ingest, beside the tables

// The number in "table-N.fit"; 0 for any other name.
std::uint64_t number_of_fitted_table(std::string_view name);

}  // namespace renvoi::search
