#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <utility>

#include "answer/abstention.h"
#include "answer/answer.h"
#include "answer/citation.h"
#include "answer/evidence.h"
#include "answer/extractive.h"
#include "answer/generative.h"
#include "answer/question.h"
#include "answer/time_limit.h"
#include "answer/units.h"
#include "text/language.h"
#include "text/terms.h"

namespace renvoi::answer {
namespace {

constexpr std::uint32_t kPassagesPerReference = 2;
constexpr std::uint32_t kMostCitations = 20;
constexpr std::uint32_t kMostQuotes = 4;  // of an extractive answer

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// Builds text and citations together, and passes on what is checked.
class AnswerWriter {
 public:
  AnswerWriter(Answer& answer, const Evidence& evidence, std::uint32_t max_citations, const OnAnswerPiece& on_piece)
      : answer_(answer), evidence_(evidence), max_citations_(max_citations), on_piece_(on_piece) {}

  // Adds `shown`, followed by the mark of `unit`. A unit whose quote does not stand, or that would be one citation too
  // many, adds nothing. False when whoever listens has had enough.
  bool add(const std::string& shown, const Unit& unit, std::string_view separator) {
    const std::optional<std::uint32_t> number = number_of(unit);
    if (!number) return true;
    std::string piece = answer_.text.empty() ? "" : std::string(separator);
    piece += shown + " [" + std::to_string(*number) + "]";
    answer_.text += piece;
    return !on_piece_ || on_piece_(piece);
  }

 private:
  std::optional<std::uint32_t> number_of(const Unit& unit) {
    const EvidenceDocument& document = evidence_.documents[unit.document];
    for (const Citation& known : answer_.citations) {
      if (known.reference == document.reference.id && known.range == unit.range) return known.number;
    }
    const auto next = static_cast<std::uint32_t>(answer_.citations.size() + 1);
    if (next > max_citations_) return std::nullopt;
    std::optional<Citation> citation = cite(document, unit.range, next);
    if (!citation) return std::nullopt;
    answer_.citations.push_back(std::move(*citation));
    return next;
  }

  Answer& answer_;
  const Evidence& evidence_;
  std::uint32_t max_citations_;
  const OnAnswerPiece& on_piece_;
};

void abstain(Answer& answer, AbstentionReason reason, const OnAnswerPiece& on_piece) {
  answer.abstained = true;
  answer.citations.clear();
  answer.text = abstention_text(answer.language, reason);
  if (on_piece) on_piece(answer.text);
}

AnswerSigns signs_of(const ScoredUnit& best, const Evidence& evidence, const Question& question,
                     const TermWeights& weights) {
  const EvidenceDocument& document = evidence.documents[best.unit.document];
  const EvidencePassage& passage = document.passages[best.unit.passage];
  const std::string& language = document.document.language;
  AnswerSigns signs;
  signs.passage_cosine = passage.semantic;
  signs.unit_cosine = best.cosine;
  signs.held = weights.share_held(text::terms(question.text, language),
                                  term_set(extract::passage_input(document.document, passage.passage), language));
  signs.same_language = language == question.language || language == "und" || question.language == "und";
  return signs;
}

Error stopped(const TimeLimit& limit, std::stop_token outer, const AskRequest& request) {
  static_cast<void>(limit);
  if (outer.stop_requested()) return {ErrorCode::unavailable, "the question was cancelled"};
  return {ErrorCode::unavailable, "no answer within " + std::to_string(request.deadline_ms) +
                                      " ms: ask again, or allow more time with deadline_ms"};
}

}  // namespace

struct Answerer::Impl {
  search::Collection& collection;
  search::Searcher& searcher;
  crawl::Fetcher& fetcher;
  model::Embedder& embedder;
  model::Generator* generator;
  crawl::DocumentCache* cache;
  AnswererOptions options;

  Result<search::SearchResponse> find(const AskRequest& request, Answer& answer) {
    search::SearchRequest wanted;
    wanted.query = request.question;
    wanted.limit = options.evidence_references * kPassagesPerReference;
    wanted.source = request.source;
    wanted.language = request.language;
    wanted.passages_per_reference = kPassagesPerReference;
    wanted.fast = request.fast;
    RENVOI_TRY(search::SearchResponse response, searcher.search(wanted));
    answer.language = response.query_language;
    answer.timings.embed_ms = response.timings.embed_ms;
    answer.timings.search_ms = response.timings.search_ms;
    answer.query_by = response.query_by;
    return response;
  }

