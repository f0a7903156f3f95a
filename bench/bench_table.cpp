// The first semantic tier, measured.
// Usage: bench_table distil MODEL.gguf TABLE [THREADS]       makes the table, prints entries a second
//        bench_table speed MODEL.gguf TABLE CORPUS.jsonl     passages of about 200 tokens a second, one thread and two
//        bench_table quality MODEL.gguf TABLE EVAL VECTORS SET...
// `quality` reads EVAL/SET in BEIR layout, and VECTORS/SET.passages.f32 and SET.queries.f32: the encoder's unit vectors
// in the order of the lines of corpus.jsonl and queries.jsonl (float32, row-major, no header). nDCG@10, one line of
// JSON a set; hybrid: min-max scaled scores of the whole collection with BM25 (k1 .9, b .4), at weights of the semantic
// part.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "model/distil.h"
#include "model/static_table.h"
#include "model/table_fit.h"
#include "quality/measures.h"
#include "text/language.h"
#include "text/terms.h"

namespace {

using namespace renvoi;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

template <typename T>
T need(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().describe().c_str());
  std::exit(1);
}

// --- a set -------------------------------------------------------------------------------------------------------

struct Texts {
  std::vector<std::string> ids, texts;
};

Texts read_texts(const std::string& file) {
  Texts all;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line);
    const std::string title = json.value("title", "");
    all.ids.push_back(json.at("_id"));
    all.texts.push_back((title.empty() ? "" : title + "\n") + json.at("text").get<std::string>());
  }
  return all;
}

std::vector<float> read_vectors(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) {
    std::fprintf(stderr, "%s cannot be read\n", file.c_str());
    std::exit(1);
  }
  std::vector<float> values(static_cast<std::size_t>(in.tellg()) / sizeof(float));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

struct Set {
  std::string name;
  Texts passages, queries;
  std::map<std::string, quality::Judgments> judgments;
  std::vector<float> passage_vectors, query_vectors;
  std::vector<model::TokenBag> passage_bags, query_bags;
};

Set read_set(const std::string& name, const std::string& eval, const std::string& vectors,
             const model::TextTokenizer& tokenizer) {
  Set set{name,
          read_texts(eval + "/" + name + "/corpus.jsonl"),
          read_texts(eval + "/" + name + "/queries.jsonl"),
          {},
          read_vectors(vectors + "/" + name + ".passages.f32"),
          read_vectors(vectors + "/" + name + ".queries.f32"),
          {},
          {}};
  std::ifstream in(eval + "/" + name + "/qrels.tsv");
  for (std::string query, document, grade; in >> query >> document >> grade;)
    if (grade != "score") set.judgments[query][document] = std::stoi(grade);
  for (const auto& text : set.passages.texts) set.passage_bags.push_back(need(tokenizer.bag(text)));
  for (const auto& text : set.queries.texts) set.query_bags.push_back(need(tokenizer.bag(text)));
  return set;
}

// --- scores: queries x passages ----------------------------------------------------------------------------------

using Scores = std::vector<std::vector<float>>;

float dot(const float* x, const float* y, std::size_t count) {
  float sums[16] = {};
  for (std::size_t i = 0; i + 16 <= count; i += 16)
    for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += x[i + lane] * y[i + lane];
  float sum = 0;
  for (std::size_t i = count / 16 * 16; i < count; ++i) sum += x[i] * y[i];
  for (const float part : sums) sum += part;
  return sum;
}

Scores inner_products(const std::vector<float>& queries, const std::vector<float>& passages, std::size_t dimensions) {
  Scores scores(queries.size() / dimensions, std::vector<float>(passages.size() / dimensions));
  for (std::size_t q = 0; q < scores.size(); ++q)
    for (std::size_t p = 0; p < scores[q].size(); ++p)
      scores[q][p] = dot(&queries[q * dimensions], &passages[p * dimensions], dimensions);
  return scores;
}

