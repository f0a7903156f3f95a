// Bytes by their SHA-256, each once, in a few large files. Drawn in docs/format.md, "Blobs".
//
// blobs.log says which blobs there are, where their blocks lie in packs/, and which were removed; it is the truth, and
// packs are cut to what it acknowledges. If it is lost it can be built again from the packs (rebuild_blob_log).
// Blobs have numbers, from 0 in the order in which they came: what other files refer to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "dataset/pack_block.h"
#include "io/bytes.h"
#include "io/file_system.h"
#include "io/record_log.h"

namespace renvoi::dataset {

using BlobNumber = std::uint32_t;

enum class Mode : std::uint8_t { read, write };

struct BlobOptions {
  std::uint64_t pack_bytes = std::uint64_t{1} << 30;  // a new pack is begun beyond that
  std::uint64_t cache_bytes = 128u << 20;             // of expanded blocks, for readers
  bool find_often = false;                            // find() is O(1) in read mode too, for 16 bytes a blob
};

// One writer, who must hold a lock; any number of readers, which see what was committed when they opened it. The
// reading functions are thread-safe beside one another, not beside those that write.
class BlobStore {
 public:
  // The folder is made in write mode. What a crash left half is put right then. Errors: `not_found` (read mode),
  // `corrupt`, those of the file system.
  static Result<std::unique_ptr<BlobStore>> open(io::FileSystem& files, const std::filesystem::path& folder, Mode mode,
                                                 BlobOptions options = {});

  // The number of these bytes, which are kept unless the store has them. Durable after commit(). Errors: `exhausted`
  // (more than kMaxBlobBytes, or no space), `gone` (removed once on request: they do not come back). After any error of
  // the file system nothing more can be written: open it again.
  Result<BlobNumber> put(std::string_view bytes) { return put(bytes, sha256(bytes)); }
  Result<BlobNumber> put(std::string_view bytes, const Sha256& digest);
  Result<void> commit();

  // Overwrites their bytes with zeros in every pack, after moving their neighbours; the digests stay. Durable when it
  // returns; when it is interrupted the next writer goes on. What was put must be committed before.
  Result<void> remove(std::span<const BlobNumber> numbers);

  std::uint32_t count() const { return static_cast<std::uint32_t>(places_.size()); }
  bool has_uncommitted() const { return !pending_.numbers.empty() || !batch_.empty(); }
  const Sha256& digest(BlobNumber number) const { return digests_[number]; }
  std::uint64_t size_bytes(BlobNumber number) const { return lengths_[number]; }
  bool removed(BlobNumber number) const { return places_[number].block == kNoBlock; }
  // Where it lies: blobs of one number here are read together.
  std::uint32_t block_of(BlobNumber number) const { return places_[number].block; }
  std::optional<BlobNumber> find(const Sha256& digest) const;  // O(1), but in read mode O(count)

  // The bytes, checked against their digest. Errors: `not_found` (no such number), `gone` (removed), `corrupt`.
  Result<std::string> read(BlobNumber number) const;

  // Reads everything; what is wrong, each named by file and place, is added to `problems`.
  void check(std::vector<std::string>& problems) const;

  std::uint64_t disk_bytes() const;

 private:
  static constexpr std::uint32_t kNoBlock = 0xFFFF'FFFF;
  struct Place {
    std::uint32_t block = kNoBlock;
    std::uint32_t index = 0;
  };
  struct Block {
    std::uint32_t pack = 0;
    std::uint64_t offset_bytes = 0, size_bytes = 0;
  };
  // A block in memory.
  struct Expanded {
    std::vector<std::uint64_t> ends;  // of each blob in raw
    std::string raw;
  };

  BlobStore(io::FileSystem& files, std::filesystem::path folder, Mode mode, BlobOptions options)
      : files_(files), folder_(std::move(folder)), mode_(mode), options_(options) {}
  Result<void> load();
  Result<void> apply(std::string_view batch);
  Result<void> read_block_op(io::ByteReader& reader, bool moved);
  Result<void> finish_interrupted_removals();
  Result<void> open_pack();
  Result<Block> append_block(const BlockContent& content);
  Result<void> flush_pending();
  void remember(const Sha256& digest, BlobNumber number);
  void grow_slots();
  std::filesystem::path pack_path(std::uint32_t pack) const;
  Result<std::string> block_at(const Block& block) const;
  Result<std::shared_ptr<const Expanded>> expand(std::uint32_t block) const;
  void check_blocks(std::vector<std::string>& problems) const;
  void check_tails(std::vector<std::string>& problems) const;

  io::FileSystem& files_;
  const std::filesystem::path folder_;
  const Mode mode_;
  const BlobOptions options_;

  std::vector<Sha256> digests_;
  std::vector<std::uint64_t> lengths_;
  std::vector<Place> places_;
  std::vector<Block> blocks_;
  std::set<std::uint32_t> shredded_;  // blocks
  std::map<std::uint32_t, std::uint64_t> pack_ends_;
  std::vector<std::uint32_t> slots_;  // open addressing, number + 1; empty in read mode

  // Writing.
  std::optional<io::RecordLog> log_;
  std::unique_ptr<io::AppendFile> pack_file_;
  std::uint32_t pack_ = 0;
  bool pack_is_new_ = false;
  BlockContent pending_;
  std::string batch_;  // for the log: blocks that are in the pack
  std::optional<Error> failed_;

  // Reading.
  mutable std::mutex mutex_;
  mutable std::map<std::uint32_t, std::shared_ptr<io::MappedFile>> maps_;
  mutable std::map<std::uint32_t, std::pair<std::shared_ptr<const Expanded>, std::uint64_t>> cache_;  // and last use
  mutable std::uint64_t cached_bytes_ = 0, use_ = 0;
};

// Writes blobs.log anew from the packs, hashing everything: for when it is lost or damaged. The old one is kept as
// blobs.log.old. Blobs whose block cannot be read are removed ones afterwards, with digests of zeros; their number is
// given. Nothing else may have the store open. Errors: `corrupt` (no block can be read), those of the file system.
Result<std::uint32_t> rebuild_blob_log(io::FileSystem& files, const std::filesystem::path& folder);

}  // namespace renvoi::dataset
