#include "engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "index/named_files.h"
#include "ingest/sweep.h"
#include "model/llama_model.h"
#include "model/remote_generator.h"
#include "probes.h"
#include "search/next_index.h"
#include "waiting_generator.h"

namespace renvoi::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Result<answer::AnswerMode> choose_mode(const Config& config, bool has_generator, bool may_generate) {
  if (config.answer.mode == "generative") {
    if (has_generator) return answer::AnswerMode::generative;
    return Error{ErrorCode::not_found,
                 "answer.mode is \"generative\", but there is no generation model: add one with "
                 "'renvoi model add FILE.gguf', or set generate.endpoint"};
  }
  if (config.answer.mode == "extractive") return answer::AnswerMode::extractive;
  return has_generator && may_generate ? answer::AnswerMode::generative : answer::AnswerMode::extractive;
}

}  // namespace

fs::path collection_folder(const Config& config) { return config.data / "collection"; }

net::HttpClient::Options client_options(const Config& config) {
  net::HttpClient::Options options;
  options.user_agent = fmt::format("renvoi/{} (+{})", RENVOI_VERSION,
                                   config.fetch.contact.empty() ? "contact not set" : config.fetch.contact);
  options.ca_bundle = config.fetch.ca_bundle;
  // Who asks a question is not to wait for a crawl.
  constexpr std::uint32_t kForQuestions = 16;
  options.max_connections = config.fetch.hosts_at_once + kForQuestions;
  return options;
}

Result<std::unique_ptr<model::Generator>> endpoint_generator(const Config& config, net::HttpClient& client) {
  const auto& generate = config.generate;
  if (generate.model.empty()) {
    return Error{ErrorCode::invalid, "generate.endpoint is set, but generate.model is not: name the endpoint's model"};
  }
  std::string key;
  if (!generate.api_key_env.empty()) {
    key = environment(generate.api_key_env.c_str());
    if (key.empty()) {
      return Error{ErrorCode::invalid,
                   fmt::format("generate.api_key_env names the variable {}, which is not set", generate.api_key_env)};
    }
  }
  return model::remote_generator({generate.endpoint, key, generate.model, generate.context_tokens}, client);
}

Result<void> Engine::open_generator(const Notify& notify) {
  model::ModelStore store(models_folder(config_));
  if (!config_.generate.endpoint.empty()) {
    endpoint_client_ = std::make_unique<net::HttpClient>([this] {
      auto options = client_options(config_);
      options.max_connections = options.max_connections_per_host = config_.server.max_connections;
      return options;
    }());
    RENVOI_TRY(generator_, endpoint_generator(config_, *endpoint_client_));
    distrust_ = distrust(config_, read_probe(config_, *files_, endpoint_probe_key(config_)), "");
  } else {
    RENVOI_TRY(generation_model_, choose_generation_model(config_, store, clock_.now(), notify));
    if (generation_model_) {
      distrust_ =
          distrust(config_, read_probe(config_, *files_, probe_key(*generation_model_)), generation_model_->name);
      generator_ = std::make_unique<LazyGenerator>(generation_model_->name, config_.generate.context_tokens, [this] {
        auto options =
            llama_options(config_.generate.threads, config_.generate.context_tokens, generation_model_->digest);
        options.answers_at_once = config_.generate.answers_at_once;
        return model::load_generator(generation_model_->file, options);
      });
    }
  }
  if (generator_) generator_ = std::make_unique<WaitingGenerator>(std::move(generator_));
  RENVOI_TRY(default_mode_, choose_mode(config_, generator_ != nullptr, distrust_.empty()));
  return {};
}

