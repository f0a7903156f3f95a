#include "catalog/catalog.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>
#include <random>

#include "../io/temporary_folder.h"

namespace renvoi::catalog {
namespace {

using test::TemporaryFolder;

class CatalogTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    catalog.reset();
    auto opened = Catalog::open(folder / "catalog.db", Catalog::Mode::write);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    catalog = std::move(opened).value();
  }
  Source site() { return catalog->add_source({.kind = SourceKind::site, .address = "https://a.org/"}).value(); }
  Reference page(SourceId source, const std::string& address) {
    Reference reference;
    reference.source = source;
    reference.address = address;
    return catalog->add_reference(reference, 100).value();
  }
  Reference indexed_page(SourceId source, const std::string& address, const std::string& language) {
    Reference reference = page(source, address);
    reference.indexed = true;
    reference.language = language;
    reference.passages = 3;
    reference.text_bytes = 1'000;
    EXPECT_TRUE(catalog->update_reference(reference, 101, "added").ok());
    return reference;
  }
  void run_sql(const std::string& sql) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open((folder / "catalog.db").c_str(), &connection), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(connection);
    sqlite3_close(connection);
  }
  TemporaryFolder folder;
  std::unique_ptr<Catalog> catalog;
};

TEST_F(CatalogTest, EveryFieldOfASourceSurvivesReopening) {
  Source source{.kind = SourceKind::sitemap, .address = "https://a.org/sitemap.xml", .added_at = 5};
  source.policy = {.retention = Retention::page,
                   .allow_private_addresses = true,
                   .obey_robots = false,
                   .max_depth = 3,
                   .max_pages = 7,
                   .min_delay_ms = 9,
                   .revisit_after_s = 11,
                   .path_prefix = "/docs/"};
  source = catalog->add_source(source).value();
  source.synced_at = 77;
  source.last_outcome = "12 pages";
  ASSERT_TRUE(catalog->update_source(source).ok());
  open();
  const Source found = catalog->source(source.id).value();
  EXPECT_EQ(found.policy, source.policy);
  EXPECT_EQ(found.kind, SourceKind::sitemap);
  EXPECT_EQ(found.added_at, 5);
  EXPECT_EQ(found.synced_at, 77);
  EXPECT_EQ(found.last_outcome, "12 pages");
}

TEST_F(CatalogTest, TheSameSourceTwiceIsOneWithTheNewPolicy) {
  Source first = site();
  first.synced_at = 9;
  ASSERT_TRUE(catalog->update_source(first).ok());
  const Source again =
      catalog->add_source({.kind = SourceKind::site, .address = "https://a.org/", .policy = {.max_depth = 2}}).value();
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.policy.max_depth, 2U);
  EXPECT_EQ(again.synced_at, 9);
  EXPECT_EQ(catalog->sources()->size(), 1U);
}

