// One snapshot: a dataset as it was, for ever the same. Named by the SHA-256 of its root; drawn in docs/format.md.
//
// The root names a tree over chunks of 1,024 items, each chunk with the items' digests, facts and assertions in one
// canonical form. A chunk without change is shared with the snapshots before, so one costs what has changed (and 32
// bytes for each 1,024 items). The same content has the same name, whenever and wherever it is made.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "dataset/assertion.h"
#include "dataset/blob_store.h"
#include "dataset/item.h"
#include "dataset/settings.h"

namespace renvoi::dataset {

constexpr std::uint32_t kChunkItems = 1'024;

// An item as a snapshot has it.
struct SnapshotItem {
  Item item;  // its `blob` is 0: the digest says which bytes
  Sha256 digest{};
  std::uint64_t size_bytes = 0;
  bool removed = false;  // before the snapshot was made; what was removed since, the dataset knows
  std::vector<Assertion> assertions;
};

std::string encode_chunk(const std::vector<SnapshotItem>& items);
Result<std::vector<SnapshotItem>> decode_chunk(std::string_view bytes, ItemNumber first);

struct SnapshotRoot {
  std::uint32_t items = 0;
  std::uint64_t assertions = 0;
  std::string tree;             // hexadecimal digest of the top node; "" when there is no item
  std::vector<Source> sources;  // kind, address, options
  std::vector<Agent> agents;
  Settings settings;
};
std::string encode_root(const SnapshotRoot& root);
Result<SnapshotRoot> decode_root(std::string_view bytes);

// Thread-safe for reading. `objects` must outlive it.
class Snapshot {
 public:
  // Errors: `not_found`, `corrupt`.
  static Result<Snapshot> open(const BlobStore& objects, const Sha256& name);
  const std::string& name() const { return name_; }  // hexadecimal
  const SnapshotRoot& root() const { return root_; }
  const std::vector<Sha256>& chunks() const { return chunks_; }
  // Items chunk x 1,024 and on.
  Result<std::vector<SnapshotItem>> chunk(std::size_t chunk) const;

 private:
  explicit Snapshot(const BlobStore& objects) : objects_(&objects) {}
  const BlobStore* objects_;
  std::string name_;
  SnapshotRoot root_;
  std::vector<Sha256> chunks_;
};

// Nodes of 256 digests, bottom up; each is given to `keep`. The digest of the top node.
Result<Sha256> build_tree(std::vector<Sha256> leaves,
                          const std::function<Result<void>(const std::string& node, const Sha256& digest)>& keep);

}  // namespace renvoi::dataset