Scores bm25(const Set& set) {
  constexpr double k1 = .9, b = .4;
  struct Posting {
    std::size_t passage;
    double frequency;
  };
  std::unordered_map<std::string, std::vector<Posting>> lists;
  std::vector<double> lengths;
  std::map<std::string, std::size_t> languages;
  for (std::size_t p = 0; p < set.passages.texts.size(); ++p) {
    const std::string language(text::detect_language(set.passages.texts[p]));
    ++languages[language];
    double length = 0;
    for (const auto& [term, frequency] : text::count_terms(set.passages.texts[p], language)) {
      lists[term].push_back({p, static_cast<double>(frequency)});
      length += frequency;
    }
    lengths.push_back(length);
  }
  // The collection's language: that of a query of three words is a guess.
  const std::string language =
      std::max_element(languages.begin(), languages.end(), [](auto& x, auto& y) { return x.second < y.second; })->first;
  const auto n = static_cast<double>(lengths.size());
  const double mean = std::max(1.0, std::accumulate(lengths.begin(), lengths.end(), 0.0) / n);
  Scores scores(set.queries.texts.size(), std::vector<float>(lengths.size()));
  for (std::size_t q = 0; q < scores.size(); ++q)
    for (const auto& [term, count] : text::count_terms(set.queries.texts[q], language)) {
      const auto list = lists.find(term);
      if (list == lists.end()) continue;
      const auto df = static_cast<double>(list->second.size());
      const double idf = std::log(1 + (n - df + .5) / (df + .5));
      for (const auto& [p, f] : list->second)
        scores[q][p] += static_cast<float>(count * idf * f / (f + k1 * (1 - b + b * lengths[p] / mean)));
    }
  return scores;
}

Scores scaled(Scores scores) {
  for (auto& row : scores) {
    const auto [low, high] = std::minmax_element(row.begin(), row.end());
    const float from = *low;
    const float range = *high - from;
    for (float& x : row) x = range > 0 ? (x - from) / range : 0;
  }
  return scores;
}

Scores mixed(const Scores& semantic, const Scores& other, float weight) {
  Scores out = semantic;
  for (std::size_t q = 0; q < out.size(); ++q)
    for (std::size_t p = 0; p < out[q].size(); ++p) out[q][p] = weight * semantic[q][p] + (1 - weight) * other[q][p];
  return out;
}

double ndcg(const Set& set, const Scores& scores) {
  double sum = 0;
  double queries = 0;
  for (std::size_t q = 0; q < scores.size(); ++q) {
    const auto judged = set.judgments.find(set.queries.ids[q]);
    if (judged == set.judgments.end()) continue;
    std::vector<std::size_t> order(scores[q].size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto cut = order.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(10, order.size()));
    std::partial_sort(order.begin(), cut, order.end(), [&](std::size_t x, std::size_t y) {
      return scores[q][x] != scores[q][y] ? scores[q][x] > scores[q][y] : x < y;
    });
    std::vector<std::string> ranking;
    for (auto at = order.begin(); at != cut; ++at) ranking.push_back(set.passages.ids[*at]);
    sum += quality::ndcg_at(10, ranking, judged->second);
    ++queries;
  }
  return queries == 0 ? 0 : sum / queries;
}

