#include "model/llama_runtime.h"

#include <ggml-backend.h>
#include <llama.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "base/utf8.h"

namespace renvoi::model {

namespace {

// llama.cpp's log is one callback for the process; where a thread wants its lines to go is therefore kept per thread.
thread_local std::string* collected_errors = nullptr;

void collect_error(ggml_log_level level, const char* text, void*) {
  constexpr std::size_t max_bytes = 2'000;
  if (level != GGML_LOG_LEVEL_ERROR || collected_errors == nullptr || text == nullptr) return;
  if (collected_errors->size() < max_bytes) collected_errors->append(text);
}

std::vector<std::filesystem::path> folders_to_try(const std::filesystem::path& given) {
  if (!given.empty()) return {given};
  std::vector<std::filesystem::path> folders;
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  if (!program.empty()) folders.push_back((program.parent_path() / "../lib/renvoi").lexically_normal());
  folders.emplace_back(RENVOI_LLAMA_LIB_DIR);
  return folders;
}

bool has_backend() { return ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) != nullptr; }

bool has_library(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (std::filesystem::directory_iterator it(folder, ignored), end; it != end; it.increment(ignored)) {
    if (it->path().filename().string().starts_with("libggml-cpu")) return true;
  }
  return false;
}

}  // namespace

Result<void> start_llama(const std::filesystem::path& folder) {
  static std::mutex once;  // llama.cpp's registry of backends is one for the process
  const std::lock_guard lock(once);
  if (has_backend()) return {};
  llama_log_set(collect_error, nullptr);
  std::string tried;
  for (const auto& candidate : folders_to_try(folder)) {
    // llama.cpp falls back to the working folder when it finds nothing: never load a library from there.
    if (has_library(candidate)) ggml_backend_load_all_from_path(candidate.c_str());
    if (has_backend()) {
      llama_backend_init();
      return {};
    }
    tried += (tried.empty() ? "" : ", ") + candidate.string();
  }
  return Error{ErrorCode::not_found, "llama.cpp's backends (libggml-cpu-*.so) are not in " + tried +
                                         ": run ./dev setup, or set the folder of the backends in the configuration"};
}

LlamaErrors::LlamaErrors() : outer_(collected_errors) { collected_errors = &text_; }
LlamaErrors::~LlamaErrors() { collected_errors = outer_; }

std::string LlamaErrors::first() const {
  std::string line = repair_utf8(truncate_utf8(std::string_view(text_).substr(0, text_.find('\n')), 300));
  return line.empty() ? "no reason given" : line;
}

int thread_count(unsigned wanted) {
  return static_cast<int>(wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace renvoi::model
