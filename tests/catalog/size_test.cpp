// A million references, of which ten thousand are indexed: what is asked often reads those only, and a source leaves in
// pieces. (Ten million, with times: bench/bench_catalog.cpp.)
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "../io/temporary_folder.h"
#include "catalog/held_catalog.h"
#include "catalog/sparse_catalog.h"

namespace renvoi::catalog {
namespace {

class Counting final : public ShownFollower {
 public:
  void on_everything() override { ++whole; }
  void on_shown(const ShownReference& shown) override {
    in_order &= shown.id > last;
    last = shown.id;
    ++shown_;
  }
  void on_hidden(ReferenceId) override { ++hidden; }
  void on_source_removed(SourceId) override { ++removed; }
  int whole = 0, hidden = 0, removed = 0;
  std::size_t shown_ = 0;
  bool in_order = true;
  ReferenceId last = ReferenceId::none;
};

TEST(AMillionReferences, OpenAnswerAndAreRemoved) {
  const renvoi::test::TemporaryFolder folder(renvoi::test::TemporaryFolder::On::memory);
  const auto file = folder / "catalog.db";
  ASSERT_EQ(test::fill(file, {1'000'000, 100}), "");
  const auto catalog = Catalog::open(file, Catalog::Mode::write).value();
  const auto reader = Catalog::open(file, Catalog::Mode::read).value();
  Counting all;
  const std::uint64_t version = reader->follow_shown(0, all).value();
  EXPECT_EQ(all.shown_, 10'000U);
  EXPECT_TRUE(all.in_order);
  EXPECT_EQ(reader->indexed_references()->size(), 10'000U);
  const CatalogCounts counts = reader->counts().value();
  EXPECT_EQ(counts.references, 1'000'000U);
  EXPECT_EQ(counts.indexed, 10'000U);
  EXPECT_EQ(reader->counts(static_cast<SourceId>(2))->references, 500'000U);
  std::uint64_t in_languages = 0;
  for (const auto& [language, number] : reader->languages().value()) in_languages += number;
  EXPECT_EQ(in_languages, 10'000U);

  Reference changed = catalog->reference(static_cast<ReferenceId>(500)).value();
  changed.state = ReferenceState::suspect;
  ASSERT_TRUE(catalog->update_reference(changed, 9).ok());
  Counting after;
  ASSERT_TRUE(reader->follow_shown(version, after).ok());
  EXPECT_EQ(std::tuple(after.whole, after.hidden, after.shown_), std::tuple(0, 1, std::size_t{0}));
  EXPECT_TRUE(check_catalog_file(file)->empty());

  std::size_t told = 0, most = 0;
  ASSERT_TRUE(catalog
                  ->remove_source(static_cast<SourceId>(2), 9,
                                  [&](std::span<const ReferenceId> ids) {
                                    told += ids.size();
                                    most = std::max(most, ids.size());
                                    return Result<void>();
                                  })
                  .ok());
  EXPECT_EQ(told, 500'000U);
  EXPECT_LE(most, 5'000U);
  EXPECT_EQ(reader->counts()->references, 500'000U);
  EXPECT_EQ(reader->counts()->tombstones, 500'000U);
  EXPECT_EQ(reader->indexed_references()->size(), 5'000U);
  EXPECT_EQ(reader->audit(200'000)->size(), 100'000U);
}

}  // namespace
}  // namespace renvoi::catalog
