// The index as a whole: bytes a passage, ingest, opening, latency, recall, and what deletes give back. One thread;
// times are of that thread on its processor, so that waiting for the disk is not in them. Usage: bench_index EVAL
// VECTORS FOLDER [--passages N] [--noise V] [--code-bytes B] [--hot-bytes B] [--no-fresh] [--ingest-only]
// [--keep | --again] SET...
// EVAL/SET in BEIR layout, VECTORS/SET.passages.f32 and SET.queries.f32 unit vectors of 384 dimensions (encode_corpus).
// FOLDER is emptied. With --keep nothing is deleted from the index in the end, and --again with the same settings only
// asks the queries of the one kept. JSON on stdout.
//
// N passages (1,000,000), four to a reference. Terms: runs of one to three consecutive sentences of the sets, drawn at
// random until there are about 200 tokens (as bench_postings). Vectors: a real one less the mean, times sqrt(1 - V),
// and sqrt(V) times Gaussian noise of the same covariance, V = 0.3 (as bench_codes --synthetic). A passage's terms and
// its vector have nothing to do with each other, which does not help the search for both.
// Queries are the sets' own, at most 1,000, text and vector. "both" does what room search does: the 200 best of each
// part and, for each, the score of the other part. Truth is the inner product of the float vectors.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "index/index.h"
#include "index/top_k.h"
#include "io/file_system.h"
#include "quality/beir.h"
#include "quality/build.h"
#include "text/language.h"
#include "text/sentences.h"
#include "text/terms.h"

using namespace renvoi;
using namespace renvoi::index;

namespace {

// The time this thread has had the processor: what the wall would say on a machine that does nothing else.
struct Clock {
  using time_point = double;
  static double now();
};
double ms_since(Clock::time_point start) { return 1e3 * (Clock::now() - start); }

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}
double Clock::now() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

constexpr std::uint32_t kDimensions = 384;
constexpr std::uint32_t kTargetTokens = 200;
constexpr std::uint32_t kPassagesPerReference = 4;
constexpr std::uint32_t kReferencesPerCommit = 250;
constexpr std::size_t kQueries = 1'000;
constexpr std::size_t kTruthQueries = 200;
constexpr std::size_t kTruthDepth = 40;  // enough to have ten left when a fifth is deleted
constexpr std::size_t kSearchDepth = 200;
const Identity kIdentity{"00aa11bb", kDimensions, 1};

struct Settings {
  std::filesystem::path eval, vectors, folder;
  std::vector<std::string> sets;
  std::uint32_t passages = 1'000'000;
  float noise = 0.3F;
  bool fresh = true;
  bool ingest_only = false;
  bool keep = false;
  bool again = false;
  IndexOptions index;
};

struct Sentence {
  std::vector<text::TermCount> terms;
  std::uint32_t tokens = 0;
};

struct Query {
  std::vector<std::string> terms;
  std::vector<float> vector;
};

struct Corpus {
  std::vector<Sentence> sentences;
  std::vector<float> vectors;
  std::vector<float> mean;
  std::vector<Query> queries;
};

void must(const Result<void>& result) {
  if (result.ok()) return;
  std::fprintf(stderr, "%s\n", result.error().describe().c_str());
  std::exit(1);
}

std::vector<float> read_floats(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) must(Error{ErrorCode::not_found, file.string()});
  std::vector<float> values(static_cast<std::size_t>(in.tellg()) / sizeof(float));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

float dot(const float* a, const float* b) {
  float sums[16] = {};
  for (std::size_t i = 0; i < kDimensions; i += 16)
    for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  return std::accumulate(std::begin(sums), std::end(sums), 0.0F);
}

