// Everything put together: configuration in, a searcher, an answerer and a writer out. The only place that wires rooms.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "answer/answer.h"
#include "answer/evidence.h"
#include "base/clock.h"
#include "config.h"
#include "crawl/document_cache.h"
#include "crawl/fetcher.h"
#include "crawl/search_engine.h"
#include "embedding_models.h"
#include "ingest/ingest.h"
#include "ingest/table_fitter.h"
#include "io/file_system.h"
#include "lazy_models.h"
#include "model/model_store.h"
#include "net/http_client.h"
#include "search/collection.h"
#include "search/search.h"

namespace renvoi::app {

enum class Access : std::uint8_t {
  read,
  write,
  write_if_free,  // reads when another process holds the collection for writing
};

// Thread-safe once open.
class Engine {
 public:
  // Errors: those of Collection::open, with what to do; `not_found` when nothing was ever added and `access` is read.
  static Result<std::unique_ptr<Engine>> open(const Config& config, Access access, const Notify& notify);

  const Config& config() const { return config_; }
  const Clock& clock() const { return clock_; }
  io::FileSystem& files() { return *files_; }
  search::Collection& collection() { return *collection_; }
  LazyEmbedder& embedder() { return *model_in_use().embedder; }
  crawl::Fetcher& fetcher() { return *fetcher_; }
  crawl::DocumentCache& cache() { return *cache_; }
  search::Searcher& searcher() { return *searcher_; }
  answer::Answerer& answerer() { return *answerer_; }
  // What looking at documents again needs, as the answerer has it.
  answer::EvidenceReader evidence_reader();
  // Of the index as it is now.
  const model::ModelManifest& embedding_model() const { return model_in_use().manifest; }
  // What the index is being changed to, until it is.
  const EmbeddingModel* next_model() const;
  const std::optional<model::ModelManifest>& generation_model() const { return generation_model_; }
  bool has_generator() const { return generator_ != nullptr; }
  std::string generator_name() const { return generator_ ? generator_->name() : ""; }
  answer::AnswerMode default_mode() const { return default_mode_; }
  // Why the generator may not write answers (probes.h); "" when it may.
  const std::string& generator_distrust() const { return distrust_; }

  // Whether documents are searchable before they are encoded: the embedding model was distilled.
  bool has_first_tier() const { return collection_->has_first_tier(); }
  search::CollectionTables& tables() { return *model_in_use().tables; }
  // Fits the table of the model in use to the collection as it is encoded; null when it is open for reading.
  ingest::TableFitter* fitter() { return is_switched() ? next_fitter_.get() : fitter_.get(); }
  // After documents have left: what the fitter keeps of them goes too. The table is fitted if enough has changed.
  Result<void> settle_tables(ingest::TableFitter::Wait wait, std::stop_token stop = {});

  using OnProgress = std::function<void(const ingest::IngestProgress&)>;
  enum class Depth : std::uint8_t {
    full,        // to the end
    first_tier,  // searchable, and no more: encode_waiting() does the rest
  };
  // As crawl::SyncOptions has them.
  struct Pass {
    bool force = false;                            // also what was checked recently
    bool accept_deaths = false;                    // bury also when more than half of a host is missing
    std::optional<std::set<std::string>> paths{};  // only these of a folder
  };
  // Reads the source and indexes it, then frees what the dead passages held, but for a pass over some paths. Errors
  // also: `invalid` (first_tier, and the model was not distilled).
  Result<ingest::IngestReport> ingest(const catalog::Source& source, const Pass& pass, Depth depth,
                                      const OnProgress& on_progress, std::stop_token stop);
  enum class Pace : std::uint8_t {
    fast,        // all cores
    background,  // one thread, with an encoder of its own: whoever asks does not wait for it
  };
  // Encodes what is only in the first tier; all of it without `source`. While the model changes: encodes for the next
  // one what waits for it, and makes the switch when nothing does any more.
  Result<ingest::IngestReport> encode_waiting(std::optional<SourceId> source, Pace pace, const OnProgress& on_progress,
                                              std::stop_token stop);

  // `described` as it is known already, when a source of that address is; else what its answer says that it is
  // (crawl::recognise_source), within some seconds.
  catalog::Source recognise(const catalog::Source& described, std::stop_token stop = {});

  // What an answer in scope `auto` cites from the web becomes references like all others, where web.keep says so: of a
  // list of addresses in the data folder, which is a source with that retention. Gives the source when something was
  // added, for whoever wants it read at once; nothing also when another process holds the collection for writing.
  Result<std::optional<catalog::Source>> keep_cited(const answer::AskRequest& request, const answer::Answer& answer);

  // The source meant by a number, an address or a path. Errors: `not_found`.
  Result<catalog::Source> find_source(const std::string& text);

 private:
  Result<void> compact_if_small();
  // What every pass has in common.
  ingest::IngestOptions ingest_options(const OnProgress& on_progress) const;
  explicit Engine(Config config) : config_(std::move(config)) {}
  Result<void> open_search_engine();
  Result<void> open_generator(const Notify& notify);
  Result<void> open_collection(Access access, const Notify& notify);
  Result<void> open_collection_once(Access access);
  const EmbeddingModel& model_in_use() const;
  bool is_switched() const;  // to the next model
  Result<ingest::IngestReport> encode_for_next(std::optional<SourceId> source, Pace pace,
                                               const ingest::IngestOptions& options, std::stop_token stop);

  Config config_;
  std::mutex kept_web_mutex_;  // the list of what was cited from the web
  SystemClock clock_;
  std::unique_ptr<io::FileSystem> files_;
  std::unique_ptr<net::HttpClient> client_;           // the web
  std::unique_ptr<net::HttpClient> endpoint_client_;  // the generation endpoint
  EmbeddingModels models_;
  std::optional<model::ModelManifest> generation_model_;
  std::unique_ptr<model::Generator> generator_;
  std::string distrust_;
  answer::AnswerMode default_mode_ = answer::AnswerMode::extractive;
  std::unique_ptr<search::Collection> collection_;
  std::unique_ptr<ingest::TableFitter> fitter_, next_fitter_;  // after the collection: end before it
  std::unique_ptr<crawl::Fetcher> fetcher_;
  std::unique_ptr<crawl::DocumentCache> cache_;
  std::optional<crawl::SearchEngine> search_engine_;
  std::unique_ptr<search::Searcher> searcher_;
  std::unique_ptr<answer::Answerer> answerer_;
};

// "index", "web" or "auto".
std::optional<answer::AnswerScope> parse_answer_scope(const std::string& text);

net::HttpClient::Options client_options(const Config& config);
std::filesystem::path collection_folder(const Config& config);

// The generator of the configured endpoint. Errors: `invalid` (no model named, the key's variable is not set).
Result<std::unique_ptr<model::Generator>> endpoint_generator(const Config& config, net::HttpClient& client);

}  // namespace renvoi::app
