// Encoding throughput: renvoi's embedder against llama.cpp called directly, on the same texts, in turns, in one
// process. Usage: bench_embed MODEL.gguf CORPUS.jsonl BACKENDS_FOLDER [TEXTS]. Prints one JSON object.
//        bench_embed --resident MODEL.gguf CORPUS.jsonl BACKENDS_FOLDER: what llama.cpp alone keeps in memory (MiB)
//        when it has loaded the model and encoded some texts.
#include <ggml-backend.h>
#include <llama.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "model/llama_model.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kTextBytes = 840;  // about 210 tokens
constexpr std::uint32_t kMicroBatchTokens = 512;
constexpr int kRounds = 3;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<std::string> read_texts(const char* file, std::size_t count) {
  std::vector<std::string> texts;
  std::ifstream in(file);
  for (std::string line; texts.size() < count && std::getline(in, line);) {
    std::string text = nlohmann::json::parse(line).at("text");
    if (text.size() >= kTextBytes) texts.push_back(text.substr(0, text.rfind(' ', kTextBytes)));
  }
  return texts;
}

// What someone would write who needs nothing but the vectors: tokenize, sort by length, fill micro-batches, pool, norm.
class Direct {
 public:
  explicit Direct(const char* file) {
    llama_model_params model_params = llama_model_default_params();
    model_ = llama_model_load_from_file(file, model_params);
    llama_context_params params = llama_context_default_params();
    params.n_ctx = params.n_batch = params.n_ubatch = kMicroBatchTokens;
    params.n_seq_max = 64;
    params.n_threads = params.n_threads_batch = static_cast<int>(std::thread::hardware_concurrency());
    params.embeddings = true;
    params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
    context_ = llama_init_from_model(model_, params);
    batch_ = llama_batch_init(kMicroBatchTokens, 0, 1);
  }
  ~Direct() {
    llama_batch_free(batch_);
    llama_free(context_);
    llama_model_free(model_);
  }
  Direct(const Direct&) = delete;
  Direct& operator=(const Direct&) = delete;

  std::size_t tokens = 0;

  double run(const std::vector<std::string>& texts) {
    const auto start = Clock::now();
    const llama_vocab* vocab = llama_model_get_vocab(model_);
    std::vector<std::vector<llama_token>> all;
    tokens = 0;
    for (const std::string& text : texts) {
      const std::string input = "passage: " + text;
      std::vector<llama_token> one(input.size() + 8);
      const int n = llama_tokenize(vocab, input.data(), static_cast<int>(input.size()), one.data(),
                                   static_cast<int>(one.size()), true, false);
      one.resize(static_cast<std::size_t>(std::clamp(n, 0, static_cast<int>(kMicroBatchTokens))));
      tokens += one.size();
      all.push_back(std::move(one));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    int sequences = 0;
    for (const auto& one : all) {
      if (batch_.n_tokens + static_cast<int>(one.size()) > static_cast<int>(kMicroBatchTokens) || sequences == 64)
        flush(sequences);
      for (std::size_t i = 0; i < one.size(); ++i) {
        const int at = batch_.n_tokens++;
        batch_.token[at] = one[i];
        batch_.pos[at] = static_cast<llama_pos>(i);
        batch_.n_seq_id[at] = 1;
        batch_.seq_id[at][0] = sequences;
        batch_.logits[at] = 1;
      }
      ++sequences;
    }
    flush(sequences);
    return seconds_since(start);
  }

 private:
  void flush(int& sequences) {
    if (batch_.n_tokens > 0) llama_encode(context_, batch_);
    const int dimensions = llama_model_n_embd(model_);
    for (int s = 0; s < sequences; ++s) {
      const float* pooled = llama_get_embeddings_seq(context_, s);
      std::vector<float> unit(pooled, pooled + dimensions);
      const float norm = std::sqrt(std::inner_product(unit.begin(), unit.end(), unit.begin(), 0.0F));
      for (float& value : unit) value /= norm;
      checksum_ += unit[0];
    }
    batch_.n_tokens = 0;
    sequences = 0;
  }
  llama_model* model_;
  llama_context* context_;
  llama_batch batch_;
  float checksum_ = 0;
};

double resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "--resident") {
    ggml_backend_load_all_from_path(argv[4]);
    Direct direct(argv[2]);
    direct.run(read_texts(argv[3], 20));
    std::printf("%.1f\n", resident_mib());
    return 0;
  }
  if (argc < 4) {
    std::fprintf(stderr, "usage: bench_embed MODEL.gguf CORPUS.jsonl BACKENDS_FOLDER [TEXTS]\n");
    return 2;
  }
  const std::vector<std::string> texts = read_texts(argv[2], argc > 4 ? std::stoul(argv[4]) : 120);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  renvoi::model::LlamaOptions options;
  options.backends = argv[3];
  options.micro_batch_tokens = kMicroBatchTokens;
  auto embedder = renvoi::model::load_embedder(argv[1], options);
  if (!embedder.ok()) {
    std::fprintf(stderr, "%s\n", embedder.error().describe().c_str());
    return 1;
  }
  Direct direct(argv[1]);
  double ours = 1e9, theirs = 1e9;
  for (int round = 0; round < kRounds; ++round) {  // in turns, best of each: the machine is shared
    theirs = std::min(theirs, direct.run(texts));
    const auto start = Clock::now();
    if (!(*embedder)->embed(views, renvoi::model::EmbedRole::passage).ok()) return 1;
    ours = std::min(ours, seconds_since(start));
  }
  const auto count = static_cast<double>(texts.size());
  std::printf("%s\n", nlohmann::json{{"texts", texts.size()},
                                     {"tokens", direct.tokens},
                                     {"llama.cpp texts/s", count / theirs},
                                     {"renvoi texts/s", count / ours},
                                     {"overhead", ours / theirs - 1}}
                          .dump()
                          .c_str());
  return 0;
}