TEST_F(CatalogTest, EveryFieldOfAReferenceSurvivesReopening) {
  Reference reference = page(site().id, "https://a.org/1");
  reference.title = "Titre";
  reference.language = "fr";
  reference.type = "pdf";
  reference.date = 1'700'000'000;
  reference.depth = 4;
  reference.validators = {"\"tag\"", "Mon, 01 Jan 2024 00:00:00 GMT"};
  reference.fingerprint = 0xFEDCBA9876543210U;
  reference.text_bytes = 12;
  reference.passages = 13;
  reference.indexed = true;
  reference.state = ReferenceState::moved;
  reference.state_since = 14;
  reference.checked_at = 15;
  reference.next_check_at = 16;
  reference.failures = 17;
  reference.first_failure_at = 18;
  reference.reason = "HTTP 301";
  reference.moved_to = "https://b.org/";
  ASSERT_TRUE(catalog->update_reference(reference, 20, "changed").ok());
  open();
  const Reference found = catalog->find_reference("https://a.org/1")->value();
  EXPECT_EQ(found.title, "Titre");
  EXPECT_EQ(found.type, "pdf");
  EXPECT_EQ(found.date, 1'700'000'000);
  EXPECT_EQ(found.validators, reference.validators);
  EXPECT_EQ(found.fingerprint, reference.fingerprint);
  EXPECT_EQ(found.state, ReferenceState::moved);
  EXPECT_TRUE(found.indexed);
  EXPECT_EQ(std::tuple(found.depth, found.text_bytes, found.passages, found.state_since, found.checked_at,
                       found.next_check_at, found.failures, found.first_failure_at, found.reason, found.moved_to),
            std::tuple(4U, 12U, 13U, 14, 15, 16, 17U, 18, "HTTP 301", "https://b.org/"));
}

// Invariant 1: a title is all the catalogue keeps of a document's text.
TEST_F(CatalogTest, ATitleIsCutAt200BytesOnACharacter) {
  Reference reference = page(site().id, "https://a.org/1");
  reference.title = "x";
  for (int i = 0; i < 150; ++i) reference.title += "é";
  ASSERT_TRUE(catalog->update_reference(reference, 20).ok());
  const std::string title = catalog->reference(reference.id)->title;
  EXPECT_EQ(title.size(), 199U);
  EXPECT_EQ(title, reference.title.substr(0, 199));
}

TEST_F(CatalogTest, AnAddressIsOneReferenceWhateverItsSourceAndItsTombstoneIsLifted) {
  const Source first = site();
  const Source second = catalog->add_source({.kind = SourceKind::url, .address = "https://a.org/1"}).value();
  const Reference reference = page(first.id, "https://a.org/1");
  EXPECT_EQ(page(second.id, "https://a.org/1").id, reference.id);
  ASSERT_TRUE(catalog->remove_reference(reference.id, 30, "asked").ok());
  EXPECT_EQ(catalog->counts()->tombstones, 1U);
  const Reference again = page(first.id, "https://a.org/1");
  EXPECT_GT(again.id, reference.id);  // a number is never used again
  EXPECT_EQ(catalog->counts()->tombstones, 0U);
}

TEST_F(CatalogTest, OnlyIndexedReferencesInAGoodStateAreShowable) {
  const SourceId source = site().id;
  std::vector<ReferenceId> expected;
  for (int state = 0; state < 6; ++state)
    for (const bool indexed : {false, true}) {
      Reference reference = page(source, "https://a.org/" + std::to_string(state * 2 + (indexed ? 1 : 0)));
      reference.state = static_cast<ReferenceState>(state);
      reference.indexed = indexed;
      reference.language = state == 0 ? "fr" : "en";
      ASSERT_TRUE(catalog->update_reference(reference, 20).ok());
      const bool good = reference.state == ReferenceState::live || reference.state == ReferenceState::moved ||
                        reference.state == ReferenceState::host_down;
      if (indexed && good) expected.push_back(reference.id);
    }
  EXPECT_EQ(catalog->showable().value(), expected);
  EXPECT_EQ(catalog->showable({}, "fr")->size(), 1U);
  EXPECT_EQ(catalog->showable(source, "en")->size(), 2U);
  EXPECT_TRUE(catalog->showable(static_cast<SourceId>(99))->empty());
  using Languages = std::vector<std::pair<std::string, std::uint64_t>>;
  EXPECT_EQ(catalog->languages().value(), (Languages{{"en", 2}, {"fr", 1}}));
  EXPECT_EQ(catalog->counts()->tombstones, 2U);  // the two that became GONE
}

TEST_F(CatalogTest, VersionGrowsExactlyWhenWhatIsShownChangesAndReadersSeeIt) {
  const auto reader = Catalog::open(folder / "catalog.db", Catalog::Mode::read).value();
  const SourceId source = site().id;
  Reference reference = page(source, "https://a.org/1");
  const std::uint64_t before = catalog->version();
  reference.checked_at = 5;
  ASSERT_TRUE(catalog->update_reference(reference, 20).ok());
  EXPECT_EQ(catalog->version(), before);
  reference.indexed = true;
  ASSERT_TRUE(catalog->update_reference(reference, 20).ok());
  EXPECT_GT(catalog->version(), before);
  EXPECT_EQ(reader->version(), catalog->version());
  const std::uint64_t shown = catalog->version();
  reference.state = ReferenceState::suspect;
  ASSERT_TRUE(catalog->update_reference(reference, 20).ok());
  EXPECT_GT(catalog->version(), shown);
}

TEST_F(CatalogTest, RemovingASourceForgetsItsReferencesAndFrontierAndKeepsTombstones) {
  const SourceId source = site().id;
  const Reference reference = indexed_page(source, "https://a.org/1", "fr");
  ASSERT_TRUE(catalog->add_to_frontier(source, {{"https://a.org/2", 1}}).ok());
  std::vector<ReferenceId> told;
  ASSERT_TRUE(catalog
                  ->remove_source(source, 50,
                                  [&](std::span<const ReferenceId> ids) {
                                    told.insert(told.end(), ids.begin(), ids.end());
                                    return Result<void>();
                                  })
                  .ok());
  EXPECT_EQ(told, std::vector{reference.id});
  const CatalogCounts counts = catalog->counts().value();
  EXPECT_EQ(std::tuple(counts.sources, counts.passages, counts.frontier, counts.tombstones),
            std::tuple(0U, 0U, 0U, 1U));
  EXPECT_EQ(catalog->audit(1)->at(0).event, "removed");
  EXPECT_EQ(catalog->remove_source(source, 51).error().code, ErrorCode::not_found);
}

TEST_F(CatalogTest, TheFrontierKeepsOrderAndLeavesKnownAddressesOut) {
  const SourceId source = site().id;
  page(source, "https://a.org/known");
  ASSERT_TRUE(
      catalog
          ->add_to_frontier(
              source,
              {{"https://a.org/b", 1}, {"https://a.org/known", 1}, {"https://a.org/a", 2}, {"https://a.org/b", 5}})
          .ok());
  open();
  const std::vector<FrontierEntry> entries = catalog->frontier(source).value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].address, "https://a.org/b");
  EXPECT_EQ(entries[0].depth, 1U);
  page(source, "https://a.org/b");
  ASSERT_TRUE(catalog->remove_from_frontier(source, "https://a.org/a").ok());
  EXPECT_TRUE(catalog->frontier(source)->empty());
}

