#include "eval_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace renvoi::app {
namespace {

Json json_of(const quality::Measures& measures) {
  return {{"ndcg@10", measures.ndcg_at_10}, {"recall@100", measures.recall_at_100}, {"mrr", measures.mrr}};
}

struct AnswerFigures {
  double asked = 0, refused = 0, at_1 = 0, at_3 = 0, in_first_quote = 0, in_a_quote = 0;
  double citations = 0, right_citations = 0, cited_right = 0, spans = 0, right_spans = 0;
  std::vector<double> ms;
};

AnswerFigures figures_of(const std::vector<quality::AnsweredQuestion>& questions) {
  AnswerFigures sum;
  for (const quality::AnsweredQuestion& one : questions) {
    sum.asked += 1;
    sum.refused += one.refused ? 1 : 0;
    sum.at_1 += one.at_1 ? 1 : 0;
    sum.at_3 += one.at_3 ? 1 : 0;
    sum.in_first_quote += one.in_first_quote ? 1 : 0;
    sum.in_a_quote += one.in_a_quote ? 1 : 0;
    sum.citations += one.citations;
    sum.right_citations += one.right_citations;
    sum.cited_right += one.right_citations > 0 ? 1 : 0;
    sum.spans += one.has_span ? 1 : 0;
    sum.right_spans += one.span_is_right ? 1 : 0;
    sum.ms.push_back(one.ms);
  }
  return sum;
}

double ratio(double part, double all) { return all > 0 ? part / all : 0; }

double refused_share(const std::vector<quality::ForeignQuestion>& questions) {
  const auto refused = std::count_if(questions.begin(), questions.end(), [](const auto& one) { return one.refused; });
  return ratio(static_cast<double>(refused), static_cast<double>(questions.size()));
}

void add_answers(const quality::AnswerEvaluation& answers, const std::vector<std::string>& others,
                 std::vector<std::string>& lines) {
  const AnswerFigures sum = figures_of(answers.answered);
  lines.push_back(fmt::format("{} questions answered", answers.answered.size()));
  const auto add = [&](std::string_view what, double value) {
    lines.push_back(fmt::format("  {:<58} {:>7.4f}", what, value));
  };
  if (answers.answers_known) {
    add("answer sentence first, the passage given", ratio(sum.at_1, sum.asked));
    add("answer sentence among three, the passage given", ratio(sum.at_3, sum.asked));
    add("from the question on: the answer in the first quote", ratio(sum.in_first_quote, sum.asked));
    add("from the question on: the answer in a quote", ratio(sum.in_a_quote, sum.asked));
  }
  add("citations of a document that is judged right (precision)", ratio(sum.right_citations, sum.citations));
  add("questions with such a citation (recall)", ratio(sum.cited_right, sum.asked));
  add("refused", ratio(sum.refused, sum.asked));
  if (answers.answers_known && sum.spans > 0) {
    add("answers with words in bold", ratio(sum.spans, sum.asked));
    add("of these the known answer, or part of it", ratio(sum.right_spans, sum.spans));
  }
  lines.push_back(fmt::format("  {:<58} {:>7.0f} {:>7.0f} {:>7.0f}", "ms of an answer: p50, p90, p99",
                              quality::percentile(sum.ms, .5), quality::percentile(sum.ms, .9),
                              quality::percentile(sum.ms, .99)));
  for (std::size_t i = 0; i < answers.foreign.size(); ++i) {
    const std::string name = std::filesystem::path(others.at(i)).filename().string();
    add(fmt::format("refused of {} questions of {}", answers.foreign[i].size(), name),
        refused_share(answers.foreign[i]));
  }
}

Json json_of(const answer::AnswerSigns& signs) {
  return {{"passage_cosine", signs.passage_cosine},
          {"sentence_cosine", signs.unit_cosine},
          {"words_held", signs.held},
          {"same_language", signs.same_language}};
}

Json answers_json(const quality::AnswerEvaluation& answers, const std::vector<std::string>& others) {
  const AnswerFigures sum = figures_of(answers.answered);
  Json figures = {{"questions", answers.answered.size()},
                  {"citation_precision", ratio(sum.right_citations, sum.citations)},
                  {"citation_recall", ratio(sum.cited_right, sum.asked)},
                  {"refused", ratio(sum.refused, sum.asked)},
                  {"ms_p50", quality::percentile(sum.ms, .5)},
                  {"ms_p90", quality::percentile(sum.ms, .9)},
                  {"ms_p99", quality::percentile(sum.ms, .99)}};
  if (answers.answers_known) {
    figures["sentence@1"] = ratio(sum.at_1, sum.asked);
    figures["sentence@3"] = ratio(sum.at_3, sum.asked);
    figures["in_first_quote"] = ratio(sum.in_first_quote, sum.asked);
    figures["in_a_quote"] = ratio(sum.in_a_quote, sum.asked);
    figures["spans"] = ratio(sum.spans, sum.asked);
    figures["span_precision"] = ratio(sum.right_spans, sum.spans);
  }
  Json foreign = Json::array();
  for (std::size_t i = 0; i < answers.foreign.size(); ++i) {
    Json signs = Json::array();
    for (const quality::ForeignQuestion& one : answers.foreign[i])
      if (one.signs) signs.push_back(json_of(*one.signs));
    foreign.push_back({{"folder", others.at(i)},
                       {"questions", answers.foreign[i].size()},
                       {"refused", refused_share(answers.foreign[i])},
                       {"signs", signs}});
  }
  figures["others"] = foreign;
  return figures;
}

Json questions_json(const quality::Evaluation& evaluation) {
  Json questions = Json::array();
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < evaluation.question_ids.size(); ++i) {
    place[evaluation.question_ids[i]] = i;
    questions.push_back({{"id", evaluation.question_ids[i]},
                         {"bm25 ndcg@10", evaluation.bm25.ndcg_each[i]},
                         {"semantic ndcg@10", evaluation.semantic.ndcg_each[i]},
                         {"hybrid ndcg@10", evaluation.hybrid.ndcg_each[i]}});
  }
  if (!evaluation.answers) return questions;
  const auto number = [](bool value) { return value ? 1 : 0; };
  for (const quality::AnsweredQuestion& one : evaluation.answers->answered) {
    Json& question = questions[place.at(one.id)];
    question["refused"] = number(one.refused);
    question["right document cited"] = number(one.right_citations > 0);
    question["ms"] = one.ms;
    if (one.signs) question["signs"] = json_of(*one.signs);
    if (!evaluation.answers->answers_known) continue;
    question["sentence@1"] = number(one.at_1);
    question["sentence@3"] = number(one.at_3);
    question["in the first quote"] = number(one.in_first_quote);
    question["in a quote"] = number(one.in_a_quote);
  }
  return questions;
}