// Another process may make the switch to another model between the look at the index and its opening.
Result<void> Engine::open_collection(Access access, const Notify& notify) {
  constexpr int kTries = 3;
  const fs::path folder = collection_folder(config_);
  if (access != Access::read) RENVOI_CHECK(files_->create_folders(folder));
  for (int attempt = 1;; ++attempt) {
    RENVOI_TRY(models_, choose_embedding_models(config_, *files_, folder, clock_.now(), notify));
    Result<void> opened = open_collection_once(access);
    const auto bound = index::current_manifest(*files_, folder / search::kIndexFolder);
    const bool changed = bound.ok() && bound->identity != models_.present.identity;
    if (opened.ok() || !changed || attempt == kTries) return opened;
  }
}

Result<void> Engine::open_collection_once(Access access) {
  using Mode = search::Collection::Mode;
  const auto open = [&](Mode mode) {
    return search::Collection::open(*files_, clock_, collection_folder(config_), models_.present.identity, mode,
                                    models_.present.tables, models_.change());
  };
  auto opened = open(access == Access::read ? Mode::read : Mode::write);
  if (!opened && access != Access::read && opened.error().code == ErrorCode::conflict) {
    // Held by another process? Then it can still be read.
    auto readable = open(Mode::read);
    if (readable && access == Access::write_if_free) {
      collection_ = std::move(readable).value();
      return {};
    }
    if (readable) {
      Error error = std::move(opened).error();
      error.message += "; a running server takes changes over its API: POST /api/sources (docs/http-api.md)";
      return error;
    }
  }
  if (!opened) return std::move(opened).error();
  collection_ = std::move(opened).value();
  return {};
}

Result<void> Engine::open_search_engine() {
  const auto& web = config_.web;
  if (web.endpoint.empty()) return {};
  crawl::SearchEngineOptions options;
  options.endpoint = web.endpoint;
  options.query_field = web.query_field;
  options.language_field = web.language_field;
  options.results = web.results;
  options.address = web.address;
  options.title = web.title;
  options.snippet = web.snippet;
  if (!web.key_header.empty()) {
    const std::string key = web.key_env.empty() ? "" : environment(web.key_env.c_str());
    if (key.empty())
      return Error{ErrorCode::invalid,
                   fmt::format("web.key_header is {}, but the variable that web.key_env names ('{}') "
                               "is not set",
                               web.key_header, web.key_env)};
    options.header = web.key_header + ": " + key;
  }
  RENVOI_TRY(search_engine_, crawl::SearchEngine::make(std::move(options), *client_));
  return {};
}

std::optional<answer::AnswerScope> parse_answer_scope(const std::string& text) {
  if (text == "index") return answer::AnswerScope::index;
  if (text == "web") return answer::AnswerScope::web;
  if (text == "auto") return answer::AnswerScope::automatic;
  return {};
}

bool Engine::is_switched() const { return models_.next && collection_->identity() == models_.next->identity; }

const EmbeddingModel& Engine::model_in_use() const { return is_switched() ? *models_.next : models_.present; }

const EmbeddingModel* Engine::next_model() const { return models_.next && !is_switched() ? &*models_.next : nullptr; }

