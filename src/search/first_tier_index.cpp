#include "search/first_tier_index.h"

#include <string>
#include <utility>

#include "index/named_files.h"
#include "search/next_index.h"

namespace renvoi::search {
namespace {

namespace fs = std::filesystem;

// Null where the folder does not say, or `tables` has it no more.
std::shared_ptr<const TierTable> table_of(io::FileSystem& files, const fs::path& folder, TierTables& tables) {
  const Result<index::Manifest> manifest = index::current_manifest(files, folder);
  return manifest.ok() ? tables.find(manifest->identity.model_digest) : nullptr;
}

}  // namespace

Result<FirstTierIndex> open_first_tier(io::FileSystem& files, const fs::path& folder, TierTables& tables) {
  std::shared_ptr<const TierTable> table = table_of(files, folder, tables);
  if (table == nullptr) table = tables.newest();
  if (table == nullptr) {
    if (files.exists(folder)) RENVOI_CHECK(empty_index_folder(files, folder));
    return FirstTierIndex{};
  }
  auto opened = index::Index::open(files, folder, table->identity, index::Index::Mode::write);
  if (opened.ok()) return FirstTierIndex{std::move(opened).value(), std::move(table)};
  const ErrorCode code = opened.error().code;
  // Of another table, of another version, or damaged: the collection has its documents read again.
  if (code != ErrorCode::conflict && code != ErrorCode::invalid && code != ErrorCode::corrupt) return opened.error();
  return begin_first_tier(files, folder, std::move(table));
}

Result<FirstTierIndex> begin_first_tier(io::FileSystem& files, const fs::path& folder,
                                        std::shared_ptr<const TierTable> table) {
  if (files.exists(folder)) RENVOI_CHECK(empty_index_folder(files, folder));
  RENVOI_TRY(auto begun, index::Index::open(files, folder, table->identity, index::Index::Mode::write));
  return FirstTierIndex{std::move(begun), std::move(table)};
}

FirstTierIndex read_first_tier(io::FileSystem& files, const fs::path& folder, TierTables& tables) {
  if (!files.exists(folder)) return {};
  std::shared_ptr<const TierTable> table = table_of(files, folder, tables);
  if (table == nullptr) return {};
  auto opened = index::Index::open(files, folder, table->identity, index::Index::Mode::read);
  if (!opened.ok()) return {};
  return {std::move(opened).value(), std::move(table)};
}

}  // namespace renvoi::search