TEST_F(CatalogTest, TheAuditTrailIsNewestFirstAndBounded) {
  const SourceId source = site().id;
  const Reference reference = page(source, "https://a.org/1");
  // 100,000 older entries at once; one more write must trim.
  run_sql(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<100005) "
      "INSERT INTO audit (at, reference, address, event, reason) SELECT i, 1, 'a', 'old', '' FROM n");
  ASSERT_TRUE(catalog->update_reference(reference, 200, "changed").ok());
  const std::vector<AuditEntry> entries = catalog->audit(1'000'000).value();
  EXPECT_EQ(entries.size(), 100'000U);
  EXPECT_EQ(entries.front().event, "changed");
  EXPECT_EQ(entries.front().reference, reference.id);
}

TEST_F(CatalogTest, SettingsAreKept) {
  EXPECT_FALSE(catalog->setting("model_digest")->has_value());
  ASSERT_TRUE(catalog->set_setting("model_digest", "abc").ok());
  ASSERT_TRUE(catalog->set_setting("model_digest", "def").ok());
  open();
  EXPECT_EQ(catalog->setting("model_digest")->value(), "def");
  EXPECT_EQ(catalog->set_setting(".version", "9").error().code, ErrorCode::invalid);
}

TEST_F(CatalogTest, AReaderCannotWriteAndSeesWhatTheWriterCommits) {
  const auto reader = Catalog::open(folder / "catalog.db", Catalog::Mode::read).value();
  EXPECT_EQ(reader->add_source({}).error().code, ErrorCode::denied);
  site();
  EXPECT_EQ(reader->sources()->size(), 1U);
}

TEST(CatalogFile, AbsentIsNotFoundForAReader) {
  const TemporaryFolder folder;
  EXPECT_EQ(Catalog::open(folder / "catalog.db", Catalog::Mode::read).error().code, ErrorCode::not_found);
}

TEST_F(CatalogTest, ANewerVersionIsRefusedAndNamed) {
  catalog.reset();
  run_sql("PRAGMA user_version=7");
  const Error error = Catalog::open(folder / "catalog.db", Catalog::Mode::write).error();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_NE(error.message.find("version 7"), std::string::npos) << error.message;
}

// A file of version 4, from one of this version.
constexpr const char* kTakeVersion5Away =
    "ALTER TABLE source DROP COLUMN requests_per_minute; ALTER TABLE source DROP COLUMN serve_gone;"
    "DROP TABLE listing; DROP INDEX reference_not_live; DROP INDEX audit_by_time;";

TEST_F(CatalogTest, VersionTwoIsBroughtUpWithWhatItHeld) {
  page(site().id, "https://a.org/1");
  catalog.reset();
  run_sql(kTakeVersion5Away);
  run_sql(
      "DROP TABLE alias; DROP TABLE host; DROP INDEX audit_by_reference;"
      "ALTER TABLE reference DROP COLUMN checks; ALTER TABLE reference DROP COLUMN comparisons;"
      "ALTER TABLE reference DROP COLUMN changes; ALTER TABLE reference DROP COLUMN watched_s;"
      "ALTER TABLE reference DROP COLUMN compared_at; PRAGMA user_version=2");
  open();
  const auto found = *catalog->find_reference("https://a.org/1");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->history, CheckHistory{});
  EXPECT_EQ(catalog->audit_of(found->id, 10)->size(), 1u);
}