// By figure, then by question.
using Figures = std::map<std::string, std::map<std::string, double>>;

Figures figures_in(const Json& report) {
  Figures figures;
  for (const Json& question : report.at("questions")) {
    if (!question.is_object() || !question.contains("id") || !question["id"].is_string()) continue;
    const auto id = question["id"].get<std::string>();
    for (const auto& [name, value] : question.items())
      if (value.is_number()) figures[name][id] = value.get<double>();
  }
  return figures;
}

}  // namespace

std::vector<std::string> eval_table(const quality::Evaluation& evaluation, const std::vector<std::string>& others) {
  std::vector<std::string> lines = {fmt::format("{} documents, {} passages, {} queries", evaluation.documents,
                                                evaluation.passages, evaluation.queries),
                                    fmt::format("{:<10} {:>8} {:>11} {:>8}", "", "nDCG@10", "recall@100", "MRR")};
  for (const auto& [name, measures] :
       {std::pair{"bm25", &evaluation.bm25}, {"semantic", &evaluation.semantic}, {"hybrid", &evaluation.hybrid}}) {
    lines.push_back(fmt::format("{:<10} {:>8.4f} {:>11.4f} {:>8.4f}", name, measures->ndcg_at_10,
                                measures->recall_at_100, measures->mrr));
  }
  lines.push_back(fmt::format("ms of a search without encoding the query: p50 {:.2f}, p90 {:.2f}, p99 {:.2f}",
                              quality::percentile(evaluation.search_ms, .5),
                              quality::percentile(evaluation.search_ms, .9),
                              quality::percentile(evaluation.search_ms, .99)));
  if (evaluation.answers) add_answers(*evaluation.answers, others, lines);
  return lines;
}

Json eval_json(const quality::Evaluation& evaluation, const std::vector<std::string>& others) {
  Json report = {{"bm25", json_of(evaluation.bm25)},
                 {"semantic", json_of(evaluation.semantic)},
                 {"hybrid", json_of(evaluation.hybrid)},
                 {"search_ms_p50", quality::percentile(evaluation.search_ms, .5)},
                 {"search_ms_p99", quality::percentile(evaluation.search_ms, .99)},
                 {"documents", evaluation.documents},
                 {"passages", evaluation.passages},
                 {"queries", evaluation.queries},
                 {"index_bytes", evaluation.index_bytes},
                 {"text_bytes", evaluation.text_bytes},
                 {"encode_seconds", evaluation.encode_seconds},
                 {"questions", questions_json(evaluation)}};
  if (evaluation.answers) report["answers"] = answers_json(*evaluation.answers, others);
  return report;
}

Result<std::vector<ComparedFigure>> compare_reports(const Json& first, const Json& second) {
  const Figures a = figures_in(first), b = figures_in(second);
  std::vector<ComparedFigure> compared;
  for (const auto& [name, values] : a) {
    const auto other = b.find(name);
    if (other == b.end()) continue;
    std::vector<double> of_a, of_b;
    for (const auto& [id, value] : values) {
      const auto same = other->second.find(id);
      if (same == other->second.end()) continue;
      of_a.push_back(value);
      of_b.push_back(same->second);
    }
    if (of_a.empty()) continue;
    ComparedFigure figure{name, 0, 0, quality::paired_test(of_a, of_b)};
    for (const double value : of_a) figure.first += value / static_cast<double>(of_a.size());
    for (const double value : of_b) figure.second += value / static_cast<double>(of_b.size());
    compared.push_back(std::move(figure));
  }
  if (compared.empty())
    return Error{ErrorCode::invalid, "the two reports have no question in common: they are of different folders"};
  return compared;
}

}  // namespace renvoi::app
