// Lists with filters against reading everything, and pages of them that writes in between cannot disturb.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "../io/temporary_folder.h"
#include "catalog/catalog.h"
#include "sparse_catalog.h"

namespace renvoi::catalog {
namespace {

using renvoi::test::TemporaryFolder;

constexpr Timestamp kDay = 86'400;
constexpr Timestamp kStart = 1'800'000'000 / kDay * kDay;

bool contains(std::string text, std::string wanted) {
  const auto lower = [](std::string& all) {
    for (char& c : all)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  };
  lower(text);
  lower(wanted);
  return text.find(wanted) != std::string::npos;
}

template <typename Value>
bool among(const std::vector<Value>& values, const Value& value) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

bool within(const std::optional<Timestamp>& from, const std::optional<Timestamp>& until, Timestamp time) {
  if (!from && !until) return true;
  return time != 0 && (!from || time >= *from) && (!until || time <= *until);
}

bool meets(const ReferenceFilter& filter, const Reference& reference) {
  return among(filter.sources, reference.source) && among(filter.states, reference.state) &&
         among(filter.languages, reference.language) && among(filter.types, reference.type) &&
         within(filter.dated_from, filter.dated_until, reference.date) &&
         within(filter.checked_from, filter.checked_until, reference.checked_at) &&
         (contains(reference.address, filter.text) || contains(reference.title, filter.text));
}

class ListTest : public ::testing::Test {
 protected:
  void SetUp() override {
    catalog = Catalog::open(folder / "catalog.db", Catalog::Mode::write).value();
    for (const char* host : {"a", "b", "c"})
      sources.push_back(
          catalog->add_source({.kind = SourceKind::site, .address = std::string("https://") + host + ".org/"})
              .value()
              .id);
  }
  template <typename Value>
  Value one_of(const std::vector<Value>& values) {
    return values[random() % values.size()];
  }
  Timestamp some_time() { return random() % 5 == 0 ? 0 : kStart + static_cast<Timestamp>(random() % 20) * kDay; }
  void add(int number) {
    Reference reference;
    reference.source = one_of(sources);
    reference.address = "https://a.org/Page-" + std::to_string(number);
    reference = catalog->add_reference(reference, kStart).value();
    reference.title = one_of(titles);
    reference.language = one_of(languages);
    reference.type = one_of(types);
    reference.date = some_time();
    reference.checked_at = some_time();
    reference.state = one_of(states);
    reference.indexed = reference.state != ReferenceState::gone;
    ASSERT_TRUE(catalog->update_reference(reference, kStart + kDay * (number % 4), "added").ok());
  }
  template <typename Value>
  std::vector<Value> some_of(const std::vector<Value>& values) {
    std::vector<Value> chosen;
    for (const Value& value : values)
      if (random() % 3 == 0) chosen.push_back(value);
    return chosen;
  }
  ReferenceFilter some_filter() {
    ReferenceFilter filter;
    if (random() % 2 == 0) filter.sources = some_of(sources);
    if (random() % 2 == 0) filter.states = some_of(states);
    if (random() % 2 == 0) filter.languages = some_of(languages);
    if (random() % 2 == 0) filter.types = some_of(types);
    if (random() % 4 == 0) filter.dated_from = some_time();
    if (random() % 4 == 0) filter.dated_until = some_time();
    if (random() % 4 == 0) filter.checked_from = some_time();
    if (random() % 4 == 0) filter.checked_until = some_time();
    if (random() % 3 == 0) filter.text = one_of<std::string>({"page-1", "PAGE", "tea", "Été", "%", "_", "a.org", "zz"});
    return filter;
  }
  std::vector<ReferenceId> expected(const ReferenceFilter& filter) {
    std::vector<ReferenceId> ids;
    const std::vector<Reference> all = catalog->references().value();
    for (const Reference& reference : all)
      if (meets(filter, reference)) ids.push_back(reference.id);
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  std::mt19937_64 random{3};
  TemporaryFolder folder;
  std::unique_ptr<Catalog> catalog;
  std::vector<SourceId> sources;
  const std::vector<std::string> titles = {"Tea", "Coffee % cups", "L'été_indien", "L'Été", ""};
  const std::vector<std::string> languages = {"fr", "en", "und", ""};
  const std::vector<std::string> types = {"html", "pdf", ""};
  const std::vector<ReferenceState> states = {ReferenceState::live,    ReferenceState::suspect,
                                              ReferenceState::gone,    ReferenceState::host_down,
                                              ReferenceState::blocked, ReferenceState::moved};
};

TEST_F(ListTest, AnyFilterInPagesOfAnySizeIsWhatReadingEverythingGives) {
  for (int number = 0; number < 200; ++number) ASSERT_NO_FATAL_FAILURE(add(number));
  std::size_t not_empty = 0;
  for (int round = 0; round < 300; ++round) {
    const ReferenceFilter filter = some_filter();
    const std::size_t limit = 1 + random() % 40;
    std::vector<ReferenceId> found;
    ReferenceId after = ReferenceId::none;
    do {
      const auto page = catalog->list(filter, after, limit);
      ASSERT_TRUE(page.ok()) << page.error().describe();
      ASSERT_LE(page->references.size(), limit);
      for (const Reference& reference : page->references) found.push_back(reference.id);
      after = page->next;
    } while (after != ReferenceId::none);
    ASSERT_EQ(found, expected(filter)) << "round " << round;
    not_empty += found.empty() ? 0 : 1;
  }
  EXPECT_GT(not_empty, 100U);
}

TEST_F(ListTest, WhatIsWrittenBetweenTwoPagesNeitherHidesNorRepeats) {
  for (int number = 0; number < 50; ++number) ASSERT_NO_FATAL_FAILURE(add(number));
  const std::vector<ReferenceId> before = expected({});
  std::vector<ReferenceId> found;
  ReferenceId after = ReferenceId::none;
  int number = 50;
  do {
    const auto page = catalog->list({}, after, 7);
    ASSERT_TRUE(page.ok());
    for (const Reference& reference : page->references) found.push_back(reference.id);
    after = page->next;
    if (number < 60) {
      ASSERT_NO_FATAL_FAILURE(add(number++));
    }
    if (found.size() == 14U) {
      ASSERT_TRUE(catalog->remove_reference(found[3], kStart, "by hand").ok());  // passed already
    }
  } while (after != ReferenceId::none);
  EXPECT_TRUE(std::includes(found.begin(), found.end(), before.begin(), before.end()));
  EXPECT_EQ(std::adjacent_find(found.begin(), found.end()), found.end());
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
}

TEST_F(ListTest, ASourceThatIsBeingRemovedIsInNoListAndNoCount) {
  for (int number = 0; number < 30; ++number) ASSERT_NO_FATAL_FAILURE(add(number));
  // Interrupted after the first transaction.
  EXPECT_FALSE(catalog->remove_source(sources[1], kStart,
                                      [](auto) {
                                        return Error{ErrorCode::unavailable, "stop"};
                                      })
                   .ok());
  const auto left = catalog->list({}, ReferenceId::none, 100);
  ASSERT_TRUE(left.ok());
  EXPECT_FALSE(left->references.empty());
  for (const Reference& reference : left->references) EXPECT_NE(reference.source, sources[1]);
  const auto counts = catalog->counts_by_source();
  ASSERT_TRUE(counts.ok());
  ASSERT_EQ(counts->size(), 2U);
  EXPECT_EQ((*counts)[0].source, sources[0]);
  EXPECT_EQ((*counts)[1].source, sources[2]);
}

TEST_F(ListTest, CountsBySourceAndByDayAreWhatCountingGives) {
  for (int number = 0; number < 120; ++number) ASSERT_NO_FATAL_FAILURE(add(number));
  std::map<std::pair<SourceId, ReferenceState>, std::uint64_t> naive;
  const std::vector<Reference> all = catalog->references().value();
  for (const Reference& reference : all) ++naive[{reference.source, reference.state}];
  const auto counts = catalog->counts_by_source();
  ASSERT_TRUE(counts.ok());
  ASSERT_EQ(counts->size(), 3U);
  for (const SourceCounts& of : *counts)
    for (const ReferenceState state : states)
      EXPECT_EQ(of.references_by_state[static_cast<std::size_t>(state)], (naive[{of.source, state}]));

  const ReferenceId removed = all.front().id;
  ASSERT_TRUE(catalog->remove_reference(removed, kStart + 3 * kDay, "by hand").ok());
  std::map<std::tuple<Day, SourceId, std::string>, std::uint64_t> events;
  const auto trail = catalog->audit(10'000);
  ASSERT_TRUE(trail.ok());
  for (const AuditEntry& entry : *trail) {
    if (entry.at < kStart + kDay) continue;
    const auto reference = catalog->reference(entry.reference);
    ++events[{day_of(entry.at), reference.ok() ? reference->source : SourceId::none, entry.event}];
  }
  const auto days = catalog->counts_by_day(kStart + kDay);
  ASSERT_TRUE(days.ok());
  ASSERT_EQ(days->size(), events.size());
  for (const DayCount& count : *days) EXPECT_EQ(count.number, (events[{count.day, count.source, count.event}]));
  EXPECT_EQ((events[{day_of(kStart + 3 * kDay), SourceId::none, "removed"}]), 1U);
  EXPECT_EQ(*catalog->trail_since(), kStart);
}

// A call says where to go on rather than to read all of many of which few are wanted.
TEST(LongList, OneCallPassesBySoManyAndNoMore) {
  const TemporaryFolder folder;
  ASSERT_EQ(test::fill(folder / "catalog.db", {.references = 450'000, .indexed_one_in = 1'000}), "");
  const auto catalog = Catalog::open(folder / "catalog.db", Catalog::Mode::write).value();
  ReferenceFilter filter;
  filter.text = "00449999.html";
  std::vector<std::size_t> found;
  ReferenceId after = ReferenceId::none;
  do {
    const auto page = catalog->list(filter, after, 10);
    ASSERT_TRUE(page.ok());
    found.push_back(page->references.size());
    after = page->next;
  } while (after != ReferenceId::none);
  EXPECT_EQ(found, (std::vector<std::size_t>{0, 0, 1}));
}

}  // namespace
}  // namespace renvoi::catalog
