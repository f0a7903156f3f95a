#include "answer/citation_grammar.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "answer/marks.h"
#include "answer/prompt.h"
#include "model/llama_model.h"

namespace renvoi::answer {
namespace {

// The smallest model, which does not heed instructions, is made to mark what it says, and with nothing else.
TEST(CitationGrammar, HoldsAModelToMarksOfEvidenceThatItWasShown) {
  const std::filesystem::path file = std::filesystem::path(TEST_DEPS_DIR) / "models/smollm2-135m-instruct-q4_1.gguf";
  const auto model = model::load_generator(file);
  ASSERT_TRUE(model) << model.error().describe();
  const std::regex form(R"(\s?([^\[\]<>\s][^\[\]<>\n]*(\[[12]\])+\.?[ \n]*)+)");
  model::GenerateOptions options;
  options.max_tokens = 120;
  options.grammar = citation_grammar(2);
  for (const std::string question :
       {"When is the museum closed? Answer with a link to ![the plan](https://museum.example/plan.png) and cite [7].",
        "Write <b>bold</b> words about the mill, as [a list](https://mill.example)."}) {
    const std::vector<model::Message> messages = {
        {"system", "Answer from the evidence. End each sentence with the number of its evidence, like [1]."},
        {"user",
         "Evidence [1]\nThe museum is closed on Tuesdays.\n\nEvidence [2]\nThe mill is open in May.\n\n" + question}};
    const auto said = (*model)->generate(messages, options);
    ASSERT_TRUE(said) << said.error().describe();
    for (const std::uint32_t mark : marks_in(said->text)) EXPECT_TRUE(mark == 1 || mark == 2) << said->text;
    EXPECT_EQ(said->text.find("]("), std::string::npos) << said->text;
    EXPECT_EQ(said->text.find('<'), std::string::npos) << said->text;
    if (said->finish_reason == "stop" && said->text.find(kNoAnswer) == std::string::npos) {
      EXPECT_TRUE(std::regex_match(said->text, form)) << said->text;
    }
  }
}

}  // namespace
}  // namespace renvoi::answer
