#include "model/static_table_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::model {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kDigestBytes = 64;
constexpr std::size_t kAlignment = 64;

std::string_view magic(TableKind kind) { return kind == TableKind::every_token ? "RNVOITAB" : "RNVOIFIT"; }

constexpr std::uint64_t aligned(std::uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

constexpr std::uint32_t block_count(std::uint32_t rows) { return (rows + kTableBlockRows - 1) / kTableBlockRows; }

// Where the parts lie. Sizes are bounded by kMaxTableRows x kMaxTableDimensions: no sum here overflows 64 bits.
struct Layout {
  std::uint64_t facts_bytes, rows_at, rows_bytes, checksums_at, file_bytes;
};
Layout layout_of(std::uint32_t rows, std::uint32_t dimensions) {
  Layout layout{};
  layout.facts_bytes = aligned(8ULL * rows + 4ULL * dimensions);
  layout.rows_at = kHeaderBytes + layout.facts_bytes;
  layout.rows_bytes = aligned(std::uint64_t{rows} * dimensions);
  layout.checksums_at = layout.rows_at + layout.rows_bytes;
  layout.file_bytes = layout.checksums_at + 4ULL * block_count(rows);
  return layout;
}

// The last block takes the zeros at the end.
std::span<const std::byte> block_bytes(std::span<const std::byte> rows, std::uint32_t block, std::uint32_t dimensions) {
  const std::size_t whole = std::size_t{kTableBlockRows} * dimensions;
  const std::size_t first = block * whole;
  const std::size_t left = rows.size() - first;
  return rows.subspan(first, left < whole + kAlignment ? left : whole);
}

template <typename T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

}  // namespace

TableFileWriter::TableFileWriter(TableHeader header)
    : header_(std::move(header)),
      keys_(header_.rows),
      scales_(header_.rows),
      mean_(header_.dimensions),
      rows_(std::size_t{header_.rows} * header_.dimensions) {}

void TableFileWriter::set_row(std::uint32_t row, std::span<const float> values) {
  float largest = 0;
  for (const float x : values) largest = std::max(largest, std::abs(x));
  scales_[row] = largest / 127;
  auto* out = rows_.data() + std::size_t{row} * header_.dimensions;
  if (scales_[row] == 0) {  // also when it is too small for a float: nothing is lost that could be seen
    std::fill_n(out, header_.dimensions, std::int8_t{0});
    return;
  }
  for (std::size_t i = 0; i < header_.dimensions; ++i) {
    out[i] = static_cast<std::int8_t>(std::clamp(std::lround(values[i] / scales_[row]), -127L, 127L));
  }
}

void TableFileWriter::set_mean(std::span<const float> mean) { mean_.assign(mean.begin(), mean.end()); }

std::string TableFileWriter::build() const {
  const Layout layout = layout_of(header_.rows, header_.dimensions);
  io::ByteWriter facts;
  facts.append(bytes_of(std::span<const std::uint32_t>(keys_)));
  facts.append(bytes_of(std::span<const float>(scales_)));
  facts.append(bytes_of(std::span<const float>(mean_)));
  facts.pad_to(kAlignment);
  std::string rows(bytes_of(std::span<const std::int8_t>(rows_)));
  rows.resize(layout.rows_bytes, '\0');
  io::ByteWriter checksums;
  for (std::uint32_t block = 0; block < block_count(header_.rows); ++block)
    checksums.u32(io::crc32c(block_bytes(std::as_bytes(std::span(rows)), block, header_.dimensions)));

  std::string digest = header_.model_digest.substr(0, kDigestBytes);
  digest.resize(kDigestBytes, '\0');
  io::ByteWriter header;
  header.append(magic(header_.kind));
  for (const std::uint32_t value : {kVersion, header_.dimensions, header_.rows, header_.base_checksum})
    header.u32(value);
  header.u64(header_.generation);
  header.append(digest);
  header.u64(layout.file_bytes);
  header.u32(header_.texts);
  header.u32(std::bit_cast<std::uint32_t>(header_.score));
  header.u32(std::bit_cast<std::uint32_t>(header_.score_before));
  header.u32(io::crc32c(facts.str()));
  header.u32(io::crc32c(checksums.str()));
  header.u32(io::crc32c(header.str()));

  std::string file;
  file.reserve(layout.file_bytes);
  file += header.str();
  file += facts.str();
  file += rows;
  file += checksums.str();
  return file;
}

