// Tables of random numbers, for the tests of static tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/crc32c.h"
#include "io/file_system.h"
#include "model/static_table.h"
#include "model/static_table_file.h"

namespace renvoi::model {

inline void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// -1 to 1, the same on every machine.
inline float random_number(std::mt19937_64& random) {
  return static_cast<float>(static_cast<double>(random() >> 11) * 0x1p-52 - 1);
}

inline std::vector<float> random_numbers(std::size_t count, std::mt19937_64& random) {
  std::vector<float> numbers(count);
  for (float& x : numbers) x = random_number(random);
  return numbers;
}

// A file system of one file, mapped at its exact size on the heap, so that sanitizers see every byte read beyond it.
class OneFile final : public io::FileSystem {
 public:
  explicit OneFile(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::unique_ptr<io::MappedFile>> map(const std::filesystem::path&) override {
    class Mapped final : public io::MappedFile {
     public:
      explicit Mapped(const std::string& bytes)
          : size_(bytes.size()), bytes_(std::make_unique<std::byte[]>(bytes.size())) {
        std::memcpy(bytes_.get(), bytes.data(), size_);
      }
      std::span<const std::byte> bytes() const override { return {bytes_.get(), size_}; }

     private:
      std::size_t size_;
      std::unique_ptr<std::byte[]> bytes_;
    };
    return std::unique_ptr<io::MappedFile>(std::make_unique<Mapped>(bytes_));
  }
  Result<std::string> read(const std::filesystem::path&, std::uint64_t) override { return bytes_; }
  Result<std::string> read_from(const std::filesystem::path&, std::uint64_t, std::uint64_t) override { return no(); }
  Result<std::unique_ptr<io::AppendFile>> append(const std::filesystem::path&, std::int64_t) override { return no(); }
  Result<void> replace(const std::filesystem::path&, std::span<const std::byte>, unsigned) override { return no(); }
  Result<void> remove(const std::filesystem::path&) override { return no(); }
  Result<void> create_folders(const std::filesystem::path&) override { return no(); }
  Result<void> sync_folder(const std::filesystem::path&) override { return no(); }
  Result<std::vector<std::string>> list(const std::filesystem::path&) override { return no(); }
  bool exists(const std::filesystem::path&) override { return true; }
  std::uint64_t disk_bytes(const std::filesystem::path&) override { return bytes_.size(); }

 private:
  static Error no() { return {ErrorCode::denied, "one file, read-only"}; }
  std::string bytes_;
};

struct RandomTable {
  static constexpr const char* digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  RandomTable(std::uint32_t rows_, std::uint32_t dimensions_, std::uint64_t seed)
      : rows(rows_), dimensions(dimensions_) {
    std::mt19937_64 random(seed);
    values = random_numbers(std::size_t{rows} * dimensions, random);
    mean = random_numbers(dimensions, random);
    for (std::uint32_t i = 0; i < rows; ++i) weights.push_back(.5F + .5F * random_number(random));
  }
  std::span<const float> row(std::uint32_t token) const {
    return std::span(values).subspan(std::size_t{token} * dimensions, dimensions);
  }
  std::string bytes(std::string_view of_model = digest) const {
    TableHeader header;
    header.dimensions = dimensions;
    header.rows = rows;
    header.model_digest = of_model;
    TableFileWriter writer(header);
    writer.set_mean(mean);
    for (std::uint32_t token = 0; token < rows; ++token) {
      writer.set_row(token, row(token));
      writer.set_weight(token, weights[token]);
    }
    return writer.build();
  }
  std::uint32_t rows, dimensions;
  std::vector<float> values, mean, weights;
};

inline std::string fitted_bytes(const StaticTable& base, const std::vector<std::uint32_t>& tokens,
                                const std::vector<float>& rows) {
  TableHeader header;
  header.kind = TableKind::fitted;
  header.dimensions = base.dimensions();
  header.rows = static_cast<std::uint32_t>(tokens.size());
  header.base_checksum = base.checksum();
  header.model_digest = base.model_digest();
  TableFileWriter writer(header);
  for (std::uint32_t row = 0; row < header.rows; ++row) {
    writer.set_token(row, tokens[row]);
    writer.set_row(row, std::span(rows).subspan(std::size_t{row} * header.dimensions, header.dimensions));
  }
  return writer.build();
}

// "7 12 7" has the tokens 7, 12 and 7.
class NumberTokenizer final : public TextTokenizer {
 public:
  Result<std::vector<std::uint32_t>> tokens(std::string_view text) const override {
    std::vector<std::uint32_t> all;
    std::uint32_t number = 0;
    bool any = false;
    for (const char c : std::string(text) + " ") {
      if (c >= '0' && c <= '9') {
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
        any = true;
      } else if (std::exchange(any, false)) {
        all.push_back(std::exchange(number, 0));
      }
    }
    return all;
  }
  const std::string& name() const override { return name_; }

 private:
  const std::string name_ = "numbers";
};

}  // namespace renvoi::model
