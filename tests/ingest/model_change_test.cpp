// The sweep of a change of model, through the product's own path: sites and folders read again, the old model serving.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/hash.h"
#include "crawl/site_server.h"
#include "ingest/ingest.h"
#include "ingest/sweep.h"
#include "io/temporary_folder.h"
#include "search/search.h"
#include "test_embedder.h"
#include "text/terms.h"

namespace renvoi::ingest {
namespace {

// Vectors by the hash of the text and of the model; may be held up.
class TestEmbedder final : public model::Embedder {
 public:
  TestEmbedder(std::string digest, std::size_t dimensions) : digest_(std::move(digest)), dimensions_(dimensions) {}
  std::size_t dimensions() const override { return dimensions_; }
  const std::string& digest() const override { return digest_; }
  const std::string& name() const override { return digest_; }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole,
                                  const model::EmbedProgress&, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return texts_ < most_; })) return Error{ErrorCode::unavailable, "stopped"};
    texts_ += texts.size();
    model::Embeddings all{dimensions_, {}};
    for (const std::string_view text : texts)
      renvoi::test::append_unit_row(all, fingerprint(text) + fingerprint(digest_));
    return all;
  }
  // Beyond so many texts it waits until it is stopped.
  void allow(std::size_t more) {
    const std::lock_guard lock(mutex_);
    most_ = more > SIZE_MAX - texts_ ? SIZE_MAX : texts_ + more;
    changed_.notify_all();
  }
  std::size_t texts() {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 private:
  const std::string digest_;
  const std::size_t dimensions_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t texts_ = 0, most_ = SIZE_MAX;
};

constexpr std::uint32_t kOldExtractor = extract::kExtractorVersion - 1;

class ModelChangeTest : public testing::Test {
 protected:
  void SetUp() override {
    open();
    source.kind = catalog::SourceKind::site;
    source.address = site.url("/");
    source.policy.allow_private_addresses = true;
    source.policy.min_delay_ms = 0;
    site.set_html("/", "Everything about fruit and engines.", {"kiwi", "engine", "bread"});
    site.set_html("/kiwi", "The kiwi is a green fruit that grows in New Zealand on climbing plants.");
    site.set_html("/engine", "A diesel engine burns its fuel by the heat of compressed air alone.");
    site.set_html("/bread", "Bread is made of flour, water, salt and yeast, and baked in an oven.");
  }
  void open(std::optional<search::ModelChange> change = {}) {
    collection.reset();
    auto opened = search::Collection::open(*files, clock, folder / "collection", from, search::Collection::Mode::write,
                                           search::fixed_tables(search::first_tier_identity(from, 1), table), change);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    collection = std::move(opened).value();
  }
  void begin() { open(search::ModelChange{to, {}}); }
  void ingest(bool fast = false) {
    source = *collection->catalog().add_source(source);
    IngestOptions with = options;
    with.fast = fast;
    const auto report = ingest_source(source, *collection, *fetcher, *old_model, with);
    ASSERT_TRUE(report.ok()) << report.error().message;
  }
  Result<SweepReport> sweep(std::stop_token stop = {}) {
    return encode_for_next(*collection, *fetcher, {*old_model, *new_model}, options, std::move(stop));
  }
  int requests() const {
    int all = 0;
    for (const auto& [path, times] : site.asked()) all += times;
    return all;
  }
  std::uint64_t done() { return collection->change()->documents_done; }
  static search::SearchRequest about(const std::string& query) {
    search::SearchRequest request;
    request.query = query;
    return request;
  }
  std::vector<search::SearchHit> search(const std::string& query) {
    search::Searcher searcher(*collection, *old_model);
    searcher.add_model(*new_model);
    const auto found = searcher.search(about(query));
    EXPECT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found->embedder->digest(), collection->identity().model_digest);
    return found->hits;
  }

  test::TemporaryFolder folder;
  test::SiteServer site;
  ManualClock clock{1'800'000'000};
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  net::HttpClient client{net::HttpClient::Options{}};
  std::unique_ptr<crawl::Fetcher> fetcher = crawl::make_fetcher(client, clock);
  std::unique_ptr<search::Collection> collection;
  TestEmbedder model_a{"00aa", 16}, model_b{"00bb", 24};
  std::shared_ptr<TestEmbedder> table = std::make_shared<TestEmbedder>("00aa", 16);
  TestEmbedder *old_model = &model_a, *new_model = &model_b;
  index::Identity from{"00aa", 16, extract::kExtractorVersion}, to{"00bb", 24, extract::kExtractorVersion};
  catalog::Source source;
  IngestOptions options;
};

