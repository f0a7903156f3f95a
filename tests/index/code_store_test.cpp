#include "index/code_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>
#include <set>

#include "index/quantizer_fit.h"
#include "naive_index.h"

namespace renvoi::index {
namespace {

using test::random_unit;

std::span<const std::byte> view(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

CodeSectionViews views(const CodeSections& sections) {
  return {view(sections.scan), view(sections.rest), view(sections.order), view(sections.cells)};
}

// Unit vectors around centres, as passages of a collection lie.
std::vector<std::vector<float>> clustered(std::uint64_t seed, std::size_t count, std::uint32_t dimensions,
                                          std::size_t centres = 40) {
  std::mt19937_64 random(seed);
  std::mt19937_64 centre_random(99);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> middles;
  for (std::size_t i = 0; i < centres; ++i) middles.push_back(random_unit(centre_random, dimensions));
  std::vector<std::vector<float>> vectors;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<float> vector = middles[random() % centres];
    double square = 0;
    for (float& value : vector) {
      value += 0.7F * normal(random) / std::sqrt(static_cast<float>(dimensions));
      square += double{value} * double{value};
    }
    for (float& value : vector) value = static_cast<float>(value / std::sqrt(square));
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

std::vector<std::byte> encode_all(const Quantizer& quantizer, const std::vector<std::vector<float>>& vectors) {
  std::vector<std::byte> codes(vectors.size() * quantizer.code_bytes());
  for (std::size_t i = 0; i < vectors.size(); ++i)
    quantizer.encode(vectors[i], std::span(codes).subspan(i * quantizer.code_bytes(), quantizer.code_bytes()));
  return codes;
}

Quantizer fitted(std::uint32_t dimensions, std::size_t bytes, std::size_t hot_bytes) {
  std::vector<float> rows;
  for (const std::vector<float>& vector : clustered(1, 500, dimensions))
    rows.insert(rows.end(), vector.begin(), vector.end());
  FitOptions options;
  options.code_bytes = bytes;
  options.hot_bytes = hot_bytes;
  return fit_quantizer(rows, {}, dimensions, options).value();
}

std::vector<std::uint64_t> random_filter(std::mt19937_64& random, std::size_t passages, unsigned percent) {
  std::vector<std::uint64_t> filter((passages + 63) / 64);
  for (std::size_t i = 0; i < passages; ++i)
    if (random() % 100 < percent) filter[i / 64] |= std::uint64_t{1} << (i % 64);
  return filter;
}

bool accepted(PassageBits filter, std::size_t passage) {
  return filter.empty() || (filter[passage / 64] >> (passage % 64) & 1) != 0;
}

// The whole search by its definition: the score of every accepted passage's hot bits, the best of these by all bits.
std::vector<Hit> naive_search(const Quantizer& quantizer, std::span<const std::byte> codes, const CodeQuery& query,
                              std::size_t k, std::size_t candidates, PassageBits filter) {
  const std::size_t code_bytes = quantizer.code_bytes();
  std::vector<std::pair<float, std::uint32_t>> order;
  for (std::uint32_t passage = 0; passage < codes.size() / code_bytes; ++passage) {
    if (!accepted(filter, passage)) continue;
    const std::span<const std::byte> code = codes.subspan(passage * code_bytes, code_bytes);
    std::uint32_t sum = 0;
    for (std::size_t row = 0; row < quantizer.layout().hot_bytes; ++row) {
      const auto byte = std::to_integer<unsigned>(code[row]);
      sum += query.table()[row * 32 + byte % 16] + std::uint32_t{query.table()[row * 32 + 16 + byte / 16]};
    }
    const auto number = [&](std::size_t at) {
      return static_cast<float>(std::to_integer<unsigned>(code[at]) + 256 * std::to_integer<unsigned>(code[at + 1]));
    };
    const LaneScoring& scoring = query.scoring();
    volatile float product = scoring.step * static_cast<float>(sum);
    product = product + scoring.offset;
    volatile float scale = scoring.unit * number(quantizer.layout().hot_scale_at());
    product = product * scale;
    volatile float axis = scoring.axis_step * number(quantizer.layout().axis_at());
    axis = axis + scoring.axis_offset;
    order.emplace_back(-(product + axis), passage);
  }
  std::sort(order.begin(), order.end());
  // What few passages a filter leaves are all ranked.
  const std::size_t keep = std::min(std::max(candidates, k), codes.size() / code_bytes);
  if (order.size() > keep * 4) order.resize(keep);
  std::vector<Hit> hits;
  for (const auto& [negative, passage] : order)
    hits.push_back({passage, quantizer.similarity(query, codes.subspan(passage * code_bytes, code_bytes))});
  std::sort(hits.begin(), hits.end(),
            [](const Hit& a, const Hit& b) { return a.score != b.score ? a.score > b.score : a.passage < b.passage; });
  hits.resize(std::min(hits.size(), k));
  return hits;
}

TEST(CodeStore, FlatSearchIsTheNaiveOneOnEveryLevel) {
  std::mt19937_64 random(1);
  for (const Quantizer& quantizer :
       {Quantizer::plain("digest", 33, 4), Quantizer::plain("digest", 1, 2), fitted(48, 26, 7)})
    for (const std::size_t passages : {0U, 1U, 2U, 31U, 32U, 33U, 255U, 256U, 257U, 1'000U}) {
      const auto vectors = clustered(passages + 7, passages, quantizer.dimensions());
      const std::vector<std::byte> codes = encode_all(quantizer, vectors);
      const CodeSections sections = write_codes(quantizer, codes);
      const auto store = CodeStore::open(quantizer, passages, views(sections));
      ASSERT_TRUE(store.ok()) << store.error().describe();
      for (const unsigned percent : {0U, 3U, 50U, 100U})
        for (const std::size_t candidates : {0U, 5U, 60U}) {
          std::vector<std::uint64_t> filter = random_filter(random, passages, percent);
          if (percent == 100) filter.clear();
          const CodeQuery query = quantizer.prepare(random_unit(random, quantizer.dimensions()));
          const std::size_t k = random() % 12;
          const std::vector<Hit> expected = naive_search(quantizer, codes, query, k, candidates, filter);
          for (const Simd level : available_simd()) {
            CodeSearch how;
            how.candidates = candidates;
            how.level = level;
            EXPECT_EQ(store.value().search(query, k, how, filter), expected)
                << passages << " passages, " << percent << " %, " << candidates << " candidates, " << to_string(level);
          }
        }
    }
}

// Equal scores must not make the answer depend on the order in which blocks are read.
TEST(CodeStore, TiesGoToTheLowestPassage) {
  const Quantizer quantizer = Quantizer::plain("digest", 16);
  std::mt19937_64 random(2);
  const std::vector<float> vector = random_unit(random, 16);
  const std::vector<std::byte> codes = encode_all(quantizer, std::vector<std::vector<float>>(500, vector));
  const CodeSections sections = write_codes(quantizer, codes);
  CodeSearch how;
  how.candidates = 20;
  const std::vector<Hit> hits =
      CodeStore::open(quantizer, 500, views(sections)).value().search(quantizer.prepare(vector), 10, how);
  ASSERT_EQ(hits.size(), 10U);
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_EQ(hits[i].passage, i);
}

TEST(CodeStore, GivesCodesBackAsTheyCame) {
  for (const Quantizer& quantizer : {Quantizer::plain("digest", 33, 3), fitted(48, 26, 7)}) {
    const std::vector<std::byte> codes = encode_all(quantizer, clustered(3, 700, quantizer.dimensions()));
    CellOptions options;
    options.target = 50;
    options.largest = 90;
    options.smallest = 20;
    const Cells cells = make_cells(quantizer, codes, options);
    for (const Cells* arranged : {static_cast<const Cells*>(nullptr), &cells}) {
      const CodeSections sections = write_codes(quantizer, codes, arranged);
      const CodeStore store = CodeStore::open(quantizer, 700, views(sections)).value();
      std::vector<std::byte> code(quantizer.code_bytes());
      std::mt19937_64 random(4);
      const CodeQuery query = quantizer.prepare(random_unit(random, quantizer.dimensions()));
      for (std::uint32_t passage = 0; passage < 700; ++passage) {
        store.code_of(passage, code);
        const std::span<const std::byte> original = std::span(codes).subspan(passage * code.size(), code.size());
        ASSERT_TRUE(std::equal(code.begin(), code.end(), original.begin())) << passage;
        for (const Simd level : available_simd())
          EXPECT_EQ(store.similarity(query, passage, level), quantizer.similarity(query, original));
      }
      std::vector<std::uint32_t> some(90);
      for (std::uint32_t& passage : some) passage = static_cast<std::uint32_t>(random() % 700);
      std::vector<float> together(some.size());
      for (const Simd level : available_simd()) {
        store.similarities(query, some, together, level);
        for (std::size_t i = 0; i < some.size(); ++i) EXPECT_EQ(together[i], store.similarity(query, some[i]));
      }
      EXPECT_EQ(store.cells_of().cell_of, arranged == nullptr ? std::vector<std::uint32_t>() : cells.cell_of);
      EXPECT_EQ(store.cells(), arranged == nullptr ? 0 : cells.count());
    }
  }
}

// Making them is broken off at whatever moment somebody says so, and asking changes nothing.
TEST(CodeStore, MakingCellsIsBrokenOffWhenAsked) {
  const Quantizer quantizer = fitted(48, 26, 7);
  const std::vector<std::byte> codes = encode_all(quantizer, clustered(5, 20'000, 48));
  const Cells expected = make_cells(quantizer, codes);
  int asked = 0;
  CellOptions options;
  options.go_on = [&] {
    ++asked;
    return true;
  };
  const Cells cells = make_cells(quantizer, codes, options);
  EXPECT_EQ(cells.cell_of, expected.cell_of);
  EXPECT_EQ(cells.centroids, expected.centroids);
  const int all = asked;
  ASSERT_GT(all, 5);
  for (int last = 1; last <= all; ++last) {
    asked = 0;
    options.go_on = [&] { return ++asked < last; };
    EXPECT_EQ(make_cells(quantizer, codes, options).count(), 0U) << last;
    EXPECT_EQ(asked, last);
    asked = 0;
    const bool none = join_cells(quantizer, codes, expected, options).count() == 0;
    EXPECT_EQ(none, asked == last) << last;
    EXPECT_LE(asked, last);
  }
}

// With every cell looked at, cells change nothing; with some, only what lies elsewhere is missed.
TEST(CodeStore, SearchInCellsIsFlatSearchOfWhatItLooksAt) {
  const Quantizer quantizer = fitted(48, 26, 7);
  constexpr std::size_t kPassages = 5'000;
  const std::vector<std::byte> codes = encode_all(quantizer, clustered(5, kPassages, 48));
  CellOptions options;
  options.target = 60;
  options.largest = 100;
  options.smallest = 20;
  const Cells cells = make_cells(quantizer, codes, options);
  const CodeSections sections = write_codes(quantizer, codes, &cells);
  const CodeStore store = CodeStore::open(quantizer, kPassages, views(sections)).value();
  std::mt19937_64 random(6);
  double found = 0;
  for (const std::vector<float>& vector : clustered(7, 60, 48)) {
    const CodeQuery query = quantizer.prepare(vector);
    std::vector<std::uint64_t> filter = random_filter(random, kPassages, 60);
    if (random() % 2 == 0) filter.clear();
    const std::vector<Hit> expected = naive_search(quantizer, codes, query, 10, kPassages, filter);
    CodeSearch how;
    how.candidates = kPassages / 5;
    how.least_share = 1;
    CodeSearchCost cost;
    std::vector<Hit> everywhere = store.search(query, 10, how, filter, &cost);
    EXPECT_EQ(everywhere, expected);
    how.candidates = 100;
    how.least_share = 0.1;
    how.least_scanned = 1;
    const std::vector<Hit> hits = store.search(query, 10, how, filter, &cost);
    if (filter.empty()) {
      EXPECT_LT(cost.scanned, kPassages / 4);
    }
    for (const Simd level : available_simd()) {
      how.level = level;
      EXPECT_EQ(store.search(query, 10, how, filter), hits) << to_string(level);
    }
    for (const Hit& hit : hits) {
      EXPECT_TRUE(accepted(filter, hit.passage));
      EXPECT_EQ(hit.score, store.similarity(query, hit.passage));
      found += std::find(expected.begin(), expected.end(), hit) != expected.end() ? 1 : 0;
    }
  }
  std::printf("recall@10 in a tenth of the passages: %.3f\n", found / 600);
  EXPECT_GT(found / 600, 0.95);
}

// What a filter leaves out may be just what lies near the query, as the pages of one source do: then more cells are
// looked at, until as much was looked at as without it.
TEST(CodeStore, AFilterThatLeavesOutWhatIsNearestLosesNothing) {
  const Quantizer quantizer = fitted(48, 26, 7);
  constexpr std::size_t kPassages = 5'000;
  const std::vector<std::byte> codes = encode_all(quantizer, clustered(5, kPassages, 48));
  CellOptions options;
  options.target = 60;
  options.largest = 100;
  options.smallest = 20;
  const Cells cells = make_cells(quantizer, codes, options);
  const CodeSections sections = write_codes(quantizer, codes, &cells);
  const CodeStore store = CodeStore::open(quantizer, kPassages, views(sections)).value();
  for (const std::size_t near_by : {std::size_t{500}, std::size_t{900}, std::size_t{3'000}}) {
    double by_bits = 0, by_asking = 0;
    for (const std::vector<float>& vector : clustered(7, 40, 48)) {
      const CodeQuery query = quantizer.prepare(vector);
      std::vector<std::uint64_t> filter((kPassages + 63) / 64, ~std::uint64_t{0});
      for (const Hit& hit : naive_search(quantizer, codes, query, near_by, kPassages, {}))
        filter[hit.passage / 64] &= ~(std::uint64_t{1} << (hit.passage % 64));
      CodeSearch how;
      how.candidates = 400;
      how.least_share = 1;  // all is looked at: what the scanned bits lose is not the filter's loss
      const std::vector<Hit> expected = store.search(query, 10, how, filter);
      how.least_share = 0.2;
      how.least_scanned = 1;
      const auto found = [&](const std::vector<Hit>& hits) {
        double same = 0;
        for (const Hit& hit : hits)
          same += std::find(expected.begin(), expected.end(), hit) != expected.end() ? 0.1 : 0;
        return same;
      };
      by_bits += found(store.search(query, 10, how, filter)) / 40;
      const std::function<bool(std::uint32_t)> accept = [&](std::uint32_t passage) {
        return accepted(filter, passage);
      };
      how.accept = &accept;
      by_asking += found(store.search(query, 10, how)) / 40;
    }
    std::printf("recall@10 without the %zu nearest: %.3f by bits, %.3f by asking\n", near_by, by_bits, by_asking);
    EXPECT_GT(by_bits, 0.75);
    EXPECT_GT(by_asking, 0.75);
  }
}

TEST(CodeStore, BadSectionsAreCorruptNeverACrash) {
  const Quantizer quantizer = fitted(48, 26, 7);
  constexpr std::size_t kPassages = 300;
  const std::vector<std::byte> codes = encode_all(quantizer, clustered(8, kPassages, 48));
  CellOptions options;
  options.target = 30;
  options.largest = 60;
  options.smallest = 10;
  const Cells cells = make_cells(quantizer, codes, options);
  const CodeSections good = write_codes(quantizer, codes, &cells);
  const auto code_of = [&](const CodeSections& sections, std::size_t passages) {
    const auto store = CodeStore::open(quantizer, passages, views(sections));
    return store.ok() ? std::string("ok") : std::string(to_string(store.error().code));
  };
  EXPECT_EQ(code_of(good, kPassages), "ok");
  for (const std::size_t passages :
       {std::size_t{0}, std::size_t{299}, std::size_t{301}, std::size_t{1} << 40, ~std::size_t{0}})
    EXPECT_EQ(code_of(good, passages), "corrupt") << passages;
  const auto changed = [&](std::string CodeSections::*section, auto change) {
    CodeSections sections = good;
    change(sections.*section);
    return code_of(sections, kPassages);
  };
  for (const auto section : {&CodeSections::scan, &CodeSections::rest, &CodeSections::order, &CodeSections::cells}) {
    EXPECT_EQ(changed(section, [](std::string& bytes) { bytes.pop_back(); }), "corrupt");
    EXPECT_EQ(changed(section, [](std::string& bytes) { bytes.push_back('x'); }), "corrupt");
    EXPECT_EQ(changed(section, [](std::string& bytes) { bytes.clear(); }), "corrupt");
  }
  EXPECT_EQ(changed(&CodeSections::order, [](std::string& bytes) { bytes[0] ^= 1; }), "corrupt");  // a passage twice
  EXPECT_EQ(changed(&CodeSections::order, [](std::string& bytes) { bytes[3] = 1; }), "corrupt");   // beyond the last
  EXPECT_EQ(changed(&CodeSections::cells, [](std::string& bytes) { bytes[0] = 0; }), "corrupt");   // no cells
  EXPECT_EQ(changed(&CodeSections::cells, [](std::string& bytes) { bytes[3] = '\xFF'; }), "corrupt");
  EXPECT_EQ(changed(&CodeSections::cells, [](std::string& bytes) { bytes[4] = 1; }), "corrupt");  // first not at 0
  EXPECT_EQ(changed(&CodeSections::cells, [](std::string& bytes) { bytes[11] = 1; }), "corrupt");

  // Any bytes changed: refused, or every function answers within its bounds (sanitizers watch).
  std::mt19937_64 random(9);
  int opened = 0;
  for (int round = 0; round < 600; ++round) {
    CodeSections sections = good;
    for (std::string* bytes : {&sections.scan, &sections.rest, &sections.order, &sections.cells})
      if (random() % 3 == 0) (*bytes)[random() % bytes->size()] = static_cast<char>(random());
    const auto store = CodeStore::open(quantizer, kPassages, views(sections));
    if (!store.ok()) {
      EXPECT_EQ(store.error().code, ErrorCode::corrupt);
      continue;
    }
    ++opened;
    CodeSearch how;
    how.candidates = 20;
    how.least_scanned = 60;
    const CodeQuery query = quantizer.prepare(random_unit(random, 48));
    for (const Hit& hit : store.value().search(query, 10, how)) {
      ASSERT_LT(hit.passage, kPassages);
      EXPECT_EQ(hit.score, store.value().similarity(query, hit.passage));
    }
    for (const std::uint32_t cell : store.value().cells_of().cell_of) EXPECT_LT(cell, store.value().cells());
  }
  EXPECT_GT(opened, 100);
}

// Cells partition the passages, none above the largest size, hardly any below the smallest.
void expect_sound(const Cells& cells, std::size_t passages, const CellOptions& options) {
  ASSERT_EQ(cells.cell_of.size(), passages);
  std::vector<std::size_t> sizes(cells.count());
  for (const std::uint32_t cell : cells.cell_of) {
    ASSERT_LT(cell, cells.count());
    ++sizes[cell];
  }
  for (const std::size_t size : sizes) {
    EXPECT_GT(size, 0U);
    EXPECT_LE(size, options.largest);
  }
  EXPECT_LE(cells.count(), passages / (options.target / 3) + 1);
}

TEST(Cells, PartitionAnyNumberOfPassages) {
  const Quantizer quantizer = fitted(48, 26, 7);
  CellOptions options;
  options.target = 40;
  options.largest = 80;
  options.smallest = 10;
  for (const std::size_t passages : {0U, 1U, 9U, 80U, 81U, 1'000U, 4'000U}) {
    const std::vector<std::byte> codes = encode_all(quantizer, clustered(10, passages, 48));
    const Cells cells = make_cells(quantizer, codes, options);
    expect_sound(cells, passages, options);
    EXPECT_EQ(cells.count() == 0, passages == 0);
    EXPECT_EQ(make_cells(quantizer, codes, options).cell_of, cells.cell_of);  // deterministic
    const CodeSections sections = write_codes(quantizer, codes, &cells);
    const auto store = CodeStore::open(quantizer, passages, views(sections));
    ASSERT_TRUE(store.ok()) << passages << store.error().describe();
    const CodeQuery query = quantizer.prepare(clustered(11, 1, 48).front());
    EXPECT_EQ(store.value().search(query, 3).size(), std::min<std::size_t>(3, passages));
  }
}

TEST(Cells, EqualPassagesAreCutToo) {
  const Quantizer quantizer = Quantizer::plain("digest", 16);
  const std::vector<std::byte> codes =
      encode_all(quantizer, std::vector<std::vector<float>>(1'000, clustered(1, 1, 16)[0]));
  CellOptions options;
  options.target = 40;
  options.largest = 80;
  expect_sound(make_cells(quantizer, codes, options), 1'000, options);
}

// How far passages are from the mean of their cell, squared, on average: what clustering makes small.
double spread(const Quantizer& quantizer, std::span<const std::byte> codes, const Cells& cells) {
  const std::size_t space = quantizer.space();
  std::vector<float> points(cells.cell_of.size() * space);
  std::vector<double> sums(cells.count() * space);
  std::vector<double> sizes(cells.count());
  for (std::size_t i = 0; i < cells.cell_of.size(); ++i) {
    const std::span<float> point = std::span(points).subspan(i * space, space);
    quantizer.decode(codes.subspan(i * quantizer.code_bytes(), quantizer.code_bytes()), point);
    for (std::size_t j = 0; j < space; ++j) sums[cells.cell_of[i] * space + j] += double{point[j]};
    ++sizes[cells.cell_of[i]];
  }
  double squares = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::uint32_t cell = cells.cell_of[i / space];
    squares += std::pow(double{points[i]} - sums[cell * space + i % space] / sizes[cell], 2);
  }
  return squares / static_cast<double>(cells.cell_of.size());
}

TEST(Cells, JoinedSetsAreAsTightAsOneMadeAnew) {
  const Quantizer quantizer = fitted(48, 26, 7);
  CellOptions options;
  options.target = 40;
  options.largest = 80;
  options.smallest = 10;
  const std::vector<std::byte> first = encode_all(quantizer, clustered(20, 3'000, 48));
  const std::vector<std::byte> second = encode_all(quantizer, clustered(21, 1'500, 48));
  const std::vector<std::byte> third = encode_all(quantizer, clustered(22, 500, 48));
  std::vector<std::byte> all = first;
  all.insert(all.end(), second.begin(), second.end());
  all.insert(all.end(), third.begin(), third.end());
  const Cells both =
      concatenate(make_cells(quantizer, first, options), 3'000, make_cells(quantizer, second, options), 1'500);
  const Cells with_newcomers = concatenate(both, 4'500, Cells{}, 500);  // the third was flat
  EXPECT_EQ(std::count(with_newcomers.cell_of.begin(), with_newcomers.cell_of.end(), kNoCell), 500);
  const Cells joined = join_cells(quantizer, all, with_newcomers, options);
  expect_sound(joined, 5'000, options);
  const Cells anew = make_cells(quantizer, all, options);
  const double joined_spread = spread(quantizer, all, joined);
  const double anew_spread = spread(quantizer, all, anew);
  std::printf("spread: joined %.4f in %zu cells, anew %.4f in %zu\n", joined_spread, joined.count(), anew_spread,
              anew.count());
  EXPECT_LT(joined_spread, anew_spread * 1.05);
}

// Nine of ten passages leave: what stays moves together, into fewer cells.
TEST(Cells, ThatBecomeSmallAreMerged) {
  const Quantizer quantizer = fitted(48, 26, 7);
  CellOptions options;
  options.target = 40;
  options.largest = 80;
  options.smallest = 15;
  const std::vector<std::byte> codes = encode_all(quantizer, clustered(30, 4'000, 48));
  const Cells before = make_cells(quantizer, codes, options);
  std::vector<std::byte> left;
  Cells start = before;
  start.cell_of.clear();
  for (std::size_t i = 0; i < 4'000; i += 10) {
    const std::span<const std::byte> code =
        std::span(codes).subspan(i * quantizer.code_bytes(), quantizer.code_bytes());
    left.insert(left.end(), code.begin(), code.end());
    start.cell_of.push_back(before.cell_of[i]);
  }
  const Cells after = join_cells(quantizer, left, start, options);
  expect_sound(after, 400, options);
  EXPECT_LT(after.count(), before.count() / 4);
}

}  // namespace
}  // namespace renvoi::index