Corpus read_corpus(const Settings& settings) {
  Corpus corpus;
  const auto files = io::real_file_system();
  for (const std::string& name : settings.sets) {
    const auto set = quality::read_beir(settings.eval / name, *files);
    if (!set.ok()) must(set.error());
    for (const quality::BeirDocument& beir : set->documents) {
      const extract::Document document = quality::as_document(beir);
      for (const text::Range range : text::sentences(document.text, document.language)) {
        const std::string_view sentence = text::slice(document.text, range);
        corpus.sentences.push_back(
            {text::count_terms(sentence, document.language), std::max(1U, text::estimate_tokens(sentence))});
      }
    }
    const std::vector<float> passages = read_floats(settings.vectors / (name + ".passages.f32"));
    corpus.vectors.insert(corpus.vectors.end(), passages.begin(), passages.end());
    const std::vector<float> vectors = read_floats(settings.vectors / (name + ".queries.f32"));
    const std::size_t share = kQueries / settings.sets.size();
    for (std::size_t i = 0; i < std::min({share, set->queries.size(), vectors.size() / kDimensions}); ++i) {
      Query& query = corpus.queries.emplace_back();
      const std::string& text = set->queries[i].text;
      query.terms = text::terms(text, text::detect_language(text));
      const auto row = vectors.begin() + static_cast<std::ptrdiff_t>(i * kDimensions);
      query.vector.assign(row, row + kDimensions);
    }
  }
  std::shuffle(corpus.queries.begin(), corpus.queries.end(), std::mt19937_64(1));
  corpus.mean.assign(kDimensions, 0.0F);
  for (std::size_t i = 0; i < corpus.vectors.size(); ++i) corpus.mean[i % kDimensions] += corpus.vectors[i];
  for (float& value : corpus.mean) value /= static_cast<float>(corpus.vectors.size() / kDimensions);
  return corpus;
}

std::vector<text::TermCount> terms_of(const Corpus& corpus, std::mt19937_64& random) {
  std::vector<const text::TermCount*> found;
  std::uint32_t tokens = 0;
  while (tokens < kTargetTokens - 20) {
    std::size_t at = random() % corpus.sentences.size();
    for (std::uint64_t run = 1 + random() % 3; run > 0 && at < corpus.sentences.size() && tokens < kTargetTokens - 20;
         --run, ++at) {
      const Sentence& sentence = corpus.sentences[at];
      if (tokens > 0 && tokens + sentence.tokens > 2 * kTargetTokens) break;
      for (const text::TermCount& term : sentence.terms) found.push_back(&term);
      tokens += sentence.tokens;
    }
  }
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->term < b->term; });
  std::vector<text::TermCount> terms;
  for (const text::TermCount* term : found) {
    if (!terms.empty() && terms.back().term == term->term)
      terms.back().frequency += term->frequency;
    else
      terms.push_back(*term);
  }
  return terms;
}

std::vector<float> vector_of(const Corpus& corpus, std::uint32_t number, float noise) {
  constexpr int kMixed = 16;
  std::mt19937_64 random(number + std::uint64_t{1});
  std::normal_distribution<float> normal;
  const std::size_t rows = corpus.vectors.size() / kDimensions;
  std::vector<float> vector = corpus.mean;
  const auto add = [&](std::size_t row, float weight) {
    for (std::size_t j = 0; j < kDimensions; ++j)
      vector[j] += weight * (corpus.vectors[row * kDimensions + j] - corpus.mean[j]);
  };
  add(number % rows, std::sqrt(1 - noise));
  for (int i = 0; i < kMixed; ++i) {
    const std::size_t row = random() % rows;
    add(row, normal(random) * std::sqrt(noise / kMixed));
  }
  const float length = std::sqrt(dot(vector.data(), vector.data()));
  for (float& value : vector) value /= length;
  return vector;
}

// Passage i of reference r is number 4 (r - 1) + i, and its fingerprint says so.
using Keep = std::unordered_set<std::uint32_t>;  // references

struct Ingest {
  double caller_s = 0;             // in put and commit
  double process_s = 0;            // the same with what other threads did for the index, until nothing was left to do
  std::vector<double> commits_ms;  // by the wall: what a caller waits
  std::vector<double> commits_work_ms;  // what the caller does itself
};

