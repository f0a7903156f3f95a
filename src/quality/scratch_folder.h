// A folder that goes when the evaluation ends, however it ends.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace renvoi::quality {

class ScratchFolder {
 public:
  // Errors: `unavailable`.
  static Result<std::unique_ptr<ScratchFolder>> make();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace renvoi::quality