  // The encoder's vector of the question, which its sentences are compared with: the search's, where it had one. Else
  // the cosines of the hits are another's, and become the encoder's here, since abstention is judged by them.
  Result<Question> read_question(const AskRequest& request, const Answer& answer, search::SearchResponse& found,
                                 const TimeLimit& limit) {
    if (!found.query_vector.empty()) return Question{request.question, answer.language, std::move(found.query_vector)};
    const std::array<std::string_view, 1> texts{request.question};
    RENVOI_TRY(model::Embeddings embedded, embedder.embed(texts, model::EmbedRole::query, {}, limit.token()));
    const auto full = collection.snapshots().full;
    for (search::SearchHit& hit : found.hits) {
      if (hit.tier != search::Tier::full) continue;
      for (const index::PassageNumber passage : full->passages_of(hit.reference.id))
        if (full->record(passage).fingerprint == hit.fingerprint)
          hit.semantic = full->similarity(embedded.values, passage);
    }
    return Question{request.question, answer.language, std::move(embedded.values)};
  }

  Result<Evidence> fetch(std::span<const search::SearchHit> hits, const Question& question, const TermWeights& weights,
                         const TimeLimit& limit, Answer& answer) {
    const auto start = std::chrono::steady_clock::now();
    const TimeLimit fetch_limit(limit.token(), std::min(options.fetch_timeout_ms, limit.remaining_ms()));
    RENVOI_TRY(Evidence evidence, read_evidence({collection, fetcher, embedder, cache}, hits, question, weights,
                                                options.evidence_references, fetch_limit));
    answer.dropped = evidence.dropped;
    answer.timings.fetch_ms = milliseconds_since(start);
    return evidence;
  }

  // True when a generated answer stands; false when none of it is supported and quoting must do.
  Result<bool> write_generated(const GenerativeInput& input, const TimeLimit& limit, AnswerWriter& writer,
                               Answer& answer, const OnAnswerPiece& on_piece) {
    const auto start = std::chrono::steady_clock::now();
    RENVOI_TRY(const GenerativeOutcome outcome,
               generate_checked(input, limit, [&](const std::string& sentence, const Unit& support) {
                 return writer.add(sentence, support, " ");
               }));
    answer.timings.generate_ms = milliseconds_since(start);
    answer.prompt_tokens = outcome.prompt_tokens;
    answer.completion_tokens = outcome.completion_tokens;
    if (answer.citations.empty() && outcome.said_no_answer) {
      abstain(answer, AbstentionReason::not_in_documents, on_piece);
    }
    return answer.abstained || !answer.citations.empty();
  }
};

Answerer::Answerer(search::Collection& collection, search::Searcher& searcher, crawl::Fetcher& fetcher,
                   model::Embedder& embedder, model::Generator* generator, crawl::DocumentCache* cache,
                   AnswererOptions options)
    : impl_(new Impl{collection, searcher, fetcher, embedder, generator, cache, options}) {}
Answerer::~Answerer() = default;

Result<Answer> Answerer::ask(const AskRequest& request, const OnAnswerPiece& on_piece, std::stop_token stop) {
  Answer answer;
  answer.mode = request.mode.value_or(impl_->options.default_mode);
  if (answer.mode == AnswerMode::generative && impl_->generator == nullptr) {
    return Error{ErrorCode::invalid, "no model may generate here: ask in extractive mode, or add a model"};
  }
  if (request.max_citations == 0 || request.max_citations > kMostCitations) {
    return Error{ErrorCode::invalid,
                 "max_citations is " + std::to_string(request.max_citations) + ": it must be from 1 to 20"};
  }
  const TimeLimit limit(stop, request.deadline_ms);
  RENVOI_TRY(search::SearchResponse found, impl_->find(request, answer));
  if (found.hits.empty()) {
    abstain(answer, AbstentionReason::nothing_indexed, on_piece);
    return answer;
  }
  RENVOI_TRY(const Question question, impl_->read_question(request, answer, found, limit));
  const TermWeights weights(impl_->collection.snapshots().larger());
  RENVOI_TRY(const Evidence evidence, impl_->fetch(found.hits, question, weights, limit, answer));
  if (limit.fired()) return stopped(limit, stop, request);
  RENVOI_TRY(const std::vector<ScoredUnit> ranked,
             rank_units(evidence, question, weights, impl_->embedder, limit.token()));
  if (ranked.empty()) {
    abstain(answer, AbstentionReason::documents_unavailable, on_piece);
    return answer;
  }
  answer.signs = signs_of(ranked.front(), evidence, question, weights);
  if (should_abstain(*answer.signs)) {
    abstain(answer, AbstentionReason::not_in_documents, on_piece);
    return answer;
  }
  AnswerWriter writer(answer, evidence, request.max_citations, on_piece);
  if (answer.mode == AnswerMode::generative) {
    RENVOI_TRY(const bool written,
               impl_->write_generated({evidence, question, ranked, weights, impl_->embedder, *impl_->generator}, limit,
                                      writer, answer, on_piece));
    if (written) return answer;
    answer.mode = AnswerMode::extractive;
  }
  for (const Unit& unit : choose_units(evidence, ranked, std::min(request.max_citations, kMostQuotes))) {
    if (!writer.add(shown_quote(evidence, unit), unit, "\n\n")) break;
  }
  if (answer.citations.empty()) abstain(answer, AbstentionReason::not_in_documents, on_piece);
  return answer;
}

}  // namespace renvoi::answer