TEST_F(CatalogTest, AMovedReferenceIsFoundUnderBothAddresses) {
  const Source source = site();
  Reference reference = indexed_page(source.id, "https://a.org/old", "fr");
  page(source.id, "https://a.org/taken");
  reference.history = {7, 6, 5, 4, 3};
  reference.address = "https://a.org/taken";
  EXPECT_EQ(catalog->update_reference(reference, 105).error().code, ErrorCode::conflict);
  reference.address = "https://a.org/new";
  ASSERT_TRUE(catalog->update_reference(reference, 105, "LIVE -> MOVED").ok());
  open();
  for (const char* address : {"https://a.org/old", "https://a.org/new"}) {
    const auto found = *catalog->find_reference(address);
    ASSERT_TRUE(found.has_value()) << address;
    EXPECT_EQ(found->id, reference.id);
    EXPECT_EQ(found->address, "https://a.org/new");
    EXPECT_EQ(found->history, reference.history);
  }
  EXPECT_EQ(*catalog->aliases(source.id), std::vector<std::string>{"https://a.org/old"});
  // A page of its own at the old address takes it back; and the alias goes with its reference.
  EXPECT_NE(page(source.id, "https://a.org/old").id, reference.id);
  EXPECT_TRUE(catalog->aliases(source.id)->empty());
  reference.address = "https://a.org/newest";
  ASSERT_TRUE(catalog->update_reference(reference, 106).ok());
  ASSERT_TRUE(catalog->remove_reference(reference.id, 107, "test").ok());
  EXPECT_FALSE(catalog->find_reference("https://a.org/new")->has_value());
}

TEST_F(CatalogTest, HostsAreKept) {
  EXPECT_FALSE(catalog->host("https://a.org")->has_value());
  ASSERT_TRUE(catalog->set_host({"https://a.org", 9, "x"}).ok());
  ASSERT_TRUE(catalog->set_host({"https://a.org", 10, "y"}).ok());
  open();
  EXPECT_EQ((*catalog->host("https://a.org"))->probed_at, 10);
  EXPECT_EQ((*catalog->host("https://a.org"))->probe, "y");
}

TEST_F(CatalogTest, WhatListsSaidAndAPolicyAreKept) {
  EXPECT_TRUE(catalog->listing_records()->empty());
  const std::vector<ListingRecord> records = {{"https://a.org", 1, 2, 3, 4}, {"https://b.org", 5, 6, 7, 8}};
  ASSERT_TRUE(catalog->set_listing_records(std::vector<ListingRecord>{{"https://a.org", 9, 9, 9, 9}}).ok());
  ASSERT_TRUE(catalog->set_listing_records(records).ok());
  Source source = site();
  EXPECT_FALSE(source.policy.serve_gone);
  source.policy.serve_gone = true;
  source.policy.requests_per_minute = 30;
  ASSERT_TRUE(catalog->update_source(source).ok());
  open();
  EXPECT_EQ(*catalog->listing_records(), records);
  EXPECT_EQ(catalog->source(source.id)->policy, source.policy);
}

TEST_F(CatalogTest, AnAliasRemembersWhenItWasLookedAt) {
  const Source source = site();
  Reference reference = page(source.id, "https://a.org/old");
  reference.address = "https://a.org/new";
  ASSERT_TRUE(catalog->update_reference(reference, 105).ok());
  EXPECT_EQ(catalog->aliases(source.id, 105)->size(), 1u) << "it was looked at when it was seen to have moved";
  EXPECT_TRUE(catalog->aliases(source.id, 106)->empty());
  ASSERT_TRUE(catalog->alias_looked_at("https://a.org/old", 200).ok());
  EXPECT_EQ(catalog->aliases(source.id, 106)->size(), 1u);
  EXPECT_EQ(catalog->aliases(source.id)->size(), 1u);
}

TEST_F(CatalogTest, TheAuditTrailOfOneReferenceIsItsOwn) {
  const Source source = site();
  const Reference one = page(source.id, "https://a.org/1"), two = page(source.id, "https://a.org/2");
  ASSERT_TRUE(catalog->update_reference(one, 120, "added").ok());
  ASSERT_TRUE(catalog->update_reference(two, 121, "added").ok());
  ASSERT_TRUE(catalog->update_reference(one, 122, "LIVE -> SUSPECT").ok());
  const auto trail = *catalog->audit_of(one.id, 2);
  ASSERT_EQ(trail.size(), 2u);
  EXPECT_EQ(trail[0].event, "LIVE -> SUSPECT");
  EXPECT_EQ(trail[1].event, "added");
  EXPECT_EQ(trail[1].reference, one.id);
}

