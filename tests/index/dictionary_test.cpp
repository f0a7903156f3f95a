#include "index/dictionary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "index/block_cursor.h"

namespace renvoi::index {
namespace {

constexpr std::uint32_t kPassages = 3'000;

struct Written {
  std::map<std::string, std::vector<std::uint32_t>> expected;
  std::string blocks, dictionary, postings;
  std::uint32_t terms = 0;
};

std::string random_word(std::mt19937_64& random) {
  std::string word;
  // Long ones too, and long common beginnings: the head's fields overflow.
  if (random() % 4 == 0) word = std::string(random() % 40, 'a');
  for (std::uint64_t letters = 1 + random() % 12; letters > 0; --letters) word += static_cast<char>('a' + random() % 4);
  return word;
}

Written write(std::uint64_t seed, std::size_t terms) {
  std::mt19937_64 random(seed);
  Written written;
  const std::vector<std::uint8_t> lengths(kPassages, 50);
  const PostingBlockWriter lists(lengths);
  DictionaryWriter writer;
  while (written.expected.size() < terms) {
    // As text has them: most in one passage, few in many.
    const double u = std::uniform_real_distribution<double>(0.0, 1.0)(random);
    const auto count = static_cast<std::size_t>(std::pow(kPassages, u * u));
    std::vector<std::uint32_t>& passages = written.expected[random_word(random)];
    passages.clear();
    for (std::uint32_t i = 0; i < kPassages && passages.size() < count; ++i)
      if (random() % kPassages < 2 * count || kPassages - i <= count - passages.size()) passages.push_back(i);
  }
  for (const auto& [term, passages] : written.expected) {
    std::vector<Posting> postings;
    for (const std::uint32_t passage : passages)
      postings.push_back({passage, static_cast<std::uint32_t>(1 + random() % 3 / 2)});
    io::ByteWriter list;
    lists.write(list, postings);
    writer.add(term, static_cast<std::uint32_t>(postings.size()), list.str());
  }
  written.terms = writer.terms();
  written.blocks = writer.blocks().take();
  written.dictionary = writer.dictionary().take();
  written.postings = writer.postings().take();
  return written;
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::vector<std::uint32_t> passages_of(const TermEntry& entry) {
  std::vector<std::uint32_t> passages;
  for (BlockCursor cursor(entry.list, entry.postings, kPassages); !cursor.at_end(); cursor.next())
    passages.push_back(cursor.passage());
  return passages;
}

TEST(Dictionary, FindsAndWalksWhatWasWritten) {
  for (const std::size_t terms : {0U, 1U, 31U, 32U, 33U, 64U, 1'000U}) {
    SCOPED_TRACE(terms);
    const Written written = write(terms, terms);
    Dictionary dictionary;
    ASSERT_TRUE(dictionary.open(written.terms, kPassages, bytes_of(written.blocks), bytes_of(written.dictionary),
                                bytes_of(written.postings), nullptr));
    Dictionary::Walk walk(dictionary);
    for (const auto& [term, passages] : written.expected) {
      const auto found = dictionary.find(term);
      ASSERT_TRUE(found.has_value()) << term;
      EXPECT_EQ(passages_of(*found), passages) << term;
      ASSERT_TRUE(walk.next());
      EXPECT_EQ(walk.term(), term);
      EXPECT_EQ(passages_of(walk.entry()), passages) << term;
    }
    EXPECT_FALSE(walk.next());
    EXPECT_FALSE(walk.failed());
    std::mt19937_64 random(terms);
    for (int i = 0; i < 500; ++i) {
      const std::string word = random_word(random);
      EXPECT_EQ(dictionary.find(word).has_value(), written.expected.contains(word)) << word;
    }
    EXPECT_FALSE(dictionary.find("").has_value());
  }
}

// In buffers of exact size, so that a sanitizer sees a read outside.
TEST(Dictionary, BadBytesGiveNothingOrSomethingButNeverACrash) {
  const Written good = write(5, 100);
  std::mt19937_64 random(6);
  for (int round = 0; round < 3'000; ++round) {
    Written bad = good;
    std::string& section = random() % 4 == 0 ? bad.blocks : random() % 3 == 0 ? bad.postings : bad.dictionary;
    for (std::uint64_t flips = 1 + random() % 3; flips > 0; --flips)
      section[random() % section.size()] = static_cast<char>(random());
    if (random() % 5 == 0) section.resize(random() % section.size());
    section.shrink_to_fit();
    Dictionary dictionary;
    BlockChecks checks;
    if (!dictionary.open(bad.terms, kPassages, bytes_of(bad.blocks), bytes_of(bad.dictionary), bytes_of(bad.postings),
                         &checks))
      continue;
    std::size_t walked = 0;
    for (Dictionary::Walk walk(dictionary); walk.next(); ++walked) (void)passages_of(walk.entry());
    EXPECT_LE(walked, bad.terms);
    for (const auto& [term, passages] : good.expected)
      if (const auto found = dictionary.find(term); found.has_value()) (void)passages_of(*found);
  }
}

}  // namespace
}  // namespace renvoi::index
