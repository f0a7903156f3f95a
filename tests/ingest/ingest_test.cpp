// The whole write path: a real web site on loopback, the real model, a real collection.
#include "ingest/ingest.h"

#include <gtest/gtest.h>

#include "crawl/site_server.h"
#include "io/temporary_folder.h"
#include "model/llama_model.h"
#include "text/terms.h"

namespace renvoi::ingest {
namespace {

namespace fs = std::filesystem;
const fs::path kModel = fs::path(TEST_DEPS_DIR) / "models/multilingual-e5-small-q4_0.gguf";

class IngestTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!fs::exists(kModel)) return;
    model::LlamaOptions options;
    options.backends = fs::path(TEST_DEPS_DIR) / "llama/lib";
    auto loaded = model::load_embedder(kModel, options);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    embedder = std::move(loaded).value();
  }
  static void TearDownTestSuite() { embedder.reset(); }
  void SetUp() override {
    if (!fs::exists(kModel)) GTEST_SKIP() << kModel << " is absent: run ./dev setup";
    const index::Identity identity{embedder->digest(), static_cast<std::uint32_t>(embedder->dimensions()),
                                   extract::kExtractorVersion};
    auto opened =
        search::Collection::open(*files, clock, folder / "collection", identity, search::Collection::Mode::write);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    collection = std::move(opened).value();
    source.kind = catalog::SourceKind::site;
    source.address = site.url("/");
    source.policy.allow_private_addresses = true;
    source.policy.min_delay_ms = 0;
    site.set_html("/", "Everything about fruit and engines.", {"kiwi", "engine", "bread"});
    site.set_html("/kiwi", "The kiwi is a green fruit that grows in New Zealand on climbing plants.");
    site.set_html("/engine", "A diesel engine burns its fuel by the heat of compressed air alone.");
    site.set_html("/bread", "Bread is made of flour, water, salt and yeast, and baked in an oven.");
  }
  Result<IngestReport> ingest(std::stop_token stop = {}) {
    source = *collection->catalog().add_source(source);
    return ingest_source(source, *collection, *fetcher, *embedder, options, stop);
  }
  // The address of the document nearest in meaning.
  std::string nearest(std::string_view question) {
    const std::string_view texts[] = {question};
    const auto vector = embedder->embed(texts, model::EmbedRole::query);
    const auto snapshot = collection->index().snapshot();
    const auto hits = snapshot->semantic(vector->row(0), 1);
    if (hits.empty()) return "";
    return collection->catalog().reference(snapshot->record(hits[0].passage).reference)->address;
  }

  static inline std::unique_ptr<model::Embedder> embedder;
  test::TemporaryFolder folder;
  test::SiteServer site;
  ManualClock clock{1'800'000'000};
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  net::HttpClient client{net::HttpClient::Options{}};
  std::unique_ptr<crawl::Fetcher> fetcher = crawl::make_fetcher(client, clock);
  std::unique_ptr<search::Collection> collection;
  catalog::Source source;
  IngestOptions options;
};

TEST_F(IngestTest, WhatIsCrawledIsFoundByMeaningAndByWords) {
  std::uint64_t last = 0;
  options.on_progress = [&](const IngestProgress& now) { last = now.documents_indexed; };
  const auto report = ingest();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_TRUE(report->sync.complete);
  EXPECT_EQ(report->documents_indexed, 4u);
  EXPECT_EQ(last, 4u);
  EXPECT_EQ(report->passages_indexed, collection->index().snapshot()->size());
  EXPECT_EQ(nearest("Quel fruit pousse en Nouvelle-Z\xC3\xA9lande ?"), site.url("/kiwi"));
  EXPECT_EQ(nearest("How does a motor ignite its fuel?"), site.url("/engine"));
  const auto words = text::terms("yeast", "en");
  EXPECT_EQ(collection->index().snapshot()->bm25(words, 5).size(), 1u);
  const auto kiwi = collection->catalog().find_reference(site.url("/kiwi"));
  EXPECT_TRUE((*kiwi)->indexed);
  EXPECT_GE((*kiwi)->passages, 1u);
}

