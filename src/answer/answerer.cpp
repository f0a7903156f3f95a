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
#include "answer/follow_up.h"
#include "answer/generative.h"
#include "answer/listener.h"
#include "answer/question.h"
#include "answer/screen.h"
#include "answer/time_limit.h"
#include "answer/units.h"
#include "answer/web_evidence.h"
#include "text/language.h"
#include "text/terms.h"

namespace renvoi::answer {
namespace {

constexpr std::uint32_t kPassagesPerReference = 2;
constexpr std::uint32_t kSpares = 2;  // times as many hits beyond the first, in case those cannot be read
constexpr std::uint32_t kMostCitations = 20;
constexpr std::uint32_t kMostQuotes = 4;  // of an extractive answer

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

std::string unsupported_mark(std::string_view language) {
  return language == "fr" ? "(non trouvé dans les sources)" : "(not found in the sources)";
}

// Builds text and citations together, and passes on what is checked.
class AnswerWriter {
 public:
  AnswerWriter(Answer& answer, const Evidence& evidence, const AskRequest& request, const OnAnswerPiece& on_piece)
      : answer_(answer),
        evidence_(evidence),
        max_citations_(request.max_citations),
        listener_(request.listener),
        on_piece_(on_piece) {}

  // Adds a sentence that nothing supports, marked as such, when a supported one is there or comes.
  bool add_unsupported(const std::string& sentence) {
    held_.push_back(sentence);
    return answer_.citations.empty() || show_held();
  }
  // The rest is told, and not shown.
  void drop_held() {
    for (std::string& sentence : held_) answer_.unsupported_sentences.push_back({std::move(sentence), std::nullopt});
    held_.clear();
  }

  // Adds `shown`, followed by the mark of `unit`. A unit whose quote does not stand, or that would be one citation too
  // many, adds nothing. False when whoever listens has had enough.
  bool add(const std::string& shown, const Unit& unit, std::string_view separator) {
    const std::optional<std::uint32_t> number = number_of(unit);
    if (!number) return true;
    if (!show_held()) return false;
    std::string piece = answer_.text.empty() ? "" : std::string(separator);
    piece += shown + " [" + std::to_string(*number) + "]";
    answer_.text += piece;
    return !on_piece_ || on_piece_(piece);
  }

 private:
  bool show_held() {
    bool listening = true;
    for (std::string& sentence : held_) {
      const std::string piece = (answer_.text.empty() ? "" : " ") + sentence + ' ' + unsupported_mark(answer_.language);
      const std::size_t begin = answer_.text.size() + (answer_.text.empty() ? 0 : 1);
      answer_.text += piece;
      const text::Range range{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(answer_.text.size())};
      answer_.unsupported_sentences.push_back({std::move(sentence), range});
      listening = listening && (!on_piece_ || on_piece_(piece));
    }
    held_.clear();
    return listening;
  }

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
    if (listener_ != nullptr) listener_->on_citation(answer_.citations.back());
    return next;
  }

  Answer& answer_;
  const Evidence& evidence_;
  std::uint32_t max_citations_;
  AskListener* listener_;
  const OnAnswerPiece& on_piece_;
  std::vector<std::string> held_;  // unsupported, before the first that is supported
};

void tell(const AskRequest& request, AskStep step) {
  if (request.listener != nullptr) request.listener->on_step(step);
}

void tell(const AskRequest& request, const Evidence& evidence) {
  if (request.listener != nullptr) request.listener->on_evidence(evidence);
}

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

// The look may have found a reference in a state that was not asked for.
void drop_other_states(const search::SearchFilter& filter, Evidence& evidence) {
  if (filter.states.empty()) return;
  std::erase_if(evidence.documents, [&](const EvidenceDocument& document) {
    const catalog::Reference& reference = document.reference;
    if (std::find(filter.states.begin(), filter.states.end(), reference.state) != filter.states.end()) return false;
    evidence.dropped.push_back({reference.id, reference.address, reference.title,
                                "is now " + std::string(to_string(reference.state)) + ", which was not asked for"});
    return true;
  });
}

}  // namespace

struct Answerer::Impl {
  search::Collection& collection;
  search::Searcher& searcher;
  crawl::Fetcher& fetcher;
  model::Generator* generator;
  crawl::DocumentCache* cache;
  AnswererOptions options;
  const crawl::SearchEngine* engine;

  std::uint32_t first_hits() const { return options.evidence_references * kPassagesPerReference; }

  // What an answer would be written from, or why there is nothing.
  struct Draft {
    Evidence evidence;
    std::vector<ScoredUnit> ranked;
    Question question;
    model::Embedder* embedder = nullptr;  // that made its vectors
    std::optional<AbstentionReason> nothing;
  };

  Result<search::SearchResponse> find(const AskRequest& request, Answer& answer) {
    search::SearchRequest wanted;
    wanted.query = request.question;
    wanted.limit = first_hits() * (1 + kSpares);
    wanted.filter = request.filter;
    wanted.passages_per_reference = kPassagesPerReference;
    wanted.fast = request.fast;
    RENVOI_TRY(search::SearchResponse response, searcher.search(wanted));
    answer.timings.embed_ms = response.timings.embed_ms;
    answer.timings.search_ms = response.timings.search_ms;
    answer.query_by = response.query_by;
    return response;
  }