// `truth` gets the best of each query when it is not null.
Ingest ingest(Index& index, const Corpus& corpus, const Settings& settings, const Keep* deleted,
              std::vector<TopK>* truth) {
  Ingest times;
  const double process = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  const double thread = Clock::now();
  const std::uint32_t references = settings.passages / kPassagesPerReference;
  for (std::uint32_t reference = 1; reference <= references; ++reference) {
    if (deleted != nullptr && deleted->contains(reference)) continue;
    std::vector<std::vector<text::TermCount>> terms(kPassagesPerReference);
    std::vector<std::vector<float>> vectors(kPassagesPerReference);
    std::vector<PassageInput> inputs;
    std::mt19937_64 random(reference);
    for (std::uint32_t i = 0; i < kPassagesPerReference; ++i) {
      const std::uint32_t number = (reference - 1) * kPassagesPerReference + i;
      terms[i] = terms_of(corpus, random);
      vectors[i] = vector_of(corpus, number, settings.noise);
      inputs.push_back({i, {i * 800, i * 800 + 790}, number * 0x9E3779B97F4A7C15ULL, terms[i], vectors[i]});
      if (truth != nullptr)
        for (std::size_t q = 0; q < truth->size(); ++q)
          (*truth)[q].offer({number, dot(corpus.queries[q].vector.data(), vectors[i].data())});
    }
    const auto start = Clock::now();
    must(index.put(static_cast<ReferenceId>(reference), inputs));
    if (reference % kReferencesPerCommit == 0 || reference == references) {
      const double wall = seconds_of(CLOCK_MONOTONIC);
      const auto commit = Clock::now();
      must(index.commit());
      times.commits_work_ms.push_back(ms_since(commit));
      times.commits_ms.push_back(1e3 * (seconds_of(CLOCK_MONOTONIC) - wall));
    }
    times.caller_s += ms_since(start) / 1'000;
  }
  must(index.commit());
  const double others = Clock::now() - thread - times.caller_s;
  must(index.settle());

  times.process_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - process - others;
  return times;
}

// What ingest would have given as the truth.
void find_truth(const Corpus& corpus, const Settings& settings, std::vector<TopK>& truth) {
  for (std::uint32_t number = 0; number < settings.passages / kPassagesPerReference * kPassagesPerReference; ++number) {
    const std::vector<float> vector = vector_of(corpus, number, settings.noise);
    for (std::size_t q = 0; q < truth.size(); ++q)
      truth[q].offer({number, dot(corpus.queries[q].vector.data(), vector.data())});
  }
}

std::unique_ptr<Index> open(const Settings& settings, const std::string& name, Index::Mode mode) {
  static const auto files = io::real_file_system();
  auto opened = Index::open(*files, settings.folder / name, kIdentity, mode, settings.index);
  if (!opened.ok()) must(opened.error());
  return std::move(opened).value();
}

void print_latency(const char* name, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  std::printf("  \"%s_ms\": {\"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f},\n", name, times[times.size() / 2],
              times[times.size() * 99 / 100], times.back());
}

void search_both(const Snapshot& snapshot, const Query& query) {
  std::unordered_set<PassageNumber> found;
  std::vector<PassageNumber> one_sided;
  for (const Hit& hit : snapshot.semantic(query.vector, kSearchDepth)) {
    found.insert(hit.passage);
    one_sided.push_back(hit.passage);
  }
  (void)snapshot.bm25_scores(query.terms, one_sided);
  one_sided.clear();
  for (const Hit& hit : snapshot.bm25(query.terms, kSearchDepth))
    if (!found.contains(hit.passage)) one_sided.push_back(hit.passage);
  (void)snapshot.similarities(query.vector, one_sided);
}

