// Our values as JSON, in one place, so that the command line and the API say the same. Documented in docs/http-api.md.
#pragma once

#include <cstdint>
#include <span>

#include "answer/answer.h"
#include "catalog/catalog.h"
#include "crawl/sync.h"
#include "extract/document.h"
#include "ingest/ingest.h"
#include "keys.h"
#include "model/model_store.h"
#include "model/probe.h"
#include "output.h"
#include "search/search.h"

namespace renvoi::app {

Json json_time(Timestamp time);  // RFC 3339, or null for never
Json json_range(text::Range range);
// Every state by name, of what CatalogCounts::references_by_state holds.
Json json_by_state(std::span<const std::uint64_t, catalog::kReferenceStates> counts);
Json json_of(const catalog::SourcePolicy& policy);
Json json_of(const catalog::Source& source);
Json json_of(const search::SearchResponse& response);
Json json_of(const answer::Answer& answer);
Json json_of(const ApiKey& key);  // without its hash
Json json_of(const answer::Citation& citation);
Json json_of(const answer::Dropped& dropped);
Json json_of(const ingest::IngestProgress& progress);
Json json_of(const ingest::IngestReport& report);
Json json_of(const model::ModelManifest& manifest);
Json json_of(const model::ProbeResult& probe);
Json json_of(const extract::Document& document);
std::string_view to_string(answer::AnswerMode mode);  // "extractive", "generative"

}  // namespace renvoi::app
