#include <algorithm>
#include <numeric>

#include "base/utf8.h"
#include "model/llama_handles.h"
#include "model/llama_runtime.h"
#include "model/support.h"

namespace renvoi::model {
namespace {

// A space at the end: e5.c makes a token of it, SentencePiece, with which the model was trained, and llama.cpp do not.
std::string without_end_space(std::string text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) text.pop_back();
  return text;
}

// `count` texts of at most 500 tokens (as e5.c counts them), half of them French, without space at their ends: that one
// token moves e5.c's vector of a short text by as much as .0014 (cosine with its own vector of the text without it).
std::vector<std::string> evaluation_texts(std::size_t count) {
  std::mt19937_64 random(20'261'124);
  std::vector<std::string> chosen;
  for (const char* name : {"fr-piaf", "fr-cnil", "en-xquad", "en-dl19"}) {
    auto texts = corpus_texts(name);
    std::shuffle(texts.begin(), texts.end(), random);
    texts.resize(std::min(texts.size(), count / 4 * 2));
    const auto tokens = ask_e5<int>(texts, "tokens", "passage");
    std::size_t taken = 0;
    for (std::size_t i = 0; i < texts.size() && taken < (count + 3) / 4; ++i) {
      if (tokens.at(i).size() + 2 > 500) continue;
      chosen.push_back(without_end_space(texts[i]));
      ++taken;
    }
  }
  std::shuffle(chosen.begin(), chosen.end(), random);  // so that both oracles have as much to do
  chosen.resize(std::min(chosen.size(), count));
  return chosen;
}

// The conversion lost nothing, and llama.cpp computes what the model's own engine computes.
TEST(Embedder, AgreesWithTheEngineTheWeightsCameWith) {
  if (!std::filesystem::exists(TEST_EVAL_DIR "/fr-piaf")) GTEST_SKIP() << "no evaluation data in " TEST_EVAL_DIR;
  const auto texts = evaluation_texts(500);
  ASSERT_EQ(texts.size(), 500U);
  const auto expected = ask_e5<float>(texts, "vectors", "passage");
  ASSERT_EQ(expected.size(), texts.size());
  const auto got = e5().embed(views(texts), EmbedRole::passage);
  ASSERT_TRUE(got) << got.error().describe();
  double sum = 0;
  double least = 1;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const double similarity = cosine(got->row(i), expected[i]);
    sum += similarity;
    least = std::min(least, similarity);
  }
  RecordProperty("mean_cosine", std::to_string(sum / 500));
  RecordProperty("minimum_cosine", std::to_string(least));
  std::printf("mean cosine %.6f, minimum %.6f\n", sum / 500, least);
  EXPECT_GE(sum / 500, 0.9995);
  EXPECT_GE(least, 0.999);
}

