// A block of a pack: some blobs in a row, compressed together where that helps. Drawn in docs/format.md, "Pack".
//
// Small blobs share a block (a PNG of 600 bytes shares a tenth of its bytes with its neighbours); a large one has its
// own. A block says itself what it holds, so a pack can be read without any other file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace renvoi::dataset {

constexpr std::size_t kBlockHeaderBytes = 48;
constexpr std::uint64_t kBlockRawBytes = 64u << 10;  // a block is closed when it holds so much
constexpr std::uint64_t kMaxBlobBytes = 1u << 30;

// What is in a block: the blobs' bytes in a row, the length of each, and their numbers in the store.
struct BlockContent {
  std::vector<std::uint32_t> numbers;
  std::vector<std::uint64_t> lengths_bytes;
  std::string raw;
};

// The whole block. Compressed with zstd when that saves at least one byte in fifty.
std::string encode_block(const BlockContent& content);

// How long the block is that begins with `header` (of kBlockHeaderBytes or more). Errors: `corrupt`.
Result<std::uint64_t> block_bytes(std::string_view header);

// Exactly one block. Errors: `corrupt` (a checksum, or a length that does not fit).
Result<BlockContent> decode_block(std::string_view block);

}  // namespace renvoi::dataset
