// A folder of pages, ingested by the product's own path, and everything that an answer needs.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "answer/answer.h"
#include "crawl/fetcher.h"
#include "extract/extract.h"
#include "ingest/ingest.h"
#include "model/llama_model.h"
#include "net/http_client.h"
#include "search/search.h"

namespace renvoi::test {

// One for the process: loading takes a moment. Null when it is not there.
inline model::Embedder* embedder() {
  static const std::unique_ptr<model::Embedder> loaded = [] {
    Result<std::unique_ptr<model::Embedder>> result =
        model::load_embedder(std::filesystem::path(TEST_DEPS_DIR) / "models/multilingual-e5-small-q4_0.gguf");
    return result.ok() ? std::move(result).value() : nullptr;
  }();
  return loaded.get();
}

struct World {
  std::filesystem::path root, pages;
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  SystemClock clock;
  net::HttpClient client{net::HttpClient::Options{}};
  std::unique_ptr<crawl::Fetcher> fetcher = crawl::make_fetcher(client, clock);
  std::unique_ptr<search::Collection> collection;
  std::unique_ptr<search::Searcher> searcher;

  World() {
    std::string name = (std::filesystem::temp_directory_path() / "renvoi-answer-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    root = name;
    pages = root / "pages";
    std::filesystem::create_directories(pages);
  }
  ~World() {
    searcher.reset();
    collection.reset();
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void write(const std::string& name, const std::string& text) { std::ofstream(pages / name) << text; }

  void ingest() {
    const index::Identity identity{embedder()->digest(), static_cast<std::uint32_t>(embedder()->dimensions()),
                                   extract::kExtractorVersion};
    Result<std::unique_ptr<search::Collection>> opened =
        search::Collection::open(*files, clock, root / "collection", identity, search::Collection::Mode::write);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    collection = std::move(opened).value();
    searcher = std::make_unique<search::Searcher>(*collection, *embedder());
    Result<catalog::Source> described =
        crawl::describe_source(pages.string(), catalog::SourceKind::folder, catalog::SourcePolicy{});
    ASSERT_TRUE(described.ok()) << described.error().describe();
    Result<catalog::Source> source = collection->catalog().add_source(*described);
    ASSERT_TRUE(source.ok()) << source.error().describe();
    const Result<ingest::IngestReport> report = ingest::ingest_source(*source, *collection, *fetcher, *embedder());
    ASSERT_TRUE(report.ok()) << report.error().describe();
    ASSERT_GT(report->documents_indexed, 0U);
  }

  answer::Answer ask(const std::string& question, model::Generator* generator = nullptr) {
    answer::Answerer answerer(*collection, *searcher, *fetcher, generator, nullptr);
    answer::AskRequest request;
    request.question = question;
    if (generator != nullptr) request.mode = answer::AnswerMode::generative;
    Result<answer::Answer> answered = answerer.ask(request);
    EXPECT_TRUE(answered.ok()) << answered.error().describe();
    return answered.ok() ? std::move(answered).value() : answer::Answer{};
  }
};

}  // namespace renvoi::test