double rounded(double x) { return std::round(x * 10'000) / 10'000; }

nlohmann::json report(const Set& set, const Scores& semantic, const Scores& lexical) {
  const Scores one = scaled(semantic);
  double best = 0;
  double best_weight = 0;
  std::map<int, double> hybrid;
  for (int tenths = 1; tenths <= 9; ++tenths) {
    hybrid[tenths] = ndcg(set, mixed(one, lexical, static_cast<float>(tenths) / 10));
    if (hybrid[tenths] > best) {
      best = hybrid[tenths];
      best_weight = tenths / 10.0;
    }
  }
  return {{"alone", rounded(ndcg(set, semantic))},
          {"hybrid .3", rounded(hybrid[3])},
          {"hybrid .5", rounded(hybrid[5])},
          {"best hybrid", rounded(best)},
          {"at", best_weight}};
}

// --- the tables --------------------------------------------------------------------------------------------------

std::vector<float> embed_all(const model::TokenTable& table, const std::vector<model::TokenBag>& bags) {
  const std::size_t dimensions = table.dimensions();
  std::vector<float> out(bags.size() * dimensions);
  for (std::size_t i = 0; i < bags.size(); ++i) {
    const auto done = embed_tokens(table, bags[i], std::span(out).subspan(i * dimensions, dimensions));
    if (!done) {
      std::fprintf(stderr, "%s\n", done.error().describe().c_str());
      std::exit(1);
    }
  }
  return out;
}

struct Fitted {
  std::shared_ptr<const model::FittedTable> table;
  nlohmann::json facts;
};

Fitted fit(const Set& set, const std::shared_ptr<const model::StaticTable>& base, std::span<const std::size_t> rows,
           io::FileSystem& files) {
  std::vector<model::TokenBag> bags;
  std::vector<float> vectors;
  std::vector<std::uint64_t> keys;
  for (const std::size_t row : rows) {
    bags.push_back(set.passage_bags[row]);
    keys.push_back(row);
    const auto* from = &set.passage_vectors[row * base->dimensions()];
    vectors.insert(vectors.end(), from, from + base->dimensions());
  }
  model::FitOptions options;
  options.held_out = model::HeldOut::fitted_last;
  const auto start = Clock::now();
  const auto fitted = need(model::fit_table(*base, *base, {bags, keys, vectors}, options));
  const double seconds = seconds_since(start);
  const auto path = std::filesystem::temp_directory_path() / ("renvoi-bench-" + set.name + ".fit");
  const auto written = model::write_fitted_table(fitted, *base, 1, files, path);
  if (!written) {
    std::fprintf(stderr, "%s\n", written.error().describe().c_str());
    std::exit(1);
  }
  const auto bytes = std::filesystem::file_size(path);
  Fitted out{need(model::FittedTable::open(files, path, base)),
             {{"passages", fitted.report.passages},
              {"held out", fitted.report.held_out},
              {"ridge", fitted.report.ridge},
              {"cosine before", rounded(fitted.report.score_before)},
              {"cosine", rounded(fitted.report.score)},
              {"iterations", fitted.report.iterations},
              {"rows", fitted.tokens.size()},
              {"bytes", bytes},
              {"seconds", rounded(seconds)}}};
  std::filesystem::remove(path);  // it stays mapped
  return out;
}

// As the index may score a query of the table against the encoder's vectors: both centred by the collection's mean.
std::vector<float> centred(const std::vector<float>& vectors, std::span<const float> mean) {
  std::vector<float> out = vectors;
  for (std::size_t first = 0; first < out.size(); first += mean.size()) {
    double square = 0;
    for (std::size_t d = 0; d < mean.size(); ++d) {
      out[first + d] -= mean[d];
      square += static_cast<double>(out[first + d]) * out[first + d];
    }
    const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
    for (std::size_t d = 0; d < mean.size(); ++d) out[first + d] = static_cast<float>(out[first + d] * scale);
  }
  return out;
}

void measure(const Set& set, const std::shared_ptr<const model::StaticTable>& base, io::FileSystem& files) {
  const std::size_t dimensions = base->dimensions();
  const Scores raw_lexical = bm25(set);
  const Scores lexical = scaled(raw_lexical);
  nlohmann::json line{{"set", set.name}, {"bm25", rounded(ndcg(set, raw_lexical))}};
  line["encoder"] = report(set, inner_products(set.query_vectors, set.passage_vectors, dimensions), lexical);
  line["naive"] = report(
      set, inner_products(embed_all(*base, set.query_bags), embed_all(*base, set.passage_bags), dimensions), lexical);
  std::vector<std::size_t> all(set.passages.ids.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<std::size_t> fifth = all;
  std::mt19937_64 random(0);
  std::shuffle(fifth.begin(), fifth.end(), random);
  fifth.resize(fifth.size() / 5);
  for (const auto& [name, rows] : {std::pair{"all", all}, std::pair{"fifth", fifth}}) {
    if (rows.size() < model::kMinFitPassages) continue;
    const Fitted fitted = fit(set, base, rows, files);
    const auto queries = embed_all(*fitted.table, set.query_bags);
    line[std::string("fitted on ") + name] =
        report(set, inner_products(queries, embed_all(*fitted.table, set.passage_bags), dimensions), lexical);
    line[std::string("fitted on ") + name]["fit"] = fitted.facts;
    line[std::string("query fitted on ") + name + ", encoder's documents"] =
        report(set, inner_products(queries, centred(set.passage_vectors, fitted.table->mean()), dimensions), lexical);
  }
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

// --- speed -------------------------------------------------------------------------------------------------------

void measure_speed(const std::string& corpus, const std::shared_ptr<const model::StaticTable>& table,
                   const std::shared_ptr<const model::TextTokenizer>& tokenizer) {
  constexpr std::size_t text_bytes = 800;  // about 200 tokens
  constexpr std::size_t texts_wanted = 4'000;
  std::vector<std::string> texts;
  std::size_t tokens = 0;
  for (const auto& text : read_texts(corpus).texts)
    for (std::size_t at = 0; at + text_bytes <= text.size() && texts.size() < texts_wanted; at += text_bytes)
      texts.push_back(text.substr(at, text_bytes));
  for (const auto& text : texts) tokens += need(tokenizer->tokens(text)).size();
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto embedder = model::make_table_embedder(table, tokenizer);
  const auto run = [&](std::span<const std::string_view> some) {
    need(embedder->embed(some, model::EmbedRole::passage));
  };
  const auto rate = [&](auto work) {
    double best = 1e9;
    for (int round = 0; round < 3; ++round) {  // the machine is shared
      const auto start = Clock::now();
      work();
      best = std::min(best, seconds_since(start));
    }
    return std::round(static_cast<double>(texts.size()) / best);
  };
  const auto all = std::span(views);
  const double one = rate([&] { run(all); });
  const double two = rate([&] {
    std::jthread other([&] { run(all.first(all.size() / 2)); });
    run(all.subspan(all.size() / 2));
  });
  std::vector<model::TokenBag> bags;
  for (const auto& text : texts) bags.push_back(need(tokenizer->bag(text)));
  const double sums = rate([&] { embed_all(*table, bags); });
  std::printf("%s\n", nlohmann::json{{"passages", texts.size()},
                                     {"tokens a passage", tokens / std::max<std::size_t>(1, texts.size())},
                                     {"passages/s, one thread", one},
                                     {"passages/s, two threads", two},
                                     {"passages/s, one thread, without tokenizing", sums}}
                          .dump()
                          .c_str());
}

int usage() {
  std::fprintf(stderr,
               "usage: bench_table distil MODEL.gguf TABLE [THREADS]\n"
               "       bench_table speed MODEL.gguf TABLE CORPUS.jsonl\n"
               "       bench_table quality MODEL.gguf TABLE EVAL_FOLDER VECTORS_FOLDER SET...\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 3) return usage();
  const auto files = io::real_file_system();
  if (arguments[0] == "distil") {
    model::DistilOptions options;
    if (arguments.size() > 3) options.llama.threads = static_cast<std::uint32_t>(std::stoul(arguments[3]));
    const auto start = Clock::now();
    const auto report = need(model::distil(arguments[1], arguments[2], *files, options, [&](auto done, auto all) {
      std::fprintf(stderr, "\r%u of %u tokens, %.0f s", done, all, seconds_since(start));
    }));
    std::printf("\n%s\n", nlohmann::json{{"entries", report.entries},
                                         {"encoded", report.encoded - report.resumed},
                                         {"found encoded", report.resumed},
                                         {"file bytes", report.file_bytes},
                                         {"seconds", seconds_since(start)}}
                              .dump()
                              .c_str());
    return 0;
  }
  if (arguments.size() < 4) return usage();
  const std::shared_ptr<const model::TextTokenizer> tokenizer = need(model::load_text_tokenizer(arguments[1]));
  const auto table = need(model::StaticTable::open(*files, arguments[2], ""));
  if (arguments[0] == "speed") {
    measure_speed(arguments[3], table, tokenizer);
    return 0;
  }
  if (arguments[0] != "quality" || arguments.size() < 6) return usage();
  for (std::size_t i = 5; i < arguments.size(); ++i)
    measure(read_set(arguments[i], arguments[3], arguments[4], *tokenizer), table, *files);
  return 0;
}
