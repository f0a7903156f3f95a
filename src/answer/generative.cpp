#include "answer/generative.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include "answer/citation_grammar.h"
#include "answer/instruction_like.h"
#include "answer/plain_statement.h"
#include "answer/prompt.h"
#include "answer/support.h"
#include "text/normalize.h"
#include "text/sentences.h"

namespace renvoi::answer {
namespace {

constexpr std::uint32_t kMaxAnswerTokens = 256;
constexpr std::uint32_t kTemplateTokens = 128;  // kept free for the chat template and the error of the estimate
constexpr std::size_t kMaxBufferBytes = 16'384;
constexpr std::size_t kLongestSentenceBytes = 1'500;
constexpr std::uint32_t kMostRepeated = 3;  // then it goes round in circles

// Sentences out of pieces: whole ones are checked at once, the last one when the model has ended.
class SentenceChecker {
 public:
  SentenceChecker(const GenerativeInput& input, const OnSentence& on_sentence)
      : input_(input), finder_(input.evidence, input.ranked), on_sentence_(on_sentence) {}

  bool add(std::string_view piece) {
    if (ended_) return false;
    buffer_ += piece;
    if (buffer_.size() > kMaxBufferBytes) return !(ended_ = true);
    const std::vector<text::Range> found = text::sentences(masked_markup(buffer_), input_.question.language);
    if (found.size() < 2) return true;
    for (std::size_t i = 0; i + 1 < found.size(); ++i) {
      if (!check(std::string(text::slice(buffer_, found[i])))) return false;
    }
    buffer_.erase(0, found.back().begin);
    return true;
  }

  void finish() {
    for (const text::Range& range : text::sentences(masked_markup(buffer_), input_.question.language)) {
      if (ended_ || !check(std::string(text::slice(buffer_, range)))) return;
    }
  }

  GenerativeOutcome& outcome() { return outcome_; }

 private:
  // False ends the generation.
  bool check(const std::string& raw) {
    const std::string sentence = plain_statement(raw);
    if (sentence.find_first_not_of(" .,;:!?'\"()-") == std::string::npos) return true;
    if (text::fold(sentence).starts_with(text::fold(kNoAnswer))) {
      outcome_.said_no_answer = true;
      return !(ended_ = true);
    }
    if (!said_.insert(text::fold(text::normalize_for_quotes(sentence))).second) {
      if (++outcome_.repeated >= kMostRepeated) ended_ = true;
      return !ended_;
    }
    if (sentence.size() > kLongestSentenceBytes || !suspects_in(sentence).empty() || !suspects_in(raw).empty()) {
      ++outcome_.unsupported;
      return true;
    }
    const std::optional<Support> support = finder_.find(sentence);
    if (!support) {
      ++outcome_.unsupported;
      ended_ = !on_sentence_(with_signs_of(sentence, {}), nullptr);
      return !ended_;
    }
    ++outcome_.supported;
    const Unit& unit = input_.ranked[support->unit].unit;
    const std::string_view evidence = text::slice(input_.evidence.documents[unit.document].document.text, unit.range);
    ended_ = !on_sentence_(with_signs_of(sentence, evidence), &unit);
    return !ended_;
  }

  const GenerativeInput& input_;
  SupportFinder finder_;
  const OnSentence& on_sentence_;
  std::string buffer_;
  std::unordered_set<std::string> said_;
  bool ended_ = false;
  GenerativeOutcome outcome_;
};

}  // namespace

Result<GenerativeOutcome> generate_checked(const GenerativeInput& input, const TimeLimit& limit,
                                           const OnSentence& on_sentence) {
  const std::uint32_t context = input.generator.context_tokens();
  const std::uint32_t answer_tokens = std::min(kMaxAnswerTokens, context / 4);
  const std::uint32_t kept_free = answer_tokens + kTemplateTokens;
  const Prompt prompt = make_prompt(input.evidence, input.question, context > kept_free ? context - kept_free : 0);
  if (prompt.numbered.empty()) return GenerativeOutcome{};
  model::GenerateOptions options;
  options.max_tokens = answer_tokens;
  options.deadline_ms = std::max(1U, limit.remaining_ms());
  options.grammar = citation_grammar(prompt.numbered.size());
  SentenceChecker checker(input, on_sentence);
  Result<model::Generation> generation = input.generator.generate(
      prompt.messages, options, [&](std::string_view piece) { return checker.add(piece); }, limit.token());
  if (generation.ok()) {
    checker.finish();
    checker.outcome().prompt_tokens = generation->prompt_tokens;
    checker.outcome().completion_tokens = generation->completion_tokens;
  }
  if (checker.outcome().supported > 0 || generation.ok()) return checker.outcome();
  return generation.error();
}

}  // namespace renvoi::answer
