#include "crawl/cached_page.h"

#include <zstd.h>

#include <utility>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::crawl {
namespace {

constexpr std::string_view kMagic = "RVC2";
constexpr std::string_view kMagicOfVersion1 = "RVC1";  // the body as it is; neither kind nor fetch_ms
constexpr int kLevel = 3;                              // zstd's default

std::optional<std::string> expand(std::string_view packed, std::uint64_t body_bytes) {
  if (body_bytes > kMaxCachedBody_bytes || ZSTD_getFrameContentSize(packed.data(), packed.size()) != body_bytes)
    return {};
  std::string body(body_bytes, '\0');
  const std::size_t got = ZSTD_decompress(body.data(), body.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) != 0 || got != body.size()) return {};
  return body;
}

}  // namespace

Result<std::string> bytes_of(const CachedPage& page) {
  if (page.body.size() > kMaxCachedBody_bytes)
    return Error{ErrorCode::exhausted, "a page of more than 256 MiB is not kept in the cache"};
  std::string packed(ZSTD_compressBound(page.body.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), page.body.data(), page.body.size(), kLevel);
  if (ZSTD_isError(size) != 0)
    return Error{ErrorCode::exhausted, std::string("a page cannot be compressed: ") + ZSTD_getErrorName(size)};
  packed.resize(size);
  io::ByteWriter writer;
  writer.append(kMagic);
  writer.u64(page.fingerprint);
  writer.u8(static_cast<std::uint8_t>(page.kind));
  writer.u32(page.fetch_ms);
  writer.text(page.content_type);
  writer.varint(page.body.size());
  writer.text(packed);
  writer.u32(io::crc32c(writer.str()));
  return writer.take();
}

std::optional<CachedPage> parse_cached_page(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + 4) return {};
  const std::string_view content = bytes.substr(0, bytes.size() - 4);
  io::ByteReader sum(bytes.substr(content.size()));
  if (sum.u32() != io::crc32c(content)) return {};
  io::ByteReader reader(content.substr(kMagic.size()));
  CachedPage page;
  page.fingerprint = reader.u64();
  if (bytes.starts_with(kMagicOfVersion1)) {
    page.content_type = reader.text();
    page.body = reader.text();
  } else if (bytes.starts_with(kMagic)) {
    page.kind = static_cast<catalog::Retention>(reader.u8());
    page.fetch_ms = reader.u32();
    page.content_type = reader.text();
    const std::uint64_t body_bytes = reader.varint();
    const std::string_view packed = reader.text();
    if (!reader.ok() || (page.kind != catalog::Retention::page && page.kind != catalog::Retention::text)) return {};
    std::optional<std::string> body = expand(packed, body_bytes);
    if (!body) return {};
    page.body = std::move(*body);
  } else {
    return {};
  }
  if (!reader.ok() || !reader.at_end()) return {};
  return page;
}

}  // namespace renvoi::crawl
