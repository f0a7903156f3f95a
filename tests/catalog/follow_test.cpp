// What search keeps of the catalogue is what the catalogue holds, however it came to it; and the counts are those of
// the rows.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <optional>
#include <random>
#include <set>

#include "../io/temporary_folder.h"
#include "catalog/catalog.h"
#include "catalog/held_catalog.h"

namespace renvoi::catalog {
namespace {

using test::TemporaryFolder;

using Facts = std::tuple<ReferenceState, SourceId, std::string, std::string, Timestamp>;
using All = std::map<ReferenceId, Facts>;

// Follows as search does.
class Follower final : public ShownFollower {
 public:
  void follow(Catalog& catalog) {
    const auto reached = catalog.follow_shown(version, *this);
    ASSERT_TRUE(reached.ok()) << reached.error().describe();
    version = *reached;
  }
  void on_everything() override {
    ++whole;
    all.clear();
    last = ReferenceId::none;
  }
  void on_shown(const ShownReference& shown) override {
    ++told;
    all[shown.id] = {shown.state, shown.source, std::string(shown.language), std::string(shown.type), shown.date};
  }
  void on_hidden(ReferenceId id) override { all.erase(id); }
  void on_source_removed(SourceId source) override {
    std::erase_if(all, [&](const auto& entry) { return std::get<1>(entry.second) == source; });
  }
  All all;
  std::uint64_t version = 0;
  int whole = 0, told = 0;
  ReferenceId last = ReferenceId::none;
};

// The naive one: every row is read.
All read_all(Catalog& catalog) {
  All all;
  const std::vector<Reference> references = catalog.references().value();
  for (const Reference& reference : references)
    if (is_showable(reference))
      all[reference.id] = {reference.state, reference.source, reference.language, reference.type, reference.date};
  return all;
}

void expect_counts_of_rows(Catalog& catalog) {
  const std::vector<Source> sources = catalog.sources().value();
  std::vector<std::optional<SourceId>> scopes{std::nullopt};
  for (const Source& source : sources) scopes.emplace_back(source.id);
  for (const auto& scope : scopes) {
    CatalogCounts expected;
    const std::vector<Reference> references = catalog.references(scope).value();
    for (const Reference& reference : references) {
      ++expected.references;
      ++expected.references_by_state[static_cast<std::size_t>(reference.state)];
      if (!reference.indexed) continue;
      ++expected.indexed;
      expected.passages += reference.passages;
      expected.text_bytes += reference.text_bytes;
    }
    const CatalogCounts counts = catalog.counts(scope).value();
    EXPECT_EQ(counts.references, expected.references);
    EXPECT_EQ(counts.indexed, expected.indexed);
    EXPECT_EQ(counts.passages, expected.passages);
    EXPECT_EQ(counts.text_bytes, expected.text_bytes);
    for (std::size_t state = 0; state < 6; ++state)
      EXPECT_EQ(counts.references_by_state[state], expected.references_by_state[state]);
  }
  std::map<std::string, std::uint64_t> languages;
  for (const auto& [id, facts] : read_all(catalog)) ++languages[std::get<2>(facts)];
  const auto told = catalog.languages().value();
  const std::map<std::string, std::uint64_t> counted(told.begin(), told.end());
  EXPECT_EQ(counted, languages);
}

struct World {
  World() : catalog(Catalog::open(folder / "catalog.db", Catalog::Mode::write).value()) {}
  SourceId source(int i) {
    return catalog->add_source({.kind = SourceKind::site, .address = "https://s" + std::to_string(i) + ".org/"})
        .value()
        .id;
  }
  Reference random_facts(Reference reference) {
    constexpr const char* kLanguages[] = {"en", "fr", "de"};
    constexpr const char* kTypes[] = {"html", "pdf", ""};
    reference.language = kLanguages[random() % 3];
    reference.type = kTypes[random() % 3];
    reference.date = random() % 3 == 0 ? 0 : static_cast<Timestamp>(random() % 2'000'000'000);
    reference.state = static_cast<ReferenceState>(random() % 6);
    reference.indexed = random() % 3 != 0;
    reference.passages = random() % 9;
    reference.text_bytes = random() % 9'000;
    return reference;
  }
  // One change of some kind.
  void change() {
    const std::vector<Reference> references = catalog->references().value();
    const std::uint64_t kind = random() % 20;
    if (kind == 0 && catalog->sources()->size() > 2) {
      const std::vector<Source> sources = catalog->sources().value();
      ASSERT_TRUE(catalog->remove_source(sources[random() % sources.size()].id, 9).ok());
    } else if (kind < 3 && !references.empty()) {
      ASSERT_TRUE(catalog->remove_reference(references[random() % references.size()].id, 9, "by hand").ok());
    } else if (kind < 9 || references.empty()) {
      Reference added;
      added.source = source(static_cast<int>(random() % 6));
      added.address = "https://a.org/" + std::to_string(random() % 300);
      if (random() % 2 == 0) added = random_facts(added);
      ASSERT_TRUE(catalog->add_reference(added, 9).ok());
    } else if (kind < 11) {
      const SourceId id = source(static_cast<int>(random() % 6));
      ASSERT_TRUE(catalog->add_to_frontier(id, {{"https://a.org/" + std::to_string(random() % 400), 1}}).ok());
    } else {
      std::vector<ReferenceUpdate> updates;
      for (std::uint64_t i = 0; i <= random() % 4; ++i)
        updates.push_back({random_facts(references[random() % references.size()]), ""});
      ASSERT_TRUE(catalog->update_references(updates, 9).ok());
    }
  }
  TemporaryFolder folder{TemporaryFolder::On::memory};
  std::unique_ptr<Catalog> catalog;
  std::mt19937_64 random{1};
};

TEST(FollowShown, WhateverChangesTheFollowerHasWhatTheRowsSay) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    World world;
    world.random.seed(seed);
    const auto reader = Catalog::open(world.folder / "catalog.db", Catalog::Mode::read).value();
    Follower here, there, seldom;
    for (int round = 0; round < 250; ++round) {
      world.change();
      here.follow(*world.catalog);
      there.follow(*reader);
      ASSERT_EQ(here.all, read_all(*world.catalog)) << "seed " << seed << " round " << round;
      ASSERT_EQ(there.all, here.all) << "seed " << seed << " round " << round;
      if (round % 50 == 0) {
        seldom.follow(*reader);
        EXPECT_EQ(seldom.all, here.all);
        expect_counts_of_rows(*world.catalog);
      }
    }
    expect_counts_of_rows(*reader);
    EXPECT_EQ(here.whole, 1);
    EXPECT_EQ(there.whole, 1);
    EXPECT_EQ(seldom.whole, 1);
    world.catalog.reset();
    EXPECT_TRUE(check_catalog_file(world.folder / "catalog.db")->empty());
  }
}

TEST(FollowShown, NothingIsToldTwiceAndWhatIsNotShownNotAtAll) {
  World world;
  const SourceId source = world.source(1);
  std::vector<Reference> pages;
  for (int i = 0; i < 50; ++i) {
    Reference page;
    page.source = source;
    page.address = "https://a.org/" + std::to_string(i);
    pages.push_back(world.catalog->add_reference(page, 1).value());
  }
  Follower follower;
  follower.follow(*world.catalog);
  const std::uint64_t version = world.catalog->version();
  pages[3].title = "Found, and not indexed";
  ASSERT_TRUE(world.catalog->update_reference(pages[3], 2).ok());
  EXPECT_EQ(world.catalog->version(), version);
  pages[3].indexed = true;
  ASSERT_TRUE(world.catalog->update_reference(pages[3], 2).ok());
  EXPECT_GT(world.catalog->version(), version);
  follower.follow(*world.catalog);
  follower.follow(*world.catalog);
  EXPECT_EQ(follower.told, 1);
  EXPECT_EQ(follower.all.size(), 1U);
}

// A restored catalogue may be younger than what a reader has followed.
TEST(FollowShown, AVersionThatIsNotOfThisCatalogueGivesEverything) {
  World world;
  Follower follower;
  for (int i = 0; i < 40; ++i) world.change();
  follower.version = 1'000'000;
  follower.all[static_cast<ReferenceId>(77'777)] = {};
  follower.follow(*world.catalog);
  EXPECT_EQ(follower.whole, 1);
  EXPECT_EQ(follower.all, read_all(*world.catalog));
}

TEST(FollowShown, OneThatIsTooFarBehindReadsAll) {
  World world;
  Follower follower;
  for (int i = 0; i < 40; ++i) world.change();
  follower.follow(*world.catalog);
  const SourceId source = world.source(99);
  std::vector<ReferenceUpdate> updates;
  Reference page;
  page.source = source;
  page.address = "https://many.org/";
  page = world.catalog->add_reference(page, 1).value();
  for (int i = 0; i < 100'001; ++i) {
    page.indexed = i % 2 == 0;
    updates.push_back({page, ""});
  }
  ASSERT_TRUE(world.catalog->update_references(updates, 9).ok());
  follower.follow(*world.catalog);
  EXPECT_EQ(follower.whole, 2);
  EXPECT_EQ(follower.all, read_all(*world.catalog));
}

// --- removal of a source in several transactions
// -----------------------------------------------------------------------

void fill(World& world, SourceId source, int pages) {
  for (int i = 0; i < pages; ++i) {
    Reference page;
    page.source = source;
    page.address = "https://filled.org/" + std::to_string(i);
    page.indexed = i % 7 == 0;
    page.passages = 2;
    ASSERT_TRUE(world.catalog->add_reference(page, 1).ok());
  }
}

TEST(RemoveSource, HidesAllAtOnceTellsEachReferenceOnceAndOthersWriteInBetween) {
  World world;
  const SourceId kept = world.source(1), removed = world.source(2);
  fill(world, removed, 11'000);
  Follower follower;
  follower.follow(*world.catalog);
  ASSERT_GT(follower.all.size(), 1'000U);
  std::set<ReferenceId> told;
  int calls = 0;
  const auto done = world.catalog->remove_source(removed, 50, [&](std::span<const ReferenceId> ids) -> Result<void> {
    for (const ReferenceId id : ids) EXPECT_TRUE(told.insert(id).second);
    if (++calls == 1) {
      follower.follow(*world.catalog);
      EXPECT_TRUE(follower.all.empty());
      EXPECT_EQ(world.catalog->source(removed).error().code, ErrorCode::not_found);
      EXPECT_EQ(world.catalog->counts()->references, 0U);
      EXPECT_FALSE(world.catalog->find_reference("https://filled.org/10999")->has_value());
      EXPECT_TRUE(world.catalog->references()->empty());
      EXPECT_TRUE(world.catalog->indexed_references()->empty());
      // A page of it is found again by another source, and stays; so is the source itself.
      Reference again;
      again.source = kept;
      again.address = "https://filled.org/10999";
      again = world.catalog->add_reference(again, 60).value();
      EXPECT_EQ(again.source, kept);
      again.indexed = true;
      EXPECT_TRUE(world.catalog->update_reference(again, 60).ok());
      EXPECT_NE(world.source(2), removed);
    }
    return {};
  });
  ASSERT_TRUE(done.ok()) << done.error().describe();
  EXPECT_EQ(told.size(), 10'999U);
  EXPECT_EQ(calls, 3);
  follower.follow(*world.catalog);
  EXPECT_EQ(follower.all.size(), 1U);
  expect_counts_of_rows(*world.catalog);
  EXPECT_EQ(world.catalog->counts()->tombstones, 10'999U);
  EXPECT_EQ(world.catalog->sources()->size(), 2U);
}

TEST(RemoveSource, InterruptedItIsGoneOnWithWhenOpenedForWriting) {
  World world;
  const SourceId removed = world.source(2);
  fill(world, removed, 6'000);
  ASSERT_TRUE(world.catalog->add_to_frontier(removed, {{"https://filled.org/next", 1}}).ok());
  const auto broken = world.catalog->remove_source(removed, 50, [](std::span<const ReferenceId>) -> Result<void> {
    return Error{ErrorCode::unavailable, "the plug was pulled"};
  });
  EXPECT_EQ(broken.error().code, ErrorCode::unavailable);
  const auto reader = Catalog::open(world.folder / "catalog.db", Catalog::Mode::read).value();
  EXPECT_TRUE(reader->sources()->empty());
  EXPECT_TRUE(reader->references()->empty());
  EXPECT_EQ(reader->counts()->references, 0U);
  world.catalog.reset();
  EXPECT_TRUE(check_catalog_file(world.folder / "catalog.db")->empty());
  world.catalog = Catalog::open(world.folder / "catalog.db", Catalog::Mode::write).value();
  EXPECT_EQ(world.catalog->counts()->tombstones, 6'000U);
  EXPECT_EQ(world.catalog->counts()->frontier, 0U);
  world.catalog.reset();
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open((world.folder / "catalog.db").c_str(), &connection), SQLITE_OK);
  int rows = -1;
  sqlite3_exec(
      connection, "SELECT (SELECT count(*) FROM reference) + (SELECT count(*) FROM source)",
      [](void* to, int, char** values, char**) {
        *static_cast<int*>(to) = std::atoi(values[0]);
        return 0;
      },
      &rows, nullptr);
  sqlite3_close(connection);
  EXPECT_EQ(rows, 0);
}

// --- an older catalogue
// -----------------------------------------------------------------------------------------------

// tests/golden/catalog-v1 was written by the program of version 1: eight references of two sources, 0 to 7, each in
// another state, of which 2 and 7 are not indexed.
class OlderCatalog : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy_file(std::filesystem::path(TEST_SOURCE_DIR) / "tests/golden/catalog-v1/catalog.db",
                               folder / "catalog.db");
  }
  TemporaryFolder folder;
};

TEST_F(OlderCatalog, IsBroughtUpToThisVersionWithAllThatItHeld) {
  const auto catalog = Catalog::open(folder / "catalog.db", Catalog::Mode::write).value();
  const std::vector<Reference> references = catalog->references().value();
  ASSERT_EQ(references.size(), 8U);
  for (std::size_t i = 0; i < references.size(); ++i) {
    const Reference& reference = references[i];
    EXPECT_EQ(reference.title, "Title " + std::to_string(i));
    EXPECT_EQ(reference.language, i % 2 == 1 ? "fr" : "en");
    EXPECT_EQ(reference.depth, i);
    EXPECT_EQ(reference.fingerprint, 0xFEDCBA9876543210U + i);
    EXPECT_EQ(reference.passages, 3 + i);
    EXPECT_EQ(reference.checked_at, static_cast<Timestamp>(300 + i));
    EXPECT_EQ(reference.type, "");
    EXPECT_EQ(reference.date, 0);
    // Read once again, whatever its server says of changes: so that it gets them.
    EXPECT_EQ(reference.validators.etag.empty(), reference.indexed);
  }
  expect_counts_of_rows(*catalog);
  EXPECT_EQ(catalog->counts()->frontier, 2U);
  EXPECT_EQ(catalog->counts()->tombstones, 1U);
  EXPECT_EQ(catalog->setting("model_digest")->value(), "00aa");
  EXPECT_EQ(catalog->version(), 6U);  // it was 5
  Follower follower;
  follower.follow(*catalog);
  EXPECT_EQ(follower.all, read_all(*catalog));
  EXPECT_EQ(follower.all.size(), 4U);
  EXPECT_TRUE(check_catalog_file(folder / "catalog.db")->empty());
}

TEST_F(OlderCatalog, AReaderSaysWhatToDo) {
  const Error error = Catalog::open(folder / "catalog.db", Catalog::Mode::read).error();
  EXPECT_NE(error.message.find("renvoi sync"), std::string::npos) << error.message;
  ASSERT_TRUE(Catalog::open(folder / "catalog.db", Catalog::Mode::write).ok());
  EXPECT_TRUE(Catalog::open(folder / "catalog.db", Catalog::Mode::read).ok());
}

TEST_F(OlderCatalog, CountsThatAreNotThoseOfTheRowsAreFound) {
  ASSERT_TRUE(Catalog::open(folder / "catalog.db", Catalog::Mode::write).ok());
  for (const std::string change :
       {"UPDATE reference SET passages=9 WHERE id=1", "UPDATE tally SET number=0 WHERE source=2",
        "DELETE FROM tally WHERE source=1 AND state=0", "UPDATE total SET number=7 WHERE what='tombstone'"}) {
    const auto file = folder / "bad.db";
    std::filesystem::copy_file(folder / "catalog.db", file, std::filesystem::copy_options::overwrite_existing);
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &connection), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(connection, change.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(connection);
    EXPECT_EQ(check_catalog_file(file)->size(), 1U) << change;
  }
}

}  // namespace
}  // namespace renvoi::catalog
