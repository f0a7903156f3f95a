#include "json_view.h"

#include "models.h"

namespace renvoi::app {
namespace {

const char* name_of(extract::BlockKind kind) {
  switch (kind) {
    case extract::BlockKind::heading:
      return "heading";
    case extract::BlockKind::paragraph:
      return "paragraph";
    case extract::BlockKind::list_item:
      return "list_item";
    case extract::BlockKind::table_row:
      return "table_row";
    case extract::BlockKind::code:
      return "code";
    case extract::BlockKind::quote:
      return "quote";
  }
  return "paragraph";
}

Json json_of(const crawl::SyncProgress& sync) {
  return {{"fetched", sync.fetched},
          {"unchanged", sync.unchanged},
          {"new_documents", sync.new_documents},
          {"changed_documents", sync.changed_documents},
          {"failed", sync.failed},
          {"gone", sync.gone},
          {"skipped", sync.skipped},
          {"waiting", sync.waiting},
          {"bytes", sync.bytes},
          {"current", sync.current}};
}

// A page of the web has no number.
Json json_reference(ReferenceId reference) {
  return reference == ReferenceId::none ? Json(nullptr) : Json(to_number(reference));
}

}  // namespace

std::string_view to_string(answer::AnswerMode mode) {
  return mode == answer::AnswerMode::generative ? "generative" : "extractive";
}

Json json_time(Timestamp time) { return time == 0 ? Json(nullptr) : Json(to_rfc3339(time)); }

Json json_range(text::Range range) { return {{"begin", range.begin}, {"end", range.end}}; }

Json json_by_state(std::span<const std::uint64_t, catalog::kReferenceStates> counts) {
  Json states = Json::object();
  for (std::size_t state = 0; state < counts.size(); ++state)
    states[std::string(to_string(static_cast<catalog::ReferenceState>(state)))] = counts[state];
  return states;
}

Json json_of(const catalog::SourcePolicy& policy) {
  return {{"retention", std::string(to_string(policy.retention))},
          {"allow_private_addresses", policy.allow_private_addresses},
          {"obey_robots", policy.obey_robots},
          {"max_depth", policy.max_depth},
          {"max_pages", policy.max_pages},
          {"min_delay_ms", policy.min_delay_ms},
          {"revisit_after_s", policy.revisit_after_s},
          {"path_prefix", policy.path_prefix},
          {"use_sitemaps", policy.use_sitemaps},
          {"requests_per_minute", policy.requests_per_minute},
          {"serve_gone", policy.serve_gone}};
}

Json json_of(const catalog::Source& source) {
  return {{"id", to_number(source.id)},
          {"kind", std::string(to_string(source.kind))},
          {"address", source.address},
          {"policy", json_of(source.policy)},
          {"added_at", json_time(source.added_at)},
          {"synced_at", json_time(source.synced_at)},
          {"last_outcome", source.last_outcome}};
}

Json json_of(const search::SearchResponse& response) {
  Json hits = Json::array();
  for (const auto& hit : response.hits) {
    hits.push_back({{"reference", to_number(hit.reference.id)},
                    {"source", to_number(hit.reference.source)},
                    {"address", hit.reference.address},
                    {"title", hit.reference.title},
                    {"language", hit.reference.language},
                    {"type", hit.reference.type.empty() ? Json(nullptr) : Json(hit.reference.type)},
                    {"date", json_time(hit.reference.date)},
                    {"state", std::string(to_string(hit.reference.state))},
                    {"checked_at", json_time(hit.reference.checked_at)},
                    {"passage", hit.ordinal},
                    {"passages", hit.reference.passages},
                    {"range", json_range(hit.range)},
                    {"score", hit.score},
                    {"semantic", hit.semantic},
                    {"bm25", hit.bm25},
                    {"tier", hit.tier == search::Tier::full ? "full" : "first"}});
  }
  return {{"language", response.query_language},
          {"query_by", std::string(search::to_string(response.query_by))},
          {"hits", hits},
          {"timings_ms", {{"embed", response.timings.embed_ms}, {"search", response.timings.search_ms}}}};
}

Json json_of(const answer::Citation& citation) {
  return {{"number", citation.number},
          {"reference", json_reference(citation.reference)},
          {"address", citation.address},
          {"link", citation.link},
          {"title", citation.title},
          {"section", citation.heading_path},
          {"page", citation.page == 0 ? Json(nullptr) : Json(citation.page)},
          {"quote", citation.quote},
          {"range", json_range(citation.range)},
          {"state", std::string(to_string(citation.state))},
          {"checked_at", json_time(citation.checked_at)},
          {"verified", citation.verified},
          {"date", json_time(citation.date)},
          {"before", citation.before},
          {"after", citation.after}};
}

Json json_of(const answer::Dropped& dropped) {
  return {{"reference", json_reference(dropped.reference)},
          {"address", dropped.address},
          {"title", dropped.title},
          {"reason", dropped.reason}};
}

Json json_of(const ApiKey& key) {
  return {{"id", key.id},
          {"name", key.name},
          {"role", std::string(to_string(key.role))},
          {"created_at", json_time(key.created_at)}};
}

Json json_of(const answer::Answer& answer) {
  Json citations = Json::array(), dropped = Json::array();
  for (const auto& each : answer.citations) citations.push_back(json_of(each));
  for (const auto& each : answer.dropped) dropped.push_back(json_of(each));
  Json flagged = Json::array(), unsupported = Json::array();
  for (const auto& each : answer.flagged)
    flagged.push_back(
        {{"reference", json_reference(each.reference)}, {"address", each.address}, {"reason", each.reason}});
  for (const auto& each : answer.unsupported_sentences)
    unsupported.push_back({{"text", each.text}, {"range", each.range ? json_range(*each.range) : Json(nullptr)}});
  Json signs = nullptr;
  if (answer.signs) {
    signs = {{"passage_cosine", answer.signs->passage_cosine},
             {"sentence_cosine", answer.signs->unit_cosine},
             {"words_held", answer.signs->held},
             {"same_language", answer.signs->same_language}};
  }
  return {{"text", answer.text},
          {"language", answer.language},
          {"understood_as", answer.understood_as.empty() ? Json() : Json(answer.understood_as)},
          {"mode", std::string(to_string(answer.mode))},
          {"mode_reason", answer.mode_reason.empty() ? Json(nullptr) : Json(answer.mode_reason)},
          {"abstained", answer.abstained},
          {"query_by", std::string(search::to_string(answer.query_by))},
          {"from_web", answer.from_web},
          {"web_problem", answer.web_problem.empty() ? Json(nullptr) : Json(answer.web_problem)},
          {"signs", signs},
          {"citations", citations},
          {"dropped", dropped},
          {"flagged", flagged},
          {"supported", answer.supported},
          {"unsupported", answer.unsupported},
          {"unsupported_sentences", unsupported},
          {"timings_ms",
           {{"embed", answer.timings.embed_ms},
            {"search", answer.timings.search_ms},
            {"fetch", answer.timings.fetch_ms},
            {"compare", answer.timings.compare_ms},
            {"generate", answer.timings.generate_ms}}},
          {"usage", {{"prompt_tokens", answer.prompt_tokens}, {"completion_tokens", answer.completion_tokens}}}};
}

Json json_of(const ingest::IngestProgress& progress) {
  return {{"sync", json_of(progress.sync)},
          {"documents_indexed", progress.documents_indexed},
          {"passages_indexed", progress.passages_indexed},
          {"documents_encoded", progress.documents_encoded},
          {"passages_encoded", progress.passages_encoded},
          {"passages_kept", progress.passages_kept},
          {"passages_waiting", progress.passages_waiting},
          {"passages_per_s", progress.passages_per_s}};
}

Json json_of(const ingest::IngestReport& report) {
  Json problems = Json::array();
  for (const auto& each : report.sync.problems)
    problems.push_back({{"address", each.address}, {"reason", each.reason}});
  return {{"sync", json_of(report.sync.totals)},
          {"complete", report.sync.complete},
          {"held", report.sync.held},
          {"problems", problems},
          {"documents_indexed", report.documents_indexed},
          {"passages_indexed", report.passages_indexed},
          {"documents_encoded", report.documents_encoded},
          {"passages_encoded", report.passages_encoded},
          {"passages_kept", report.passages_kept},
          {"text_bytes", report.text_bytes},
          {"seconds", report.seconds}};
}

Json json_of(const model::ModelManifest& manifest) {
  return {{"name", manifest.name},
          {"role", std::string(to_string(manifest.role))},
          {"file", manifest.file.string()},
          {"digest", manifest.digest},
          {"bytes", manifest.bytes},
          {"added_at", json_time(manifest.added_at)},
          {"may_generate", manifest.may_generate},
          {"first_tier_table_bytes", table_bytes(manifest) == 0 ? Json(nullptr) : Json(table_bytes(manifest))},
          {"probe", manifest.probe_summary.empty() ? Json(nullptr) : Json(manifest.probe_summary)}};
}

Json json_of(const model::ProbeResult& probe) {
  Json reports = Json::array();
  for (const auto& report : probe.reports) {
    Json cases = Json::array();
    for (const auto& each : report.cases) {
      cases.push_back(
          {{"question", each.question}, {"answer", each.answer}, {"expected", each.expected}, {"passed", each.passed}});
    }
    reports.push_back({{"language", report.language}, {"passed", report.passed}, {"cases", cases}});
  }
  return {{"may_generate", probe.may_generate}, {"summary", probe.summary}, {"reports", reports}};
}

Json json_of(const extract::Document& document) {
  Json blocks = Json::array(), links = Json::array(), pages = Json::array();
  for (const auto& page : document.pages) pages.push_back({{"number", page.number}, {"range", json_range(page.range)}});
  for (const auto& block : document.blocks) {
    Json each{{"kind", name_of(block.kind)}, {"range", json_range(block.range)}};
    if (block.kind == extract::BlockKind::heading) each["level"] = block.level;
    blocks.push_back(each);
  }
  for (const auto& link : document.links) {
    links.push_back({{"target", link.target}, {"text", link.text}, {"nofollow", link.nofollow}});
  }
  Json elements = Json::array();
  for (const auto& [range, element] : document.elements.places()) {
    const std::string id(document.elements.nearest_id(element));
    elements.push_back({{"range", json_range(range)},
                        {"path", document.elements.path(element)},
                        {"tag", std::string(document.elements.tag(element))},
                        {"id", id.empty() ? Json(nullptr) : Json(id)}});
  }
  Json languages = Json::array(), anchors = Json::array(), open_graph = Json::array();
  for (const auto& each : document.other_languages)
    languages.push_back({{"language", each.language}, {"range", json_range(each.range)}});
  for (const auto& anchor : document.anchors) anchors.push_back({{"id", anchor.id}, {"offset", anchor.offset}});
  for (const auto& property : document.open_graph)
    open_graph.push_back({{"name", property.name}, {"value", property.value}});
  return {{"title", document.title},
          {"authors", document.authors},
          {"site", document.site},
          {"description", document.description},
          {"licence", document.licence},
          {"types", document.types},
          {"open_graph", open_graph},
          {"language", document.language},
          {"other_languages", languages},
          {"anchors", anchors},
          {"hidden_characters", document.hidden_characters},
          {"masked_characters", document.masked_characters},
          {"media_type", document.media_type},
          {"published", document.published ? Json(to_rfc3339(*document.published)) : Json(nullptr)},
          {"modified", document.modified ? Json(to_rfc3339(*document.modified)) : Json(nullptr)},
          {"charset", document.charset},
          {"truncated", document.truncated},
          {"noindex", document.noindex},
          {"canonical", document.canonical},
          {"text", document.text},
          {"blocks", blocks},
          {"elements", elements},
          {"pages", pages},
          {"links", links}};
}

}  // namespace renvoi::app