TEST(Embedder, GivesUnitRowsInTheOrderOfTheTextsWhateverTheirLengths) {
  std::vector<std::string> texts;
  std::mt19937_64 random(7);
  for (int i = 0; i < 30; ++i) {
    std::string text = "Texte " + std::to_string(i);
    for (auto words = random() % 120; words > 0; --words) text += " mot" + std::to_string(random() % 1'000);
    texts.push_back(text);
  }
  const auto rows = e5().embed(views(texts), EmbedRole::passage);
  ASSERT_TRUE(rows) << rows.error().describe();
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  std::vector<std::string> shuffled;
  for (const auto i : order) shuffled.push_back(texts[i]);
  std::size_t reported = 0;
  const auto again = e5().embed(views(shuffled), EmbedRole::passage, [&](std::size_t done) {
    EXPECT_GT(done, reported);
    reported = done;
  });
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ(reported, texts.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto row = again->row(i);
    EXPECT_GT(cosine(row, rows->row(order[i])), 0.9999) << i;
    EXPECT_NEAR(std::inner_product(row.begin(), row.end(), row.begin(), 0.0), 1.0, 1e-5);
  }
}

TEST(Embedder, PutsTheSameMeaningInAnotherLanguageNearer) {
  const std::vector<std::string> questions = {"Quelle est la capitale de la France ?"};
  const std::vector<std::string> texts = {"Paris is the capital and largest city of France.",
                                          "Photosynthesis turns light into chemical energy."};
  const auto question = e5().embed(views(questions), EmbedRole::query);
  const auto passages = e5().embed(views(texts), EmbedRole::passage);
  ASSERT_TRUE(question && passages);
  EXPECT_GT(cosine(question->row(0), passages->row(0)), cosine(question->row(0), passages->row(1)) + 0.05);
}

TEST(Embedder, CutsALongTextAtTheWindowAndKeepsItsEnds) {
  std::string text;
  for (int i = 0; i < 2'000; ++i) text += "renard ";
  const std::vector<std::string> texts = {text, text + "et puis tout autre chose", std::string(300'000, 'a')};
  const auto rows = e5().embed(views(texts), EmbedRole::passage);
  ASSERT_TRUE(rows) << rows.error().describe();
  EXPECT_GT(cosine(rows->row(0), rows->row(1)), 0.99999) << "what lies beyond the window must not count";
}

TEST(Embedder, TakesEmptyTextsBrokenBytesAndZeros) {
  const std::vector<std::string> texts = {"",         " \n\t ",      std::string("a\0b", 3), "\xff\xfe\xc3",
                                          "\xf0\x9f", "</s><s><pad>"};
  const auto rows = e5().embed(views(texts), EmbedRole::query);
  ASSERT_TRUE(rows) << rows.error().describe();
  EXPECT_EQ(rows->rows(), texts.size());
  EXPECT_EQ(e5().embed({}, EmbedRole::query)->rows(), 0U);
}

TEST(Embedder, StopsWhenAsked) {
  std::stop_source stop;
  const std::vector<std::string> texts(200, "Une phrase qui revient souvent, et encore.");
  const auto rows = e5().embed(
      views(texts), EmbedRole::passage, [&](std::size_t) { stop.request_stop(); }, stop.get_token());
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::unavailable);
}

TEST(Embedder, HasTheDigestOfItsFile) {
  const auto loaded = load_embedder(e5_gguf);
  ASSERT_TRUE(loaded) << loaded.error().describe();
  EXPECT_EQ((*loaded)->digest().size(), 64U);
  EXPECT_EQ((*loaded)->digest(), file_digest(e5_gguf).value());
  EXPECT_EQ((*loaded)->dimensions(), 384U);
  EXPECT_EQ((*loaded)->name(), "multilingual-e5-small-q4_0");
}

// --- the tokenizer against e5.c's ------------------------------------------------------------------------------------

constexpr int unknown_token = 3;

class Tokenizer : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(start_llama({}));
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    model_.reset(llama_model_load_from_file(e5_gguf.c_str(), params));
    ASSERT_TRUE(model_);
  }
  std::vector<int> tokens(const std::string& text) const {
    auto ids = tokenize(llama_model_get_vocab(model_.get()), "passage: " + text, ControlText::literal, AddSpecial::no);
    EXPECT_TRUE(ids);
    return *ids;
  }
  LlamaModelHandle model_;
};

constexpr int space_token = 6;

// What SentencePiece makes of a text, from what e5.c makes of it: one unknown token for several in a row, and none for
// a space at the end.
std::vector<int> as_sentencepiece(std::vector<int> ids) {
  const auto both_unknown = [](int a, int b) { return a == unknown_token && b == unknown_token; };
  ids.erase(std::unique(ids.begin(), ids.end(), both_unknown), ids.end());
  if (!ids.empty() && ids.back() == space_token) ids.pop_back();
  return ids;
}

// The code points of the normalisation map, read from the packed model.
std::vector<char32_t> mapped_code_points() {
  std::ifstream in(e5_packed, std::ios::binary);
  const std::string data{std::istreambuf_iterator<char>(in), {}};
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, data.data() + at, 4);
    return value;
  };
  std::size_t at = 44;
  const std::uint32_t pieces = number(at);
  const std::uint32_t blob_bytes = number(at + 20);
  at += 28 + 4 * (pieces + 1) + 4 * pieces + blob_bytes;
  std::vector<char32_t> code_points(number(at));
  at += 8;
  for (auto& code_point : code_points) {
    code_point = number(at);
    at += 5 + 4 * static_cast<std::uint8_t>(data[at + 4]);
  }
  return code_points;
}

TEST_F(Tokenizer, NormalisesEveryMappedCodePointAsTheModelsOwnEngineDoes) {
  const auto mapped = mapped_code_points();
  ASSERT_EQ(mapped.size(), 4'837U);
  const std::u32string plain = U"aéœ ç中あ한\u0301\u0308\u200B\u3000ﬁＡ①½\u00A0\u2581.,-x";
  std::vector<std::string> texts;
  for (const char32_t code_point : mapped) {  // each alone
    std::string text = "x";
    append_utf8(text, code_point);
    texts.push_back(text + "y");
  }
  std::mt19937_64 random(4'837);
  for (int i = 0; i < 2'000; ++i) {  // and mixed
    std::string text;
    for (auto length = 1 + random() % 24; length > 0; --length) {
      append_utf8(text, random() % 2 == 0 ? mapped[random() % mapped.size()] : plain[random() % plain.size()]);
    }
    texts.push_back(text + "z");
  }
  const auto expected = ask_e5<int>(texts, "tokens", "passage");
  ASSERT_EQ(expected.size(), texts.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto got = tokens(texts[i]);
    if (got != as_sentencepiece(expected[i]) && ++different < 10) {
      ADD_FAILURE() << "text " << i << " \"" << texts[i] << "\": " << testing::PrintToString(got) << " but e5.c "
                    << testing::PrintToString(as_sentencepiece(expected[i]));
    }
  }
  EXPECT_EQ(different, 0U);
}

TEST_F(Tokenizer, ReadsRealTextAsTheModelsOwnEngineDoes) {
  if (!std::filesystem::exists(TEST_EVAL_DIR "/fr-cnil")) GTEST_SKIP() << "no evaluation data in " TEST_EVAL_DIR;
  auto texts = corpus_texts("fr-cnil");
  for (auto& text : corpus_texts("en-xquad")) texts.push_back(std::move(text));
  const auto expected = ask_e5<int>(texts, "tokens", "passage");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(tokens(texts[i]), as_sentencepiece(expected.at(i))) << texts[i];
  }
}

TEST_F(Tokenizer, NeverFindsAControlTokenInAText) {
  for (const int id : tokens("<s> </s> <pad> <mask> <unk> [unused250002]</s>")) {
    EXPECT_FALSE(id <= 2 || id >= 250'001) << id;
  }
}

}  // namespace
}  // namespace renvoi::model
