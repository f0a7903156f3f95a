#include "dataset/blob_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dataset/blob_format.h"
#include "io/bytes.h"

namespace renvoi::dataset {
namespace {

std::uint64_t first_bytes(const Sha256& digest) {
  std::uint64_t value = 0;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Error malformed() { return {ErrorCode::corrupt, "blobs.log has a record that no renvoi wrote"}; }

}  // namespace

std::filesystem::path BlobStore::pack_path(std::uint32_t pack) const {
  return folder_ / "packs" / fmt::format("{:06}.pack", pack);
}

Result<std::unique_ptr<BlobStore>> BlobStore::open(io::FileSystem& files, const std::filesystem::path& folder,
                                                   Mode mode, BlobOptions options) {
  std::unique_ptr<BlobStore> store(new BlobStore(files, folder, mode, options));
  RENVOI_CHECK(store->load());
  return store;
}

Result<void> BlobStore::load() {
  const std::filesystem::path path = folder_ / "blobs.log";
  if (mode_ == Mode::write) RENVOI_CHECK(files_.create_folders(folder_ / "packs"));
  // A header that is not whole was never acknowledged.
  const bool begun = files_.exists(path) && files_.disk_bytes(path) >= io::kLogHeaderBytes;
  if (!begun) {
    if (mode_ == Mode::read) return Error{ErrorCode::not_found, fmt::format("{} is not there", path.string())};
    RENVOI_TRY(log_, io::RecordLog::create(files_, path, kBlobLog, 0, 0));
    RENVOI_CHECK(files_.sync_folder(folder_));
    return {};
  }
  RENVOI_TRY(const auto bytes, files_.map(path));
  const std::string_view text(reinterpret_cast<const char*>(bytes->bytes().data()), bytes->bytes().size());
  if (mode_ == Mode::write || options_.find_often) grow_slots();
  RENVOI_TRY(const io::LogEnd end,
             io::read_log(text, path.string(), kBlobLog, 0, {},
                          [this](std::string_view batch, std::uint64_t, std::uint64_t) { return apply(batch); }));
  if (mode_ == Mode::read) return {};
  RENVOI_TRY(log_, io::RecordLog::resume(files_, path, kBlobLog, end));
  pack_ = pack_ends_.empty() ? 0 : pack_ends_.rbegin()->first;
  return finish_interrupted_removals();
}

Result<void> BlobStore::read_block_op(io::ByteReader& reader, bool moved) {
  const Block block{reader.varint32(), reader.varint(), reader.varint()};
  const std::uint64_t blobs = reader.varint();
  if (!reader.ok() || blobs > reader.remaining() || block.size_bytes < kBlockHeaderBytes ||
      block.offset_bytes > (std::uint64_t{1} << 48))
    return malformed();
  const auto number_of_block = static_cast<std::uint32_t>(blocks_.size());
  blocks_.push_back(block);
  auto& pack_end = pack_ends_[block.pack];
  pack_end = std::max(pack_end, block.offset_bytes + block.size_bytes);
  for (std::uint32_t i = 0; i < blobs; ++i) {
    if (moved) {
      const std::uint64_t number = reader.varint();
      if (!reader.ok() || number >= places_.size()) return malformed();
      places_[number] = {number_of_block, i};
      continue;
    }
    const std::string_view digest = reader.view(32);
    lengths_.push_back(reader.varint());
    if (!reader.ok()) return malformed();
    Sha256 bytes;
    std::memcpy(bytes.data(), digest.data(), bytes.size());
    digests_.push_back(bytes);
    places_.push_back({number_of_block, i});
    remember(bytes, static_cast<BlobNumber>(places_.size() - 1));
  }
  return {};
}

Result<void> BlobStore::apply(std::string_view batch) {
  io::ByteReader reader(batch);
  while (!reader.at_end()) {
    switch (static_cast<BlobOperation>(reader.u8())) {
      case BlobOperation::block:
        RENVOI_CHECK(read_block_op(reader, false));
        break;
      case BlobOperation::moved:
        RENVOI_CHECK(read_block_op(reader, true));
        break;
      case BlobOperation::removed:
        for (std::uint64_t left = reader.varint(); left > 0; --left) {
          const std::uint64_t number = reader.varint();
          if (!reader.ok() || number >= places_.size()) return malformed();
          places_[number].block = kNoBlock;
        }
        break;
      case BlobOperation::shredded: {
        const std::uint64_t block = reader.varint();
        if (!reader.ok() || block >= blocks_.size()) return malformed();
        shredded_.insert(static_cast<std::uint32_t>(block));
        break;
      }
      default:
        return malformed();
    }
    if (!reader.ok()) return malformed();
  }
  return {};
}

void BlobStore::remember(const Sha256& digest, BlobNumber number) {
  if (slots_.empty()) return;
  if (places_.size() * 2 > slots_.size()) return grow_slots();
  std::size_t at = first_bytes(digest) & (slots_.size() - 1);
  while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = number + 1;
}

void BlobStore::grow_slots() {
  std::size_t size = 1024;
  while (size < places_.size() * 4) size *= 2;
  slots_.assign(size, 0);
  for (BlobNumber number = 0; number < digests_.size(); ++number) {
    std::size_t at = first_bytes(digests_[number]) & (size - 1);
    while (slots_[at] != 0) at = (at + 1) & (size - 1);
    slots_[at] = number + 1;
  }
}

std::optional<BlobNumber> BlobStore::find(const Sha256& digest) const {
  if (slots_.empty()) {
    const auto found = std::find(digests_.begin(), digests_.end(), digest);
    if (found == digests_.end()) return std::nullopt;
    return static_cast<BlobNumber>(found - digests_.begin());
  }
  for (std::size_t at = first_bytes(digest) & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
    if (digests_[slots_[at] - 1] == digest) return slots_[at] - 1;
  return std::nullopt;
}

Result<std::string> BlobStore::block_at(const Block& block) const {
  std::shared_ptr<io::MappedFile> map;
  {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<io::MappedFile>& held = maps_[block.pack];
    if (held == nullptr || held->bytes().size() < block.offset_bytes + block.size_bytes) {
      RENVOI_TRY(held, files_.map(pack_path(block.pack)));
    }
    map = held;
  }
  const auto bytes = map->bytes();
  if (block.offset_bytes > bytes.size() || block.size_bytes > bytes.size() - block.offset_bytes)
    return Error{ErrorCode::corrupt,
                 fmt::format("{} is cut short: {} bytes, and a block ends at {}", pack_path(block.pack).string(),
                             bytes.size(), block.offset_bytes + block.size_bytes)};
  return std::string(reinterpret_cast<const char*>(bytes.data()) + block.offset_bytes, block.size_bytes);
}

Result<std::shared_ptr<const BlobStore::Expanded>> BlobStore::expand(std::uint32_t number) const {
  {
    const std::lock_guard lock(mutex_);
    const auto held = cache_.find(number);
    if (held != cache_.end()) {
      held->second.second = ++use_;
      return held->second.first;
    }
  }
  const Block& block = blocks_[number];
  RENVOI_TRY(const std::string bytes, block_at(block));
  Result<BlockContent> content = decode_block(bytes);
  if (!content.ok() && bytes.find_first_not_of('\0') == std::string::npos)
    return Error{ErrorCode::gone, "these bytes were removed, or moved, since the dataset was opened: open it again"};
  if (!content.ok())
    return content.error().in(fmt::format("{} at byte {}", pack_path(block.pack).string(), block.offset_bytes));
  auto expanded = std::make_shared<Expanded>();
  expanded->raw = std::move(content->raw);
  std::uint64_t end = 0;
  for (const std::uint64_t length : content->lengths_bytes) expanded->ends.push_back(end += length);
  const std::lock_guard lock(mutex_);
  if (cache_.emplace(number, std::pair(expanded, ++use_)).second) cached_bytes_ += expanded->raw.size();
  while (cached_bytes_ > options_.cache_bytes && cache_.size() > 1) {
    const auto oldest = std::min_element(
        cache_.begin(), cache_.end(), [](const auto& a, const auto& b) { return a.second.second < b.second.second; });
    cached_bytes_ -= oldest->second.first->raw.size();
    cache_.erase(oldest);
  }
  return std::shared_ptr<const Expanded>(expanded);
}

Result<std::string> BlobStore::read(BlobNumber number) const {
  if (number >= places_.size()) return Error{ErrorCode::not_found, fmt::format("there is no blob {}", number)};
  const Place place = places_[number];
  if (place.block == kNoBlock)
    return Error{ErrorCode::gone,
                 fmt::format("the bytes of SHA-256 {} were removed on request", to_hex(digests_[number]))};
  RENVOI_TRY(const auto block, expand(place.block));
  const auto damaged = [&](std::string_view what) {
    return Error{ErrorCode::corrupt,
                 fmt::format("{} at byte {}: blob {} {}", pack_path(blocks_[place.block].pack).string(),
                             blocks_[place.block].offset_bytes, number, what)};
  };
  if (place.index >= block->ends.size()) return damaged("is not in its block");
  const std::uint64_t begin = place.index == 0 ? 0 : block->ends[place.index - 1];
  std::string bytes = block->raw.substr(begin, block->ends[place.index] - begin);
  if (sha256(bytes) != digests_[number]) return damaged("does not have its digest");
  return bytes;
}

Result<void> BlobStore::open_pack() {
  if (pack_file_ != nullptr && pack_file_->size_bytes() < options_.pack_bytes) return {};
  const bool full = pack_file_ != nullptr || (pack_ends_.contains(pack_) && pack_ends_[pack_] >= options_.pack_bytes);
  if (full) {
    if (pack_file_ != nullptr) RENVOI_CHECK(pack_file_->sync());
    ++pack_;
  }
  const bool known = pack_ends_.contains(pack_);
  RENVOI_TRY(pack_file_, files_.append(pack_path(pack_), known ? static_cast<std::int64_t>(pack_ends_[pack_]) : 0));
  pack_is_new_ = pack_is_new_ || !known;
  return {};
}

Result<BlobStore::Block> BlobStore::append_block(const BlockContent& content) {
  if (failed_) return *failed_;
  const auto write = [&]() -> Result<Block> {
    RENVOI_CHECK(open_pack());
    const std::string bytes = encode_block(content);
    const Block block{pack_, pack_file_->size_bytes(), bytes.size()};
    RENVOI_CHECK(pack_file_->append(as_bytes(bytes)));
    pack_ends_[pack_] = pack_file_->size_bytes();
    return block;
  };
  Result<Block> block = write();
  if (!block.ok()) failed_ = block.error();
  return block;
}

Result<void> BlobStore::flush_pending() {
  if (pending_.numbers.empty()) return {};
  RENVOI_TRY(const Block block, append_block(pending_));
  io::ByteWriter record;
  record.u8(static_cast<std::uint8_t>(BlobOperation::block));
  record.varint(block.pack);
  record.varint(block.offset_bytes);
  record.varint(block.size_bytes);
  record.varint(pending_.numbers.size());
  for (const BlobNumber number : pending_.numbers) {
    record.append(digests_[number]);
    record.varint(lengths_[number]);
  }
  batch_ += record.str();
  const auto number_of_block = static_cast<std::uint32_t>(blocks_.size());
  blocks_.push_back(block);
  for (std::uint32_t i = 0; i < pending_.numbers.size(); ++i) places_[pending_.numbers[i]] = {number_of_block, i};
  pending_ = {};
  return {};
}

Result<BlobNumber> BlobStore::put(std::string_view bytes, const Sha256& digest) {
  if (failed_) return *failed_;
  if (slots_.empty()) grow_slots();
  if (const auto known = find(digest)) {
    const bool waits = !pending_.numbers.empty() && *known >= pending_.numbers.front();
    if (removed(*known) && !waits)
      return Error{
          ErrorCode::gone,
          fmt::format("the bytes of SHA-256 {} were removed on request and are not taken again", to_hex(digest))};
    return *known;
  }
  if (bytes.size() > kMaxBlobBytes)
    return Error{ErrorCode::exhausted,
                 fmt::format("{} bytes are more than an item may have ({})", bytes.size(), kMaxBlobBytes)};
  if (places_.size() >= kNoBlock - 1) return Error{ErrorCode::exhausted, "a dataset holds 4,294,967,294 blobs at most"};
  const bool has_own_block = bytes.size() >= kBlockRawBytes;
  if (has_own_block) RENVOI_CHECK(flush_pending());
  const auto number = static_cast<BlobNumber>(places_.size());
  digests_.push_back(digest);
  lengths_.push_back(bytes.size());
  places_.push_back({});
  remember(digest, number);
  pending_.numbers.push_back(number);
  pending_.lengths_bytes.push_back(bytes.size());
  pending_.raw += bytes;
  if (pending_.raw.size() >= kBlockRawBytes) RENVOI_CHECK(flush_pending());
  return number;
}

Result<void> BlobStore::commit() {
  if (failed_) return *failed_;
  RENVOI_CHECK(flush_pending());
  if (batch_.empty()) return {};
  const auto write = [&]() -> Result<void> {
    RENVOI_CHECK(pack_file_->sync());
    if (pack_is_new_) RENVOI_CHECK(files_.sync_folder(folder_ / "packs"));
    pack_is_new_ = false;
    return log_->append(batch_);
  };
  if (Result<void> written = write(); !written.ok()) {
    failed_ = written.error();
    return written;
  }
  batch_.clear();
  return {};
}

std::uint64_t BlobStore::disk_bytes() const { return files_.disk_bytes(folder_); }

}  // namespace renvoi::dataset