TEST_F(IngestTest, AChangedPageIsReplacedAndAGoneOneLeaves) {
  ASSERT_TRUE(ingest().ok());
  const auto before = collection->index().snapshot()->size();
  site.set_html("/kiwi", "The apple is a red fruit that grows in Normandy on trees.");
  clock.advance(86'401);
  const auto report = ingest();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->sync.totals.changed_documents, 1u);
  EXPECT_EQ(report->documents_indexed, 1u);
  EXPECT_EQ(collection->index().snapshot()->size(), before);
  EXPECT_EQ(collection->index().snapshot()->bm25(text::terms("Zealand", "en"), 5).size(), 0u);
  site.remove("/kiwi");
  for (const std::int64_t wait_s : {86'401, 3'601, 8 * 86'400}) {
    clock.advance(wait_s);
    ASSERT_TRUE(ingest().ok());
  }
  EXPECT_EQ((*collection->catalog().find_reference(site.url("/kiwi")))->state, catalog::ReferenceState::gone);
  EXPECT_EQ(collection->index().snapshot()->bm25(text::terms("Normandy", "en"), 5).size(), 0u);
}

TEST_F(IngestTest, StoppedAtOnceItLosesNothingAndGoesOnLater) {
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = ingest(stop.get_token());
  ASSERT_TRUE(stopped.ok()) << stopped.error().message;
  EXPECT_FALSE(stopped->sync.complete);
  const auto report = ingest();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(collection->index().snapshot()->references().size(), 4u);
}

// An embedder that fails, as when its memory is gone.
class FailingEmbedder final : public model::Embedder {
 public:
  explicit FailingEmbedder(model::Embedder& real) : real_(real) {}
  std::size_t dimensions() const override { return real_.dimensions(); }
  const std::string& digest() const override { return real_.digest(); }
  const std::string& name() const override { return real_.name(); }
  Result<model::Embeddings> embed(std::span<const std::string_view>, model::EmbedRole, const model::EmbedProgress&,
                                  std::stop_token) override {
    return Error{ErrorCode::internal, "the engine failed"};
  }

 private:
  model::Embedder& real_;
};

TEST_F(IngestTest, AnEmbedderThatFailsIsAnErrorAndTheNextCallIndexesAll) {
  FailingEmbedder failing(*embedder);
  source = *collection->catalog().add_source(source);
  const auto failed = ingest_source(source, *collection, *fetcher, failing, options);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::internal);
  EXPECT_EQ(collection->catalog().showable()->size(), 0u);
  ASSERT_TRUE(ingest().ok());
  EXPECT_EQ(collection->catalog().showable()->size(), 4u);
}

TEST_F(IngestTest, TheCacheHoldsWhatRetentionAllows) {
  crawl::DocumentCache cache(*files, folder / "cache", 1u << 20);
  options.cache = &cache;
  source.policy.retention = catalog::Retention::page;
  site.set("/bread", {200, test::html("Bread", "Bread."), "text/html", {{"X-Robots-Tag", "noarchive"}}});
  ASSERT_TRUE(ingest().ok());
  const auto cached = [&](const char* path) {
    const auto reference = collection->catalog().find_reference(site.url(path));
    return cache.get((*reference)->id);
  };
  ASSERT_TRUE(cached("/kiwi").has_value());
  EXPECT_NE(cached("/kiwi")->body.find("<main>"), std::string::npos);
  EXPECT_FALSE(cached("/bread").has_value());
  source.policy.retention = catalog::Retention::text;
  site.set_html("/kiwi", "Another text about apples and pears in the garden.");
  clock.advance(86'401);
  ASSERT_TRUE(ingest().ok());
  EXPECT_EQ(cached("/kiwi")->body.find("<main>"), std::string::npos);
  EXPECT_NE(cached("/kiwi")->body.find("apples"), std::string::npos);
}

}  // namespace
}  // namespace renvoi::ingest
