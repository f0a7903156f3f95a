// What all users of llama.cpp in this process share: its backends, loaded once, and its log.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace renvoi::model {

// Loads the backends from `folder`, or, when it is empty, from <folder of the program>/../lib/renvoi or where the build
// found them. Thread-safe; once it has succeeded it does nothing. Errors: `not_found` with the folders that were tried.
Result<void> start_llama(const std::filesystem::path& folder);

// While it lives, the errors that llama.cpp logs on this thread are collected here. Everything else it logs is dropped.
class LlamaErrors {
 public:
  LlamaErrors();
  ~LlamaErrors();
  LlamaErrors(const LlamaErrors&) = delete;
  LlamaErrors& operator=(const LlamaErrors&) = delete;
  // The first line, at most 300 bytes of valid UTF-8; "no reason given" when there was none.
  std::string first() const;

 private:
  std::string text_;
  std::string* outer_;
};

// `wanted`, or the number of cores when that is 0; at least 1.
int thread_count(unsigned wanted);

}  // namespace renvoi::model