  static Result<Question> read_question(const AskRequest& request, const Answer& answer, model::Embedder& embedder,
                                        const TimeLimit& limit) {
    const std::array<std::string_view, 1> texts{request.question};
    RENVOI_TRY(model::Embeddings embedded, embedder.embed(texts, model::EmbedRole::query, {}, limit.token()));
    return Question{request.question, answer.language, std::move(embedded.values)};
  }

  // The encoder's vector of the question, which its sentences are compared with: the search's, where it had one. Else
  // the cosines of the hits are another's, and become the encoder's here, since abstention is judged by them.
  Result<Question> read_question(const AskRequest& request, const Answer& answer, search::SearchResponse& found,
                                 const TimeLimit& limit) {
    if (!found.query_vector.empty()) return Question{request.question, answer.language, std::move(found.query_vector)};
    RENVOI_TRY(Question question, read_question(request, answer, *found.embedder, limit));
    const search::Snapshots now = collection.snapshots();
    // The index was switched to another model since the search: what the table said of these hits stands.
    if (now.identity.model_digest != found.embedder->digest()) return question;
    for (search::SearchHit& hit : found.hits) {
      if (hit.tier != search::Tier::full) continue;
      for (const index::PassageNumber passage : now.full->passages_of(hit.reference.id))
        if (now.full->record(passage).fingerprint == hit.fingerprint)
          hit.semantic = now.full->similarity(question.vector, passage);
    }
    return question;
  }

  LookBudget budget(const TimeLimit& limit) const {
    return {options.evidence_references, options.verify_ms, std::min(options.fetch_timeout_ms, limit.remaining_ms())};
  }
  EvidenceReader reader(model::Embedder& embedder) const {
    return {collection, fetcher, embedder, cache, options.life, options.revisit};
  }

  Result<Draft> draft_of(Evidence evidence, const Question& question, const TermWeights& weights,
                         model::Embedder& embedder, const TimeLimit& limit, Answer& answer) {
    Draft draft{std::move(evidence), {}, question, &embedder, {}};
    answer.dropped.insert(answer.dropped.end(), draft.evidence.dropped.begin(), draft.evidence.dropped.end());
    std::vector<Flagged> flagged = screen(draft.evidence);
    answer.flagged.insert(answer.flagged.end(), flagged.begin(), flagged.end());
    const auto start = std::chrono::steady_clock::now();
    RENVOI_TRY(draft.ranked, rank_units(draft.evidence, question, weights, embedder, limit.token()));
    answer.timings.compare_ms += milliseconds_since(start);
    if (draft.ranked.empty()) {
      draft.nothing = flagged.empty() ? AbstentionReason::documents_unavailable : AbstentionReason::not_in_documents;
      return draft;
    }
    answer.signs = signs_of(draft.ranked.front(), draft.evidence, question, weights);
    if (should_abstain(*answer.signs)) draft.nothing = AbstentionReason::not_in_documents;
    return draft;
  }

  static Draft nothing_because(AbstentionReason reason) { return {{}, {}, {}, nullptr, reason}; }

  Result<Draft> from_index(const AskRequest& request, const TermWeights& weights, const TimeLimit& limit,
                           Answer& answer) {
    tell(request, AskStep::search);
    RENVOI_TRY(search::SearchResponse found, find(request, answer));
    if (found.hits.empty()) return nothing_because(AbstentionReason::nothing_indexed);
    model::Embedder& embedder = *found.embedder;
    RENVOI_TRY(const Question question, read_question(request, answer, found, limit));
    const auto start = std::chrono::steady_clock::now();
    tell(request, AskStep::read);
    RENVOI_TRY(Evidence evidence, read_evidence(reader(embedder), found.hits, first_hits(), question, weights,
                                                budget(limit), limit.token()));
    drop_other_states(request.filter, evidence);
    answer.timings.fetch_ms = milliseconds_since(start);
    tell(request, evidence);
    return draft_of(std::move(evidence), question, weights, embedder, limit, answer);
  }

  // `own`: what the collection gave, whose question need not be encoded again; null when it was not asked.
  Result<Draft> from_web(const AskRequest& request, const TermWeights& weights, const TimeLimit& limit, Answer& answer,
                         const Draft* own = nullptr) {
    model::Embedder& embedder = searcher.embedder();
    Question question;
    if (own != nullptr && own->embedder == &embedder) {
      question = own->question;
    } else {
      RENVOI_TRY(question, read_question(request, answer, embedder, limit));
    }
    const auto start = std::chrono::steady_clock::now();
    tell(request, AskStep::web);
    const std::chrono::milliseconds timeout(budget(limit).timeout_ms);
    RENVOI_TRY(const std::vector<crawl::FoundPage> pages,
               engine->find(question.text, question.language, timeout, limit.token()));
    if (pages.empty()) return nothing_because(AbstentionReason::not_in_documents);
    RENVOI_TRY(Evidence evidence, read_web_evidence(reader(embedder), pages, options.web_policy, question, weights,
                                                    budget(limit), limit.token()));
    answer.timings.fetch_ms += milliseconds_since(start);
    tell(request, evidence);
    return draft_of(std::move(evidence), question, weights, embedder, limit, answer);
  }

