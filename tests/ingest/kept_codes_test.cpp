// Of a page that changed only the passages that changed are encoded again; the others keep their codes to the bit.
#include "ingest/kept_codes.h"

#include <gtest/gtest.h>

#include "crawl/site_server.h"
#include "extract/extract.h"
#include "ingest/test_embedder.h"
#include "io/temporary_folder.h"

namespace renvoi::ingest {
namespace {

using test::kDimensions;
using test::TestEmbedder;

constexpr std::size_t kSections = 40;

// A section of its own for each passage.
std::vector<std::string> sections() {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < kSections; ++i) {
    std::string text;
    for (int sentence = 0; sentence < 12; ++sentence)
      text += "Sentence " + std::to_string(sentence) + " of section " + std::to_string(i) +
              " says something that no other sentence of this page says. ";
    texts.push_back(text);
  }
  return texts;
}

enum class Tiers : std::uint8_t { full_only, two };

class KeptCodesTest : public testing::TestWithParam<Tiers> {
 protected:
  void SetUp() override {
    const index::Identity full{"00aa", kDimensions, extract::kExtractorVersion};
    auto tables = GetParam() == Tiers::two ? search::fixed_tables(search::first_tier_identity(full, 1), table)
                                           : std::shared_ptr<search::TierTables>();
    auto opened = search::Collection::open(*files, clock, folder / "collection", full, search::Collection::Mode::write,
                                           std::move(tables));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    collection = std::move(opened).value();
    source.kind = catalog::SourceKind::site;
    source.address = site.url("/");
    source.policy.allow_private_addresses = true;
    source.policy.min_delay_ms = 0;
  }
  void set_page(const std::string& title, const std::vector<std::string>& texts) {
    std::string page =
        "<!doctype html><html lang=en><head><title>" + title + "</title></head><body><main><h1>" + title + "</h1>";
    for (const std::string& text : texts) page += "<h2>" + text.substr(14, 13) + "</h2><p>" + text + "</p>";
    site.set("/", {200, page + "</main></body></html>"});
  }
  IngestReport ingest() {
    clock.advance(30 * 86'400);
    source = *collection->catalog().add_source(source);
    auto report = ingest_source(source, *collection, *fetcher, encoder, options);
    EXPECT_TRUE(report.ok()) << report.error().describe();
    encoded = encoder.take_texts();
    return report.ok() ? std::move(report).value() : IngestReport{};
  }
  std::vector<index::StoredCode> codes() {
    const auto full = collection->snapshots().full;
    std::vector<index::StoredCode> all;
    for (const auto number : full->passages_of((*collection->catalog().find_reference(site.url("/")))->id))
      all.push_back(full->code(number).value());
    return all;
  }

  test::TemporaryFolder folder;
  test::SiteServer site;
  ManualClock clock{1'800'000'000};
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  net::HttpClient client{net::HttpClient::Options{}};
  std::unique_ptr<crawl::Fetcher> fetcher = crawl::make_fetcher(client, clock);
  TestEmbedder encoder;
  std::shared_ptr<TestEmbedder> table = std::make_shared<TestEmbedder>();
  std::unique_ptr<search::Collection> collection;
  catalog::Source source;
  IngestOptions options;
  std::vector<std::string> encoded;  // by the last ingest
};

INSTANTIATE_TEST_SUITE_P(Tiers, KeptCodesTest, testing::Values(Tiers::full_only, Tiers::two),
                         [](const auto& tiers) { return tiers.param == Tiers::two ? "two" : "one"; });

TEST_P(KeptCodesTest, OneChangedParagraphIsOnePassageEncoded) {
  std::vector<std::string> texts = sections();
  set_page("A page", texts);
  EXPECT_EQ(ingest().passages_encoded, kSections);
  ASSERT_EQ(encoded.size(), kSections);
  ASSERT_TRUE(collection->compact().ok());  // codes in a segment
  std::vector<index::StoredCode> before = codes();

  for (const std::size_t changed : {17U, 18U, 0U}) {  // then in the log
    texts[changed] += " A sentence is added.";
    set_page("A page", texts);
    const IngestReport report = ingest();
    ASSERT_EQ(encoded.size(), 1U);
    EXPECT_NE(encoded[0].find("is added"), std::string::npos);
    EXPECT_EQ(report.passages_encoded, kSections);
    EXPECT_EQ(report.passages_kept, kSections - 1);
    const std::vector<index::StoredCode> after = codes();
    ASSERT_EQ(after.size(), kSections);
    for (std::size_t i = 0; i < kSections; ++i) EXPECT_EQ(after[i] == before[i], i != changed) << i;
    before = after;
  }
  EXPECT_TRUE(collection->only_in_first_tier().empty());
  EXPECT_TRUE(collection->check().ok());
}

TEST_P(KeptCodesTest, PassagesThatMoveOrLeaveTakeNoEncoder) {
  std::vector<std::string> texts = sections();
  set_page("A page", texts);
  ingest();
  std::vector<index::StoredCode> expected = codes();
  std::swap(texts[3], texts[30]);
  std::swap(expected[3], expected[30]);
  texts.erase(texts.begin() + 10);
  expected.erase(expected.begin() + 10);
  set_page("A page", texts);
  const IngestReport report = ingest();
  EXPECT_TRUE(encoded.empty());
  EXPECT_EQ(report.documents_encoded, 1U);
  EXPECT_EQ(report.passages_kept, kSections - 1);
  EXPECT_EQ(codes(), expected);
  EXPECT_TRUE(collection->only_in_first_tier().empty());
}

// The encoder is given the headings above a passage too: under another title it is another vector.
TEST_P(KeptCodesTest, UnderAnotherTitleEverythingIsEncodedAgain) {
  std::vector<std::string> texts = sections();
  set_page("A page", texts);
  ingest();
  texts[5] += " A sentence is added.";  // a title alone is no change of the text
  set_page("Another title of it", texts);
  const IngestReport report = ingest();
  EXPECT_EQ(encoded.size(), kSections);
  EXPECT_EQ(report.passages_kept, 0U);
}

// Written before the log's version 2: a passage was known by its text alone, whatever stood above it.
TEST_P(KeptCodesTest, WhatAnOlderProgramWroteIsEncodedAgain) {
  const std::vector<std::string> texts = sections();
  set_page("A page", texts);
  ingest();
  catalog::Reference reference = **collection->catalog().find_reference(site.url("/"));
  const auto fetched = fetcher->fetch({site.url("/"), {}, source.policy});
  const auto document = extract::extract(fetched.body, {"text/html", "/", ""});
  ASSERT_TRUE(document.ok());
  const PreparedDocument prepared = prepare(*document);
  EXPECT_EQ(to_encode(prepared, kept_codes(*collection->snapshots().full, reference.id, prepared)).size(), 0U);
  std::vector<std::string_view> inputs(prepared.inputs.begin(), prepared.inputs.end());
  const auto vectors = encoder.embed(inputs, model::EmbedRole::passage, {}, {});
  std::vector<index::PassageInput> old = passage_inputs(prepared, *vectors, 0);
  for (std::size_t i = 0; i < old.size(); ++i) old[i].fingerprint = prepared.passages[i].fingerprint;
  const search::Collection::DocumentWrite write{reference, old, "changed"};
  ASSERT_TRUE(collection->put({&write, 1}).ok());
  EXPECT_EQ(to_encode(prepared, kept_codes(*collection->snapshots().full, reference.id, prepared)).size(), kSections);
}

}  // namespace
}  // namespace renvoi::ingest
