#include "answer/probe.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "model/llama_model.h"

namespace renvoi::answer {
namespace {

// What it writes is a function of what it is asked.
class Scripted final : public model::Generator {
 public:
  using Script = std::function<std::string(const std::string& user)>;
  explicit Scripted(Script script) : script_(std::move(script)) {}
  const std::string& name() const override { return name_; }
  std::uint32_t context_tokens() const override { return 4'096; }
  Result<model::Generation> generate(std::span<const model::Message> messages, const model::GenerateOptions&,
                                     const model::OnPiece& on_piece, std::stop_token) override {
    const std::string text = script_(messages.back().content);
    for (std::size_t at = 0; at < text.size(); at += 5)
      if (!on_piece(text.substr(at, 5))) break;
    return model::Generation{text, "stop", 1, 1};
  }

 private:
  Script script_;
  std::string name_ = "scripted";
};

// The sentences of the evidence that hold one of `words`.
std::string sentence_with(const std::string& user, const std::string& words) {
  const std::size_t at = user.find(words);
  if (words.empty() || at == std::string::npos) return {};
  std::size_t begin = user.rfind('\n', at), end = user.find(". ", at);
  const std::size_t before = user.rfind(". ", at);
  if (before != std::string::npos && before > begin) begin = before + 1;
  end = std::min(end, user.find('\n', at));
  return user.substr(begin + 1, end - begin);
}

// Knows what is expected from a first run.
std::string right_answer(const ProbeReport& asked, const std::string& user) {
  for (const ProbeCase& one : asked.cases) {
    if (user.find(one.question) == std::string::npos) continue;
    if (one.expected.empty()) return "NO ANSWER";
    return sentence_with(user, one.expected.substr(0, one.expected.find('|'))) + " [1]";
  }
  return "?";
}

// All of the questions: whoever asks for the prompt's own words is told them.
ProbeReport asked_once() {
  ProbeReport all;
  Scripted copyist([&](const std::string& user) {
    const std::size_t at = user.rfind("Question: ") + 10;
    static constexpr std::pair<std::string_view, std::string_view> kExpected[] = {{"Kervadec", "1874"},
                                                                                  {"Kestrel", "1874"},
                                                                                  {"Orvaloux", "10 heures"},
                                                                                  {"Orvale", "10 a.m."},
                                                                                  {"directrice", "Corvisart"},
                                                                                  {"director of", "Corwell"},
                                                                                  {"formulaire", "C-12"},
                                                                                  {"form is", "C-12"},
                                                                                  {"temps se garde", "douze"},
                                                                                  {"does the wine", "twelve"},
                                                                                  {"pont de", "340"},
                                                                                  {"bridge", "340"},
                                                                                  {"salariés", ""},
                                                                                  {"work at", ""},
                                                                                  {"construit la ligne", ""},
                                                                                  {"built tram", ""}};
    for (const auto& [asks, expected] : kExpected) {
      if (user.find(asks, at) == std::string::npos) continue;
      return expected.empty() ? std::string("NO ANSWER") : sentence_with(user, std::string(expected));
    }
    return std::string();
  });
  return probe_generator(copyist).value();
}

TEST(Probe, TrustsWhoAnswersInTheWordsOfTheEvidenceAndRefusesWithoutIt) {
  const ProbeReport asked = asked_once();
  ASSERT_EQ(asked.cases.size(), 16U) << asked.summary;
  Scripted good([&](const std::string& user) { return right_answer(asked, user); });
  const ProbeReport report = probe_generator(good).value();
  for (const ProbeCase& one : report.cases) EXPECT_EQ(one.problem, "") << one.question << " -> " << one.wrote;
  EXPECT_TRUE(report.trusted) << report.summary;
  EXPECT_EQ(report.answers_held, 12U);
  EXPECT_EQ(report.refused, 4U);
}

TEST(Probe, TrustsNobodyWhoInventsRefusesAlwaysNeverOrRepeatsEverything) {
  const ProbeReport asked = asked_once();
  const std::vector<std::pair<const char*, Scripted::Script>> frauds = {
      {"refuses", [](const std::string&) { return std::string("NO ANSWER"); }},
      {"invents", [](const std::string&) { return std::string("It was built by Napoleon in 1805 [1]."); }},
      {"quotes all", [](const std::string& user) { return user.substr(user.find("<<<") + 3); }},
      {"repeats",
       [&](const std::string& user) {
         const std::string one = right_answer(asked, user);
         return one + ' ' + one + ' ' + one;
       }},
      {"never refuses",
       [&](const std::string& user) {
         const std::string one = right_answer(asked, user);
         return one == "NO ANSWER" ? std::string("There are 300 of them [1].") : one;
       }},
      {"adds its own",
       [&](const std::string& user) {
         return right_answer(asked, user) + " It is the finest of all in the whole country.";
       }},
      {"wrong number",
       [&](const std::string& user) {
         std::string one = right_answer(asked, user);
         for (char& c : one) c = c >= '1' && c <= '8' && c != '1' ? static_cast<char>(c + 1) : c;
         return one + " Unbelievable.";
       }},
  };
  for (const auto& [name, script] : frauds) {
    Scripted generator(script);
    const ProbeReport report = probe_generator(generator).value();
    EXPECT_FALSE(report.trusted) << name << ": " << report.summary;
  }
}

TEST(Probe, TheSmallModelOfTheTestsIsNotTrusted) {
  const std::filesystem::path file = std::filesystem::path(TEST_DEPS_DIR) / "models/smollm2-135m-instruct-q4_1.gguf";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file << ": run ./dev setup";
  model::LlamaOptions one_thread;
  one_thread.threads = 1;  // more of them spin when they must share the cores
  const auto generator = model::load_generator(file, one_thread);
  ASSERT_TRUE(generator.ok()) << generator.error().describe();
  const Result<ProbeReport> report = probe_generator(**generator);
  ASSERT_TRUE(report.ok()) << report.error().describe();
  for (const ProbeCase& one : report->cases)
    std::printf("%s %-24.24s | %s -> %.160s\n", one.language.c_str(), one.problem.c_str(), one.question.c_str(),
                one.wrote.c_str());
  std::printf("%s\n", report->summary.c_str());
  EXPECT_FALSE(report->trusted) << report->summary;
}

}  // namespace
}  // namespace renvoi::answer
