// Whether the sentences that are shown hold the answer: given the passages that do, and from the question on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "answer/abstention.h"
#include "answer/units.h"
#include "base/result.h"
#include "model/embedder.h"
#include "quality/beir.h"
#include "quality/build.h"
#include "search/collection.h"
#include "search/search.h"

namespace renvoi::quality {

// Does `text` hold one of `answers` as whole words, whatever their case, accents and typography?
bool holds_answer(std::string_view text, const std::vector<std::string>& answers);

// One question whose answer is known.
struct AnsweredQuestion {
  std::string id;
  // The sentences of the document that is judged right, ranked: is the answer in the first, in the first three?
  bool at_1 = false, at_3 = false;
  // The whole way: search, reading again, ranking, abstention, choice.
  bool refused = false;
  bool in_first_quote = false, in_a_quote = false;
  std::uint32_t citations = 0, right_citations = 0;  // of documents that are judged relevant
  bool has_span = false, span_is_right = false;      // a span in bold, that holds the answer or is within it
  std::optional<answer::AnswerSigns> signs;          // what decided whether to answer
  double ms = 0;                                     // of the whole way; vectors that were known cost nothing
};

// Questions of another set, which this one's documents do not answer.
struct ForeignQuestion {
  std::string id;
  bool refused = false;
  std::optional<answer::AnswerSigns> signs;
};

struct AnswerEvaluationOptions {
  std::uint32_t most_questions = 0;  // of each set, chosen by the hash of their ids; 0: all
  std::vector<const BeirSet*> others;
  std::function<void(std::size_t done, std::size_t all)> on_progress;
};

struct AnswerEvaluation {
  std::vector<AnsweredQuestion> answered;  // those with a known answer, or, where no answer is known, all
  std::vector<std::vector<ForeignQuestion>> foreign;
  bool answers_known = false;
};

// `built` is the corpus of `set` in `collection`. Errors: those of the search, of the embedder and of Answerer.
Result<AnswerEvaluation> evaluate_answers(const BeirSet& set, const BuiltCorpus& built, search::Collection& collection,
                                          search::Searcher& searcher, model::Embedder& embedder,
                                          const AnswerEvaluationOptions& options = {});

// The same order for every run and every set: by the hash of the id.
std::vector<BeirQuery> sample(const BeirSet& set, std::uint32_t most);

// The judged documents of a question as evidence, all their passages.
answer::Evidence given_evidence(const BeirSet& set, const std::string& query);

}  // namespace renvoi::quality
