#include "dataset/item_format.h"

#include <zstd.h>

namespace renvoi::dataset {
namespace {

constexpr std::uint64_t kMaxOperationsBytes = 1u << 30;
constexpr std::uint64_t kMaxFacts = 10'000;

Error malformed() { return {ErrorCode::corrupt, "items.log has a record that no renvoi wrote"}; }

}  // namespace

void put_item(io::ByteWriter& writer, const Item& item) {
  writer.varint(item.source);
  writer.varint(item.blob);
  writer.text(item.origin);
  writer.varint(static_cast<std::uint64_t>(item.captured_at));
  writer.text(item.media_type);
  writer.text(item.facts.licence);
  writer.text(item.facts.final_address);
  writer.varint(item.facts.opt_outs.size());
  for (const std::string& opt_out : item.facts.opt_outs) writer.text(opt_out);
  writer.varint(item.facts.headers.size());
  for (const auto& [name, value] : item.facts.headers) {
    writer.text(name);
    writer.text(value);
  }
}

Item get_item(io::ByteReader& reader) {
  Item item;
  item.source = reader.varint32();
  item.blob = reader.varint32();
  item.origin = reader.text();
  item.captured_at = static_cast<Timestamp>(reader.varint());
  item.media_type = reader.text();
  item.facts.licence = reader.text();
  item.facts.final_address = reader.text();
  for (std::uint64_t left = std::min(reader.varint(), kMaxFacts); left > 0 && reader.ok(); --left)
    item.facts.opt_outs.emplace_back(reader.text());
  for (std::uint64_t left = std::min(reader.varint(), kMaxFacts); left > 0 && reader.ok(); --left) {
    std::string name(reader.text());
    item.facts.headers.emplace_back(std::move(name), reader.text());
  }
  return item;
}

std::string pack_operations(std::string_view operations) {
  std::string packed(ZSTD_compressBound(operations.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), operations.data(), operations.size(), 3);
  const bool helps = !ZSTD_isError(size) && size < operations.size();
  io::ByteWriter batch;
  batch.u8(helps ? 1 : 0);
  batch.varint(operations.size());
  batch.append(helps ? std::string_view(packed).substr(0, size) : operations);
  return batch.take();
}

Result<std::string> unpack_operations(std::string_view batch) {
  io::ByteReader reader(batch);
  const std::uint8_t codec = reader.u8();
  const std::uint64_t size = reader.varint();
  if (!reader.ok() || codec > 1 || size > kMaxOperationsBytes) return malformed();
  const std::string_view payload = reader.view(reader.remaining());
  if (codec == 0) {
    if (payload.size() != size) return malformed();
    return std::string(payload);
  }
  if (ZSTD_getFrameContentSize(payload.data(), payload.size()) != size) return malformed();
  std::string operations(size, '\0');
  const std::size_t got = ZSTD_decompress(operations.data(), operations.size(), payload.data(), payload.size());
  if (ZSTD_isError(got) || got != size) return malformed();
  return operations;
}

}  // namespace renvoi::dataset