namespace {

struct ReadHeader {
  TableHeader header;
  std::uint64_t file_bytes = 0;
  std::uint32_t facts_crc = 0, checksums_crc = 0, header_crc = 0;
};

Result<ReadHeader> read_header(std::span<const std::byte> bytes, TableKind kind, const std::string& name) {
  const auto corrupt = [&](const std::string& what) {
    return Error{ErrorCode::corrupt, name + " is damaged (" + what + "): make it again"};
  };
  if (bytes.size() < kHeaderBytes) return corrupt("it is shorter than its header");
  io::ByteReader reader(bytes.first(kHeaderBytes));
  if (reader.view(8) != magic(kind)) {
    return Error{ErrorCode::invalid, name + (kind == TableKind::every_token ? " is not a table of token vectors"
                                                                            : " is not a fitted table")};
  }
  if (const auto version = reader.u32(); version != kVersion) {
    return Error{ErrorCode::invalid, name + " has version " + std::to_string(version) +
                                         " of the format; this program " + "reads version " + std::to_string(kVersion) +
                                         ": make it again"};
  }
  ReadHeader read;
  read.header.kind = kind;
  read.header.dimensions = reader.u32();
  read.header.rows = reader.u32();
  read.header.base_checksum = reader.u32();
  read.header.generation = reader.u64();
  read.header.model_digest = std::string(reader.view(kDigestBytes));
  read.header.model_digest.resize(std::min(read.header.model_digest.find('\0'), kDigestBytes));
  read.file_bytes = reader.u64();
  read.header.texts = reader.u32();
  read.header.score = std::bit_cast<float>(reader.u32());
  read.header.score_before = std::bit_cast<float>(reader.u32());
  read.facts_crc = reader.u32();
  read.checksums_crc = reader.u32();
  read.header_crc = reader.u32();
  if (read.header_crc != io::crc32c(bytes.first(kHeaderBytes - 4))) return corrupt("the checksum of its header");
  const auto& header = read.header;
  if (header.dimensions == 0 || header.dimensions > kMaxTableDimensions || header.rows > kMaxTableRows ||
      !std::isfinite(header.score) || !std::isfinite(header.score_before)) {
    return corrupt("its header's numbers");
  }
  if (read.file_bytes != bytes.size() || layout_of(header.rows, header.dimensions).file_bytes != bytes.size()) {
    return corrupt("its size");
  }
  return read;
}

}  // namespace

Result<TableFile> TableFile::open(io::FileSystem& files, const std::filesystem::path& path, TableKind kind) {
  TableFile table;
  table.name_ = path.string();
  RENVOI_TRY(table.file_, files.map(path));
  const std::span<const std::byte> bytes = table.file_->bytes();
  RENVOI_TRY(const ReadHeader read, read_header(bytes, kind, table.name_));
  table.header_ = read.header;
  table.checksum_ = read.header_crc;
  const std::uint32_t rows = read.header.rows;
  const Layout layout = layout_of(rows, read.header.dimensions);
  const auto facts = bytes.subspan(kHeaderBytes, layout.facts_bytes);
  const auto checksums = bytes.subspan(layout.checksums_at);
  const auto corrupt = [&](const char* what) {
    return Error{ErrorCode::corrupt, table.name_ + " is damaged (" + what + "): make it again"};
  };
  if (io::crc32c(facts) != read.facts_crc) return corrupt("the checksum of its weights");
  if (io::crc32c(checksums) != read.checksums_crc) return corrupt("the checksum of its checksums");
  // Every part begins at a multiple of four of a mapped page.
  const std::byte* const at = facts.data();
  if (kind == TableKind::every_token) table.weights_ = reinterpret_cast<const float*>(at);
  table.keys_ = reinterpret_cast<const std::uint32_t*>(at);
  table.scales_ = reinterpret_cast<const float*>(at + 4ULL * rows);
  table.mean_ = reinterpret_cast<const float*>(at + 8ULL * rows);
  table.rows_ = reinterpret_cast<const std::int8_t*>(bytes.data() + layout.rows_at);
  table.block_checksums_ = reinterpret_cast<const std::uint32_t*>(checksums.data());
  table.checked_ = std::make_unique<std::atomic<std::uint8_t>[]>(block_count(rows));
  if (!all_finite(table.mean()) || !all_finite({table.scales_, rows}) ||
      (kind == TableKind::every_token && !all_finite(table.weights()))) {
    return corrupt("a number that is not finite");
  }
  if (kind == TableKind::fitted) {
    const auto tokens = table.tokens();
    if (std::adjacent_find(tokens.begin(), tokens.end(), std::greater_equal<>()) != tokens.end())
      return corrupt("the order of its tokens");
  }
  return table;
}

Result<void> TableFile::check_block(std::uint32_t block) const {
  const std::size_t size = layout_of(header_.rows, header_.dimensions).rows_bytes;
  const auto bytes = block_bytes(std::as_bytes(std::span(rows_, size)), block, header_.dimensions);
  if (io::crc32c(bytes) != block_checksums_[block]) {
    return Error{ErrorCode::corrupt, name_ + " is damaged (the checksum of block " + std::to_string(block) +
                                         " of its rows): make it again"};
  }
  checked_[block].store(1, std::memory_order_relaxed);  // the bytes themselves never change
  return {};
}

Result<void> TableFile::check_rows() const {
  for (std::uint32_t block = 0; block < block_count(header_.rows); ++block) RENVOI_CHECK(check_block(block));
  return {};
}

Result<void> TableFile::add_row(std::uint32_t row, float factor, std::span<float> sum) const {
  const std::uint32_t block = row / kTableBlockRows;
  if (checked_[block].load(std::memory_order_relaxed) == 0) RENVOI_CHECK(check_block(block));
  const std::int8_t* values = rows_ + std::size_t{row} * header_.dimensions;
  const float scale = factor * scales_[row];
  float* out = sum.data();
  std::size_t i = 0;
  constexpr std::size_t step = 16;  // a length that the compiler knows, so that it uses vectors
  for (; i + step <= sum.size(); i += step)
    for (std::size_t lane = 0; lane < step; ++lane) out[i + lane] += scale * static_cast<float>(values[i + lane]);
  for (; i < sum.size(); ++i) out[i] += scale * static_cast<float>(values[i]);
  return {};
}

}  // namespace renvoi::model
