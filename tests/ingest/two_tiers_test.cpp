// Documents are searchable before the encoder comes to them, stay so when it does not, and are encoded later.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

#include "crawl/site_server.h"
#include "ingest/ingest.h"
#include "ingest/test_embedder.h"
#include "io/temporary_folder.h"
#include "text/terms.h"

namespace renvoi::ingest {
namespace {

using test::kDimensions;
using test::TestEmbedder;

class TwoTiersTest : public testing::Test {
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
  void open() {
    collection.reset();
    const index::Identity full{"00aa", kDimensions, extract::kExtractorVersion};
    auto opened = search::Collection::open(*files, clock, folder / "collection", full, search::Collection::Mode::write,
                                           search::fixed_tables(search::first_tier_identity(full, 1), table));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    collection = std::move(opened).value();
  }
  Result<IngestReport> ingest(std::stop_token stop = {}) {
    source = *collection->catalog().add_source(source);
    return ingest_source(source, *collection, *fetcher, encoder, options, std::move(stop));
  }
  Result<IngestReport> encode() { return encode_waiting(*collection, *fetcher, encoder, options); }
  std::uint64_t in(search::Tier tier) {
    const search::Snapshots both = collection->snapshots();
    return (tier == search::Tier::full ? both.full : both.first)->references().size();
  }
  // Waits until the first tier holds so many, ten seconds at most.
  bool first_tier_reaches(std::uint64_t pages) {
    for (int i = 0; i < 1'000 && in(search::Tier::first) < pages; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return in(search::Tier::first) >= pages;
  }

  test::TemporaryFolder folder;
  test::SiteServer site;
  ManualClock clock{1'800'000'000};
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  net::HttpClient client{net::HttpClient::Options{}};
  std::unique_ptr<crawl::Fetcher> fetcher = crawl::make_fetcher(client, clock);
  std::unique_ptr<search::Collection> collection;
  TestEmbedder encoder;
  std::shared_ptr<TestEmbedder> table = std::make_shared<TestEmbedder>();
  catalog::Source source;
  IngestOptions options;
};

TEST_F(TwoTiersTest, WhatIsReadIsSearchableWhileTheEncoderIsBusyAndInTheFullTierAtTheEnd) {
  encoder.hold(true);
  Result<IngestReport> report = IngestReport{};
  {
    const std::jthread work([&] { report = ingest(); });
    EXPECT_TRUE(first_tier_reaches(4));
    EXPECT_EQ(collection->catalog().showable()->size(), 4U);
    EXPECT_EQ(in(search::Tier::full), 0U);
    encoder.hold(false);
  }
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->documents_indexed, 4U);
  EXPECT_EQ(report->documents_encoded, 4U);
  EXPECT_EQ(report->passages_encoded, report->passages_indexed);
  EXPECT_EQ(report->sync.totals.fetched, 4U);  // nothing was read twice
  EXPECT_EQ(in(search::Tier::full), 4U);
  EXPECT_EQ(in(search::Tier::first), 0U);
}

TEST_F(TwoTiersTest, InterruptedWhileEncodingAllStaysSearchableAndIsEncodedLater) {
  encoder.hold(true);
  std::stop_source stop;
  Result<IngestReport> report = IngestReport{};
  {
    const std::jthread work([&] { report = ingest(stop.get_token()); });
    EXPECT_TRUE(first_tier_reaches(4));
    stop.request_stop();
  }
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->documents_indexed, 4U);
  EXPECT_EQ(report->documents_encoded, 0U);
  encoder.hold(false);
  open();  // the process ended
  EXPECT_EQ(collection->catalog().showable()->size(), 4U);
  const auto encoded = encode();
  ASSERT_TRUE(encoded.ok()) << encoded.error().message;
  EXPECT_EQ(encoded->documents_encoded, 4U);
  EXPECT_EQ(in(search::Tier::full), 4U);
  EXPECT_EQ(in(search::Tier::first), 0U);
  EXPECT_EQ(collection->catalog().showable()->size(), 4U);
  EXPECT_EQ(encode()->documents_encoded, 0U);
}

TEST_F(TwoTiersTest, AnEncoderThatFailsIsAnErrorAndWhatWasReadIsSearchable) {
  encoder.fails = true;
  options.batch_passages = 1'000;  // all is read before the first batch
  const auto failed = ingest();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::internal);
  EXPECT_EQ(in(search::Tier::first), 4U);
  EXPECT_EQ(collection->catalog().showable()->size(), 4U);
  encoder.fails = false;
  ASSERT_TRUE(ingest().ok());  // a sync does what is left, too
  EXPECT_EQ(in(search::Tier::full), 4U);
  EXPECT_EQ(in(search::Tier::first), 0U);
}

TEST_F(TwoTiersTest, FastEndsWithTheFirstTierAndWhatIsGoneOrChangedMeanwhileIsSeen) {
  options.fast = true;
  const auto report = ingest();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(encoder.texts(), 0U);
  EXPECT_EQ(in(search::Tier::first), 4U);
  options.fast = false;
  site.remove("/kiwi");
  site.set_html("/bread", "Brioche is made with butter and eggs, and is eaten for breakfast in France.");
  clock.advance(60);
  const auto encoded = encode();
  ASSERT_TRUE(encoded.ok()) << encoded.error().message;
  EXPECT_EQ(encoded->documents_encoded, 3U);
  const auto kiwi = collection->catalog().find_reference(site.url("/kiwi")).value();
  EXPECT_EQ(kiwi->state, catalog::ReferenceState::suspect);  // out of answers at once
  EXPECT_EQ(collection->catalog().showable()->size(), 3U);
  EXPECT_EQ(collection->only_in_first_tier(), std::vector{kiwi->id});
  EXPECT_EQ(collection->snapshots().full->bm25(text::terms("butter", "en"), 5).size(), 1U);
  EXPECT_EQ(collection->snapshots().full->bm25(text::terms("yeast", "en"), 5).size(), 0U);
  const auto bread = collection->catalog().find_reference(site.url("/bread")).value();
  EXPECT_EQ(bread->checked_at, clock.now());
  // Not asked for again before it is due; then it is GONE, and in neither tier.
  EXPECT_EQ(encode()->sync.totals.fetched, 0U);
  for (const std::int64_t wait_s : {86'401, 3'601, 8 * 86'400}) {
    clock.advance(wait_s);
    ASSERT_TRUE(encode().ok());
  }
  EXPECT_EQ(collection->catalog().reference(kiwi->id)->state, catalog::ReferenceState::gone);
  EXPECT_EQ(in(search::Tier::first), 0U);
}

TEST_F(TwoTiersTest, AChangedDocumentLeavesTheFullTierForTheFirstAndComesBack) {
  ASSERT_TRUE(ingest().ok());
  site.set_html("/kiwi", "The apple is a red fruit that grows in Normandy on trees.");
  clock.advance(86'401);
  options.fast = true;
  ASSERT_TRUE(ingest().ok());
  EXPECT_EQ(in(search::Tier::first), 1U);
  EXPECT_EQ(in(search::Tier::full), 3U);
  options.fast = false;
  ASSERT_TRUE(encode().ok());
  EXPECT_EQ(in(search::Tier::full), 4U);
  EXPECT_EQ(collection->snapshots().full->bm25(text::terms("Normandy", "en"), 5).size(), 1U);
}

// A folder is taken in whole, however slow the encoder is: its queue overflows into the first tier, and what did not
// fit is read again from the disk.
TEST_F(TwoTiersTest, AFolderIsSearchableHoweverFarTheEncoderIsBehind) {
  const auto pages = folder / "pages";
  std::filesystem::create_directories(pages);
  constexpr std::uint64_t kPages = 300, kParagraphs = 12;
  for (std::uint64_t i = 0; i < kPages; ++i) {
    std::ofstream page(pages / (std::to_string(i) + ".txt"));
    for (std::uint64_t j = 0; j < kParagraphs; ++j) {
      for (std::uint64_t k = 0; k < 20; ++k) page << "Sentence " << k << " of part " << j << " of page " << i << ". ";
      page << "\n\n";
    }
  }
  source = {};
  source.kind = catalog::SourceKind::folder;
  source.address = pages.string();
  encoder.hold(true);
  Result<IngestReport> report = IngestReport{};
  {
    const std::jthread work([&] { report = ingest(); });
    for (int i = 0; i < 20 && !first_tier_reaches(kPages); ++i) {
    }
    EXPECT_EQ(in(search::Tier::first), kPages);
    EXPECT_EQ(in(search::Tier::full), 0U);
    EXPECT_GT(collection->snapshots().first_size(), 2'500U);  // more than the encoder's queue takes
    encoder.hold(false);
  }
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->documents_encoded, kPages);
  EXPECT_GT(report->sync.totals.fetched, kPages);  // some were read again
  EXPECT_EQ(in(search::Tier::full), kPages);
  EXPECT_EQ(in(search::Tier::first), 0U);
}

}  // namespace
}  // namespace renvoi::ingest
