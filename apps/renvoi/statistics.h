// The figures of a collection, gathered once for `renvoi stats`, GET /api/stats and /metrics.
#pragma once

#include <optional>

#include "engine.h"
#include "output.h"

namespace renvoi::app {

struct Statistics {
  catalog::CatalogCounts counts;
  index::IndexStats index;                                      // both tiers together
  std::uint64_t first_tier_pages = 0, first_tier_passages = 0;  // searchable, and waiting to be encoded
  std::optional<search::Collection::ChangeStatus> change;       // of the embedding model or of the extractor, under way
  search::DiskUse disk;
  crawl::CacheUse cache;
  std::vector<std::pair<std::string, std::uint64_t>> languages;
  struct Table {  // the newest table of token vectors
    bool exists = false;
    std::uint32_t fitted_passages = 0, fitted_rows = 0;  // 0: not fitted to the collection
    std::uint64_t generation = 0;
    double held_out_cosine = 0, held_out_cosine_before = 0;  // with the encoder; before: the table that is not fitted
    std::optional<ingest::TableFitter::Status> fitter;       // of a process that writes
  };
  Table table;
  search::QueryCounts queries;  // of this process
  // Index and catalogue for one passage; 0 without passages.
  double bytes_per_passage() const;
  // Bytes of text for one byte of index and catalogue; 0 without passages.
  double text_per_index_byte() const;
};
Result<Statistics> gather_statistics(Engine& engine);
Json json_of(const Statistics& statistics, const Engine& engine);
// Null when no change is under way.
Json json_of_change(const Statistics& statistics, const Engine& engine);

// Of this process, from /proc/self/status; 0 when it cannot be read.
std::uint64_t resident_memory_bytes();

}  // namespace renvoi::app