template <typename Search>
void measure(const char* name, const Corpus& corpus, Search search) {
  for (std::size_t i = 0; i < std::min<std::size_t>(corpus.queries.size(), 50); ++i) search(corpus.queries[i]);
  std::vector<double> times;
  for (const Query& query : corpus.queries) {
    const auto start = Clock::now();
    search(query);
    times.push_back(ms_since(start));
  }
  print_latency(name, std::move(times));
}

// `ranked`: so many candidates of the scan are ranked by all bits, when it is more than the 200 that always are.
void print_recall(const char* name, const Snapshot& snapshot, const Corpus& corpus,
                  std::span<const std::vector<Hit>> truth, const Keep& deleted, std::size_t ranked = 10) {
  double found = 0;
  for (std::size_t q = 0; q < truth.size(); ++q) {
    std::set<std::uint32_t> wanted;
    for (const Hit& hit : truth[q])
      if (wanted.size() < 10 && !deleted.contains(hit.passage / kPassagesPerReference + 1)) wanted.insert(hit.passage);
    std::vector<Hit> hits = snapshot.semantic(corpus.queries[q].vector, ranked);
    hits.resize(std::min<std::size_t>(hits.size(), 10));
    for (const Hit& hit : hits) {
      const PassageRecord record = snapshot.record(hit.passage);
      found += wanted.contains((to_number(record.reference) - 1) * kPassagesPerReference + record.ordinal) ? 1 : 0;
    }
  }
  std::printf("  \"%s\": %.4f,\n", name, found / (10 * static_cast<double>(truth.size())));
}

void print_bytes(const char* name, const IndexStats& stats) {
  const auto each = [&](std::uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(stats.passages, 1));
  };
  std::printf(
      "  \"%s\": {\"passages\": %lu, \"terms\": %lu, \"segments\": %lu, \"all\": %.2f, \"codes\": %.2f, "
      "\"postings\": %.2f, \"table\": %.2f, \"log\": %.2f},\n",
      name, stats.passages, stats.terms, stats.segments, each(stats.bytes), each(stats.code_bytes),
      each(stats.posting_bytes), each(stats.table_bytes), each(stats.log_bytes));
}

void print_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("  \"peak_memory_mib\": %ld\n}\n", usage.ru_maxrss / 1'024);
}

