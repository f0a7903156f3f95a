// What a catalogue of very many references costs, most of them not indexed: `bench_catalog FOLDER [REFERENCES
// [ONE_IN]]` makes it in FOLDER (which must not be there), and prints a table. docs/benchmarks.md, "Ten million
// references".
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "catalog/sparse_catalog.h"
#include "index/naive_index.h"
#include "search/check.h"
#include "search/collection.h"
#include "search/search.h"
#include "search/showable_set.h"

namespace {

using namespace renvoi;
constexpr std::uint32_t kDimensions = 32;

double megabytes(const char* what) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(what)) return std::stod(line.substr(std::string(what).size() + 1)) / 1024;
  return 0;
}

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}

template <typename T>
T take(Result<T> result) {
  if (!result.ok()) fail(result.error().describe());
  return std::move(result).value();
}

void take(const Result<void>& result) {
  if (!result.ok()) fail(result.error().describe());
}

double timed(const std::string& what, const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  fmt::print("| {} | {:.1f} ms | {:.0f} MiB |\n", what, ms, megabytes("VmRSS:"));
  std::fflush(stdout);
  return ms;
}

class NoEmbedder final : public model::Embedder {
 public:
  std::size_t dimensions() const override { return kDimensions; }
  const std::string& digest() const override { return name_; }
  const std::string& name() const override { return name_; }
  Result<model::Embeddings> embed(std::span<const std::string_view>, model::EmbedRole, const model::EmbedProgress&,
                                  std::stop_token) override {
    return Error{ErrorCode::internal, "not asked here"};
  }

 private:
  std::string name_ = "none";
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) fail("usage: bench_catalog FOLDER [REFERENCES [ONE_IN]]");
  const std::filesystem::path folder = arguments[1];
  if (std::filesystem::exists(folder)) fail("the folder is there already");
  catalog::test::SparseCatalog wanted{10'000'000, 100};
  if (count > 2) wanted.references = std::stoull(arguments[2]);
  if (count > 3) wanted.indexed_one_in = std::stoull(arguments[3]);
  std::filesystem::create_directories(folder);
  const auto files = io::real_file_system();
  const index::Identity identity = index::test::identity_of(kDimensions);
  fmt::print("{} references, one in {} indexed\n\n| what | time | resident |\n|---|---|---|\n", wanted.references,
             wanted.indexed_one_in);
  timed("made by SQL (not the program)", [&] {
    if (const std::string problem = catalog::test::fill(folder / "catalog.db", wanted); !problem.empty()) fail(problem);
  });
  timed("index of one passage each (not the program)", [&] {
    const auto index = take(index::Index::open(*files, folder / "index", identity, index::Index::Mode::write));
    std::mt19937_64 random(1);
    std::uint64_t put = 0;
    for (std::uint64_t id = wanted.indexed_one_in; id <= wanted.references; id += wanted.indexed_one_in) {
      index::test::Document document;
      while (document.size() != 1) document = index::test::random_document(random, kDimensions, 1);
      take(index->put(static_cast<ReferenceId>(id), index::test::inputs(document)));
      if (++put % 10'000 == 0) take(index->commit());
    }
    take(index->commit());
    take(index->compact());
  });
  fmt::print("| catalog.db | {:.0f} MB | |\n",
             static_cast<double>(std::filesystem::file_size(folder / "catalog.db")) / 1e6);
  const SystemClock clock;
  NoEmbedder none;
  search::SearchRequest request;
  request.query = "t2 t7 t30";
  request.mode = search::SearchMode::bm25;
  const auto ask = [&](search::Searcher& searcher) {
    if (take(searcher.search(request)).hits.size() != 10) fail("the query found less than it should");
  };
  using Mode = search::Collection::Mode;
  {
    std::unique_ptr<search::Collection> collection;
    timed("a reader opens",
          [&] { collection = take(search::Collection::open(*files, clock, folder, identity, Mode::read)); });
    search::Searcher searcher(*collection, none);
    timed("its first query", [&] { ask(searcher); });
    timed("another query", [&] { ask(searcher); });
    request.filter.types = {"pdf"};
    request.filter.since = 17'500;
    timed("a query filtered by type and date", [&] { ask(searcher); });
    request.filter = {};
  }
  std::unique_ptr<search::Collection> collection, reader;
  timed("a writer opens and reconciles",
        [&] { collection = take(search::Collection::open(*files, clock, folder, identity, Mode::write)); });
  reader = take(search::Collection::open(*files, clock, folder, identity, Mode::read));
  search::Searcher searcher(*collection, none), beside(*reader, none);
  ask(searcher);
  ask(beside);
  auto& catalog = collection->catalog();
  const auto commit = [&](std::uint64_t changes) {
    std::vector<catalog::ReferenceUpdate> updates;
    for (std::uint64_t i = 1; i <= changes; ++i) {
      auto reference = take(catalog.reference(static_cast<ReferenceId>(i * wanted.indexed_one_in)));
      reference.date += 86'400;
      updates.push_back({reference, ""});
    }
    take(catalog.update_references(updates, 1));
  };
  timed("a commit of one change", [&] { commit(1); });
  timed("the query after it", [&] { ask(searcher); });
  timed("the query after it, in a reader", [&] { ask(beside); });
  commit(std::min<std::uint64_t>(10'000, wanted.references / wanted.indexed_one_in));
  timed("the query after a commit of 10,000 changes", [&] { ask(searcher); });
  timed("stats (counts and languages)", [&] {
    take(catalog.counts());
    take(catalog.languages());
  });
  timed("sources (each with its counts)", [&] {
    for (const auto& source : take(catalog.sources())) take(catalog.counts(source.id));
  });
  {
    search::ShowableCache filled(catalog);
    fmt::print("| table of what may be shown | {:.1f} MiB | |\n",
               static_cast<double>(take(filled.showable())->table.memory_bytes()) / (1 << 20));
  }
  timed("check (SQLite's own, the counts, catalogue against index)", [&] {
    const auto report = take(search::check_collection(*files, folder, {}));
    if (!report.problems.empty()) fail(report.problems.front().what);
  });
  // Somebody else writes meanwhile: how long does he wait at most?
  std::atomic<bool> done = false;
  double longest_ms = 0;
  std::uint64_t writes = 0;
  std::thread other([&] {
    auto reference = take(catalog.reference(static_cast<ReferenceId>(wanted.indexed_one_in)));
    while (!done) {
      const auto start = std::chrono::steady_clock::now();
      take(catalog.update_reference(reference, 1));
      longest_ms = std::max(
          longest_ms, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
      ++writes;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  timed(fmt::format("remove of a source of {}", wanted.references / 2),
        [&] { take(collection->remove_source(static_cast<SourceId>(2))); });
  done = true;
  other.join();
  fmt::print("| the longest that another writer waited meanwhile, of {} writes | {:.0f} ms | |\n", writes, longest_ms);
  timed("the query after it", [&] { ask(searcher); });
  if (take(catalog.counts()).references != wanted.references / 2) fail("the source was not removed as it should be");
  fmt::print("| most memory | | {:.0f} MiB |\n", megabytes("VmHWM:"));
  return 0;
}
