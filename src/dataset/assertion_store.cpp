#include "dataset/assertion_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataset/log_check.h"
#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::dataset {
namespace {

constexpr io::LogKind kLog{"RNVOIAST", 1, 1, "restore it from a copy"};
constexpr std::string_view kIndexMagic = "RNVOIAIX";
constexpr std::uint32_t kIndexVersion = 1;
constexpr std::size_t kIndexHeaderBytes = 64;
constexpr std::size_t kMaxBatchBytes = 1u << 30;

enum class Operation : std::uint8_t { agent = 1, assertion = 2 };

Error malformed() { return {ErrorCode::corrupt, "the log of assertions has a record that no renvoi wrote"}; }

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<std::unique_ptr<AssertionStore>> AssertionStore::open(io::FileSystem& files,
                                                             const std::filesystem::path& dataset, Mode mode) {
  std::unique_ptr<AssertionStore> store(new AssertionStore(files, dataset / "assertions"));
  if (mode == Mode::write) {
    RENVOI_CHECK(files.create_folders(store->folder_));
    RENVOI_TRY(store->lock_, io::FileLock::acquire(store->folder_ / "lock"));
  }
  RENVOI_CHECK(store->load(mode));
  return store;
}

Result<void> AssertionStore::load(Mode mode) {
  const bool begun = files_.exists(log_path()) && files_.disk_bytes(log_path()) >= io::kLogHeaderBytes;
  if (!begun) {
    if (mode == Mode::read) return {};
    RENVOI_TRY(log_, io::RecordLog::create(files_, log_path(), kLog, 0, 0));
    end_ = {log_->size_bytes(), 0};
    RENVOI_CHECK(files_.sync_folder(folder_));
    return files_.sync_folder(folder_.parent_path());
  }
  io::LogPlace from;
  if (Result<io::LogPlace> place = load_index(); place.ok())
    from = *place;
  else
    forget_index();
  RENVOI_TRY(auto map, files_.map(log_path()));
  const std::string_view bytes = as_text(map->bytes());
  if (from.offset_bytes > bytes.size()) {  // an index of another log
    forget_index();
    from = {};
  }
  RENVOI_TRY(const io::LogEnd end, io::read_log(bytes, log_path().string(), kLog, 0, from,
                                                [this](std::string_view batch, std::uint64_t, std::uint64_t offset) {
                                                  return apply(batch, offset, read_);
                                                }));
  std::stable_sort(read_.begin(), read_.end(), [](const Entry& a, const Entry& b) { return a.item < b.item; });
  agents_in_log_ = agents_.size();
  end_ = {end.whole_bytes, end.last_sequence};
  if (mode == Mode::write) {
    RENVOI_TRY(log_, io::RecordLog::resume(files_, log_path(), kLog, end));
    end_.offset_bytes = log_->size_bytes();
  } else {
    maps_.push_back(std::move(map));
  }
  return {};
}

void AssertionStore::forget_index() {
  index_map_.reset();
  indexed_ = {};
  agents_.clear();
  count_ = 0;
}

// Header, agents, entries; see docs/format.md. The entries' checksum is not looked at here (160 MB at ten million):
// an entry that is wrong leads to bytes that are no assertion of that item, which is told; check() reads all.
Result<io::LogPlace> AssertionStore::load_index() {
  RENVOI_TRY(index_map_, files_.map(index_path()));
  const std::string_view bytes = as_text(index_map_->bytes());
  io::ByteReader reader(bytes.substr(0, kIndexHeaderBytes));
  const bool is_one = reader.view(8) == kIndexMagic && reader.u32() == kIndexVersion;
  const std::uint32_t agents_bytes = reader.u32();
  io::LogPlace place;
  place.offset_bytes = reader.u64();
  place.sequence = reader.u64();
  const std::uint64_t count = reader.u64();
  (void)reader.u64();  // checksums of agents and entries
  (void)reader.view(12);
  const std::uint32_t crc = reader.u32();
  if (!is_one || !reader.ok() || crc != io::crc32c(bytes.substr(0, kIndexHeaderBytes - 4))) return malformed();
  const std::uint64_t begin = (kIndexHeaderBytes + std::uint64_t{agents_bytes} + 15) / 16 * 16;
  if (begin > bytes.size() || count != (bytes.size() - begin) / sizeof(Entry) ||
      (bytes.size() - begin) % sizeof(Entry) != 0)
    return malformed();
  io::ByteReader agents(bytes.substr(kIndexHeaderBytes, agents_bytes));
  while (!agents.at_end() && agents.ok()) agents_.push_back(get_agent(agents));
  io::ByteReader crcs(bytes.substr(40, 4));
  if (!agents.ok() || crcs.u32() != io::crc32c(bytes.substr(kIndexHeaderBytes, agents_bytes))) return malformed();
  indexed_ = {reinterpret_cast<const Entry*>(index_map_->bytes().data() + begin), count};
  count_ = count;
  return place;
}

Result<void> AssertionStore::apply(std::string_view batch, std::uint64_t offset_bytes, std::vector<Entry>& entries) {
  io::ByteReader reader(batch);
  while (!reader.at_end()) {
    const auto operation = static_cast<Operation>(reader.u8());
    if (operation == Operation::agent) {
      agents_.push_back(get_agent(reader));
    } else if (operation == Operation::assertion) {
      const std::uint64_t at = offset_bytes + reader.position();
      io::ByteReader payload(reader.text());
      const auto number = payload.varint32();
      const ItemNumber item = payload.varint32();
      (void)reader.u32();
      if (!payload.ok() || number != count_ + 1) return malformed();
      entries.push_back({item, number, at});
      ++count_;
    } else {
      return malformed();
    }
    if (!reader.ok()) return malformed();
  }
  return {};
}

AgentNumber AssertionStore::agent(const Agent& agent) {
  const auto known = std::find(agents_.begin(), agents_.end(), agent);
  if (known != agents_.end()) return static_cast<AgentNumber>(known - agents_.begin());
  agents_.push_back(agent);
  return static_cast<AgentNumber>(agents_.size() - 1);
}

Result<std::vector<AssertionNumber>> AssertionStore::append(std::span<const Assertion> assertions) {
  if (!log_) return Error{ErrorCode::internal, "the assertions are open for reading"};
  io::ByteWriter batch;
  for (std::size_t i = agents_in_log_; i < agents_.size(); ++i) {
    batch.u8(static_cast<std::uint8_t>(Operation::agent));
    put_agent(batch, agents_[i]);
  }
  std::vector<Entry> entries;
  std::vector<AssertionNumber> numbers;
  io::ByteWriter payload;
  for (const Assertion& given : assertions) {
    RENVOI_CHECK(validate(given));
    Assertion assertion = given;
    assertion.number = static_cast<AssertionNumber>(count_ + 1 + numbers.size());
    if (assertion.agent >= agents_.size()) return Error{ErrorCode::invalid, "an assertion of an agent nobody knows"};
    if (assertion.parent >= assertion.number)
      return Error{ErrorCode::invalid, fmt::format("there is no assertion {} yet", assertion.parent)};
    payload.clear();
    put_assertion(payload, assertion);
    batch.u8(static_cast<std::uint8_t>(Operation::assertion));
    entries.push_back({assertion.item, assertion.number, batch.size()});
    batch.text(payload.str());
    batch.u32(io::crc32c(payload.str()));
    numbers.push_back(assertion.number);
  }
  if (batch.size() > kMaxBatchBytes) return Error{ErrorCode::exhausted, "more than a GiB of assertions at once"};
  if (batch.size() == 0) return numbers;
  RENVOI_CHECK(log_->append(batch.str()));
  for (Entry& entry : entries) {
    entry.offset_bytes += log_->last_batch_offset();
    added_[entry.item].push_back(entry);
  }
  added_count_ += entries.size();
  count_ += entries.size();
  agents_in_log_ = agents_.size();
  end_ = {log_->size_bytes(), log_->last_sequence()};
  return numbers;
}

Result<std::string_view> AssertionStore::log_bytes(std::uint64_t at_least) const {
  const std::lock_guard lock(mutex_);
  if (maps_.empty() || maps_.back()->bytes().size() < at_least) {
    RENVOI_TRY(auto map, files_.map(log_path()));
    // Older maps may be in use by another thread: kept, unless they are many.
    if (maps_.size() > 64) maps_.erase(maps_.begin());
    maps_.push_back(std::move(map));
  }
  return as_text(maps_.back()->bytes());
}

Result<Assertion> AssertionStore::read_at(std::uint64_t offset_bytes) const {
  const auto bad = [&] {
    return Error{ErrorCode::corrupt, fmt::format("{} is damaged at byte {}; restore it from a copy (or, if 'renvoi "
                                                 "dataset check' blames the index, remove that)",
                                                 log_path().string(), offset_bytes)};
  };
  RENVOI_TRY(const std::string_view log, log_bytes(offset_bytes + 1));
  if (offset_bytes >= log.size()) return bad();
  io::ByteReader reader(log.substr(offset_bytes));
  const std::string_view payload = reader.text();
  if (reader.u32() != io::crc32c(payload) || !reader.ok()) return bad();
  io::ByteReader fields(payload);
  Assertion assertion = get_assertion(fields);
  if (!fields.ok() || !fields.at_end()) return bad();
  return assertion;
}

Result<std::vector<Assertion>> AssertionStore::of(ItemNumber item) const {
  std::vector<Assertion> found;
  const auto read = [&](const Entry& entry) -> Result<void> {
    RENVOI_TRY(Assertion assertion, read_at(entry.offset_bytes));
    if (assertion.item != item || assertion.number != entry.number)
      return Error{ErrorCode::corrupt,
                   fmt::format("{} is damaged; remove it, it is made again", index_path().string())};
    found.push_back(std::move(assertion));
    return {};
  };
  const auto walk_sorted = [&](std::span<const Entry> entries) -> Result<void> {
    const auto first = std::lower_bound(entries.begin(), entries.end(), item,
                                        [](const Entry& entry, ItemNumber wanted) { return entry.item < wanted; });
    for (auto entry = first; entry != entries.end() && entry->item == item; ++entry) RENVOI_CHECK(read(*entry));
    return {};
  };
  RENVOI_CHECK(walk_sorted(indexed_));
  RENVOI_CHECK(walk_sorted(read_));
  if (const auto added = added_.find(item); added != added_.end())
    for (const Entry& entry : added->second) RENVOI_CHECK(read(entry));
  return found;
}

Result<void> AssertionStore::walk(io::LogPlace from, const std::function<Result<void>(const Assertion&)>& visit) const {
  if (count_ == 0) return {};
  RENVOI_TRY(const std::string_view whole, log_bytes(end_.offset_bytes));
  const auto on_batch = [&](std::string_view batch, std::uint64_t, std::uint64_t) -> Result<void> {
    io::ByteReader reader(batch);
    while (!reader.at_end()) {
      const auto operation = static_cast<Operation>(reader.u8());
      if (operation == Operation::agent) {
        (void)get_agent(reader);
      } else {
        io::ByteReader payload(reader.text());
        const Assertion assertion = get_assertion(payload);
        (void)reader.u32();
        if (operation != Operation::assertion || !payload.ok() || !payload.at_end()) return malformed();
        RENVOI_CHECK(visit(assertion));
      }
      if (!reader.ok()) return malformed();
    }
    return {};
  };
  RENVOI_CHECK(io::read_log(whole.substr(0, end_.offset_bytes), log_path().string(), kLog, 0, from, on_batch));
  return {};
}

Result<void> AssertionStore::index_if_due(std::size_t beyond) {
  const std::size_t waiting = read_.size() + added_count_;
  if (!log_ || waiting < std::max(beyond, indexed_.size() / 8)) return {};
  std::vector<Entry> all(indexed_.begin(), indexed_.end());
  all.reserve(all.size() + waiting);
  all.insert(all.end(), read_.begin(), read_.end());
  for (const auto& [item, entries] : added_) all.insert(all.end(), entries.begin(), entries.end());
  std::sort(all.begin(), all.end(),
            [](const Entry& a, const Entry& b) { return a.item != b.item ? a.item < b.item : a.number < b.number; });
  io::ByteWriter agents;
  for (std::size_t i = 0; i < agents_in_log_; ++i) put_agent(agents, agents_[i]);
  const auto entries = std::as_bytes(std::span(all));
  io::ByteWriter writer;
  writer.append(kIndexMagic);
  writer.u32(kIndexVersion);
  writer.u32(static_cast<std::uint32_t>(agents.size()));
  writer.u64(end_.offset_bytes);
  writer.u64(end_.sequence);
  writer.u64(all.size());
  writer.u32(io::crc32c(agents.str()));
  writer.u32(io::crc32c(entries));
  writer.append(std::string(12, '\0'));
  writer.u32(io::crc32c(writer.str()));
  writer.append(agents.str());
  writer.pad_to(16);
  writer.append(entries);
  RENVOI_CHECK(files_.replace(index_path(), std::as_bytes(std::span(writer.str()))));
  RENVOI_TRY(auto map, files_.map(index_path()));
  index_map_ = std::move(map);
  indexed_ = {reinterpret_cast<const Entry*>(index_map_->bytes().data() + (writer.size() - entries.size())),
              all.size()};
  read_.clear();
  added_.clear();
  added_count_ = 0;
  return {};
}

void AssertionStore::check(std::vector<std::string>& problems) const {
  if (count_ > 0 || files_.exists(log_path())) check_log(files_, log_path(), kLog, problems);
  const auto whole = walk({}, [](const Assertion&) { return Result<void>(); });
  if (!whole.ok()) problems.push_back(whole.error().message);
  if (!files_.exists(index_path())) return;
  const auto map = files_.map(index_path());
  const std::string_view bytes = map.ok() ? as_text((*map)->bytes()) : "";
  const auto blame = [&] { problems.push_back(index_path().string() + " is damaged; remove it, it is made again"); };
  if (bytes.size() < kIndexHeaderBytes || indexed_.data() == nullptr) return blame();
  const std::uint64_t entries_bytes = indexed_.size_bytes();
  io::ByteReader header(bytes.substr(12, 4));
  const std::uint32_t agents_bytes = header.u32();
  io::ByteReader crcs(bytes.substr(44, 4));
  const std::string_view gap =
      bytes.substr(kIndexHeaderBytes + agents_bytes, bytes.size() - entries_bytes - kIndexHeaderBytes - agents_bytes);
  if (crcs.u32() != io::crc32c(bytes.substr(bytes.size() - entries_bytes)) ||
      gap.find_first_not_of('\0') != std::string_view::npos)
    blame();
}

}  // namespace renvoi::dataset
