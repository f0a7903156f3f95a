// The two semantic tiers of a collection. Each is an index of its own, bound to what made its vectors.
//
// The full tier holds what the embedding model encoded. The first tier holds what the table distilled from that model
// (model/static_table.h) made of a document the moment it was read: a thousand times as fast, less exact. At rest a
// document is in exactly one of the two. docs/format.md, "First tier".
#pragma once

#include <cstdint>
#include <memory>

#include "index/index.h"

namespace renvoi::search {

enum class Tier : std::uint8_t { full, first };

// Of one moment: a document that was acknowledged before is in at least one of them. It is in both while it moves from
// one to the other; whoever reads both then lets the full tier win.
struct Snapshots {
  std::shared_ptr<const index::Snapshot> full;
  std::shared_ptr<const index::Snapshot> first;  // null where there is no table
  index::Identity identity;                      // what both are bound to: it changes when the model does

  std::uint64_t first_size() const { return first == nullptr ? 0 : first->size(); }
  // The one that says more about how frequent words are.
  const std::shared_ptr<const index::Snapshot>& larger() const { return first_size() > full->size() ? first : full; }
};

// What a first tier is bound to: the full tier's identity, and the checksums of the table and of the rows fitted to the
// collection (0: none). Another table gives another identity.
index::Identity first_tier_identity(const index::Identity& full, std::uint32_t table_checksum,
                                    std::uint32_t fitted_checksum = 0);

}  // namespace renvoi::search