TEST_F(ModelChangeTest, ASweepReadsEverythingAgainAndTheSwitchIsSeenBySearches) {
  ingest();
  begin();
  EXPECT_EQ(search("kiwi fruit").size(), 4U);
  const std::size_t asked_before = model_b.texts();
  EXPECT_EQ(asked_before, 0U) << "the old model answers";
  const auto report = sweep();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->ingest.documents_encoded, 4U);
  EXPECT_EQ(report->ingest.sync.totals.fetched, 4U);
  EXPECT_EQ(done(), 4U);
  EXPECT_EQ(sweep()->ingest.sync.totals.fetched, 0U);  // nothing waits
  search::Searcher serving(*collection, *old_model);
  serving.add_model(*new_model);
  EXPECT_EQ(serving.search(about("kiwi fruit"))->embedder, &model_a);
  ASSERT_TRUE(collection->switch_to_next().value());
  const auto after = serving.search(about("kiwi fruit"));
  ASSERT_TRUE(after.ok()) << after.error().message;
  EXPECT_EQ(after->embedder, &model_b);
  EXPECT_EQ(after->hits.size(), 4U);
  EXPECT_EQ(after->hits[0].reference.address, site.url("/kiwi"));
}

TEST_F(ModelChangeTest, StoppedAnywhereItGoesOnWhereItWas) {
  ingest();
  begin();
  options.batch_passages = 1;
  std::size_t encoded = 0;
  for (std::size_t pages = 1; pages <= 3; ++pages) {
    new_model->allow(1);
    std::stop_source stop;
    Result<SweepReport> report = SweepReport{};
    {
      const std::jthread work([&] { report = sweep(stop.get_token()); });
      for (int i = 0; i < 1'000 && done() < pages; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      stop.request_stop();
    }
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_FALSE(report->ingest.sync.complete);
    encoded += report->ingest.documents_encoded;
    EXPECT_FALSE(collection->switch_to_next().value());
    begin();  // the process ended
    EXPECT_EQ(done(), pages);
    EXPECT_EQ(search("kiwi").size(), 4U);
  }
  new_model->allow(SIZE_MAX);
  encoded += sweep()->ingest.documents_encoded;
  EXPECT_EQ(encoded, 4U);  // none was encoded twice
  EXPECT_TRUE(collection->switch_to_next().value());
}

TEST_F(ModelChangeTest, WhatIsFoundChangedGoesIntoBothAndWhatIsGoneLeavesBoth) {
  ingest();
  begin();
  site.set_html("/bread", "Brioche is made with butter and eggs, and is eaten for breakfast in France.");
  site.remove("/engine");
  clock.advance(60);
  ASSERT_TRUE(sweep().ok());
  const auto bread = collection->catalog().find_reference(site.url("/bread")).value();
  EXPECT_EQ(bread->checked_at, clock.now());
  EXPECT_EQ(collection->snapshots().full->bm25(text::terms("butter", "en"), 5).size(), 1U);  // the old one's
  EXPECT_EQ(collection->snapshots().full->bm25(text::terms("yeast", "en"), 5).size(), 0U);
  const auto engine = collection->catalog().find_reference(site.url("/engine")).value();
  EXPECT_EQ(engine->state, catalog::ReferenceState::suspect);
  EXPECT_EQ(done(), 3U);
  for (const std::int64_t wait_s : {86'401, 3'601, 8 * 86'400}) {
    clock.advance(wait_s);
    ASSERT_TRUE(sweep().ok());
  }
  EXPECT_EQ(collection->catalog().reference(engine->id)->state, catalog::ReferenceState::gone);
  EXPECT_TRUE(collection->waiting_for_next().empty());
  ASSERT_TRUE(collection->switch_to_next().value());
  EXPECT_EQ(collection->snapshots().full->references().size(), 3U);
  EXPECT_EQ(collection->snapshots().full->bm25(text::terms("butter", "en"), 5).size(), 1U);
}

TEST_F(ModelChangeTest, WhatASyncFindsMeanwhileIsInTheNewIndexToo) {
  ingest();
  begin();
  ASSERT_TRUE(sweep().ok());
  site.set_html("/", "Everything about fruit and engines.", {"kiwi", "engine", "bread", "apple"});
  site.set_html("/apple", "The apple is a red fruit that grows in Normandy on trees.");
  site.set_html("/kiwi", "The kiwi is a bird of New Zealand that cannot fly.");
  clock.advance(86'401);
  ingest();
  EXPECT_EQ(collection->snapshots().full->bm25(text::terms("Normandy", "en"), 5).size(), 1U);
  EXPECT_EQ(collection->waiting_for_next().size(), 3U);  // the home page names the new one
  EXPECT_FALSE(collection->switch_to_next().value());
  const auto report = sweep();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->ingest.documents_encoded, 3U);
  ASSERT_TRUE(collection->switch_to_next().value());
  EXPECT_EQ(collection->snapshots().full->references().size(), 5U);
  EXPECT_EQ(collection->snapshots().full->bm25(text::terms("bird", "en"), 5).size(), 1U);
}

TEST_F(ModelChangeTest, WhatWaitsInTheFirstTierStaysSearchableAndIsEncodedForTheNewModelOnly) {
  ingest(true);
  EXPECT_EQ(collection->snapshots().first->references().size(), 4U);
  begin();
  EXPECT_EQ(search("kiwi").size(), 4U);
  ASSERT_TRUE(sweep().ok());
  EXPECT_EQ(collection->snapshots().first->references().size(), 4U);
  EXPECT_EQ(model_a.texts(), 0U);
  ASSERT_TRUE(collection->switch_to_next().value());
  EXPECT_EQ(collection->snapshots().full->references().size(), 4U);
  EXPECT_EQ(collection->snapshots().first_size(), 0U);
}

// Pages that are kept: not asked for when their server was seen lately; else the server says whether they changed.
TEST_F(ModelChangeTest, APageOfTheCacheIsNotFetchedAgain) {
  crawl::DocumentCache cache(*files, folder / "cache", 1 << 20);
  options.cache = &cache;
  source.policy.retention = catalog::Retention::page;
  ingest();
  begin();
  const int before = requests();
  const auto report = sweep();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->ingest.documents_encoded, 4U);
  EXPECT_EQ(requests(), before);
  const auto kiwi = collection->catalog().find_reference(site.url("/kiwi")).value();
  EXPECT_EQ(kiwi->state, catalog::ReferenceState::live);
  begin();
  EXPECT_EQ(done(), 4U);
  open();  // and back, and anew, when the pages are old
  begin();
  clock.advance(86'401);
  site.remove("/engine");
  ASSERT_TRUE(sweep().ok());
  EXPECT_GT(requests(), before);
  EXPECT_EQ(done(), 3U) << "a cached page does not outlive its original";
}

// Of a file that is of another kind now nothing can be read: it does not hold the change up.
TEST_F(ModelChangeTest, WhatCannotBeReadAnyMoreIsToldAndDoesNotHoldUpTheChange) {
  const auto pages = folder / "pages";
  std::filesystem::create_directories(pages);
  for (const char* name : {"a.txt", "b.txt", "c.txt"})
    std::ofstream(pages / name) << "The text of the page " << name << " is about nothing at all, at some length.\n";
  source = {};
  source.kind = catalog::SourceKind::folder;
  source.address = pages.string();
  ingest();
  begin();
  std::ofstream(pages / "b.txt", std::ios::binary | std::ios::trunc) << std::string(
      "\x7f"
      "ELF\0\0\1\2\3",
      9);
  std::filesystem::remove(pages / "c.txt");
  const auto report = sweep();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->unreadable.size(), 1U);
  EXPECT_EQ(report->ingest.sync.totals.gone, 1U);
  EXPECT_FALSE(collection->switch_to_next().value());
  EXPECT_TRUE(collection->switch_to_next(report->unreadable).value());
  EXPECT_EQ(collection->snapshots().full->references().size(), 1U);
  EXPECT_FALSE(collection->catalog().reference(report->unreadable[0])->indexed);
}

// The same path for a new extractor: the same model, so that nothing is encoded twice.
TEST_F(ModelChangeTest, ANewExtractorReadsEverythingAgainByTheSameModel) {
  from.extractor_version = kOldExtractor;
  to = {"00aa", 16, extract::kExtractorVersion};
  new_model = &model_a;
  std::filesystem::remove_all(folder / "collection");
  open();
  ingest();
  // As if the old extractor had given another text of one page.
  auto kiwi = *collection->catalog().find_reference(site.url("/kiwi")).value();
  kiwi.fingerprint ^= 1;
  ASSERT_TRUE(collection->catalog().update_reference(kiwi, clock.now()).ok());
  const std::size_t before = model_a.texts();
  begin();
  ASSERT_TRUE(sweep().ok());
  EXPECT_EQ(model_a.texts(), before + 4U);
  EXPECT_EQ(collection->catalog().reference(kiwi.id)->fingerprint, kiwi.fingerprint ^ 1);
  ASSERT_TRUE(collection->switch_to_next().value());
  EXPECT_EQ(collection->identity().extractor_version, extract::kExtractorVersion);
  EXPECT_EQ(search("kiwi").size(), 4U);
}

}  // namespace
}  // namespace renvoi::ingest