TEST_F(CatalogTest, TheAuditTrailSaysUnderWhichAddressAThingHappened) {
  const Source source = site();
  Reference moving = page(source.id, "https://a.org/old");
  const Reference removed = page(source.id, "https://a.org/removed");
  const Source other = catalog->add_source({.kind = SourceKind::site, .address = "https://b.org/"}).value();
  const Reference with_source = page(other.id, "https://b.org/1");
  moving.address = "https://a.org/new";
  ASSERT_TRUE(catalog->update_reference(moving, 130, "LIVE -> MOVED").ok());
  ASSERT_TRUE(catalog->remove_reference(removed.id, 131, "test").ok());
  ASSERT_TRUE(catalog->remove_source(other.id, 132).ok());
  open();
  const auto addresses = [&](ReferenceId id) {
    std::vector<std::string> all;
    for (const AuditEntry& entry : catalog->audit_of(id, 10).value()) all.push_back(entry.address);
    return all;
  };
  EXPECT_EQ(addresses(moving.id), (std::vector<std::string>{"https://a.org/new", "https://a.org/old"}));
  EXPECT_EQ(addresses(removed.id), (std::vector<std::string>(2, "https://a.org/removed")));
  EXPECT_EQ(addresses(with_source.id), (std::vector<std::string>(2, "https://b.org/1")));
  std::vector<std::string> whole;
  for (const AuditEntry& entry : catalog->audit(3).value()) whole.push_back(entry.address);
  EXPECT_EQ(whole, (std::vector<std::string>{"https://b.org/1", "https://a.org/removed", "https://a.org/new"}));
}

TEST_F(CatalogTest, VersionThreeGivesUpTheAddressesItRepeats) {
  const Reference reference = page(site().id, "https://a.org/1");
  catalog.reset();
  run_sql(kTakeVersion5Away);
  run_sql("ALTER TABLE alias DROP COLUMN looked_at");
  run_sql(
      "DELETE FROM audit;"
      "INSERT INTO audit (at, reference, address, event, reason) VALUES (1, 1, 'https://a.org/1', 'found', ''),"
      "(2, 1, 'https://a.org/before', 'x', ''), (3, 99, 'https://a.org/no-more', 'removed', '');"
      "PRAGMA user_version=3");
  open();
  const auto entries = catalog->audit(10).value();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].address, "https://a.org/no-more");
  EXPECT_EQ(entries[1].address, "https://a.org/before");
  EXPECT_EQ(entries[2].address, reference.address);
  catalog.reset();
  run_sql("DELETE FROM reference");
  open();
  EXPECT_EQ(catalog->audit(10).value()[2].address, "");  // it was not kept twice
}

TEST(CatalogFile, AnotherProgramsDatabaseAndGarbageAreRefusedAndLeftAlone) {
  const TemporaryFolder folder;
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "other.db").c_str(), &connection), SQLITE_OK);
  sqlite3_exec(connection, "CREATE TABLE t (x)", nullptr, nullptr, nullptr);
  sqlite3_close(connection);
  const Error foreign = Catalog::open(folder / "other.db", Catalog::Mode::write).error();
  EXPECT_EQ(foreign.code, ErrorCode::corrupt);
  EXPECT_NE(foreign.message.find("not a catalogue"), std::string::npos) << foreign.message;
  std::ofstream(folder / "garbage.db") << std::string(5'000, 'g');
  const Error garbage = Catalog::open(folder / "garbage.db", Catalog::Mode::write).error();
  EXPECT_EQ(garbage.code, ErrorCode::corrupt) << garbage.message;
  EXPECT_NE(garbage.message.find("garbage.db"), std::string::npos);
}

TEST_F(CatalogTest, AFileCutOrFlippedAnywhereGivesAnErrorOrAnAnswerNeverACrash) {
  const SourceId source = site().id;
  for (int i = 0; i < 50; ++i) indexed_page(source, "https://a.org/" + std::to_string(i), "fr");
  catalog.reset();
  std::ifstream in(folder / "catalog.db", std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), {});
  std::mt19937_64 random(3);
  for (int round = 0; round < 60; ++round) {
    std::string bad = good;
    if (round % 3 == 0) bad.resize(random() % bad.size());
    for (int flips = 0; flips < 20 && !bad.empty(); ++flips)
      bad[random() % bad.size()] ^= static_cast<char>(1 + random() % 255);
    const auto file = folder / "bad.db";
    std::ofstream(file, std::ios::binary) << bad;
    if (auto opened = Catalog::open(file, Catalog::Mode::write); opened.ok()) {
      (void)(*opened)->references();
      (void)(*opened)->counts();
      (void)(*opened)->showable();
    }
    for (const char* rest : {"bad.db", "bad.db-wal", "bad.db-shm"}) std::filesystem::remove(folder / rest);
  }
}

}  // namespace
}  // namespace renvoi::catalog
