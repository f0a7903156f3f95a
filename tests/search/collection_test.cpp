#include "search/collection.h"

#include <gtest/gtest.h>

#include <random>

#include "index/naive_index.h"
#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"

namespace renvoi::search {
namespace {

using catalog::Reference;
using catalog::ReferenceState;
using renvoi::test::TemporaryFolder;

constexpr std::uint32_t kDimensions = 16;

class CollectionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    open();
    catalog::Source source;
    source.kind = catalog::SourceKind::site;
    source.address = "https://a.org/";
    source_ = collection->catalog().add_source(source).value().id;
  }
  void open() {
    collection.reset();
    auto opened =
        Collection::open(files, clock, folder / "c", index::test::identity_of(kDimensions), Collection::Mode::write);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    collection = std::move(opened).value();
  }
  Reference add(const std::string& address) {
    Reference reference;
    reference.source = source_;
    reference.address = address;
    return collection->catalog().add_reference(reference, clock.now()).value();
  }
  index::test::Document document(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    index::test::Document made;
    while (made.empty()) made = index::test::random_document(random, kDimensions);
    return made;
  }
  Result<void> put(const Reference& reference, const index::test::Document& passages) {
    const Collection::DocumentWrite write{reference, index::test::inputs(passages), "added"};
    return collection->put({&write, 1});
  }
  Reference indexed(const std::string& address) {
    Reference reference = add(address);
    reference.title = "T";
    reference.fingerprint = 7;
    reference.validators = {"\"e\"", ""};
    EXPECT_TRUE(put(reference, document(to_number(reference.id))).ok());
    return collection->catalog().reference(reference.id).value();
  }
  bool in_index(ReferenceId id) { return !collection->index().snapshot()->passages_of(id).empty(); }
  // The index or the catalogue alone, as a crash between the two would leave them.
  std::unique_ptr<index::Index> index_alone() {
    collection.reset();
    return index::Index::open(files, folder / "c" / "index", index::test::identity_of(kDimensions),
                              index::Index::Mode::write)
        .value();
  }

