// The budget: how many bytes a passage costs, on real French text. DESIGN section 8 asks for 240: bench_index measures
// that on a million. Here the quantizer alone takes 140.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <random>
#include <string>

#include "../io/temporary_folder.h"
#include "index/index.h"
#include "naive_index.h"
#include "text/terms.h"

namespace renvoi::index {
namespace {

// The value of "text" in a line of JSON, its escapes left as they are: close enough for counting words.
std::string text_of(const std::string& line) {
  const std::size_t begin = line.find("\"text\": \"");
  if (begin == std::string::npos) return {};
  const std::size_t end = line.rfind('"');
  return line.substr(begin + 9, end - begin - 9);
}

TEST(Size, APassageOfRealTextCostsAtMost400BytesAtFourThousand) {
  std::ifstream corpus(TEST_EVAL_DIR "/fr-piaf/corpus.jsonl");
  if (!corpus) GTEST_SKIP() << "needs " TEST_EVAL_DIR "/fr-piaf";
  const renvoi::test::TemporaryFolder folder(renvoi::test::TemporaryFolder::On::memory);
  const auto files = io::real_file_system();
  const auto index = Index::open(*files, folder / "index", test::identity_of(384), Index::Mode::write).value();
  std::mt19937_64 random(81);
  std::uint32_t reference = 0;
  std::uint64_t text_bytes = 0;
  for (std::string line; std::getline(corpus, line) && reference < 4'000;) {
    const std::string text = text_of(line);
    if (text.empty()) continue;
    text_bytes += text.size();
    test::Document document(1);
    document[0].range = {0, static_cast<std::uint32_t>(text.size())};
    document[0].fingerprint = random();
    document[0].terms = text::count_terms(text, "fr");
    document[0].vector = test::random_unit(random, 384);
    ASSERT_TRUE(index->put(static_cast<ReferenceId>(++reference), test::inputs(document)).ok());
    if (reference % 100 == 0) {
      ASSERT_TRUE(index->commit().ok());
    }
  }
  ASSERT_TRUE(index->commit().ok());
  ASSERT_TRUE(index->compact().ok());
  const IndexStats stats = index->stats();
  const auto per_passage = [&](std::uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(stats.passages);
  };
  std::printf(
      "%lu passages of %.0f bytes of text, %lu terms: %.1f bytes a passage (codes %.1f, postings %.1f, table %.1f)\n",
      stats.passages, per_passage(text_bytes), stats.terms, per_passage(stats.bytes), per_passage(stats.code_bytes),
      per_passage(stats.posting_bytes), per_passage(stats.table_bytes));
  EXPECT_LE(per_passage(stats.bytes), 400);
}

}  // namespace
}  // namespace renvoi::index
