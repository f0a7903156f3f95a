#include "dataset/snapshot.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "dataset/item_format.h"

namespace renvoi::dataset {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kNodeDigests = 256;
constexpr std::string_view kFormat = "renvoi dataset snapshot";
constexpr int kVersion = 1;

Error bad(std::string_view what) { return {ErrorCode::corrupt, fmt::format("a snapshot {}", what)}; }

std::optional<Sha256> parse_digest(std::string_view hex) {
  Sha256 digest{};
  if (hex.size() != digest.size() * 2) return std::nullopt;
  const auto nibble = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::byte>(high * 16 + low);
  }
  return digest;
}

Result<std::string> read_object(const BlobStore& objects, const Sha256& digest) {
  const auto number = objects.find(digest);
  if (!number) return Error{ErrorCode::not_found, fmt::format("there is no object {}", to_hex(digest))};
  return objects.read(*number);
}

std::vector<Sha256> digests_in(std::string_view node) {
  std::vector<Sha256> digests(node.size() / sizeof(Sha256));
  std::memcpy(digests.data(), node.data(), digests.size() * sizeof(Sha256));
  return digests;
}

}  // namespace

std::string encode_chunk(const std::vector<SnapshotItem>& items) {
  io::ByteWriter writer;
  writer.varint(items.size());
  for (const SnapshotItem& item : items) {
    writer.append(item.digest);
    writer.varint(item.size_bytes);
    writer.u8(item.removed ? 1 : 0);
    Item plain = item.item;
    plain.blob = 0;
    put_item(writer, plain);
    writer.varint(item.assertions.size());
    for (const Assertion& assertion : item.assertions) put_assertion(writer, assertion);
  }
  return writer.take();
}

Result<std::vector<SnapshotItem>> decode_chunk(std::string_view bytes, ItemNumber first) {
  io::ByteReader reader(bytes);
  const std::uint64_t count = reader.varint();
  if (!reader.ok() || count > kChunkItems) return bad("has a chunk that is none");
  std::vector<SnapshotItem> items;
  for (std::uint64_t i = 0; i < count; ++i) {
    SnapshotItem item;
    const std::string_view digest = reader.view(item.digest.size());
    if (!reader.ok()) break;
    std::memcpy(item.digest.data(), digest.data(), item.digest.size());
    item.size_bytes = reader.varint();
    item.removed = reader.u8() != 0;
    item.item = get_item(reader);
    item.item.number = first + static_cast<ItemNumber>(i);
    for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left)
      item.assertions.push_back(get_assertion(reader));
    items.push_back(std::move(item));
  }
  if (!reader.ok() || !reader.at_end()) return bad("has a chunk that is none");
  return items;
}

std::string encode_root(const SnapshotRoot& root) {
  Json sources = Json::array(), agents = Json::array();
  for (const Source& source : root.sources) sources.push_back({source.kind, source.address, source.options});
  for (const Agent& agent : root.agents)
    agents.push_back({static_cast<int>(agent.kind), agent.name, agent.digest, agent.settings});
  const Json value{{"format", kFormat},
                   {"version", kVersion},
                   {"items", root.items},
                   {"assertions", root.assertions},
                   {"tree", root.tree},
                   {"chunk_items", kChunkItems},
                   {"sources", sources},
                   {"agents", agents},
                   {"settings", to_json(root.settings)}};
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<SnapshotRoot> decode_root(std::string_view bytes) {
  const Json value = Json::parse(bytes, nullptr, false);
  if (!value.is_object() || value.value("format", Json()) != Json(kFormat)) return bad("has a root that is none");
  if (value.value("version", Json()) != Json(kVersion))
    return Error{ErrorCode::invalid, "the snapshot is of a later version; use the renvoi that made it"};
  try {
    SnapshotRoot root;
    root.items = value.at("items").get<std::uint32_t>();
    root.assertions = value.at("assertions").get<std::uint64_t>();
    root.tree = value.at("tree").get<std::string>();
    for (const Json& source : value.at("sources")) {
      root.sources.emplace_back();
      root.sources.back().number = static_cast<SourceNumber>(root.sources.size() - 1);
      root.sources.back().kind = source.at(0).get<std::string>();
      root.sources.back().address = source.at(1).get<std::string>();
      root.sources.back().options = source.at(2).get<std::string>();
    }
    for (const Json& agent : value.at("agents"))
      root.agents.push_back({static_cast<AgentKind>(agent.at(0).get<int>()), agent.at(1).get<std::string>(),
                             agent.at(2).get<std::string>(), agent.at(3).get<std::string>()});
    RENVOI_TRY(root.settings, parse_settings(value.at("settings").get<std::string>()));
    return root;
  } catch (const Json::exception&) {
    return bad("has a root that is none");
  }
}

Result<Sha256> build_tree(std::vector<Sha256> leaves,
                          const std::function<Result<void>(const std::string&, const Sha256&)>& keep) {
  do {
    std::vector<Sha256> above;
    for (std::size_t begin = 0; begin < leaves.size(); begin += kNodeDigests) {
      const std::size_t count = std::min(kNodeDigests, leaves.size() - begin);
      const std::string node(reinterpret_cast<const char*>(leaves.data() + begin), count * sizeof(Sha256));
      above.push_back(sha256(node));
      RENVOI_CHECK(keep(node, above.back()));
    }
    leaves = std::move(above);
  } while (leaves.size() > 1);
  return leaves.front();
}

Result<Snapshot> Snapshot::open(const BlobStore& objects, const Sha256& name) {
  Snapshot snapshot(objects);
  snapshot.name_ = to_hex(name);
  RENVOI_TRY(const std::string root, read_object(objects, name));
  RENVOI_TRY(snapshot.root_, decode_root(root));
  std::size_t expected = (snapshot.root_.items + std::uint64_t{kChunkItems} - 1) / kChunkItems;
  if (expected == 0) return snapshot;
  const auto top = parse_digest(snapshot.root_.tree);
  if (!top) return bad("has a root that is none");
  std::size_t levels = 1;
  for (std::size_t width = kNodeDigests; width < expected; width *= kNodeDigests) ++levels;
  std::vector<Sha256> level{*top};
  for (; levels > 0; --levels) {
    std::vector<Sha256> below;
    for (const Sha256& node : level) {
      RENVOI_TRY(const std::string bytes, read_object(objects, node));
      const auto digests = digests_in(bytes);
      below.insert(below.end(), digests.begin(), digests.end());
      if (below.size() > expected) return bad("has more chunks than items");
    }
    level = std::move(below);
  }
  if (level.size() != expected) return bad("has fewer chunks than items");
  snapshot.chunks_ = std::move(level);
  return snapshot;
}

Result<std::vector<SnapshotItem>> Snapshot::chunk(std::size_t chunk) const {
  if (chunk >= chunks_.size()) return Error{ErrorCode::not_found, "there is no such chunk"};
  RENVOI_TRY(const std::string bytes, read_object(*objects_, chunks_[chunk]));
  RENVOI_TRY(auto items, decode_chunk(bytes, static_cast<ItemNumber>(chunk * kChunkItems)));
  const std::size_t expected = std::min<std::size_t>(kChunkItems, root_.items - chunk * kChunkItems);
  if (items.size() != expected) return bad("has a chunk of another length");
  return items;
}

}  // namespace renvoi::dataset
