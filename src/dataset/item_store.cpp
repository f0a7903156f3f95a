#include "dataset/item_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataset/item_format.h"

namespace renvoi::dataset {
namespace {

constexpr std::size_t kCachedBatches = 16;

Error malformed() { return {ErrorCode::corrupt, "items.log has a record that no renvoi wrote"}; }

// FNV-1a, 64 bits: only to find candidates, which are compared whole.
std::uint64_t hash_of(SourceNumber source, std::string_view origin) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ source;
  for (const char byte : origin) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return hash ^ (hash >> 32);
}

}  // namespace

Result<std::unique_ptr<ItemStore>> ItemStore::open(io::FileSystem& files, const std::filesystem::path& folder,
                                                   Mode mode) {
  std::unique_ptr<ItemStore> store(new ItemStore(files, folder / "items.log", mode));
  RENVOI_CHECK(store->load());
  return store;
}

Result<void> ItemStore::load() {
  const bool begun = files_.exists(path_) && files_.disk_bytes(path_) >= io::kLogHeaderBytes;
  if (!begun) {
    if (mode_ == Mode::read) return Error{ErrorCode::not_found, fmt::format("{} is not there", path_.string())};
    RENVOI_CHECK(files_.create_folders(path_.parent_path()));
    RENVOI_TRY(log_, io::RecordLog::create(files_, path_, kItemLog, 0, 0));
    return files_.sync_folder(path_.parent_path());
  }
  RENVOI_TRY(std::shared_ptr<io::MappedFile> map, files_.map(path_));
  map_ = map;
  const std::string_view text(reinterpret_cast<const char*>(map->bytes().data()), map->bytes().size());
  RENVOI_TRY(const io::LogEnd end, io::read_log(text, path_.string(), kItemLog, 0, {},
                                                [this](std::string_view batch, std::uint64_t, std::uint64_t offset) {
                                                  return apply(batch, offset);
                                                }));
  if (mode_ == Mode::write) {
    map_.reset();
    RENVOI_TRY(log_, io::RecordLog::resume(files_, path_, kItemLog, end));
  }
  return {};
}

Result<void> ItemStore::apply(std::string_view batch, std::uint64_t offset_bytes) {
  RENVOI_TRY(const std::string operations, unpack_operations(batch));
  batches_.push_back({offset_bytes, batch.size(), count()});
  return apply_operations(operations);
}

Result<void> ItemStore::apply_operations(std::string_view operations) {
  io::ByteReader reader(operations);
  while (!reader.at_end()) {
    switch (static_cast<ItemOperation>(reader.u8())) {
      case ItemOperation::source: {
        Source source;
        source.number = static_cast<SourceNumber>(sources_.size());
        source.kind = reader.text();
        source.address = reader.text();
        source.options = reader.text();
        source.added_at = static_cast<Timestamp>(reader.varint());
        sources_.push_back(std::move(source));
        break;
      }
      case ItemOperation::source_finished: {
        const std::uint64_t source = reader.varint();
        if (!reader.ok() || source >= sources_.size()) return malformed();
        sources_[source].finished_at = static_cast<Timestamp>(reader.varint());
        break;
      }
      case ItemOperation::item: {
        const Item item = get_item(reader);
        if (!reader.ok() || item.source >= sources_.size()) return malformed();
        remember(item);
        break;
      }
      case ItemOperation::removed: {
        const std::uint32_t item = reader.varint32();
        Removal removal;
        removal.at = static_cast<Timestamp>(reader.varint());
        removal.reason = reader.text();
        if (!reader.ok() || item >= count()) return malformed();
        removed_[item] = std::move(removal);
        break;
      }
      case ItemOperation::settings:
        settings_ = reader.text();
        break;
      default:
        return malformed();
    }
    if (!reader.ok()) return malformed();
  }
  return {};
}

void ItemStore::remember(const Item& item) {
  blobs_.push_back(item.blob);
  if (mode_ == Mode::read) return;
  origins_.push_back(hash_of(item.source, item.origin));
  if (origins_.size() * 2 > slots_.size()) return grow_slots();
  std::size_t at = origins_.back() & (slots_.size() - 1);
  while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = static_cast<std::uint32_t>(origins_.size());
}

void ItemStore::grow_slots() {
  std::size_t size = 1024;
  while (size < origins_.size() * 4) size *= 2;
  slots_.assign(size, 0);
  for (std::size_t item = 0; item < origins_.size(); ++item) {
    std::size_t at = origins_[item] & (size - 1);
    while (slots_[at] != 0) at = (at + 1) & (size - 1);
    slots_[at] = static_cast<std::uint32_t>(item + 1);
  }
}

Result<std::optional<ItemNumber>> ItemStore::find(SourceNumber source, std::string_view origin) const {
  std::optional<ItemNumber> newest;
  if (slots_.empty()) return newest;
  const std::uint64_t hash = hash_of(source, origin);
  for (std::size_t at = hash & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    const ItemNumber item = slots_[at] - 1;
    if (origins_[item] != hash || (newest && *newest > item)) continue;
    const ItemNumber first_waiting = count() - static_cast<ItemNumber>(waiting_items_.size());
    if (item >= first_waiting) {
      const Item& waiting = waiting_items_[item - first_waiting];
      if (waiting.source == source && waiting.origin == origin) newest = item;
      continue;
    }
    RENVOI_TRY(const Item known, read(item));
    if (known.source == source && known.origin == origin) newest = item;
  }
  return newest;
}

