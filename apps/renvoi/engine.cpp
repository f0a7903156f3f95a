#include "engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "extract/document.h"
#include "model/llama_model.h"
#include "model/remote_generator.h"

namespace renvoi::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

model::LlamaOptions llama_options(std::uint32_t threads, std::uint32_t context_tokens, const std::string& digest) {
  model::LlamaOptions options;
  options.threads = threads;
  options.context_tokens = context_tokens;
  options.known_digest = digest;
  return options;
}

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

std::optional<EndpointProbe> read_endpoint_probe(const Config& config, io::FileSystem& files) {
  const auto text = files.read(config.data / "endpoint-probe.json", 1u << 20);
  if (!text) return {};
  const Json probe = Json::parse(*text, nullptr, false);
  if (!probe.is_object() || probe.value("endpoint", "") != config.generate.endpoint ||
      probe.value("model", "") != config.generate.model) {
    return {};  // of another endpoint: this one was not probed
  }
  return EndpointProbe{probe.value("may_generate", false), probe.value("summary", "")};
}

Result<void> record_endpoint_probe(const Config& config, io::FileSystem& files, const EndpointProbe& probe) {
  const std::string text = Json{
      {"endpoint", config.generate.endpoint},
      {"model", config.generate.model},
      {"may_generate", probe.may_generate},
      {"summary",
       probe.summary}}.dump(2, ' ', false, Json::error_handler_t::replace);
  RENVOI_CHECK(files.create_folders(config.data));
  return files.replace(config.data / "endpoint-probe.json", std::as_bytes(std::span(text.data(), text.size())));
}

