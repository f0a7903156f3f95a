#include "reference_view.h"

#include <fmt/format.h>

#include <charconv>

#include "json_view.h"
#include "net/url.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMostEvents = 100;

Result<catalog::Reference> find(catalog::Catalog& catalog, const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number != 0)
    return catalog.reference(static_cast<ReferenceId>(number));
  const auto url = net::Url::parse(text.starts_with("/") ? net::file_url(text) : text);
  const std::string address = url ? url->without_fragment() : text;
  RENVOI_TRY(auto found, catalog.find_reference(address));
  if (found) return std::move(*found);
  return Error{ErrorCode::not_found,
               fmt::format("there is no reference {}: it was never read, or its source was removed", text)};
}

}  // namespace

Result<ReferenceView> view_reference(catalog::Catalog& catalog, const Config& config, const std::string& text,
                                     Timestamp now) {
  ReferenceView view;
  RENVOI_TRY(view.reference, find(catalog, text));
  RENVOI_TRY(view.trail, catalog.audit_of(view.reference.id, kMostEvents));
  const auto source = catalog.source(view.reference.source);
  const std::int64_t base_s = source ? source->policy.revisit_after_s : config.source.revisit_after_s;
  view.why = crawl::why(view.reference, base_s, now, config.life, config.revisit);
  return view;
}

Json json_of(const ReferenceView& view) {
  const catalog::Reference& reference = view.reference;
  const catalog::CheckHistory& history = reference.history;
  Json trail = Json::array();
  for (const auto& entry : view.trail)
    trail.push_back({{"at", json_time(entry.at)}, {"event", entry.event}, {"reason", entry.reason}});
  return {{"id", to_number(reference.id)},
          {"source", to_number(reference.source)},
          {"address", reference.address},
          {"title", reference.title},
          {"language", reference.language},
          {"state", std::string(to_string(reference.state))},
          {"state_since", json_time(reference.state_since)},
          {"reason", reference.reason},
          {"moved_to", reference.moved_to},
          {"in_answers", view.why.in_answers},
          {"checked_at", json_time(reference.checked_at)},
          {"next_check_at", json_time(reference.next_check_at)},
          {"failures", reference.failures},
          {"passages", reference.passages},
          {"history",
           {{"checks", history.checks},
            {"comparisons", history.comparisons},
            {"changes", history.changes},
            {"watched_s", history.watched_s}}},
          {"why", {{"state", view.why.state}, {"checked", view.why.checked}, {"next", view.why.next}}},
          {"trail", trail}};
}

}  // namespace renvoi::app
