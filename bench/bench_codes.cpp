// The codes of the index: recall, bytes and speed, on one thread, for each level of instructions.
// Times are of the thread on its processor.
// Usage: bench_codes DIMENSIONS PASSAGES.f32 QUERIES.f32 [--fit PASSAGES.f32 QUERIES.f32]... [--bytes B]... [--hot B]
//                    [--shrinkage S] [--emphasis E] [--synthetic N] [--noise V] [--queries N] [--cells]
// The .f32 files hold unit vectors, row-major, float32, no header (encode_corpus writes them). PASSAGES may be several
// files with commas between. Quantizers compared: the random rotation with 4 bits, and, with --fit, one fitted to those
// files for each --bytes. recall@10 is against exact float inner products.
// --synthetic N makes N passages of the real ones (vector_rows.h), V, the share of noise, being 0.3 unless given.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "index/code_store.h"
#include "index/codes.h"
#include "index/quantizer_fit.h"
#include "index/top_k.h"
#include "vector_rows.h"

namespace {

using namespace renvoi::index;
using namespace renvoi::bench;
// The time this thread has had the processor: what the wall would say on a machine that does nothing else.
struct Clock {
  using time_point = double;
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
};

double seconds_since(Clock::time_point start) { return Clock::now() - start; }

struct Options {
  std::size_t dimensions = 0;
  std::vector<std::string> fit_passages, fit_queries;
  std::vector<std::size_t> bytes;
  FitOptions fit;
  std::size_t synthetic = 0;
  float noise = 0.3F;
  std::size_t queries = 500;
  bool cells = false;
};

using Truth = std::vector<std::set<std::uint32_t>>;

double recall_of(const Truth& truth, const std::vector<std::vector<Hit>>& found) {
  double hits = 0;
  double wanted = 0;
  for (std::size_t q = 0; q < truth.size(); ++q) {
    wanted += static_cast<double>(truth[q].size());
    for (const Hit& hit : found[q]) hits += truth[q].contains(hit.passage) ? 1 : 0;
  }
  return hits / wanted;
}

struct Queries {
  std::vector<std::vector<float>> vectors;
  Truth truth;
};

void time_search(const CodeStore& store, const std::vector<CodeQuery>& prepared, const Truth& truth, CodeSearch how,
                 const char* name) {
  std::vector<std::vector<Hit>> found(prepared.size());
  CodeSearchCost total;
  double best_seconds = 1e9;
  std::vector<double> each;
  for (int round = 0; round < 3; ++round) {
    total = {};
    each.clear();
    const auto start = Clock::now();
    for (std::size_t q = 0; q < prepared.size(); ++q) {
      const auto begin = Clock::now();
      CodeSearchCost cost;
      found[q] = store.search(prepared[q], 10, how, {}, &cost);
      each.push_back(seconds_since(begin) * 1e6);
      total.scanned += cost.scanned;
      total.cells += cost.cells;
    }
    best_seconds = std::min(best_seconds, seconds_since(start));
  }
  std::sort(each.begin(), each.end());
  const auto queries = static_cast<double>(prepared.size());
  std::printf(
      "  %-16s %-8s candidates %3zu  recall@10 %.4f  %8.0f queries/s  p50 %7.1f us p99 %7.1f us  scanned %5.2f %% "
      "in %.0f cells\n",
      name, std::string(to_string(how.level)).c_str(), how.candidates, recall_of(truth, found), queries / best_seconds,
      each[each.size() / 2], each[each.size() * 99 / 100],
      100.0 * static_cast<double>(total.scanned) / queries / static_cast<double>(store.size()),
      static_cast<double>(total.cells) / queries);
}

void measure(const char* name, const Quantizer& quantizer, const VectorRows& passages, const Queries& queries,
             const Options& options) {
  const std::size_t code_bytes = quantizer.code_bytes();
  std::vector<std::byte> codes(passages.size() * code_bytes);
  std::vector<float> vector;
  double encode_seconds = 0;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    passages.get(i, vector);
    const auto start = Clock::now();
    quantizer.encode(vector, std::span(codes).subspan(i * code_bytes, code_bytes));
    encode_seconds += seconds_since(start);
  }
  std::vector<CodeQuery> prepared;
  const auto start = Clock::now();
  for (const std::vector<float>& query : queries.vectors) prepared.push_back(quantizer.prepare(query));
  const double prepare_seconds = seconds_since(start);
  std::printf("%s: %zu bytes a code (%zu hot), encode %.0f/s, prepare %.1f us\n", name, code_bytes,
              quantizer.layout().hot_bytes, static_cast<double>(passages.size()) / encode_seconds,
              1e6 * prepare_seconds / static_cast<double>(prepared.size()));
  const auto open = [&](const CodeSections& sections) {
    const auto view = [](const std::string& bytes) { return std::as_bytes(std::span(bytes.data(), bytes.size())); };
    return CodeStore::open(quantizer, passages.size(),
                           {view(sections.scan), view(sections.rest), view(sections.order), view(sections.cells)})
        .value();
  };
  {
    const CodeSections flat = write_codes(quantizer, codes);
    const CodeStore store = open(flat);
    std::printf("  flat: %.1f bytes a passage\n",
                static_cast<double>(flat.bytes()) / static_cast<double>(passages.size()));
    CodeSearch how;
    how.candidates = std::min<std::size_t>(passages.size(), 20'000);
    time_search(store, prepared, queries.truth, how, "all bits");
    for (const std::size_t candidates : {100, 200, 300}) {
      how.candidates = candidates;
      time_search(store, prepared, queries.truth, how, "flat");
    }
    how.candidates = 200;
    for (const Simd level : available_simd()) {
      how.level = level;
      time_search(store, prepared, queries.truth, how, "flat");
    }
  }
  if (!options.cells) return;
  {
    const auto begin = Clock::now();
    const Cells cells = make_cells(quantizer, codes);
    const double seconds = seconds_since(begin);
    const CodeSections sections = write_codes(quantizer, codes, &cells);
    const auto opening = Clock::now();
    const CodeStore store = open(sections);
    std::printf("  cells: %zu in %.1f s, open %.1f ms, %.1f bytes a passage\n", cells.count(), seconds,
                1e3 * seconds_since(opening),
                static_cast<double>(sections.bytes()) / static_cast<double>(passages.size()));
    for (const double share : {0.02, 0.04, 0.08, 0.16, 0.25}) {
      CodeSearch how;
      how.least_scanned = 1;
      how.least_share = share;
      time_search(store, prepared, queries.truth, how, "cells");
    }
  }
}

Queries make_queries(const std::vector<float>& values, const VectorRows& passages, const Options& options) {
  Queries queries;
  const std::size_t rows = values.size() / options.dimensions;
  const std::size_t count = std::min(rows, options.queries);
  for (std::size_t i = 0; i < count; ++i) {  // evenly over the file
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * rows / count * options.dimensions);
    queries.vectors.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(options.dimensions));
  }
  std::vector<TopK> best(count, TopK(10));
  std::vector<float> vector;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    passages.get(i, vector);
    for (std::size_t q = 0; q < count; ++q)
      best[q].offer({static_cast<PassageNumber>(i), dot(vector.data(), queries.vectors[q].data(), options.dimensions)});
  }
  for (TopK& top : best) {
    queries.truth.emplace_back();
    for (const Hit& hit : top.take()) queries.truth.back().insert(hit.passage);
  }
  return queries;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: see the first lines of bench_codes.cpp\n");
    return 2;
  }
  Options options;
  options.dimensions = std::strtoul(argv[1], nullptr, 10);
  for (int i = 4; i < argc; ++i) {
    const std::string flag = argv[i];
    const auto value = [&] { return std::string(++i < argc ? argv[i] : "0"); };
    if (flag == "--fit") {
      options.fit_passages.push_back(value());
      options.fit_queries.push_back(value());
    } else if (flag == "--bytes") {
      options.bytes.push_back(std::stoul(value()));
    } else if (flag == "--hot") {
      options.fit.hot_bytes = std::stoul(value());
    } else if (flag == "--shrinkage") {
      options.fit.shrinkage = std::stod(value());
    } else if (flag == "--emphasis") {
      options.fit.emphasis = std::stod(value());
    } else if (flag == "--synthetic") {
      options.synthetic = std::stoul(value());
    } else if (flag == "--noise") {
      options.noise = std::stof(value());
    } else if (flag == "--queries") {
      options.queries = std::stoul(value());
    } else if (flag == "--cells") {
      options.cells = true;
    }
  }
  if (options.bytes.empty()) options.bytes.push_back(options.fit.code_bytes);
  const VectorRows passages(read_floats(argv[2]), options.dimensions, options.synthetic, options.noise);
  const Queries queries = make_queries(read_floats(argv[3]), passages, options);
  std::printf("%zu passages%s, %zu queries, %zu dimensions\n", passages.size(),
              options.synthetic > 0 ? " (synthetic)" : "", queries.vectors.size(), options.dimensions);
  const auto dimensions = static_cast<std::uint32_t>(options.dimensions);
  if (options.fit_passages.empty() || !options.cells)
    measure("rotation, 4 bits", Quantizer::plain("bench", dimensions, 4), passages, queries, options);
  if (options.fit_passages.empty()) return 0;
  std::vector<float> fit_passages;
  std::vector<float> fit_queries;
  for (std::size_t i = 0; i < options.fit_passages.size(); ++i) {
    const std::vector<float> more_passages = read_floats(options.fit_passages[i]);
    const std::vector<float> more_queries = read_floats(options.fit_queries[i]);
    fit_passages.insert(fit_passages.end(), more_passages.begin(), more_passages.end());
    fit_queries.insert(fit_queries.end(), more_queries.begin(), more_queries.end());
  }
  for (const std::size_t bytes : options.bytes) {
    options.fit.code_bytes = bytes;
    const auto start = Clock::now();
    const auto quantizer = fit_quantizer(fit_passages, fit_queries, dimensions, options.fit);
    if (!quantizer.ok()) {
      std::fprintf(stderr, "%s\n", quantizer.error().describe().c_str());
      return 1;
    }
    std::printf("fitted to %zu passages and %zu queries in %.1f s, %zu bytes\n", fit_passages.size() / dimensions,
                fit_queries.size() / dimensions, seconds_since(start), quantizer.value().bytes().size());
    measure("fitted", quantizer.value(), passages, queries, options);
  }
  return 0;
}
