// The two semantic tiers of a collection. Each is an index of its own, bound to what made its vectors.
//
// The full tier holds what the embedding model encoded. The first tier holds what the table distilled from that model
// (model/static_table.h) made of a document the moment it was read: a thousand times as fast, less exact. At rest a
// document is in exactly one of the two. docs/format.md, "First tier".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "index/index.h"
#include "model/embedder.h"

namespace renvoi::search {

enum class Tier : std::uint8_t { full, first };

// A table of token vectors that a collection may use.
struct TierTable {
  index::Identity identity;                   // of a first tier whose vectors it made
  std::shared_ptr<model::Embedder> embedder;  // null only where nobody searches (repair, tests)
  std::optional<float> held_out_cosine;       // of one fitted to this collection: model::FitReport::score
};

// The tables of one collection, which change while it is open: `renvoi model distil` makes a new base table, and a
// fitted one is published as encoding proceeds. A first tier keeps the table it was begun with until it is empty; a
// query's vector for it is made by that table, for the full tier by the newest. Thread-safe.
class TierTables {
 public:
  virtual ~TierTables() = default;
  // Null where there is none.
  virtual std::shared_ptr<const TierTable> newest() = 0;
  // The one that made the first tier bound to this digest (Identity::model_digest); null when it is no more.
  virtual std::shared_ptr<const TierTable> find(std::string_view digest) = 0;
  // What is neither the newest nor `in_use` may be forgotten, and its file removed; so are those of a model that the
  // collection had before. Of a writer.
  virtual void tidy(std::string_view in_use) = 0;
};

// One table for ever, or none.
std::shared_ptr<TierTables> fixed_tables(const std::optional<index::Identity>& identity,
                                         std::shared_ptr<model::Embedder> embedder = nullptr,
                                         std::optional<float> held_out_cosine = {});

// Of one moment: a document that was acknowledged before is in at least one of them. It is in both while it moves from
// one to the other; whoever reads both then lets the full tier win.
struct Snapshots {
  std::shared_ptr<const index::Snapshot> full;
  std::shared_ptr<const index::Snapshot> first;  // null where there is no table
  std::shared_ptr<const TierTable> first_table;  // that made the vectors of `first`
  index::Identity identity;                      // what both are bound to: it changes when the model does
  std::shared_ptr<TierTables> tables;            // of that model; never null

  std::uint64_t first_size() const { return first == nullptr ? 0 : first->size(); }
  // The one that says more about how frequent words are.
  const std::shared_ptr<const index::Snapshot>& larger() const { return first_size() > full->size() ? first : full; }
};

// What a first tier is bound to: the full tier's identity, and the checksums of the table and of the rows fitted to the
// collection (0: none). Another table gives another identity.
index::Identity first_tier_identity(const index::Identity& full, std::uint32_t table_checksum,
                                    std::uint32_t fitted_checksum = 0);

}  // namespace renvoi::search
