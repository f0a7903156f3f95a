// Answers by a model in this process: one after another, and together in one context; a prompt read anew and one that
// begins like an earlier one; with and without a grammar. Pairs in turns, in one process.
// Usage: bench_generate MODEL.gguf CORPUS.jsonl [ANSWERS]. Prints one JSON object.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "model/llama_model.h"
#include "need.h"

namespace {

using namespace renvoi;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRounds = 3;
constexpr std::size_t kEvidenceBytes = 1'200;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<std::vector<model::Message>> read_prompts(const char* file, std::size_t count) {
  std::vector<std::vector<model::Message>> prompts;
  std::ifstream in(file);
  for (std::string line; prompts.size() < count && std::getline(in, line);) {
    const std::string text = nlohmann::json::parse(line).at("text");
    if (text.size() < 600) continue;
    prompts.push_back({{"system", "You answer from the evidence, and from nothing else, in one to three sentences."},
                       {"user", text.substr(0, text.rfind(' ', kEvidenceBytes)) + "\n\nWhat is this about?"}});
  }
  return prompts;
}

struct Run {
  double seconds = 0;
  std::uint32_t tokens = 0;
  double first_s = 0;  // to the first token, of all answers from the start of the run, mean
  std::vector<std::string> texts;
};

Run answer(model::Generator& generator, const std::vector<std::vector<model::Message>>& prompts,
           const model::GenerateOptions& options, bool together) {
  Run run;
  std::vector<model::Generation> said(prompts.size());
  const auto start = Clock::now();
  std::vector<double> first(prompts.size(), 0);
  const auto one = [&](std::size_t i) {
    said[i] = bench::need(generator.generate(prompts[i], options, [&, i](std::string_view) {
      if (first[i] == 0) first[i] = seconds_since(start);
      return true;
    }));
  };
  if (together) {
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < prompts.size(); ++i) callers.emplace_back(one, i);
  } else {
    for (std::size_t i = 0; i < prompts.size(); ++i) one(i);
  }
  run.seconds = seconds_since(start);
  run.first_s = std::accumulate(first.begin(), first.end(), 0.0) / static_cast<double>(first.size());
  for (auto& generation : said) {
    run.tokens += generation.completion_tokens;
    run.texts.push_back(std::move(generation.text));
  }
  return run;
}

double first_piece_s(model::Generator& generator, const std::vector<model::Message>& prompt) {
  model::GenerateOptions options;
  options.max_tokens = 1;
  const auto start = Clock::now();
  bench::need(generator.generate(prompt, options));
  return seconds_since(start);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: bench_generate MODEL.gguf CORPUS.jsonl [ANSWERS]\n"), 2;
  const std::size_t answers = argc > 3 ? std::stoul(argv[3]) : 8;
  const auto all = read_prompts(argv[2], answers * kRounds);  // others each round: what is known is not read again
  model::LlamaOptions alone, shared;
  alone.threads = shared.threads = 1;  // two that wait for each other measure whatever else the machine does
  alone.answers_at_once = 1;
  const auto one_slot = bench::need(model::load_generator(argv[1], alone));
  const auto slots = bench::need(model::load_generator(argv[1], shared));
  model::GenerateOptions options;
  options.max_tokens = 48;
  model::GenerateOptions constrained = options;
  constrained.grammar = "root ::= [^\\x5b\\x5d]+";
  std::vector<double> together, first_token, grammar, reuse;
  std::size_t same = 0;
  double tokens_s = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(round * answers);
    const std::vector<std::vector<model::Message>> prompts(first, first + static_cast<std::ptrdiff_t>(answers));
    const Run a = answer(*one_slot, prompts, options, false);
    const Run b = answer(*slots, prompts, options, true);
    const Run c = answer(*one_slot, prompts, constrained, false);
    together.push_back((b.tokens / b.seconds) / (a.tokens / a.seconds));
    first_token.push_back(b.first_s / a.first_s);
    grammar.push_back((c.seconds / c.tokens) / (a.seconds / a.tokens));
    tokens_s = std::max(tokens_s, a.tokens / a.seconds);
    for (std::size_t i = 0; i < prompts.size(); ++i) same += a.texts[i] == b.texts[i] ? 1U : 0U;
    first_piece_s(*one_slot, prompts[0]);
    const double anew = first_piece_s(*one_slot, prompts[1]);
    reuse.push_back(first_piece_s(*one_slot, prompts[1]) / anew);
  }
  const auto median = [](std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  const nlohmann::json out = {{"answers", answers * kRounds},
                              {"tokens_s_together_over_one_after_another", median(together)},
                              {"wait_for_first_token_together_over_one_after_another", median(first_token)},
                              {"same_text", same},
                              {"seconds_with_grammar_over_without", median(grammar)},
                              {"first_token_of_a_known_prompt_over_a_new_one", median(reuse)},
                              {"tokens_s_one_after_another", tokens_s}};
  std::printf("%s\n", out.dump(2).c_str());
}
