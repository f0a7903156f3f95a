#include "quality/evaluate_answers.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "answer/answer.h"
#include "answer/question.h"
#include "base/hash.h"
#include "ingest/ingest.h"
#include "quality/memory_fetcher.h"
#include "text/language.h"
#include "text/normalize.h"

namespace renvoi::quality {
namespace {

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

std::string comparable(std::string_view text) { return text::fold(text::normalize_for_quotes(text)); }

bool holds_words(const std::string& text, const std::string& words) {
  if (words.empty()) return false;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
    const std::size_t end = at + words.size();
    const bool begins = at == 0 || !is_word_byte(text[at - 1]) || !is_word_byte(words.front());
    const bool ends = end == text.size() || !is_word_byte(text[end]) || !is_word_byte(words.back());
    if (begins && ends) return true;
  }
  return false;
}

// What stands between the first pair of "**".
std::string_view first_bold(std::string_view text) {
  const std::size_t begin = text.find("**");
  if (begin == std::string_view::npos) return {};
  const std::size_t end = text.find("**", begin + 2);
  return end == std::string_view::npos ? std::string_view() : text.substr(begin + 2, end - begin - 2);
}

class Evaluator {
 public:
  Evaluator(const BeirSet& set, const BuiltCorpus& built, search::Collection& collection, search::Searcher& searcher,
            model::Embedder& embedder)
      : set_(set),
        built_(built),
        embedder_(embedder),
        weights_(collection.snapshots().larger()),
        fetcher_(set),
        answerer_(collection, searcher, fetcher_, nullptr, nullptr) {}

  Result<void> rank_given(const BeirQuery& query, AnsweredQuestion& one) {
    const auto answers = set_.answers.find(query.id);
    if (answers == set_.answers.end()) return {};
    const answer::Evidence evidence = given_evidence(set_, query.id);
    if (evidence.documents.empty()) return {};
    const std::string_view text = query.text;
    RENVOI_TRY(model::Embeddings embedded, embedder_.embed({&text, 1}, model::EmbedRole::query));
    const answer::Question question{query.text, text::detect_language(query.text), std::move(embedded.values)};
    RENVOI_TRY(const std::vector<answer::ScoredUnit> ranked,
               answer::rank_units(evidence, question, weights_, embedder_, {}));
    for (std::size_t i = 0; i < std::min<std::size_t>(ranked.size(), 3); ++i) {
      const answer::Unit& unit = ranked[i].unit;
      if (!holds_answer(text::slice(evidence.documents[unit.document].document.text, unit.range), answers->second))
        continue;
      one.at_3 = true;
      one.at_1 = one.at_1 || i == 0;
    }
    return {};
  }

  Result<answer::Answer> ask(const BeirQuery& query, double& ms) {
    answer::AskRequest request;
    request.question = query.text;
    const auto start = std::chrono::steady_clock::now();
    RENVOI_TRY(answer::Answer answer, answerer_.ask(request));
    ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return answer;
  }

  Result<void> go_the_whole_way(const BeirQuery& query, AnsweredQuestion& one) {
    RENVOI_TRY(const answer::Answer answer, ask(query, one.ms));
    one.refused = answer.abstained;
    one.signs = answer.signs;
    const Judgments& judgments = set_.judgments.at(query.id);
    const auto answers = set_.answers.find(query.id);
    for (const answer::Citation& citation : answer.citations) {
      const auto judged = judgments.find(built_.document_of.at(to_number(citation.reference)));
      ++one.citations;
      one.right_citations += judged != judgments.end() && judged->second > 0 ? 1 : 0;
      if (answers == set_.answers.end() || !holds_answer(citation.quote, answers->second)) continue;
      one.in_a_quote = true;
      one.in_first_quote = one.in_first_quote || citation.number == 1;
    }
    const std::string bold(first_bold(answer.text));
    one.has_span = !bold.empty();
    if (answers == set_.answers.end() || bold.empty()) return {};
    one.span_is_right = std::any_of(answers->second.begin(), answers->second.end(), [&](const std::string& known) {
      return holds_answer(bold, {known}) || holds_answer(known, {bold});
    });
    return {};
  }

 private:
  const BeirSet& set_;
  const BuiltCorpus& built_;
  model::Embedder& embedder_;
  answer::TermWeights weights_;
  MemoryFetcher fetcher_;
  answer::Answerer answerer_;
};

}  // namespace

bool holds_answer(std::string_view text, const std::vector<std::string>& answers) {
  const std::string held = comparable(text);
  return std::any_of(answers.begin(), answers.end(),
                     [&](const std::string& answer) { return holds_words(held, comparable(answer)); });
}

std::vector<BeirQuery> sample(const BeirSet& set, std::uint32_t most) {
  std::vector<BeirQuery> chosen = set.queries;
  if (most == 0 || chosen.size() <= most) return chosen;
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const BeirQuery& a, const BeirQuery& b) { return fingerprint(a.id) < fingerprint(b.id); });
  chosen.resize(most);
  return chosen;
}

answer::Evidence given_evidence(const BeirSet& set, const std::string& query) {
  answer::Evidence evidence;
  const Judgments& judgments = set.judgments.at(query);
  for (const BeirDocument& beir : set.documents) {
    const auto judged = judgments.find(beir.id);
    if (judged == judgments.end() || judged->second <= 0) continue;
    answer::EvidenceDocument document;
    document.document = as_document(beir);
    for (extract::Passage& passage : ingest::prepare(document.document).passages)
      document.passages.push_back({std::move(passage), 0, 0});
    if (!document.passages.empty()) evidence.documents.push_back(std::move(document));
  }
  return evidence;
}

Result<AnswerEvaluation> evaluate_answers(const BeirSet& set, const BuiltCorpus& built, search::Collection& collection,
                                          search::Searcher& searcher, model::Embedder& embedder,
                                          const AnswerEvaluationOptions& options) {
  AnswerEvaluation evaluation;
  evaluation.answers_known = !set.answers.empty();
  Evaluator evaluator(set, built, collection, searcher, embedder);
  std::vector<std::vector<BeirQuery>> foreign;
  std::size_t all = 0, done = 0;
  for (const BeirSet* other : options.others) {
    foreign.push_back(sample(*other, options.most_questions));
    all += foreign.back().size();
  }
  const std::vector<BeirQuery> own = sample(set, options.most_questions);
  all += own.size();
  const auto tell = [&] {
    ++done;
    if (options.on_progress) options.on_progress(done, all);
  };
  for (const BeirQuery& query : own) {
    if (!evaluation.answers_known || set.answers.contains(query.id)) {
      AnsweredQuestion one;
      one.id = query.id;
      RENVOI_CHECK(evaluator.rank_given(query, one));
      RENVOI_CHECK(evaluator.go_the_whole_way(query, one));
      evaluation.answered.push_back(std::move(one));
    }
    tell();
  }
  for (const std::vector<BeirQuery>& queries : foreign) {
    std::vector<ForeignQuestion>& refused = evaluation.foreign.emplace_back();
    for (const BeirQuery& query : queries) {
      double ms = 0;
      RENVOI_TRY(const answer::Answer answer, evaluator.ask(query, ms));
      refused.push_back({query.id, answer.abstained, answer.signs});
      tell();
    }
  }
  return evaluation;
}

}  // namespace renvoi::quality