SourceNumber ItemStore::add_source(std::string_view kind, std::string_view address, std::string_view options,
                                   Timestamp now) {
  io::ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(ItemOperation::source));
  writer.text(kind);
  writer.text(address);
  writer.text(options);
  writer.varint(static_cast<std::uint64_t>(now));
  waiting_ += writer.str();
  sources_.push_back({static_cast<SourceNumber>(sources_.size()), std::string(kind), std::string(address),
                      std::string(options), now, 0});
  return sources_.back().number;
}

void ItemStore::finish_source(SourceNumber source, Timestamp now) {
  io::ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(ItemOperation::source_finished));
  writer.varint(source);
  writer.varint(static_cast<std::uint64_t>(now));
  waiting_ += writer.str();
  sources_[source].finished_at = now;
}

ItemNumber ItemStore::add(const Item& item) {
  io::ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(ItemOperation::item));
  put_item(writer, item);
  waiting_ += writer.str();
  waiting_items_.push_back(item);
  waiting_items_.back().number = count();
  remember(item);
  ++uncommitted_items_;
  return count() - 1;
}

void ItemStore::remove(ItemNumber item, const Removal& removal) {
  io::ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(ItemOperation::removed));
  writer.varint(item);
  writer.varint(static_cast<std::uint64_t>(removal.at));
  writer.text(removal.reason);
  waiting_ += writer.str();
  removed_[item] = removal;
}

void ItemStore::set_settings(std::string_view json) {
  io::ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(ItemOperation::settings));
  writer.text(json);
  waiting_ += writer.str();
  settings_ = json;
}

Result<void> ItemStore::commit() {
  if (failed_) return *failed_;
  if (waiting_.empty()) return {};
  const std::string batch = pack_operations(waiting_);
  if (Result<void> written = log_->append(batch); !written.ok()) {
    failed_ = written.error();
    return written;
  }
  const std::lock_guard lock(mutex_);
  batches_.push_back(
      {log_->last_batch_offset(), batch.size(), count() - static_cast<ItemNumber>(waiting_items_.size())});
  waiting_.clear();
  waiting_items_.clear();
  uncommitted_items_ = 0;
  return {};
}

Result<std::shared_ptr<const ItemStore::Items>> ItemStore::items_of(std::size_t number) const {
  const std::lock_guard lock(mutex_);
  if (const auto held = cache_.find(number); held != cache_.end()) return held->second;
  const Batch& batch = batches_[number];
  if (map_ == nullptr || map_->bytes().size() < batch.offset_bytes + batch.size_bytes) {
    RENVOI_TRY(map_, files_.map(path_));
  }
  if (map_->bytes().size() < batch.offset_bytes + batch.size_bytes)
    return Error{ErrorCode::corrupt, fmt::format("{} is cut short", path_.string())};
  const std::string_view bytes(reinterpret_cast<const char*>(map_->bytes().data()) + batch.offset_bytes,
                               batch.size_bytes);
  RENVOI_TRY(const std::string operations, unpack_operations(bytes));
  auto items = std::make_shared<Items>();
  io::ByteReader reader(operations);
  while (!reader.at_end() && reader.ok()) {
    switch (static_cast<ItemOperation>(reader.u8())) {
      case ItemOperation::source:
        for (int i = 0; i < 3; ++i) (void)reader.text();
        (void)reader.varint();
        break;
      case ItemOperation::source_finished:
        (void)reader.varint();
        (void)reader.varint();
        break;
      case ItemOperation::item:
        items->push_back(get_item(reader));
        items->back().number = batch.first + static_cast<ItemNumber>(items->size() - 1);
        break;
      case ItemOperation::removed:
        (void)reader.varint();
        (void)reader.varint();
        (void)reader.text();
        break;
      case ItemOperation::settings:
        (void)reader.text();
        break;
      default:
        return malformed();
    }
  }
  if (!reader.ok()) return malformed();
  if (cache_.size() >= kCachedBatches) cache_.erase(cache_.begin());
  cache_.emplace(number, items);
  return std::shared_ptr<const Items>(items);
}

Result<Item> ItemStore::read(ItemNumber item) const {
  const auto after = std::upper_bound(batches_.begin(), batches_.end(), item,
                                      [](ItemNumber wanted, const Batch& batch) { return wanted < batch.first; });
  if (item < count() && after != batches_.begin()) {
    RENVOI_TRY(const auto items, items_of(static_cast<std::size_t>(after - batches_.begin()) - 1));
    const ItemNumber first = std::prev(after)->first;
    if (item - first < items->size()) return (*items)[item - first];
  }
  return Error{ErrorCode::not_found, fmt::format("there is no item {}", item)};
}

}  // namespace renvoi::dataset
