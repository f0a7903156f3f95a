#include "statistics.h"

#include <algorithm>
#include <fstream>
#include <string>

#include "json_view.h"

namespace renvoi::app {
namespace {

index::IndexStats together(index::IndexStats full, const index::IndexStats& first) {
  full.references += first.references;
  full.passages += first.passages;
  full.dead_passages += first.dead_passages;
  full.segments += first.segments;
  full.bytes += first.bytes;
  full.code_bytes += first.code_bytes;
  full.posting_bytes += first.posting_bytes;
  full.table_bytes += first.table_bytes;
  full.log_bytes += first.log_bytes;
  full.terms = std::max(full.terms, first.terms);  // most are in both
  return full;
}

}  // namespace

double Statistics::bytes_per_passage() const {
  return index.passages == 0
             ? 0
             : static_cast<double>(disk.index_bytes + disk.catalog_bytes) / static_cast<double>(index.passages);
}

double Statistics::text_per_index_byte() const {
  const std::uint64_t bytes = disk.index_bytes + disk.catalog_bytes;
  return bytes == 0 ? 0 : static_cast<double>(counts.text_bytes) / static_cast<double>(bytes);
}

Result<Statistics> gather_statistics(Engine& engine) {
  Statistics all;
  search::Collection& collection = engine.collection();
  RENVOI_TRY(all.counts, collection.catalog().counts());
  RENVOI_TRY(all.languages, collection.catalog().languages());
  const search::Collection::TierStats tiers = collection.stats();
  all.index = together(tiers.full, tiers.first);
  all.first_tier_pages = tiers.first.references;
  all.first_tier_passages = tiers.first.passages;
  all.change = collection.change();
  all.disk = collection.disk_use();
  all.cache = engine.cache().use();
  all.table.exists = engine.tables().base() != nullptr;
  if (const auto fitted = engine.tables().fitted()) {
    all.table.fitted_passages = fitted->passages();
    all.table.fitted_rows = fitted->rows();
    all.table.generation = fitted->generation();
    all.table.held_out_cosine = static_cast<double>(fitted->score());
    all.table.held_out_cosine_before = static_cast<double>(fitted->score_before());
  }
  if (engine.fitter() != nullptr) all.table.fitter = engine.fitter()->status();
  all.queries = engine.searcher().counts();
  return all;
}

Json json_of_change(const Statistics& all, const Engine& engine) {
  const EmbeddingModel* next = engine.next_model();
  if (!all.change || next == nullptr) return nullptr;
  return {{"model", {{"name", next->manifest.name}, {"digest", next->manifest.digest}}},
          {"extractor_version", next->identity.extractor_version},
          {"pages_done", all.change->documents_done},
          {"passages_done", all.change->passages_done},
          {"pages_waiting", all.change->documents_waiting},
          {"bytes", all.disk.next_bytes}};
}

namespace {

Json json_of(const Statistics::Table& table) {
  Json value{
      {"fitted_passages", table.fitted_passages},
      {"fitted_rows", table.fitted_rows},
      {"generation", table.generation},
      {"held_out_cosine", table.fitted_passages == 0 ? Json(nullptr) : Json(table.held_out_cosine)},
      {"held_out_cosine_before", table.fitted_passages == 0 ? Json(nullptr) : Json(table.held_out_cosine_before)}};
  if (table.fitter) {
    value["sampled_passages"] = table.fitter->sampled;
    value["fitting"] = table.fitter->fitting;
    value["problem"] = table.fitter->problem.empty() ? Json(nullptr) : Json(table.fitter->problem);
  }
  return value;
}

}  // namespace

Json json_of(const Statistics& all, const Engine& engine) {
  Json languages = Json::object();
  for (const auto& [language, count] : all.languages) languages[language] = count;
  return {
      {"sources", all.counts.sources},
      {"pages", all.index.references},
      {"passages", all.index.passages},
      {"dead_passages", all.index.dead_passages},
      {"full_tier_passages", all.index.passages - all.first_tier_passages},
      {"first_tier_passages", all.first_tier_passages},
      {"first_tier_pages", all.first_tier_pages},
      {"first_tier", all.table.exists},
      {"table", all.table.exists ? json_of(all.table) : Json(nullptr)},
      {"queries_by", {{"words", all.queries.words}, {"encoder", all.queries.encoder}, {"table", all.queries.table}}},
      {"references_by_state", json_by_state(all.counts.references_by_state)},
      {"tombstones", all.counts.tombstones},
      {"frontier", all.counts.frontier},
      {"languages", languages},
      {"text_bytes", all.counts.text_bytes},
      {"index_bytes", all.disk.index_bytes},
      {"catalog_bytes", all.disk.catalog_bytes},
      {"fitted_bytes", all.disk.fitted_bytes},
      {"cache_bytes", all.disk.cache_bytes},
      {"cache",
       {{"pages", all.cache.pages},
        {"text_bytes", all.cache.text_bytes},
        {"page_bytes", all.cache.page_bytes},
        {"pinned_pages", all.cache.pinned_pages},
        {"pinned_bytes", all.cache.pinned_bytes},
        {"max_bytes", engine.config().answer.cache_bytes}}},
      {"bytes_per_passage", all.bytes_per_passage()},
      {"text_to_index_ratio", all.text_per_index_byte()},
      {"segments", all.index.segments},
      {"terms", all.index.terms},
      {"code_bytes", all.index.code_bytes},
      {"posting_bytes", all.index.posting_bytes},
      {"table_bytes", all.index.table_bytes},
      {"log_bytes", all.index.log_bytes},
      {"embedding_model", {{"name", engine.embedding_model().name}, {"digest", engine.embedding_model().digest}}},
      {"generation_model", engine.has_generator() ? Json(engine.generator_name()) : Json(nullptr)},
      {"model_change", json_of_change(all, engine)},
      {"default_mode", std::string(to_string(engine.default_mode()))}};
}

std::uint64_t resident_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6)) * 1024;
  }
  return 0;
}

}  // namespace renvoi::app
