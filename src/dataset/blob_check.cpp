// Is every byte what it was? And blobs.log built again from the packs.
#include <fmt/format.h>

#include <algorithm>

#include "dataset/blob_format.h"
#include "dataset/blob_store.h"
#include "dataset/log_check.h"
#include "io/bytes.h"
#include "io/relocate.h"

namespace renvoi::dataset {

void BlobStore::check_blocks(std::vector<std::string>& problems) const {
  std::vector<std::uint32_t> found(places_.size(), 0);
  for (std::uint32_t number = 0; number < blocks_.size(); ++number) {
    const Block& block = blocks_[number];
    const std::string where = fmt::format("{} at byte {}", pack_path(block.pack).string(), block.offset_bytes);
    const auto bytes = block_at(block);
    if (!bytes.ok()) {
      problems.push_back(bytes.error().message);
      continue;
    }
    if (shredded_.contains(number)) {
      if (bytes->find_first_not_of('\0') != std::string::npos)
        problems.push_back(where +
                           ": bytes that were to be shredded are not zeros; the next change of the dataset "
                           "overwrites them");
      continue;
    }
    const auto content = decode_block(*bytes);
    if (!content.ok()) {
      problems.push_back(fmt::format("{}: {}", where, content.error().message));
      continue;
    }
    std::uint64_t at = 0;
    for (std::uint32_t i = 0; i < content->numbers.size(); ++i) {
      const BlobNumber blob = content->numbers[i];
      const std::string_view raw = std::string_view(content->raw).substr(at, content->lengths_bytes[i]);
      at += content->lengths_bytes[i];
      if (blob >= places_.size() || places_[blob].block != number || places_[blob].index != i) continue;
      ++found[blob];
      if (raw.size() != lengths_[blob] || sha256(raw) != digests_[blob])
        problems.push_back(fmt::format("{}: blob {} does not have the SHA-256 {} that blobs.log says", where, blob,
                                       to_hex(digests_[blob])));
    }
  }
  std::set<std::uint32_t> unread;  // a block is named once, whatever was in it
  for (BlobNumber blob = 0; blob < places_.size(); ++blob)
    if (!removed(blob) && found[blob] == 0) unread.insert(places_[blob].block);
  for (const std::uint32_t block : unread)
    problems.push_back(fmt::format("{} at byte {}: blobs of blobs.log are not in it",
                                   pack_path(blocks_[block].pack).string(), blocks_[block].offset_bytes));
}

void BlobStore::check_tails(std::vector<std::string>& problems) const {
  for (const auto& [pack, end] : pack_ends_)
    if (files_.disk_bytes(pack_path(pack)) < end)
      problems.push_back(fmt::format("{} is cut short: {} bytes of {}", pack_path(pack).string(),
                                     files_.disk_bytes(pack_path(pack)), end));
}

void BlobStore::check(std::vector<std::string>& problems) const {
  check_log(files_, folder_ / "blobs.log", kBlobLog, problems);
  check_blocks(problems);
  check_tails(problems);
}

Result<std::uint32_t> rebuild_blob_log(io::FileSystem& files, const std::filesystem::path& folder) {
  struct Found {
    Sha256 digest;
    std::uint64_t length = 0;
    std::uint32_t block = 0;
  };
  struct At {
    std::uint32_t pack = 0;
    std::uint64_t offset = 0, size = 0;
    BlockContent content;  // without the bytes
  };
  std::map<BlobNumber, Found> blobs;
  std::vector<At> blocks;
  RENVOI_TRY(const auto names, files.list(folder / "packs"));
  for (const std::string& name : names) {
    if (name.size() != 11 || !name.ends_with(".pack")) continue;
    const auto pack = static_cast<std::uint32_t>(std::strtoul(name.c_str(), nullptr, 10));
    RENVOI_TRY(const auto map, files.map(folder / "packs" / name));
    const std::string_view bytes(reinterpret_cast<const char*>(map->bytes().data()), map->bytes().size());
    for (std::size_t at = 0; (at = bytes.find("RNVB", at)) != std::string_view::npos;) {
      const auto size = block_bytes(bytes.substr(at));
      const bool fits = size.ok() && *size <= bytes.size() - at;
      auto content = fits ? decode_block(bytes.substr(at, *size)) : Result<BlockContent>(Error{});
      if (!content.ok()) {
        ++at;  // damage, or four letters inside something else
        continue;
      }
      std::uint64_t begin = 0;
      for (std::size_t i = 0; i < content->numbers.size(); begin += content->lengths_bytes[i], ++i)
        blobs[content->numbers[i]] = {sha256(std::string_view(content->raw).substr(begin, content->lengths_bytes[i])),
                                      content->lengths_bytes[i], static_cast<std::uint32_t>(blocks.size())};
      content->raw.clear();
      blocks.push_back({pack, at, *size, std::move(content).value()});
      at += *size;
    }
  }
  if (blobs.empty())
    return Error{ErrorCode::corrupt, fmt::format("no block of {} can be read", (folder / "packs").string())};
  // Numbers first, each with its digest (in blocks of one operation, so that their order is that of the numbers), then
  // where each lies.
  const BlobNumber count = blobs.rbegin()->first + 1;
  std::string batch;
  const auto block_op = [&](BlobOperation operation, const At& at, std::size_t blobs_in_it) {
    io::ByteWriter record;
    record.u8(static_cast<std::uint8_t>(operation));
    record.varint(at.pack);
    record.varint(at.offset);
    record.varint(at.size);
    record.varint(blobs_in_it);
    return record;
  };
  io::ByteWriter all = block_op(BlobOperation::block, blocks.front(), count);
  std::vector<BlobNumber> lost;
  for (BlobNumber number = 0; number < count; ++number) {
    const auto found = blobs.find(number);
    if (found == blobs.end()) lost.push_back(number);
    all.append(found == blobs.end() ? Sha256{} : found->second.digest);
    all.varint(found == blobs.end() ? 0 : found->second.length);
  }
  batch = all.take();
  for (const At& at : blocks) {
    io::ByteWriter record = block_op(BlobOperation::moved, at, at.content.numbers.size());
    for (const BlobNumber number : at.content.numbers) record.varint(number);
    batch += record.str();
  }
  io::ByteWriter removed;
  removed.u8(static_cast<std::uint8_t>(BlobOperation::removed));
  removed.varint(lost.size());
  for (const BlobNumber number : lost) removed.varint(number);
  batch += removed.str();
  const auto path = folder / "blobs.log", next = folder / "blobs.log.new", old = folder / "blobs.log.old";
  {
    RENVOI_TRY(io::RecordLog log, io::RecordLog::create(files, next, kBlobLog, 0, 0));
    RENVOI_CHECK(log.append(batch));
  }
  if (files.exists(path)) {
    RENVOI_CHECK(files.remove(old));
    RENVOI_CHECK(io::rename_new(path, old));
  }
  RENVOI_CHECK(io::rename_new(next, path));
  RENVOI_CHECK(files.sync_folder(folder));
  return static_cast<std::uint32_t>(lost.size());
}

}  // namespace renvoi::dataset
