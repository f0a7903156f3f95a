// A question to an answer whose every citation was found, just now, in the document it names.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "answer/abstention.h"
#include "base/result.h"
#include "catalog/types.h"
#include "crawl/document_cache.h"
#include "crawl/fetcher.h"
#include "crawl/reference_state.h"
#include "crawl/revisit.h"
#include "crawl/search_engine.h"
#include "model/generator.h"
#include "search/search.h"

namespace renvoi::answer {

enum class AnswerMode : std::uint8_t { extractive, generative };

// Where evidence is looked for.
enum class AnswerScope : std::uint8_t {
  index,      // in the collection
  web,        // by the search engine; nothing is stored
  automatic,  // in the collection, and by the search engine when that does not answer the question
};

// Invariant 7: `quote` is in the document at `range` at `checked_at`.
struct Citation {
  std::uint32_t number = 0;                   // [1], [2] in the text
  ReferenceId reference = ReferenceId::none;  // none: a page of the web that no source holds
  std::string address;
  std::string link;  // the address with the text directive that marks the quote (extract/text_fragment.h)
  std::string title;
  std::string heading_path;
  std::uint32_t page = 0;  // of a document that has pages (PDF): where the quote begins; else 0
  std::string quote;
  text::Range range;  // of the quote in the extracted text
  catalog::ReferenceState state = catalog::ReferenceState::live;
  Timestamp checked_at = 0;
  bool verified = false;      // looked at for this answer; false: the quote is from the cache, as of checked_at
  Timestamp date = 0;         // that the document bears; 0: not known
  std::string before, after;  // what stands around the quote: at most 200 bytes each, whole words
};

// A reference that was found and could not be cited, and why. ("HTTP 404: now SUSPECT, out of answers until it is
// back")
struct Dropped {
  ReferenceId reference = ReferenceId::none;
  std::string address;
  std::string title;
  std::string reason;
};

// A document of which something was kept out of the answer and of what a model was told, and why.
struct Flagged {
  ReferenceId reference = ReferenceId::none;
  std::string address;
  std::string reason;
};

// A sentence that a model wrote and no evidence says. Never with a citation.
struct UnsupportedSentence {
  std::string text;
  std::optional<text::Range> range;  // in Answer::text, with what marks it; nothing when it is not shown there
};

struct AnswerTimings {
  // compare_ms: the sentences of what was fetched, encoded and compared with the question.
  double embed_ms = 0, search_ms = 0, fetch_ms = 0, compare_ms = 0, generate_ms = 0;
};

struct Answer {
  std::string text;  // with [n] marks; in the language of the question when it abstains
  std::string language;
  std::string understood_as;  // the question that was answered, where it is not the one that was asked
  AnswerMode mode = AnswerMode::extractive;
  bool abstained = false;
  bool from_web = false;    // the evidence is of the search engine's pages
  std::string web_problem;  // why the search engine, asked because the collection had no answer, did not help
  std::vector<Citation> citations;
  std::vector<Dropped> dropped;
  std::vector<Flagged> flagged;
  std::string mode_reason;                                 // why the mode is not the one that was asked for, or set
  std::uint32_t supported = 0, unsupported = 0;            // sentences that a model wrote
  std::vector<UnsupportedSentence> unsupported_sentences;  // of AskRequest::unsupported == show
  std::optional<AnswerSigns> signs;  // what decided whether to answer; nothing when no document was read
  search::QueryBy query_by = search::QueryBy::words;  // what made the vector that documents were found by
  AnswerTimings timings;
  std::uint32_t prompt_tokens = 0, completion_tokens = 0;
};

class AskListener;  // listener.h

// What becomes of a sentence that a model wrote and no evidence says.
enum class Unsupported : std::uint8_t {
  withhold,
  show,  // as such: marked in plain words, without a citation
};

struct AskRequest {
  std::string question;
  // What the same person asked before, oldest first: a question that leans on it is made to stand alone (follow_up.h).
  std::vector<std::string> earlier_questions;
  std::optional<AnswerMode> mode;    // nothing: the default of Answerer
  std::optional<AnswerScope> scope;  // the same
  search::SearchFilter filter;       // an answer from the collection cites nothing else
  std::uint32_t max_citations = 4;
  std::uint32_t deadline_ms = 60'000;
  // Documents are found without the encoder (SearchRequest::fast). Their sentences are compared by it all the same.
  bool fast = false;
  Unsupported unsupported = Unsupported::withhold;
  AskListener* listener = nullptr;  // told what happens meanwhile; must outlive the call
};

struct AnswererOptions {
  AnswerMode default_mode = AnswerMode::extractive;
  AnswerScope default_scope = AnswerScope::index;
  std::uint32_t evidence_references = 6;   // documents read again and used; another for each that is dropped
  std::uint32_t verify_ms = 1'500;         // for that, when at least one could be read by then
  std::uint32_t fetch_timeout_ms = 8'000;  // and when not
  std::uint64_t cache_bytes = 256u << 20;
  crawl::LifePolicy life{};            // what a look on the way to an answer means for its reference,
  crawl::RevisitPolicy revisit{};      // and when the next is due
  catalog::SourcePolicy web_policy{};  // of pages that the search engine names
  // Why the generator is not trusted (probe.h): answers are extractive then, and say so. Empty: it is.
  std::string distrust;
};

// A piece of the answer as it comes: only text whose citations were checked is passed on.
using OnAnswerPiece = std::function<bool(std::string_view piece)>;

// Thread-safe. Everything passed in must outlive it. Texts are compared by the embedder that the searcher compared the
// hits with (SearchResponse::embedder), whichever model the index has by then. `generator` may be null: extractive
// only; asking for generative then is `invalid`; so is a scope with the web when `engine` is null. `cache` may be null.
// What is learnt about references (gone, moved, changed) is written back when the collection is writable.
class Answerer {
 public:
  Answerer(search::Collection& collection, search::Searcher& searcher, crawl::Fetcher& fetcher,
           model::Generator* generator, crawl::DocumentCache* cache, AnswererOptions options = {},
           const crawl::SearchEngine* engine = nullptr);
  ~Answerer();
  Result<Answer> ask(const AskRequest& request, const OnAnswerPiece& on_piece = {}, std::stop_token stop = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace renvoi::answer