  TemporaryFolder folder;
  std::unique_ptr<io::FileSystem> real = io::real_file_system();
  io::FaultyFileSystem files{*real};
  ManualClock clock{1'000};
  std::unique_ptr<Collection> collection;
  SourceId source_ = SourceId::none;
};

TEST_F(CollectionTest, APutIsInBothAndSurvivesReopening) {
  const Reference reference = indexed("https://a.org/1");
  EXPECT_TRUE(reference.indexed);
  EXPECT_EQ(reference.passages, document(to_number(reference.id)).size());
  open();
  EXPECT_TRUE(in_index(reference.id));
  EXPECT_EQ(collection->catalog().showable().value(), std::vector{reference.id});
  EXPECT_TRUE(collection->catalog().reference(reference.id)->indexed);  // reconciling found nothing to do
  const DiskUse use = collection->disk_use();
  EXPECT_GT(use.index_bytes, 0U);
  EXPECT_GT(use.catalog_bytes, 0U);
  EXPECT_EQ(use.cache_bytes, 0U);
}

TEST_F(CollectionTest, ADocumentWithoutPassagesIsNotReadAgainAtEveryOpening) {
  const Reference reference = add("https://a.org/empty");
  ASSERT_TRUE(put(reference, {}).ok());
  open();
  EXPECT_TRUE(collection->catalog().reference(reference.id)->indexed);
}

// Invariant 3, its first half: GONE is out of the index at once, and the tombstone stays.
TEST_F(CollectionTest, WhatIsGoneLeavesTheIndexAtOnce) {
  Reference reference = indexed("https://a.org/1");
  reference.state = ReferenceState::suspect;
  ASSERT_TRUE(collection->update_state(reference, "LIVE -> SUSPECT").ok());
  EXPECT_TRUE(in_index(reference.id));
  EXPECT_TRUE(collection->catalog().showable()->empty());
  reference.state = ReferenceState::gone;
  ASSERT_TRUE(collection->update_state(reference, "SUSPECT -> GONE").ok());
  EXPECT_FALSE(in_index(reference.id));
  EXPECT_EQ(collection->catalog().counts()->tombstones, 1U);
  EXPECT_FALSE(collection->catalog().reference(reference.id)->indexed);
}

TEST_F(CollectionTest, RemovingASourceOrAReferenceTakesItsPassages) {
  const Reference first = indexed("https://a.org/1");
  const Reference second = indexed("https://a.org/2");
  ASSERT_TRUE(collection->remove_reference(first.id, "asked").ok());
  EXPECT_FALSE(in_index(first.id));
  EXPECT_TRUE(in_index(second.id));
  ASSERT_TRUE(collection->remove_source(source_).ok());
  EXPECT_FALSE(in_index(second.id));
  EXPECT_EQ(collection->remove_source(source_).error().code, ErrorCode::not_found);
}

TEST_F(CollectionTest, AfterACrashWhatOnlyTheIndexHoldsLeavesIt) {
  const Reference kept = indexed("https://a.org/kept");
  Reference gone = indexed("https://a.org/gone");
  auto index = index_alone();
  ASSERT_TRUE(index->put(ReferenceId{999}, index::test::inputs(document(9))).ok());  // unknown to the catalogue
  ASSERT_TRUE(index->commit().ok());
  index.reset();
  {
    const auto catalog = catalog::Catalog::open(folder / "c" / "catalog.db", catalog::Catalog::Mode::write).value();
    gone.state = ReferenceState::gone;  // the catalogue first, then the crash
    ASSERT_TRUE(catalog->update_reference(gone, 5, "GONE").ok());
  }
  open();
  EXPECT_EQ(collection->index().snapshot()->references(), std::vector{kept.id});
}

TEST_F(CollectionTest, AfterACrashWhatTheIndexHasNotIsReadAgain) {
  const Reference lost = indexed("https://a.org/lost");
  const Reference changed = indexed("https://a.org/changed");
  auto index = index_alone();
  ASSERT_TRUE(index->remove(lost.id).ok());
  index::test::Document longer = document(to_number(changed.id));
  longer.push_back(longer.back());
  longer.back().ordinal += 1;
  ASSERT_TRUE(index->put(changed.id, index::test::inputs(longer)).ok());  // written, and the catalogue never told
  ASSERT_TRUE(index->commit().ok());
  index.reset();
  open();
  for (const ReferenceId id : {lost.id, changed.id}) {
    const Reference found = collection->catalog().reference(id).value();
    EXPECT_FALSE(found.indexed);
    EXPECT_EQ(found.fingerprint, 0U);
    EXPECT_EQ(found.validators, catalog::Validators{});
    EXPECT_EQ(found.next_check_at, 0);
  }
  EXPECT_TRUE(collection->catalog().showable()->empty());
}

TEST_F(CollectionTest, AFailedPutChangesNothing) {
  const Reference reference = indexed("https://a.org/1");
  files.set_plan({.free_bytes = 0});
  Reference changed = reference;
  changed.title = "new";
  const Result<void> outcome = put(changed, document(77));
  EXPECT_EQ(outcome.error().code, ErrorCode::exhausted);
  EXPECT_EQ(collection->catalog().reference(reference.id)->title, "T");
  EXPECT_EQ(collection->index().snapshot()->passages_of(reference.id).size(), reference.passages);
  files.set_plan({});
  EXPECT_TRUE(put(changed, document(77)).ok());
  EXPECT_EQ(collection->catalog().reference(reference.id)->title, "new");
}

TEST_F(CollectionTest, ABadDocumentTakesItsWholeBatchBackAndAnUnknownReferenceIsRefused) {
  const Reference first = add("https://a.org/1");
  const Reference second = add("https://a.org/2");
  const index::test::Document good = document(1);
  index::test::Document bad = document(2);
  bad[0].vector.pop_back();
  const std::vector<Collection::DocumentWrite> writes = {{first, index::test::inputs(good), "added"},
                                                         {second, index::test::inputs(bad), "added"}};
  EXPECT_EQ(collection->put(writes).error().code, ErrorCode::invalid);
  EXPECT_EQ(collection->index().snapshot()->size(), 0U);
  ASSERT_TRUE(put(second, document(3)).ok());
  EXPECT_FALSE(in_index(first.id));  // nothing of the failed batch came with the next one
  Reference unknown;
  unknown.id = ReferenceId{500};
  EXPECT_EQ(put(unknown, good).error().code, ErrorCode::not_found);
}

TEST_F(CollectionTest, ASecondWriterIsRefusedAndAReaderFollows) {
  const auto second =
      Collection::open(files, clock, folder / "c", index::test::identity_of(kDimensions), Collection::Mode::write);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  const auto reader =
      Collection::open(files, clock, folder / "c", index::test::identity_of(kDimensions), Collection::Mode::read)
          .value();
  const Reference reference = indexed("https://a.org/1");
  ASSERT_TRUE(reader->index().refresh().ok());
  EXPECT_FALSE(reader->index().snapshot()->passages_of(reference.id).empty());
  EXPECT_EQ(reader->catalog().showable().value(), std::vector{reference.id});
  EXPECT_EQ(reader->remove_source(source_).error().code, ErrorCode::denied);
  EXPECT_FALSE(reader->writable());
}

TEST_F(CollectionTest, AReaderOfNothingIsToldSoAndMakesNothing) {
  const auto reader =
      Collection::open(files, clock, folder / "none", index::test::identity_of(kDimensions), Collection::Mode::read);
  EXPECT_EQ(reader.error().code, ErrorCode::not_found);
  EXPECT_FALSE(real->exists(folder / "none"));
}

}  // namespace
}  // namespace renvoi::search
