#include "found.h"

#include <fmt/format.h>

#include <charconv>

#include "answer/look.h"
#include "answer/time_limit.h"
#include "base/utf8.h"

namespace renvoi::app {
namespace {

Result<catalog::Reference> reference_of(catalog::Catalog& catalog, const std::string& id) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error == std::errc() && end == id.data() + id.size()) return catalog.reference(static_cast<ReferenceId>(number));
  RENVOI_TRY(std::optional<catalog::Reference> found, catalog.find_reference(id));
  if (found) return *std::move(found);
  return Error{ErrorCode::not_found, fmt::format("there is no reference '{}' in the collection: nothing else is read",
                                                 truncate_utf8(id, 200))};
}

}  // namespace

Result<std::vector<Found>> find_documents(Engine& engine, const FindRequest& request, std::stop_token stop) {
  search::SearchRequest wanted;
  wanted.query = request.query;
  wanted.filter = request.filter;
  wanted.limit = request.first + request.limit;
  RENVOI_TRY(search::SearchResponse response, engine.searcher().search(wanted));
  std::vector<Found> found;
  if (response.hits.size() <= request.first) return found;
  const std::span<const search::SearchHit> hits = std::span(response.hits).subspan(request.first);
  answer::ExcerptOptions options;
  options.time_ms = engine.config().answer.verify_ms;
  std::vector<answer::Excerpt> excerpts =
      answer::read_excerpts(engine.evidence_reader(), hits, request.query, options, std::move(stop));
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (excerpts[i].withdrawn) continue;
    found.push_back({std::move(excerpts[i]), hits[i].score, request.first + static_cast<std::uint32_t>(i) + 1});
  }
  return found;
}

Result<ReadDocument> read_document(Engine& engine, const std::string& id, std::size_t max_bytes, std::stop_token stop) {
  RENVOI_TRY(const catalog::Reference known, reference_of(engine.collection().catalog(), id));
  if (!catalog::is_showable(known))
    return Error{ErrorCode::gone,
                 fmt::format("{} is {}: it is in no answer ({})", known.address, to_string(known.state), known.reason)};
  const answer::TimeLimit limit(std::move(stop), engine.config().answer.fetch_timeout_ms);
  answer::Look look = answer::look_again(engine.evidence_reader(), known, limit.token());
  if (!look.document)
    return Error{look.verified ? ErrorCode::gone : ErrorCode::unavailable,
                 fmt::format("{}: {}", known.address, look.reason)};
  ReadDocument read;
  read.title = look.document->title.empty() ? known.title : look.document->title;
  read.truncated = look.document->text.size() > max_bytes;
  read.text = truncate_utf8(look.document->text, max_bytes);
  read.reference = std::move(look.reference);
  read.checked_at = look.checked_at;
  read.verified = look.verified;
  return read;
}

}  // namespace renvoi::app
