// What a distillation has encoded so far, on disk, so that it can be stopped. For distil.cpp only.
//
//     96  header: 8 magic "RNVOIDIS", 4 version (1), 4 dimensions, 4 tokens to encode, 8 fingerprint of those tokens,
//                 64 SHA-256 of the model, 4 CRC of all before
//      .  windows: float32 rows of 4,096 tokens (the last: of the rest), then the CRC-32C of these bytes
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "io/file_system.h"

namespace renvoi::model {

class UnfinishedRows {
 public:
  static constexpr std::uint32_t window_tokens = 4'096;

  // Keeps what an earlier run wrote of the same work, up to the first window that is damaged or torn; anything else at
  // `path` is thrown away. `digest` has at most 64 bytes. Errors: those of the file system.
  static Result<UnfinishedRows> open(io::FileSystem& files, const std::filesystem::path& path,
                                     const std::string& digest, std::uint32_t dimensions, std::uint32_t tokens,
                                     std::uint64_t tokens_fingerprint);
  std::uint32_t done() const { return done_; }
  std::uint32_t next_window() const;  // how many tokens the next append() must bring; 0 when all are done
  Result<void> append(std::span<const float> rows);
  // All rows in order, mapped; valid while `map` lives. Only when all are done.
  struct Mapped {
    std::unique_ptr<io::MappedFile> map;
    std::uint32_t dimensions = 0;
    std::span<const float> row(std::uint32_t i) const;
  };
  Result<Mapped> map() const;

 private:
  io::FileSystem* files_ = nullptr;
  std::filesystem::path path_;
  std::unique_ptr<io::AppendFile> file_;
  std::uint32_t dimensions_ = 0, tokens_ = 0, done_ = 0;
};

}  // namespace renvoi::model
