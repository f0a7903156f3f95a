#include "dataset/snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dataset/log_check.h"
#include "dataset/state.h"

namespace renvoi::dataset {
namespace {

constexpr io::LogKind kLog{"RNVOISNP", 1, 1, "restore it from a copy"};

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string encode(const SnapshotInfo& info) {
  io::ByteWriter writer;
  writer.text(info.name);
  writer.varint(static_cast<std::uint64_t>(info.made_at));
  writer.text(info.note);
  writer.varint(info.items);
  writer.varint(info.assertions);
  writer.varint(info.assertions_end.offset_bytes);
  writer.varint(info.assertions_end.sequence);
  return writer.take();
}

Result<SnapshotInfo> decode(std::string_view record) {
  io::ByteReader reader(record);
  SnapshotInfo info;
  info.name = reader.text();
  info.made_at = static_cast<Timestamp>(reader.varint());
  info.note = reader.text();
  info.items = reader.varint32();
  info.assertions = reader.varint();
  info.assertions_end.offset_bytes = reader.varint();
  info.assertions_end.sequence = reader.varint();
  if (!reader.ok() || !reader.at_end() || info.name.size() != 64)
    return Error{ErrorCode::corrupt, "the list of snapshots has a record that no renvoi wrote"};
  return info;
}

Sha256 digest_of(const std::string& name) {
  Sha256 digest{};
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::byte>(std::strtoul(name.substr(2 * i, 2).c_str(), nullptr, 16));
  return digest;
}

Result<std::vector<SnapshotItem>> items_of_chunk(std::size_t chunk, const Dataset& dataset,
                                                 const AssertionStore& assertions) {
  std::vector<SnapshotItem> items;
  const auto first = static_cast<ItemNumber>(chunk * kChunkItems);
  for (ItemNumber number = first; number < dataset.count() && number - first < kChunkItems; ++number) {
    SnapshotItem item;
    RENVOI_TRY(item.item, dataset.item(number));
    item.digest = dataset.digest(number);
    item.size_bytes = dataset.size_bytes(number);
    item.removed = dataset.is_removed(number);
    RENVOI_TRY(item.assertions, assertions.of(number));
    items.push_back(std::move(item));
  }
  return items;
}

// "verified cat".
std::string told(const SnapshotItem& item, const SnapshotRoot& root) {
  const ItemState state = derive(item.assertions, root.agents, root.settings.rule);
  if (state.answers.empty()) return "";
  std::string text(to_string(state.state));
  for (const Answer& answer : state.answers)
    if (answer.body.kind == BodyKind::label) return text + " " + answer.body.value;
  return text;
}

}  // namespace

Result<std::unique_ptr<Snapshots>> Snapshots::open(io::FileSystem& files, const std::filesystem::path& dataset,
                                                   Mode mode) {
  std::unique_ptr<Snapshots> snapshots(new Snapshots(files, dataset / "snapshots"));
  if (mode == Mode::write) {
    RENVOI_CHECK(files.create_folders(snapshots->folder_));
    RENVOI_TRY(snapshots->lock_, io::FileLock::acquire(snapshots->folder_ / "lock"));
  }
  RENVOI_CHECK(snapshots->load(mode));
  return snapshots;
}

Result<void> Snapshots::load(Mode mode) {
  const auto path = folder_ / "list";
  const bool begun = files_.exists(path) && files_.disk_bytes(path) >= io::kLogHeaderBytes;
  if (!begun && mode == Mode::read) return {};
  // The list first: then what it names is in the objects.
  if (!begun) {
    RENVOI_TRY(log_, io::RecordLog::create(files_, path, kLog, 0, 0));
    RENVOI_CHECK(files_.sync_folder(folder_));
    RENVOI_CHECK(files_.sync_folder(folder_.parent_path()));
  } else {
    RENVOI_TRY(const auto map, files_.map(path));
    const auto on_batch = [this](std::string_view batch, std::uint64_t, std::uint64_t) -> Result<void> {
      RENVOI_TRY(SnapshotInfo info, decode(batch));
      list_.push_back(std::move(info));
      return {};
    };
    RENVOI_TRY(const io::LogEnd end, io::read_log(as_text(map->bytes()), path.string(), kLog, 0, {}, on_batch));
    if (mode == Mode::write) {
      RENVOI_TRY(log_, io::RecordLog::resume(files_, path, kLog, end));
    }
  }
  RENVOI_TRY(objects_, BlobStore::open(files_, folder_ / "objects", mode, {.find_often = true}));
  return {};
}

// Items that were added, annotated or removed since the parent was made.
Result<std::vector<bool>> Snapshots::dirty_chunks(const SnapshotInfo& parent, const Dataset& dataset,
                                                  const AssertionStore& assertions) const {
  std::vector<bool> dirty((dataset.count() + std::uint64_t{kChunkItems} - 1) / kChunkItems, false);
  for (std::size_t chunk = parent.items / kChunkItems; chunk < dirty.size(); ++chunk) dirty[chunk] = true;
  RENVOI_CHECK(assertions.walk(parent.assertions_end, [&](const Assertion& assertion) -> Result<void> {
    if (assertion.item < dataset.count()) dirty[assertion.item / kChunkItems] = true;
    return {};
  }));
  for (const auto& [item, removal] : dataset.items().removed())
    if (item < dataset.count()) dirty[item / kChunkItems] = true;
  return dirty;
}

Result<SnapshotInfo> Snapshots::make(const Dataset& dataset, const AssertionStore& assertions, std::string_view note,
                                     Timestamp now) {
  if (!log_) return Error{ErrorCode::internal, "the snapshots are open for reading"};
  std::vector<Sha256> chunks((dataset.count() + std::uint64_t{kChunkItems} - 1) / kChunkItems);
  std::vector<bool> dirty(chunks.size(), true);
  if (!list_.empty() && list_.back().items <= dataset.count()) {
    RENVOI_TRY(dirty, dirty_chunks(list_.back(), dataset, assertions));
    RENVOI_TRY(const Snapshot parent, open_snapshot(list_.back().name));
    std::copy(parent.chunks().begin(), parent.chunks().end(), chunks.begin());
  }
  const auto keep = [this](std::string_view object, const Sha256& digest) -> Result<void> {
    RENVOI_CHECK(objects_->put(object, digest));
    return {};
  };
  for (std::size_t chunk = 0; chunk < chunks.size(); ++chunk) {
    if (!dirty[chunk]) continue;
    RENVOI_TRY(const auto items, items_of_chunk(chunk, dataset, assertions));
    const std::string bytes = encode_chunk(items);
    chunks[chunk] = sha256(bytes);
    RENVOI_CHECK(keep(bytes, chunks[chunk]));
  }
  SnapshotRoot root;
  root.items = dataset.count();
  root.assertions = assertions.count();
  if (!chunks.empty()) {
    RENVOI_TRY(const Sha256 top, build_tree(chunks, keep));
    root.tree = to_hex(top);
  }
  root.sources = dataset.items().sources();
  root.agents = assertions.agents();
  root.settings = dataset.settings();
  const std::string bytes = encode_root(root);
  const Sha256 digest = sha256(bytes);
  const std::string name = to_hex(digest);
  if (!list_.empty() && list_.back().name == name) return list_.back();
  RENVOI_CHECK(keep(bytes, digest));
  RENVOI_CHECK(objects_->commit());
  const SnapshotInfo info{name, now, std::string(note), root.items, root.assertions, assertions.end()};
  RENVOI_CHECK(log_->append(encode(info)));
  list_.push_back(info);
  return info;
}

Result<SnapshotInfo> Snapshots::find(std::string_view name) const {
  if (list_.empty())
    return Error{ErrorCode::not_found, "there is no snapshot yet; 'renvoi dataset snapshot NAME' makes one"};
  if (name == "latest") return list_.back();
  std::vector<const SnapshotInfo*> found;
  for (const SnapshotInfo& info : list_)
    if (name.size() >= 6 && info.name.starts_with(name) && (found.empty() || found.back()->name != info.name))
      found.push_back(&info);
  if (found.empty())
    return Error{ErrorCode::not_found,
                 fmt::format("no snapshot has a name that begins with '{}' (6 digits at least)", name)};
  if (found.size() > 1)
    return Error{ErrorCode::invalid,
                 fmt::format("{} snapshots begin with '{}': give more of the name", found.size(), name)};
  return *found.front();
}

Result<Snapshot> Snapshots::open_snapshot(std::string_view name) const {
  RENVOI_TRY(const SnapshotInfo info, find(name));
  return Snapshot::open(*objects_, digest_of(info.name));
}

void Snapshots::check(std::vector<std::string>& problems) const {
  if (objects_ == nullptr) return;
  check_log(files_, folder_ / "list", kLog, problems);
  objects_->check(problems);
  for (const SnapshotInfo& info : list_) {
    const auto snapshot = Snapshot::open(*objects_, digest_of(info.name));
    if (!snapshot.ok()) {
      problems.push_back(fmt::format("snapshot {}: {}", info.name, snapshot.error().message));
      continue;
    }
    for (const Sha256& chunk : snapshot->chunks())
      if (!objects_->find(chunk)) problems.push_back(fmt::format("snapshot {}: a chunk is missing", info.name));
  }
}

Result<void> diff(const Snapshot& before, const Snapshot& after, const std::function<bool(const ItemChange&)>& visit) {
  for (std::size_t chunk = 0; chunk < after.chunks().size(); ++chunk) {
    const bool is_old = chunk < before.chunks().size();
    if (is_old && before.chunks()[chunk] == after.chunks()[chunk]) continue;
    std::vector<SnapshotItem> old_items;
    if (is_old) {
      RENVOI_TRY(old_items, before.chunk(chunk));
    }
    RENVOI_TRY(const auto items, after.chunk(chunk));
    for (std::size_t i = 0; i < items.size(); ++i) {
      ItemChange change;
      change.item = items[i].item.number;
      change.origin = items[i].item.origin;
      change.after = told(items[i], after.root());
      if (i >= old_items.size()) {
        change.what = ItemChange::What::added;
      } else {
        if (old_items[i].assertions == items[i].assertions && old_items[i].removed == items[i].removed) continue;
        change.before = told(old_items[i], before.root());
        change.what =
            old_items[i].removed != items[i].removed ? ItemChange::What::removed : ItemChange::What::annotated;
      }
      if (!visit(change)) return {};
    }
  }
  return {};
}

}  // namespace renvoi::dataset
