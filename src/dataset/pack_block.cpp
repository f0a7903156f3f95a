#include "dataset/pack_block.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::dataset {
namespace {

constexpr std::uint32_t kMagic = 0x42564E52;  // "RNVB"
constexpr int kLevel = 3;
// A row of blobs that fills a block, and one more of the largest size.
constexpr std::uint64_t kMaxRawBytes = kBlockRawBytes + kMaxBlobBytes;

enum class Codec : std::uint32_t { stored = 0, zstd = 1 };

struct Header {
  Codec codec = Codec::stored;
  std::uint32_t count = 0, table_bytes = 0;
  std::uint64_t first_number = 0, raw_bytes = 0, stored_bytes = 0;
  std::uint32_t crc = 0;  // of table and payload
};

Error bad(std::string_view what) { return {ErrorCode::corrupt, fmt::format("a block of the pack {}", what)}; }

Result<Header> read_header(std::string_view bytes) {
  if (bytes.size() < kBlockHeaderBytes) return bad("is cut short");
  const std::string_view view = bytes.substr(0, kBlockHeaderBytes);
  io::ByteReader reader(view);
  if (reader.u32() != kMagic) return bad("does not begin as one");
  Header header;
  const std::uint32_t codec = reader.u32();
  header.count = reader.u32();
  header.table_bytes = reader.u32();
  header.first_number = reader.u64();
  header.raw_bytes = reader.u64();
  header.stored_bytes = reader.u64();
  header.crc = reader.u32();
  if (reader.u32() != io::crc32c(view.substr(0, kBlockHeaderBytes - 4))) return bad("has a damaged header");
  if (codec > 1 || header.count == 0 || header.raw_bytes > kMaxRawBytes || header.stored_bytes > kMaxRawBytes)
    return bad("has a header that no renvoi wrote");
  header.codec = static_cast<Codec>(codec);
  return header;
}

// One compressor a thread: making one takes longer than compressing 64 KiB.
struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

std::string compress(const std::string& raw) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  std::string out(ZSTD_compressBound(raw.size()), '\0');
  const std::size_t size =
      context ? ZSTD_compressCCtx(context.get(), out.data(), out.size(), raw.data(), raw.size(), kLevel) : 0;
  if (context == nullptr || ZSTD_isError(size)) return {};
  out.resize(size);
  return out;
}

// A large blob that its first 256 KiB say is compressed already (JPEG, PNG, ZIP, video) is not tried whole.
bool worth_trying(const std::string& raw) {
  constexpr std::size_t kSample = 256u << 10;
  if (raw.size() <= 2 * kSample) return true;
  const std::string sample = compress(raw.substr(0, kSample));
  return !sample.empty() && sample.size() < kSample / 50 * 49;
}

}  // namespace

std::string encode_block(const BlockContent& content) {
  io::ByteWriter table;
  std::uint32_t last = content.numbers.empty() ? 0 : content.numbers.front();
  for (std::size_t i = 0; i < content.numbers.size(); ++i) {
    // The length, doubled; odd when the number is not the next one, whose distance follows then.
    const bool next = i == 0 || content.numbers[i] == last + 1;
    table.varint(content.lengths_bytes[i] * 2 + (next ? 0 : 1));
    if (!next) table.varint(content.numbers[i] - last);
    last = content.numbers[i];
  }
  std::string packed;
  if (worth_trying(content.raw)) packed = compress(content.raw);
  const bool helps = !packed.empty() && packed.size() <= content.raw.size() / 50 * 49;
  const std::string& payload = helps ? packed : content.raw;
  io::ByteWriter block;
  block.u32(kMagic);
  block.u32(static_cast<std::uint32_t>(helps ? Codec::zstd : Codec::stored));
  block.u32(static_cast<std::uint32_t>(content.numbers.size()));
  block.u32(static_cast<std::uint32_t>(table.size()));
  block.u64(content.numbers.empty() ? 0 : content.numbers.front());
  block.u64(content.raw.size());
  block.u64(payload.size());
  block.u32(io::crc32c(payload, io::crc32c(table.str())));
  block.u32(io::crc32c(block.str()));
  block.append(table.str());
  block.append(payload);
  return block.take();
}

Result<std::uint64_t> block_bytes(std::string_view header) {
  RENVOI_TRY(const Header read, read_header(header));
  return kBlockHeaderBytes + read.table_bytes + read.stored_bytes;
}

Result<BlockContent> decode_block(std::string_view block) {
  RENVOI_TRY(const Header header, read_header(block));
  if (block.size() - kBlockHeaderBytes != header.table_bytes + header.stored_bytes) return bad("has another length");
  const std::string_view body = block.substr(kBlockHeaderBytes);
  if (io::crc32c(body) != header.crc) return bad("fails its checksum");
  BlockContent content;
  io::ByteReader table(body.substr(0, header.table_bytes));
  std::uint64_t sum = 0, number = header.first_number;
  for (std::uint32_t i = 0; i < header.count && table.ok(); ++i) {
    const std::uint64_t length = table.varint();
    number += i == 0 ? 0 : (length & 1) != 0 ? table.varint() : 1;
    if (number > 0xFFFF'FFFF || length / 2 > header.raw_bytes) return bad("has a table that does not fit");
    content.numbers.push_back(static_cast<std::uint32_t>(number));
    content.lengths_bytes.push_back(length / 2);
    sum += length / 2;
  }
  if (!table.ok() || !table.at_end() || sum != header.raw_bytes) return bad("has a table that does not fit");
  const std::string_view payload = body.substr(header.table_bytes);
  if (header.codec == Codec::stored) {
    if (payload.size() != header.raw_bytes) return bad("has another length");
    content.raw = payload;
    return content;
  }
  // The frame's own size first: memory is not promised to a header alone.
  if (ZSTD_getFrameContentSize(payload.data(), payload.size()) != header.raw_bytes) return bad("has another length");
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) return Error{ErrorCode::exhausted, "no memory to expand a block"};
  content.raw.resize(header.raw_bytes);
  const std::size_t size =
      ZSTD_decompressDCtx(context.get(), content.raw.data(), content.raw.size(), payload.data(), payload.size());
  if (ZSTD_isError(size) || size != header.raw_bytes) return bad("cannot be expanded");
  return content;
}

}  // namespace renvoi::dataset