Result<std::unique_ptr<Engine>> Engine::open(const Config& config, Access access, const Notify& notify) {
  std::unique_ptr<Engine> engine(new Engine(config));
  engine->files_ = io::real_file_system();
  // Before a model is touched: an empty data folder stays empty.
  if (access == Access::read && !engine->files_->exists(collection_folder(config) / "catalog.db")) {
    return Error{ErrorCode::not_found,
                 fmt::format("nothing has been added yet (data folder {}): start with 'renvoi add "
                             "FOLDER-OR-URL'",
                             config.data.string())};
  }
  RENVOI_CHECK(engine->open_collection(access, notify));
  RENVOI_CHECK(engine->open_generator(notify));
  const EmbeddingModels& models = engine->models_;
  if (engine->collection_->writable()) {
    const auto fitter_of = [&](const EmbeddingModel& model, bool asleep) {
      ingest::FitterOptions options;
      options.asleep = asleep;
      return std::make_unique<ingest::TableFitter>(*engine->files_, *engine->collection_, *model.tables, options);
    };
    engine->fitter_ = fitter_of(models.present, false);
    if (models.next) engine->next_fitter_ = fitter_of(*models.next, true);
  }
  engine->client_ = std::make_unique<net::HttpClient>(client_options(config));
  crawl::FetcherOptions fetching;
  fetching.max_body_bytes = config.fetch.max_body_bytes;
  fetching.total_timeout_ms = config.fetch.total_timeout_ms;
  fetching.robots_agent = config.fetch.robots_agent;
  fetching.requests_per_minute = config.fetch.requests_per_minute;
  engine->fetcher_ = crawl::make_fetcher(*engine->client_, engine->clock_, fetching);
  engine->cache_ = std::make_unique<crawl::DocumentCache>(*engine->files_, collection_folder(config) / "cache",
                                                          config.answer.cache_bytes);
  engine->searcher_ = std::make_unique<search::Searcher>(*engine->collection_, *models.present.embedder);
  if (models.next) engine->searcher_->add_model(*models.next->embedder);
  answer::AnswererOptions answering;
  answering.default_mode = engine->default_mode_;
  answering.evidence_references = config.answer.evidence_references;
  answering.verify_ms = config.answer.verify_ms;
  answering.fetch_timeout_ms = config.answer.fetch_timeout_ms;
  answering.cache_bytes = config.answer.cache_bytes;
  answering.life = config.life;
  answering.revisit = config.revisit;
  answering.distrust = engine->distrust_;
  answering.default_scope = *parse_answer_scope(config.answer.scope);
  answering.web_policy.allow_private_addresses = config.web.allow_private_addresses;
  RENVOI_CHECK(engine->open_search_engine());
  engine->answerer_ = std::make_unique<answer::Answerer>(*engine->collection_, *engine->searcher_, *engine->fetcher_,
                                                         engine->generator_.get(), engine->cache_.get(), answering,
                                                         engine->search_engine_ ? &*engine->search_engine_ : nullptr);
  return engine;
}

answer::EvidenceReader Engine::evidence_reader() {
  return {*collection_, *fetcher_, searcher_->embedder(), cache_.get(), config_.life, config_.revisit};
}

// A small index is made as small as it can be after each pass; in a large one that would be most of the pass's work,
// and the merges in the background do it by and by.
Result<void> Engine::compact_if_small() {
  constexpr std::uint64_t most_passages = 50'000;
  const search::Collection::TierStats stats = collection_->stats();
  return stats.full.passages + stats.first.passages > most_passages ? Result<void>() : collection_->compact();
}

ingest::IngestOptions Engine::ingest_options(const OnProgress& on_progress) const {
  ingest::IngestOptions options;
  options.on_progress = on_progress;
  options.cache = cache_.get();
  options.sync.life = config_.life;
  options.sync.revisit = config_.revisit;
  options.sync.probe = config_.probe;
  options.sync.hosts_at_once = config_.fetch.hosts_at_once;
  options.sync.requests_per_minute = config_.fetch.source_requests_per_minute;
  options.sync.is_cached = [this](const catalog::Reference& reference) {
    const auto page = cache_->get(reference.id);
    return page && page->fingerprint == reference.fingerprint;
  };
  return options;
}

Result<ingest::IngestReport> Engine::ingest(const catalog::Source& source, const Pass& pass, Depth depth,
                                            const OnProgress& on_progress, std::stop_token stop) {
  ingest::IngestOptions options = ingest_options(on_progress);
  options.sync.force = pass.force;
  options.sync.accept_deaths = pass.accept_deaths;
  options.sync.paths = pass.paths;
  options.fast = depth == Depth::first_tier;
  options.fitter = fitter();
  const EmbeddingModel& model = model_in_use();
  if (options.fast && !has_first_tier()) {
    return Error{ErrorCode::invalid,
                 fmt::format("there is no first tier without a table: 'renvoi model distil {}' makes it once, in some "
                             "minutes",
                             model.manifest.name)};
  }
  auto report = ingest::ingest_source(source, *collection_, *fetcher_, *model.embedder, options, stop);
  if (!report) return std::move(report).error();
  if (report->documents_indexed > 0 || report->documents_encoded > 0 || report->sync.totals.gone > 0) {
    // Rewriting the index for every file that is saved would cost more than it frees.
    if (!pass.paths) RENVOI_CHECK(compact_if_small());
    RENVOI_CHECK(settle_tables(ingest::TableFitter::Wait::no, stop));
  }
  return report;
}

