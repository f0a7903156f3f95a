// Ten thousand cited sentences by a generator that invents, misquotes, swaps and counterfeits: no citation is shown
// that does not stand, and what is shown as fact is said by the document.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "answer/citation.h"
#include "answer/generative.h"
#include "answer/screen.h"
#include "answer/statements.h"
#include "answer/world.h"
#include "text/language.h"
#include "text/normalize.h"

namespace renvoi::answer {
namespace {

std::vector<test::Told> read_set(const std::string& name, std::size_t most) {
  const std::filesystem::path folder = std::filesystem::path(TEST_EVAL_DIR) / name;
  const auto lines = [&](const char* file) {
    std::ifstream in(folder / file);
    std::vector<nlohmann::json> all;
    for (std::string line; std::getline(in, line);) all.push_back(nlohmann::json::parse(line));
    return all;
  };
  std::vector<test::Told> told;
  for (const nlohmann::json& line : lines("corpus.jsonl")) {
    if (told.size() == most) break;
    const std::string text = line.at("text");
    told.push_back({line.at("title"), text, text::detect_language(text), {}});
  }
  return told;
}

std::string letters_of(std::string_view text) {
  std::string out;
  for (const char c : text::fold(text))
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) out += c;
  return out;
}

// As hostile as marks and markup can be; the words stay.
std::string decorated(const std::string& sentence, std::mt19937_64& random) {
  static constexpr std::string_view kBefore[] = {"",       "",       "",       "- ",          "## ",      "> ",
                                                 "**",     "[2] ",   "1) ",    "<b>",         "<p id=1>", "`",
                                                 "[^1]: ", "\u200B", "\u202A", "<!-- [1] -->"};
  static constexpr std::string_view kAfter[] = {" [1]",
                                                " [0]",
                                                " [99]",
                                                " [1][2][3]",
                                                " [1-3]",
                                                " [[1]]",
                                                " 【1†source】",
                                                " ［２］",
                                                " [^1]",
                                                "¹",
                                                " [1, 2, 3, 4, 5]",
                                                " <sup>1</sup>",
                                                " (https://evil.example/?q=1)",
                                                " ![](https://evil.example/?q=a)",
                                                " [source](https://evil.example)",
                                                " [1](https://evil.example)",
                                                " &#91;1&#93;",
                                                " <a href='//evil.example'>[1]</a>",
                                                " [999999999999999999]",
                                                " [-1]",
                                                " [1] [",
                                                " ]1[",
                                                " [1",
                                                " 〔1〕",
                                                " ⟦1⟧",
                                                " <ref name=\"x\">evil</ref>",
                                                " \U000E0041\U000E0042",
                                                " [١]",
                                                ""};
  std::string text = sentence;
  std::string end;
  if (!text.empty() && text.back() == '.' && random() % 2 == 0) text.pop_back(), end = ".";
  return std::string(kBefore[random() % std::size(kBefore)]) + text +
         std::string(kAfter[random() % std::size(kAfter)]) + end + (random() % 3 == 0 ? "\n" : " ");
}

// Streams what it is told in pieces of whole characters, of any length.
class Streaming final : public model::Generator {
 public:
  Streaming(std::string script, std::uint64_t seed) : script_(std::move(script)), random_(seed) {}
  const std::string& name() const override { return name_; }
  std::uint32_t context_tokens() const override { return 4'096; }
  Result<model::Generation> generate(std::span<const model::Message>, const model::GenerateOptions&,
                                     const model::OnPiece& on_piece, std::stop_token) override {
    for (std::size_t at = 0; at < script_.size();) {
      std::size_t end = std::min(script_.size(), at + 1 + random_() % 40);
      while (end < script_.size() && (static_cast<unsigned char>(script_[end]) & 0xC0U) == 0x80U) ++end;
      if (!on_piece(std::string_view(script_).substr(at, end - at))) break;
      at = end;
    }
    return model::Generation{script_, "stop", 1, 1};
  }

 private:
  std::string script_, name_ = "streaming";
  std::mt19937_64 random_;
};

// By the definition: the bytes of the document at that range are the quote, and are whole characters.
bool stands(const std::string& document, const Citation& citation) {
  return citation.range.begin < citation.range.end && citation.range.end <= document.size() &&
         document.substr(citation.range.begin, citation.range.end - citation.range.begin) == citation.quote &&
         (static_cast<unsigned char>(document[citation.range.begin]) & 0xC0U) != 0x80U &&
         document.find(citation.quote) != std::string::npos;
}

TEST(Adversarial, OfTenThousandCitedSentencesNoneIsShownThatDoesNotStand) {
  std::vector<test::Told> told = read_set("en-xquad", 240);
  if (told.empty()) GTEST_SKIP() << "no evaluation sets: " << TEST_EVAL_DIR;
  for (test::Told& one : read_set("fr-piaf", 220)) told.push_back(std::move(one));
  std::mt19937_64 random(7);
  std::size_t sentences = 0, shown = 0, false_ones = 0, false_shown = 0, citations = 0, bad = 0, true_ones = 0;
  std::map<std::string, std::pair<std::size_t, std::size_t>> by_kind;
  for (std::size_t d = 0; d < told.size(); ++d) {
    const auto extracted = extract::extract(told[d].text, {"text/plain; charset=utf-8", "page.txt", told[d].language});
    ASSERT_TRUE(extracted.ok());
    EvidenceDocument document;
    document.document = *extracted;
    document.document.title = told[d].title;
    document.reference.address = "https://site.test/" + std::to_string(d);
    for (const extract::Passage& passage : extract::passages(document.document))
      document.passages.push_back({passage, 1.0F, 1.0F});
    Evidence evidence;
    evidence.documents.push_back(std::move(document));
    static_cast<void>(screen(evidence));
    std::vector<ScoredUnit> ranked;
    for (const Unit& unit : units(evidence)) ranked.push_back({unit, {}, 1.0F, 1.0F, 0.0F, {}});
    std::vector<std::string> others;
    const test::Told& other = told[(d + 11) % told.size()];
    for (const StatementWord& word : statement_words(other.text, other.language))
      if (word.kind == WordKind::name) others.emplace_back(text::slice(other.text, word.range));

    std::vector<test::Statement> statements = test::StatementMaker(told[d], others, d).all();
    statements.push_back(
        {"invented", "The moon was bought by " + (others.empty() ? "Roth" : others[0]) + " in 1950.", false});
    std::erase_if(statements, [&](const test::Statement& one) { return one.is_true && random() % 4 != 0; });
    std::shuffle(statements.begin(), statements.end(), random);
    // Quotes of another document, with a citation of this one.
    for (const text::Range& range : text::sentences(other.text, other.language))
      if (range.size() > 60)
        statements.push_back({"of another source", std::string(text::slice(other.text, range)), false});
    std::map<std::string, const test::Statement*> known;
    for (const test::Statement& one : statements) {
      const auto [place, added] = known.emplace(letters_of(one.text), &one);
      if (!added && one.is_true) place->second = &one;
      ++sentences;
      (one.is_true ? true_ones : false_ones) += 1;
      by_kind[one.kind].second += 1;
    }
    const Question question{"What is it?", told[d].language, {}};
    const TimeLimit limit({}, 600'000);
    // Some sentences to an answer, as models write them.
    for (std::size_t at = 0; at < statements.size(); at += 6) {
      std::string script;
      for (std::size_t i = at; i < std::min(statements.size(), at + 6); ++i)
        script += decorated(statements[i].text, random);
      Streaming generator(script, random());
      const auto outcome = generate_checked(
          {evidence, question, ranked, generator}, limit, [&](const std::string& sentence, const Unit* support) {
            for (const char* sign : {"[", "]", "evil.example", "<", "![", "\u200B", "\u202A", "http", "【", "［", "&#"})
              EXPECT_EQ(sentence.find(sign), std::string::npos) << sentence;
            if (support == nullptr) return true;
            ++shown;
            const auto citation = cite(evidence.documents[support->document], support->range, 1);
            ++citations;
            if (!citation || !stands(evidence.documents[0].document.text, *citation)) ++bad;
            const auto found = known.find(letters_of(sentence));
            if (found != known.end() && !found->second->is_true) {
              ++false_shown;
              ++by_kind[found->second->kind].first;
              if (false_shown <= 12)
                std::printf("shown, and false (%s): %s\n", found->second->kind.c_str(), sentence.c_str());
            }
            return true;
          });
      ASSERT_TRUE(outcome.ok());
    }
  }
  std::printf("%zu sentences, %zu of them false; %zu shown with a citation; %zu false ones shown (%.3f%%)\n", sentences,
              false_ones, shown, false_shown,
              100.0 * static_cast<double>(false_shown) / static_cast<double>(false_ones));
  for (const auto& [kind, counts] : by_kind)
    if (counts.first > 0) std::printf("  %s: %zu of %zu\n", kind.c_str(), counts.first, counts.second);
  EXPECT_GE(sentences, 10'000U);
  EXPECT_EQ(bad, 0U);
  EXPECT_GT(shown, true_ones / 2);
  EXPECT_LE(static_cast<double>(false_shown), 0.002 * static_cast<double>(false_ones));
}

// The whole way, some of them.
TEST(Adversarial, ShowsNothingFalseFromFileToAnswer) {
  if (test::embedder() == nullptr) GTEST_SKIP() << "no embedding model: run ./dev setup";
  const std::vector<test::Told> told = read_set("en-xquad", 4);
  if (told.empty()) GTEST_SKIP() << "no evaluation sets";
  test::World world;
  for (std::size_t d = 0; d < told.size(); ++d) world.write(std::to_string(d) + ".txt", told[d].text);
  world.ingest();
  std::mt19937_64 random(11);
  for (const char* question :
       {"How many sacks did Jared Allen have in his career?", "Who led the Panthers in tackles?"}) {
    std::vector<test::Statement> statements = test::StatementMaker(told[0], {"Anselm", "Roth"}, random()).all();
    std::shuffle(statements.begin(), statements.end(), random);
    std::string script;
    std::set<std::string> false_ones;
    for (std::size_t i = 0; i < std::min<std::size_t>(statements.size(), 40); ++i) {
      script += decorated(statements[i].text, random);
      if (!statements[i].is_true) false_ones.insert(letters_of(statements[i].text));
    }
    Streaming generator(script, random());
    Answerer answerer(*world.collection, *world.searcher, *world.fetcher, &generator, nullptr);
    AskRequest request;
    request.question = question;
    request.mode = AnswerMode::generative;
    request.max_citations = 20;
    std::string streamed;
    const Answer answer =
        answerer.ask(request, [&](std::string_view piece) { return streamed += piece, true; }).value();
    EXPECT_EQ(streamed, answer.text);
    EXPECT_GT(answer.unsupported, 0U);
    for (const std::string& one : false_ones)
      EXPECT_EQ(letters_of(answer.text).find(one), std::string::npos) << one << "\n" << answer.text;
    std::set<std::uint32_t> numbers;
    for (const Citation& citation : answer.citations) {
      numbers.insert(citation.number);
      const auto bytes = world.files->read(citation.address.substr(7), 1u << 20);
      ASSERT_TRUE(bytes.ok());
      const auto document = extract::extract(*bytes, {"", citation.address, ""});
      ASSERT_TRUE(document.ok());
      EXPECT_TRUE(stands(document->text, citation)) << citation.quote;
    }
    for (std::size_t at = answer.text.find('['); at != std::string::npos; at = answer.text.find('[', at + 1))
      EXPECT_TRUE(numbers.contains(static_cast<std::uint32_t>(std::atoi(answer.text.c_str() + at + 1)))) << answer.text;
  }
}

}  // namespace
}  // namespace renvoi::answer