Result<void> Engine::open_models(const Notify& notify) {
  model::ModelStore store(models_folder(config_));
  RENVOI_TRY(embedding_model_, choose_embedding_model(config_, store, clock_.now(), notify));
  RENVOI_TRY(const auto summary, model::read_gguf_summary(embedding_model_.file));
  embedder_ =
      std::make_unique<LazyEmbedder>(embedding_model_.name, embedding_model_.digest, summary.dimensions, [this] {
        return model::load_embedder(embedding_model_.file,
                                    llama_options(config_.embed.threads, 2'048, embedding_model_.digest));
      });
  background_embedder_ = std::make_unique<LazyEmbedder>(
      embedding_model_.name, embedding_model_.digest, summary.dimensions,
      [this] { return model::load_embedder(embedding_model_.file, llama_options(1, 2'048, embedding_model_.digest)); });
  bool may_generate = false;
  if (!config_.generate.endpoint.empty()) {
    endpoint_client_ = std::make_unique<net::HttpClient>([this] {
      auto options = client_options(config_);
      options.max_connections_per_host = 8;
      return options;
    }());
    RENVOI_TRY(generator_, endpoint_generator(config_, *endpoint_client_));
    const auto probe = read_endpoint_probe(config_, *files_);
    may_generate = probe && probe->may_generate;
  } else {
    RENVOI_TRY(generation_model_, choose_generation_model(config_, store, clock_.now(), notify));
    if (generation_model_) {
      may_generate = generation_model_->may_generate;
      generator_ = std::make_unique<LazyGenerator>(generation_model_->name, config_.generate.context_tokens, [this] {
        return model::load_generator(
            generation_model_->file,
            llama_options(config_.generate.threads, config_.generate.context_tokens, generation_model_->digest));
      });
    }
  }
  RENVOI_TRY(default_mode_, choose_mode(config_, generator_ != nullptr, may_generate));
  return {};
}

Result<void> Engine::open_collection(Access access) {
  using Mode = search::Collection::Mode;
  const fs::path folder = collection_folder(config_);
  if (access != Access::read) RENVOI_CHECK(files_->create_folders(folder));
  const index::Identity identity{embedding_model_.digest, static_cast<std::uint32_t>(embedder_->dimensions()),
                                 extract::kExtractorVersion};
  RENVOI_TRY(tables_, open_tables(*files_, embedding_model_, identity, folder));
  const auto open = [&](Mode mode) {
    return search::Collection::open(*files_, clock_, folder, identity, mode, tables_);
  };
  auto opened = open(access == Access::read ? Mode::read : Mode::write);
  if (!opened && access != Access::read && opened.error().code == ErrorCode::conflict) {
    // Held by another process, or bound to another model? In the first case it can still be read.
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
  RENVOI_CHECK(engine->open_models(notify));
  RENVOI_CHECK(engine->open_collection(access));
  if (engine->collection_->writable())
    engine->fitter_ = std::make_unique<ingest::TableFitter>(*engine->files_, *engine->collection_, *engine->tables_);
  engine->client_ = std::make_unique<net::HttpClient>(client_options(config));
  crawl::FetcherOptions fetching;
  fetching.max_body_bytes = config.fetch.max_body_bytes;
  fetching.total_timeout_ms = config.fetch.total_timeout_ms;
  fetching.robots_agent = config.fetch.robots_agent;
  engine->fetcher_ = crawl::make_fetcher(*engine->client_, engine->clock_, fetching);
  engine->cache_ = std::make_unique<crawl::DocumentCache>(*engine->files_, collection_folder(config) / "cache",
                                                          config.answer.cache_bytes);
  engine->searcher_ = std::make_unique<search::Searcher>(*engine->collection_, *engine->embedder_);
  answer::AnswererOptions answering;
  answering.default_mode = engine->default_mode_;
  answering.evidence_references = config.answer.evidence_references;
  answering.fetch_timeout_ms = config.answer.fetch_timeout_ms;
  answering.cache_bytes = config.answer.cache_bytes;
  engine->answerer_ =
      std::make_unique<answer::Answerer>(*engine->collection_, *engine->searcher_, *engine->fetcher_,
                                         *engine->embedder_, engine->generator_.get(), engine->cache_.get(), answering);
  return engine;
}

Result<ingest::IngestReport> Engine::ingest(const catalog::Source& source, bool force, Depth depth,
                                            const OnProgress& on_progress, std::stop_token stop) {
  ingest::IngestOptions options;
  options.sync.force = force;
  options.on_progress = on_progress;
  options.fast = depth == Depth::first_tier;
  options.fitter = fitter_.get();
  if (options.fast && !has_first_tier()) {
    return Error{ErrorCode::invalid,
                 fmt::format("there is no first tier without a table: 'renvoi model distil {}' makes it once, in some "
                             "minutes",
                             embedding_model_.name)};
  }
  auto report = ingest::ingest_source(source, *collection_, *fetcher_, *embedder_, options, stop);
  if (!report) return std::move(report).error();
  if (report->documents_indexed > 0 || report->documents_encoded > 0 || report->sync.totals.gone > 0) {
    RENVOI_CHECK(collection_->compact());
    RENVOI_CHECK(settle_tables(ingest::TableFitter::Wait::no, stop));
  }
  return report;
}

Result<ingest::IngestReport> Engine::encode_waiting(std::optional<SourceId> source, Pace pace,
                                                    const OnProgress& on_progress, std::stop_token stop) {
  constexpr std::uint32_t kSmallBatch = 8;  // that it stops soon, and that what is encoded is kept soon
  ingest::IngestOptions options;
  options.on_progress = on_progress;
  if (pace == Pace::background) options.batch_passages = kSmallBatch;
  options.fitter = fitter_.get();
  auto report = ingest::encode_waiting(*collection_, *fetcher_, pace == Pace::fast ? *embedder_ : *background_embedder_,
                                       options, stop, source);
  if (!report) return std::move(report).error();
  if (report->documents_encoded > 0 || report->sync.totals.gone > 0) {
    RENVOI_CHECK(collection_->compact());
    RENVOI_CHECK(settle_tables(ingest::TableFitter::Wait::no, stop));
  }
  return report;
}

Result<void> Engine::settle_tables(ingest::TableFitter::Wait wait, std::stop_token stop) {
  return fitter_ == nullptr ? Result<void>() : fitter_->settle(wait, std::move(stop));
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
