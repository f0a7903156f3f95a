// Encodes a corpus once, for experiments and benches on real vectors.
// Usage: encode_corpus MODEL.gguf BACKENDS_FOLDER FILE.jsonl passage|query OUT.f32 [THREADS]
// FILE.jsonl has `text` and perhaps `title` on each line; OUT.f32 gets the unit vectors, row-major, float32, no header.
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/llama_model.h"

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr,
                 "usage: encode_corpus MODEL.gguf BACKENDS_FOLDER FILE.jsonl passage|query OUT.f32 [THREADS]\n");
    return 2;
  }
  std::vector<std::string> texts;
  std::ifstream in(argv[3]);
  for (std::string line; std::getline(in, line);) {
    const nlohmann::json json = nlohmann::json::parse(line);
    const std::string title = json.value("title", "");
    texts.push_back(title.empty() ? json.at("text").get<std::string>()
                                  : title + "\n" + json.at("text").get<std::string>());
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  renvoi::model::LlamaOptions options;
  options.backends = argv[2];
  if (argc > 6) options.threads = static_cast<std::uint32_t>(std::stoul(argv[6]));
  auto embedder = renvoi::model::load_embedder(argv[1], options);
  if (!embedder.ok()) {
    std::fprintf(stderr, "%s\n", embedder.error().describe().c_str());
    return 1;
  }
  const bool query = std::string_view(argv[4]) == "query";
  auto vectors =
      (*embedder)->embed(views, query ? renvoi::model::EmbedRole::query : renvoi::model::EmbedRole::passage,
                         [&](std::size_t done) { std::fprintf(stderr, "\r%zu of %zu", done, views.size()); });
  if (!vectors.ok()) {
    std::fprintf(stderr, "%s\n", vectors.error().describe().c_str());
    return 1;
  }
  std::ofstream(argv[5], std::ios::binary)
      .write(reinterpret_cast<const char*>(vectors->values.data()),
             static_cast<std::streamsize>(vectors->values.size() * sizeof(float)));
  std::fprintf(stderr, "\n%zu x %zu\n", vectors->rows(), vectors->dimensions);
  return 0;
}
