#include "model/llama_handles.h"

#include <array>
#include <fstream>
#include <limits>

#include "base/hash.h"
#include "base/utf8.h"
#include "model/llama_runtime.h"

namespace renvoi::model {

Result<std::string> file_digest(const std::filesystem::path& file,
                                const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  std::error_code failure;
  const std::uint64_t total = std::filesystem::file_size(file, failure);
  std::ifstream in(file, std::ios::binary);
  if (failure || !in) return Error{ErrorCode::not_found, file.string() + " cannot be read: " + failure.message()};
  Sha256Stream hash;
  std::vector<char> buffer(1 << 20);
  std::uint64_t done = 0;
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<std::size_t>(in.gcount());
    hash.update(std::as_bytes(std::span(buffer).first(count)));
    done += count;
    if (progress) progress(done, total);
  }
  if (in.bad() || done != total) {
    return Error{ErrorCode::unavailable, file.string() + " could not be read to its end: check the disk and try again"};
  }
  return to_hex(hash.finish());
}

Result<LoadedModel> load_model(const std::filesystem::path& file, const LlamaOptions& options, bool embedding) {
  RENVOI_TRY(GgufSummary summary, read_gguf_summary(file));
  if (summary.is_embedding != embedding) {
    return Error{ErrorCode::invalid, file.string() + " is a model for " + (embedding ? "generation" : "embedding") +
                                         " (architecture \"" + summary.architecture + "\"), not for " +
                                         (embedding ? "embedding" : "generation")};
  }
  RENVOI_CHECK(start_llama(options.backends));
  LoadedModel loaded{nullptr, std::move(summary), file.stem().string(), options.known_digest};
  if (loaded.digest.empty()) {
    RENVOI_TRY(loaded.digest, file_digest(file));
  }
  const LlamaErrors errors;
  try {
    loaded.model.reset(llama_model_load_from_file(file.c_str(), llama_model_default_params()));
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::exhausted, "there is not enough memory to load " + file.string()};
  } catch (const std::exception& problem) {
    return Error{ErrorCode::invalid, "llama.cpp cannot load " + file.string() + ": " + problem.what()};
  }
  if (!loaded.model) {
    const std::string reason = errors.first();
    const bool memory = reason.find("alloc") != std::string::npos;
    return Error{memory ? ErrorCode::exhausted : ErrorCode::invalid,
                 "llama.cpp cannot load " + file.string() + ": " + reason};
  }
  return loaded;
}

Result<std::vector<llama_token>> tokenize(const llama_vocab* vocab, std::string_view text, ControlText control,
                                          AddSpecial special) {
  const std::string valid = is_valid_utf8(text) ? std::string(text) : repair_utf8(text);
  if (valid.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max() / 2)) {
    return Error{ErrorCode::invalid, "a text of more than 1 GiB cannot be tokenized: cut it"};
  }
  // A tokenizer that calls the library twice would do the work twice: bytes + 8 is enough for any vocabulary of bytes.
  std::vector<llama_token> tokens(valid.size() + 8);
  const LlamaErrors errors;
  try {
    const auto call = [&] {
      return llama_tokenize(vocab, valid.data(), static_cast<std::int32_t>(valid.size()), tokens.data(),
                            static_cast<std::int32_t>(tokens.size()), special == AddSpecial::yes,
                            control == ControlText::parsed);
    };
    std::int32_t count = call();
    if (count < 0 && count != std::numeric_limits<std::int32_t>::min()) {
      tokens.resize(static_cast<std::size_t>(-count));
      count = call();
    }
    if (count < 0) return Error{ErrorCode::internal, "llama.cpp could not tokenize a text: " + errors.first()};
    tokens.resize(static_cast<std::size_t>(count));
  } catch (const std::exception& problem) {
    return Error{ErrorCode::internal, std::string("the model's tokenizer failed: ") + problem.what()};
  }
  return tokens;
}

}  // namespace renvoi::model
