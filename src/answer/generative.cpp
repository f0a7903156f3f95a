#include "answer/generative.h"

#include <algorithm>
#include <optional>

#include "answer/citation_grammar.h"
#include "answer/marks.h"
#include "answer/prompt.h"
#include "answer/support.h"
#include "text/normalize.h"
#include "text/sentences.h"

namespace renvoi::answer {
namespace {

constexpr std::uint32_t kMaxAnswerTokens = 256;
constexpr std::uint32_t kTemplateTokens = 128;  // kept free for the chat template and the error of the estimate
constexpr std::size_t kMaxBufferBytes = 16'384;

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n-*#>");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// Sentences out of pieces: whole ones are checked at once, the last one when the model has ended.
class SentenceChecker {
 public:
  SentenceChecker(const GenerativeInput& input, const TimeLimit& limit, const OnSupported& on_supported)
      : input_(input), limit_(limit), on_supported_(on_supported) {}

  bool add(std::string_view piece) {
    buffer_ += piece;
    if (buffer_.size() > kMaxBufferBytes) return false;
    const std::vector<text::Range> found = text::sentences(buffer_, input_.question.language);
    if (found.size() < 2) return true;
    for (std::size_t i = 0; i + 1 < found.size(); ++i) {
      if (!check(std::string(text::slice(buffer_, found[i])))) return false;
    }
    buffer_.erase(0, found.back().begin);
    return true;
  }

  void finish() {
    for (const text::Range& range : text::sentences(buffer_, input_.question.language)) {
      if (ended_ || !check(std::string(text::slice(buffer_, range)))) return;
    }
  }

  GenerativeOutcome& outcome() { return outcome_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  // False ends the generation.
  bool check(const std::string& raw) {
    const std::string sentence = trimmed(remove_addresses(remove_marks(raw)));
    if (sentence.empty()) return true;
    if (text::fold(sentence).starts_with(text::fold(kNoAnswer))) {
      outcome_.said_no_answer = true;
      return !(ended_ = true);
    }
    Result<std::optional<std::size_t>> support =
        find_support(sentence, input_.evidence, input_.ranked, input_.weights, input_.embedder, limit_.token());
    if (!support.ok()) {
      error_ = support.error();
      return !(ended_ = true);
    }
    if (!*support) {
      ++outcome_.unsupported;
      return true;
    }
    ++outcome_.supported;
    ended_ = !on_supported_(sentence, input_.ranked[**support].unit);
    return !ended_;
  }

  const GenerativeInput& input_;
  const TimeLimit& limit_;
  const OnSupported& on_supported_;
  std::string buffer_;
  bool ended_ = false;
  GenerativeOutcome outcome_;
  std::optional<Error> error_;
};

}  // namespace

Result<GenerativeOutcome> generate_checked(const GenerativeInput& input, const TimeLimit& limit,
                                           const OnSupported& on_supported) {
  const std::uint32_t context = input.generator.context_tokens();
  const std::uint32_t answer_tokens = std::min(kMaxAnswerTokens, context / 4);
  const std::uint32_t kept_free = answer_tokens + kTemplateTokens;
  const Prompt prompt = make_prompt(input.evidence, input.question, context > kept_free ? context - kept_free : 0);
  model::GenerateOptions options;
  options.max_tokens = answer_tokens;
  options.deadline_ms = std::max(1U, limit.remaining_ms());
  options.grammar = citation_grammar(prompt.numbered.size());
  SentenceChecker checker(input, limit, on_supported);
  Result<model::Generation> generation = input.generator.generate(
      prompt.messages, options, [&](std::string_view piece) { return checker.add(piece); }, limit.token());
  if (generation.ok()) {
    checker.finish();
    checker.outcome().prompt_tokens = generation->prompt_tokens;
    checker.outcome().completion_tokens = generation->completion_tokens;
  }
  if (checker.outcome().supported > 0) return checker.outcome();
  if (!generation.ok()) return generation.error();
  if (checker.error()) return *checker.error();
  return checker.outcome();
}

}  // namespace renvoi::answer
