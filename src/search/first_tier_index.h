// The index of the first tier: which table made its vectors, and how it is opened or begun anew.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "index/index.h"
#include "io/file_system.h"
#include "search/tier.h"

namespace renvoi::search {

// An index and the table that made its vectors: always taken and set together. Both null where there is none.
struct FirstTierIndex {
  std::shared_ptr<index::Index> index;
  std::shared_ptr<const TierTable> table;
};

// Of a writer, which holds the lock of the full tier: nobody else writes here. What is there, where `tables` has its
// table; else, or where it is damaged, an empty one of the newest table. Without a table nothing, and an empty folder.
// Errors: those of Index::open and of the file system.
Result<FirstTierIndex> open_first_tier(io::FileSystem& files, const std::filesystem::path& folder, TierTables& tables);

// Of a writer: an empty one in the place of what is there, which is not open. A crash on the way leaves an empty
// folder, or a damaged index of nothing.
Result<FirstTierIndex> begin_first_tier(io::FileSystem& files, const std::filesystem::path& folder,
                                        std::shared_ptr<const TierTable> table);

// Of a reader. Nothing where it is not there, is being begun anew, or is of a table that is no more.
FirstTierIndex read_first_tier(io::FileSystem& files, const std::filesystem::path& folder, TierTables& tables);

}  // namespace renvoi::search
