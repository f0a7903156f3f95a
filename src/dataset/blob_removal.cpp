// Bytes that must go: see BlobStore::remove.
#include <fmt/format.h>

#include <algorithm>

#include "dataset/blob_format.h"
#include "dataset/blob_store.h"
#include "io/bytes.h"

namespace renvoi::dataset {

Result<void> BlobStore::remove(std::span<const BlobNumber> numbers) {
  if (failed_) return *failed_;
  if (has_uncommitted()) return Error{ErrorCode::internal, "a removal must wait for the commit"};
  std::set<BlobNumber> doomed;
  std::set<std::uint32_t> old_blocks;
  for (const BlobNumber number : numbers) {
    if (number >= places_.size()) return Error{ErrorCode::not_found, fmt::format("there is no blob {}", number)};
    if (removed(number)) continue;
    doomed.insert(number);
    old_blocks.insert(places_[number].block);
  }
  if (doomed.empty()) return {};
  // 1. The neighbours, into new blocks.
  io::ByteWriter record;
  std::vector<std::pair<std::vector<BlobNumber>, Block>> moved;
  for (const std::uint32_t old : old_blocks) {
    RENVOI_TRY(const std::string bytes, block_at(blocks_[old]));
    RENVOI_TRY(const BlockContent content, decode_block(bytes));
    BlockContent kept;
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < content.numbers.size(); at += content.lengths_bytes[i], ++i) {
      const BlobNumber number = content.numbers[i];
      if (number >= places_.size() || places_[number].block != old || doomed.contains(number)) continue;
      kept.numbers.push_back(number);
      kept.lengths_bytes.push_back(content.lengths_bytes[i]);
      kept.raw += std::string_view(content.raw).substr(at, content.lengths_bytes[i]);
    }
    if (kept.numbers.empty()) continue;
    RENVOI_TRY(const Block block, append_block(kept));
    record.u8(static_cast<std::uint8_t>(BlobOperation::moved));
    record.varint(block.pack);
    record.varint(block.offset_bytes);
    record.varint(block.size_bytes);
    record.varint(kept.numbers.size());
    for (const BlobNumber number : kept.numbers) record.varint(number);
    moved.emplace_back(kept.numbers, block);
  }
  record.u8(static_cast<std::uint8_t>(BlobOperation::removed));
  record.varint(doomed.size());
  for (const BlobNumber number : doomed) record.varint(number);
  for (const std::uint32_t old : old_blocks) {
    record.u8(static_cast<std::uint8_t>(BlobOperation::shredded));
    record.varint(old);
  }
  // 2. From here on they are removed, whatever happens.
  batch_ = record.take();
  if (pack_file_ == nullptr) {  // none of them had neighbours
    if (Result<void> written = log_->append(batch_); !written.ok()) {
      failed_ = written.error();
      return written;
    }
    batch_.clear();
  } else {
    RENVOI_CHECK(commit());
  }
  for (const auto& [kept, block] : moved) {
    const auto number_of_block = static_cast<std::uint32_t>(blocks_.size());
    blocks_.push_back(block);
    for (std::uint32_t i = 0; i < kept.size(); ++i) places_[kept[i]] = {number_of_block, i};
  }
  for (const BlobNumber number : doomed) places_[number].block = kNoBlock;
  shredded_.insert(old_blocks.begin(), old_blocks.end());
  {
    const std::lock_guard lock(mutex_);
    cache_.clear();
    cached_bytes_ = 0;
  }
  // 3. Their bytes.
  return finish_interrupted_removals();
}

// Overwrites every shredded block that is not zeros yet.
Result<void> BlobStore::finish_interrupted_removals() {
  for (const std::uint32_t number : shredded_) {
    const Block& block = blocks_[number];
    const Result<std::string> bytes = block_at(block);
    if (!bytes.ok()) return bytes.error();
    if (bytes->find_first_not_of('\0') == std::string::npos) continue;
    const std::string zeros(bytes->size(), '\0');
    if (Result<void> written =
            files_.overwrite(pack_path(block.pack), block.offset_bytes, std::as_bytes(std::span(zeros)));
        !written.ok()) {
      failed_ = written.error();
      return written;
    }
  }
  return {};
}

}  // namespace renvoi::dataset