void run(const Settings& settings) {
  const Corpus corpus = read_corpus(settings);
  if (!settings.again) std::filesystem::remove_all(settings.folder);
  std::vector<TopK> best(std::min(kTruthQueries, corpus.queries.size()), TopK(kTruthDepth));
  std::printf("{\n  \"passages\": %u, \"queries\": %zu,\n", settings.passages, corpus.queries.size());
  std::unique_ptr<Index> index;
  if (settings.again) {
    find_truth(corpus, settings, best);
  } else {
    index = open(settings, "index", Index::Mode::write);
    Ingest times = ingest(*index, corpus, settings, nullptr, settings.ingest_only ? nullptr : &best);
    std::printf("  \"ingest_passages_per_s\": %.0f,\n  \"ingest_passages_per_s_of_all_threads\": %.0f,\n",
                settings.passages / times.caller_s, settings.passages / times.process_s);
    print_latency("commit", std::move(times.commits_ms));
    print_latency("commit_work", std::move(times.commits_work_ms));
    print_bytes("bytes_after_ingest", index->stats());
    const auto merging = Clock::now();
    must(index->compact());
    std::printf("  \"merge_all_s\": %.2f,\n", ms_since(merging) / 1'000);
    print_bytes("bytes", index->stats());
  }
  std::vector<std::vector<Hit>> truth;
  for (TopK& top : best) truth.push_back(top.take());
  index.reset();
  if (settings.ingest_only) return print_memory();

  auto start = Clock::now();
  auto reader = open(settings, "index", Index::Mode::read);
  std::printf("  \"open_ms\": %.1f,\n", ms_since(start));
  const auto snapshot = reader->snapshot();
  start = Clock::now();
  (void)snapshot->bm25(corpus.queries[0].terms, 10);
  (void)snapshot->semantic(corpus.queries[0].vector, 10);
  std::printf("  \"first_query_ms\": %.1f,\n", ms_since(start));
  measure("bm25", corpus, [&](const Query& query) { (void)snapshot->bm25(query.terms, 10); });
  measure("semantic", corpus, [&](const Query& query) { (void)snapshot->semantic(query.vector, 10); });
  measure("both", corpus, [&](const Query& query) { search_both(*snapshot, query); });
  const Accept half = [](ReferenceId reference) { return to_number(reference) % 2 == 0; };
  measure("semantic_half_accepted", corpus,
          [&](const Query& query) { (void)snapshot->semantic(query.vector, 10, half); });
  print_recall("recall_at_10", *snapshot, corpus, truth, {});
  print_recall("recall_at_10_of_2000_ranked", *snapshot, corpus, truth, {}, 2'000);
  if (settings.passages <= 200'000)  // what the codes allow
    print_recall("recall_at_10_of_all_ranked", *snapshot, corpus, std::span(truth).first(40), {}, settings.passages);
  must(snapshot->sound());
  reader.reset();
  if (settings.keep || settings.again) {
    std::printf("  \"kept\": true\n}\n");
    return;
  }

  index = open(settings, "index", Index::Mode::write);
  Keep deleted;
  std::mt19937_64 random(7);
  for (std::uint32_t reference = 1; reference <= settings.passages / kPassagesPerReference; ++reference)
    if (random() % 5 == 0) {
      deleted.insert(reference);
      must(index->remove(static_cast<ReferenceId>(reference)));
    }
  start = Clock::now();
  must(index->commit());
  std::printf("  \"commit_of_deletes_ms\": %.1f,\n", ms_since(start));
  measure("bm25_with_dead", corpus, [&](const Query& query) { (void)index->snapshot()->bm25(query.terms, 10); });
  start = Clock::now();
  must(index->compact());
  std::printf("  \"merge_after_deletes_s\": %.2f,\n", ms_since(start) / 1'000);
  const IndexStats left = index->stats();
  print_bytes("bytes_after_deletes", left);
  print_recall("recall_at_10_after_deletes", *index->snapshot(), corpus, truth, deleted);
  if (settings.fresh) {
    auto fresh = open(settings, "fresh", Index::Mode::write);
    (void)ingest(*fresh, corpus, settings, &deleted, nullptr);
    must(fresh->compact());
    print_bytes("bytes_fresh", fresh->stats());
    print_recall("recall_at_10_fresh", *fresh->snapshot(), corpus, truth, deleted);
    std::printf("  \"size_against_fresh\": %.4f,\n",
                static_cast<double>(left.bytes) / static_cast<double>(fresh->stats().bytes));
  }
  print_memory();
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  std::vector<std::string> places;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto value = [&] { return i + 1 < argc ? std::strtod(argv[++i], nullptr) : 0.0; };
    if (argument == "--passages")
      settings.passages = static_cast<std::uint32_t>(value());
    else if (argument == "--noise")
      settings.noise = static_cast<float>(value());
    else if (argument == "--code-bytes")
      settings.index.code_bytes = static_cast<std::size_t>(value());
    else if (argument == "--hot-bytes")
      settings.index.hot_bytes = static_cast<std::size_t>(value());
    else if (argument == "--ingest-only")
      settings.ingest_only = true;
    else if (argument == "--no-fresh")
      settings.fresh = false;
    else if (argument == "--keep")
      settings.keep = true;
    else if (argument == "--again")
      settings.again = true;
    else
      places.push_back(argument);
  }
  if (places.size() < 4 || settings.passages < 1'000) {
    std::fprintf(stderr, "usage: bench_index EVAL VECTORS FOLDER [--passages N] ... SET...\n");
    return 2;
  }
  settings.eval = places[0];
  settings.vectors = places[1];
  settings.folder = places[2];
  settings.sets.assign(places.begin() + 3, places.end());
  run(settings);
  return 0;
}
