// Fits the table of token vectors to a collection while its passages are encoded (model/table_fit.h).
//
// A bounded sample of what was encoded (fit_sample.h) is kept in <collection>/fitted/sample. When it has grown to a
// step, and at the end of an ingest that changed a tenth of it, the table is fitted anew on a thread of its own at low
// priority (nice 10; encoding goes on) and published where the passages held out say that it is nearer to the encoder
// than the base table. A new table is used for queries of encoded documents at once, and by the first tier when that is
// next begun (Collection::first_tier_table).
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "ingest/fit_sample.h"
#include "io/file_system.h"
#include "model/embedder.h"
#include "model/table_fit.h"
#include "search/collection.h"
#include "search/collection_tables.h"

namespace renvoi::ingest {

struct FitterOptions {
  std::vector<std::size_t> steps = {500, 2'000, 8'000};  // passages in the sample
  std::size_t least_passages = 100;                      // fewer say too little
  double least_change = 0.1;                             // of the sample, at the end of an ingest
  std::uint32_t max_passages = kMaxSampledPassages;
  std::size_t save_every = 512;  // passages taken: what kill -9 costs the sample, not the index
  bool asleep = false;           // until wake()
};

// Thread-safe. Memory: the sample (8 MB when it is full); while fitting also what fit_table says (200 MB for a full
// sample of 8,192 passages with 30,000 distinct tokens). Its destructor stops a fit and waits for it.
class TableFitter {
 public:
  // `collection` is writable; its tables are `tables`. All must outlive it.
  TableFitter(io::FileSystem& files, search::Collection& collection, search::CollectionTables& tables,
              FitterOptions options = {});
  ~TableFitter();

  // One document that is encoded and committed. `inputs`, `fingerprints` and the rows of `embeddings` from `first_row`
  // on are of its passages. Nothing is sampled while there is no base table. Trouble with the sample is no trouble of
  // the ingest: it is told by status().
  void encoded(ReferenceId reference, std::span<const std::string> inputs, std::span<const std::uint64_t> fingerprints,
               const model::Embeddings& embeddings, std::size_t first_row);

  // What the index does not hold leaves the sample and its file. Errors: of the file system.
  Result<void> forget_missing();
  // Now and then: over a base table that was made anew, or first made, nothing is fitted yet. Starts that.
  void tend();

  enum class Wait : std::uint8_t {
    no,   // the fit goes on by itself
    yes,  // until it is done, or stopped
  };
  // The end of an ingest: forget_missing(), the sample is written if it changed, and the table fitted if enough did.
  // Errors: of the file system; a fit that fails or is stopped is told by status() only, since the tables in use serve
  // on.
  Result<void> settle(Wait wait, std::stop_token stop = {});

  // Of the model that the collection is being changed to: asleep, what was encoded for it is sampled in memory, and
  // nothing is fitted or written, because the files are the present model's; awake from the switch on. Stopped before,
  // what was sampled is forgotten.
  void wake();
  // The collection has another model now: a fit is stopped and waited for, and from here on nothing is sampled, fitted
  // or written.
  void retire();

  struct Status {
    std::uint64_t sampled = 0;  // passages
    bool fitting = false;
    std::optional<model::FitReport> last;  // of this process
    bool published = false;                // the last one
    std::string problem;                   // of the sample or of the last fit; "" when all is well
  };
  Status status() const;

 private:
  void load();                               // with mutex_ held
  Result<void> save();                       // with mutex_ held
  void start_if(std::size_t least_changes);  // with mutex_ held
  void fit(FitSample::Passages passages, const std::stop_token& stop);
  std::size_t next_step() const;  // with mutex_ held
  std::filesystem::path file() const;

  io::FileSystem& files_;
  search::Collection& collection_;
  search::CollectionTables& tables_;
  const FitterOptions options_;
  mutable std::mutex mutex_;
  FitSample sample_;
  bool loaded_ = false;
  bool asleep_;
  bool retired_ = false;
  std::size_t unsaved_ = 0;
  bool fitting_ = false;
  std::uint32_t tried_base_ = 0;    // checksum of the base that the last fit was over
  std::size_t tried_passages_ = 0;  // in it
  Status last_;
  std::jthread thread_;  // the last member: ends before what it uses
};

}  // namespace renvoi::ingest
