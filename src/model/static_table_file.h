// The file of a table of token vectors: eight bits a dimension and a scale for each row, mapped, checked as it is
// touched.
//
//     128  header: 8 magic "RNVOITAB" (every token of a model) or "RNVOIFIT" (rows fitted to a collection)
//                  4 version (1)
//                  4 dimensions, d: 1 to 4,096
//                  4 rows, n: at most 4,194,304
//                  4 of a fitted table: the CRC of the header of the table it was fitted over; else 0
//                  8 generation of a fitted table; else 0
//                 64 SHA-256 of the model, hexadecimal
//                  8 size of the file in bytes
//                  4 texts it was made from: pseudo-passages of the mean, or passages fitted; 0: the mean is all zeros
//                  8 scores: two float32 (of a fitted table: see table_fit.h), else 0
//                  4 CRC of the facts
//                  4 CRC of the block checksums
//                  4 CRC of the 124 bytes before
//       .  facts:  4 x n  token ids, rising (only in a fitted table)
//                  4 x n  weights, float32 (only in a table of every token)
//                  4 x n  scales, float32
//                  4 x d  mean of the encoder's vectors, float32
//                  zeros up to a multiple of 64
//       .  rows:   n x d signed bytes; zeros up to a multiple of 64
//       .  block checksums: a CRC for each 128 rows (the last block has what is left, zeros included)
// Numbers are little-endian, CRC is CRC-32C. Header, facts and block checksums are checked when the file is opened (2
// MB for 250,000 rows), a block of rows when it is first read: a flipped bit is always an error, never a wrong vector.
// What eight bits cost is said in static_table.h.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"

namespace renvoi::model {

constexpr std::uint32_t kMaxTableDimensions = 4'096;
constexpr std::uint32_t kMaxTableRows = 1U << 22;
constexpr std::uint32_t kTableBlockRows = 128;

enum class TableKind : std::uint8_t { every_token, fitted };

struct TableHeader {
  TableKind kind = TableKind::every_token;
  std::uint32_t dimensions = 0;
  std::uint32_t rows = 0;
  std::uint32_t base_checksum = 0;
  std::uint64_t generation = 0;
  std::string model_digest;  // at most 64 bytes
  std::uint32_t texts = 0;
  float score = 0;
  float score_before = 0;
};

// What a writer fills, row by row. Memory: rows x (dimensions + 8) bytes; while build() runs three times as much.
class TableFileWriter {
 public:
  explicit TableFileWriter(TableHeader header);
  // Row `row` as signed bytes times a scale: the largest magnitude becomes 127. `values` are finite.
  void set_row(std::uint32_t row, std::span<const float> values);
  void set_weight(std::uint32_t row, float weight) { keys_[row] = std::bit_cast<std::uint32_t>(weight); }
  void set_token(std::uint32_t row, std::uint32_t token) { keys_[row] = token; }
  void set_mean(std::span<const float> mean);
  // The bytes of the file.
  std::string build() const;

 private:
  TableHeader header_;
  std::vector<std::uint32_t> keys_;  // token ids, or the bits of weights
  std::vector<float> scales_;
  std::vector<float> mean_;
  std::vector<std::int8_t> rows_;
};

// Thread-safe. The rows stay in the page cache: this object holds n / 128 bytes beside the map.
class TableFile {
 public:
  // Errors: `not_found`; `invalid` (not such a file, another version or kind); `corrupt` (truncated, a checksum, a size
  // or an order is wrong, a number that is not finite).
  static Result<TableFile> open(io::FileSystem& files, const std::filesystem::path& path, TableKind kind);

  const TableHeader& header() const { return header_; }
  std::uint32_t checksum() const { return checksum_; }  // of the header: what a fitted table names its base by
  std::span<const std::uint32_t> tokens() const { return {keys_, header_.rows}; }  // fitted only
  std::span<const float> weights() const { return {weights_, header_.rows}; }      // every_token only
  std::span<const float> mean() const { return {mean_, header_.dimensions}; }
  // Every block of rows now, instead of each when it is first read. Errors: `corrupt`.
  Result<void> check_rows() const;
  // sum += factor x row; `row` < rows, `sum` has `dimensions` numbers. Errors: `corrupt`.
  Result<void> add_row(std::uint32_t row, float factor, std::span<float> sum) const;

 private:
  TableFile() = default;
  Result<void> check_block(std::uint32_t block) const;

  std::string name_;
  std::unique_ptr<io::MappedFile> file_;
  TableHeader header_;
  std::uint32_t checksum_ = 0;
  const std::uint32_t* keys_ = nullptr;
  const float* weights_ = nullptr;
  const float* scales_ = nullptr;
  const float* mean_ = nullptr;
  const std::int8_t* rows_ = nullptr;
  const std::uint32_t* block_checksums_ = nullptr;
  std::unique_ptr<std::atomic<std::uint8_t>[]> checked_;  // by block
};

}  // namespace renvoi::model