  // The engine is a help here: what is wrong with it does not take the collection's answer away.
  Result<Draft> from_both(const AskRequest& request, const TermWeights& weights, const TimeLimit& limit,
                          Answer& answer) {
    RENVOI_TRY(Draft own, from_index(request, weights, limit, answer));
    if (!own.nothing || limit.fired()) return own;
    Answer tried = answer;
    Result<Draft> web = from_web(request, weights, limit, tried, &own);
    if (!web) answer.web_problem = web.error().message;
    if (!web || web->nothing) return own;
    answer = std::move(tried);
    answer.from_web = true;
    return web;
  }

  // True when a generated answer stands; false when none of it is supported and quoting must do.
  Result<bool> write_generated(const GenerativeInput& input, Unsupported unsupported, const TimeLimit& limit,
                               AnswerWriter& writer, Answer& answer, const OnAnswerPiece& on_piece) {
    const auto start = std::chrono::steady_clock::now();
    RENVOI_TRY(const GenerativeOutcome outcome,
               generate_checked(input, limit, [&](const std::string& sentence, const Unit* support) {
                 if (support != nullptr) return writer.add(sentence, *support, " ");
                 return unsupported == Unsupported::withhold || writer.add_unsupported(sentence);
               }));
    writer.drop_held();
    answer.supported = outcome.supported;
    answer.unsupported = outcome.unsupported;
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
                   model::Generator* generator, crawl::DocumentCache* cache, AnswererOptions options,
                   const crawl::SearchEngine* engine)
    : impl_(new Impl{collection, searcher, fetcher, generator, cache, std::move(options), engine}) {}
Answerer::~Answerer() = default;

Result<Answer> Answerer::ask(const AskRequest& asked, const OnAnswerPiece& on_piece, std::stop_token stop) {
  Answer answer;
  AskRequest request = asked;
  request.question = stand_alone_question(asked.question, asked.earlier_questions);
  if (request.question != asked.question) answer.understood_as = request.question;
  answer.mode = request.mode.value_or(impl_->options.default_mode);
  if (answer.mode == AnswerMode::generative && impl_->generator == nullptr) {
    return Error{ErrorCode::invalid, "no model may generate here: ask in extractive mode, or add a model"};
  }
  if (request.max_citations == 0 || request.max_citations > kMostCitations) {
    return Error{ErrorCode::invalid,
                 "max_citations is " + std::to_string(request.max_citations) + ": it must be from 1 to 20"};
  }
  const AnswerScope scope = request.scope.value_or(impl_->options.default_scope);
  if (scope != AnswerScope::index && impl_->engine == nullptr) {
    return Error{ErrorCode::invalid, "no search engine is configured: set web.endpoint, or ask in scope 'index'"};
  }
  if (answer.mode == AnswerMode::generative && !impl_->options.distrust.empty()) {
    answer.mode = AnswerMode::extractive;
    answer.mode_reason = impl_->options.distrust;
  }
  const TimeLimit limit(stop, request.deadline_ms);
  answer.language = text::detect_language(asked.question);
  const TermWeights weights(impl_->collection.snapshots().larger());
  answer.from_web = scope == AnswerScope::web;
  auto drafted = scope == AnswerScope::index ? impl_->from_index(request, weights, limit, answer)
                 : scope == AnswerScope::web ? impl_->from_web(request, weights, limit, answer)
                                             : impl_->from_both(request, weights, limit, answer);
  if (limit.fired()) return stopped(limit, stop, request);
  RENVOI_TRY(const Impl::Draft draft, std::move(drafted));
  if (draft.nothing) {
    abstain(answer, *draft.nothing, on_piece);
    return answer;
  }
  const Evidence& evidence = draft.evidence;
  const std::vector<ScoredUnit>& ranked = draft.ranked;
  const Question& question = draft.question;
  AnswerWriter writer(answer, evidence, request, on_piece);
  tell(request, AskStep::write);
  if (answer.mode == AnswerMode::generative) {
    RENVOI_TRY(const bool written, impl_->write_generated({evidence, question, ranked, *impl_->generator},
                                                          request.unsupported, limit, writer, answer, on_piece));
    if (written) return answer;
    answer.mode = AnswerMode::extractive;
    answer.mode_reason = "nothing that the model wrote is said by the evidence";
  }
  const std::optional<AnswerSpan> span = answer_span(evidence, ranked, question.text);
  for (const Unit& unit : choose_units(evidence, ranked, std::min(request.max_citations, kMostQuotes))) {
    if (!writer.add(shown_quote(evidence, unit, span), unit, "\n\n")) break;
  }
  if (answer.citations.empty()) abstain(answer, AbstentionReason::not_in_documents, on_piece);
  return answer;
}

}  // namespace renvoi::answer