Result<ingest::IngestReport> Engine::encode_waiting(std::optional<SourceId> source, Pace pace,
                                                    const OnProgress& on_progress, std::stop_token stop) {
  constexpr std::uint32_t kSmallBatch = 8;  // that it stops soon, and that what is encoded is kept soon
  ingest::IngestOptions options = ingest_options(on_progress);
  if (pace == Pace::background) options.batch_passages = kSmallBatch;
  if (next_model() != nullptr) {
    options.fitter = next_fitter_.get();
    return encode_for_next(source, pace, options, stop);
  }
  options.fitter = fitter();
  const EmbeddingModel& model = model_in_use();
  auto report = ingest::encode_waiting(*collection_, *fetcher_,
                                       pace == Pace::fast ? *model.embedder : *model.background, options, stop, source);
  if (!report) return std::move(report).error();
  if (report->documents_encoded > 0 || report->sync.totals.gone > 0) {
    RENVOI_CHECK(compact_if_small());
    RENVOI_CHECK(settle_tables(ingest::TableFitter::Wait::no, stop));
  }
  return report;
}

catalog::Source Engine::recognise(const catalog::Source& described, std::stop_token stop) {
  if (described.kind != catalog::SourceKind::site) return described;
  if (const auto sources = collection_->catalog().sources(); sources.ok()) {
    for (const auto& known : *sources) {
      if (known.address != described.address) continue;
      catalog::Source same = described;
      same.kind = known.kind;
      return same;
    }
  }
  return crawl::recognise_source(described, *fetcher_, stop);
}

Result<ingest::IngestReport> Engine::encode_for_next(std::optional<SourceId> source, Pace pace,
                                                     const ingest::IngestOptions& options, std::stop_token stop) {
  const bool fast = pace == Pace::fast;
  const ingest::SweepModels models{fast ? *models_.present.embedder : *models_.present.background,
                                   fast ? *models_.next->embedder : *models_.next->background};
  auto swept = ingest::encode_for_next(*collection_, *fetcher_, models, options, stop, source);
  if (!swept) return std::move(swept).error();
  if (stop.stop_requested()) return std::move(swept->ingest);
  // The first question after the switch does not wait for the model, and one that cannot be loaded is not switched to.
  RENVOI_CHECK(models_.next->embedder->warm());
  RENVOI_TRY(const bool switched, collection_->switch_to_next(swept->unreadable));
  if (switched) {
    fitter_->retire();
    next_fitter_->wake();
    models_.present.embedder->retire();
    models_.present.background->retire();
    RENVOI_CHECK(collection_->compact());
    RENVOI_CHECK(settle_tables(ingest::TableFitter::Wait::no, stop));
  }
  return std::move(swept->ingest);
}

Result<void> Engine::settle_tables(ingest::TableFitter::Wait wait, std::stop_token stop) {
  return fitter() == nullptr ? Result<void>() : fitter()->settle(wait, std::move(stop));
}

Result<catalog::Source> Engine::find_source(const std::string& text) {
  RENVOI_TRY(const auto sources, collection_->catalog().sources());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  std::string address = text;
  if (auto described = crawl::describe_source(text, {}, {})) address = described->address;
  for (const auto& source : sources) {
    if ((is_number && to_number(source.id) == number) || source.address == text || source.address == address)
      return source;
  }
  return Error{ErrorCode::not_found, fmt::format("there is no source '{}': 'renvoi sources' lists them", text)};
}

}  // namespace renvoi::app
