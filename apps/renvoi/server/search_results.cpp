#include "server/search_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/date.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMostDomains = 20;

void narrow_since(Day since, search::SearchFilter& filter) {
  if (!filter.since || *filter.since < since) filter.since = since;
}

// "11/24/2026", "1/2/2026".
std::optional<Day> parse_american_date(const std::string& text) {
  std::array<unsigned, 3> parts{};
  std::size_t part = 0, digits = 0;
  for (const char c : text) {
    if (c == '/') {
      if (digits == 0 || ++part == parts.size()) return {};
      digits = 0;
    } else if (c < '0' || c > '9' || ++digits > 4) {
      return {};
    } else {
      parts[part] = parts[part] * 10 + static_cast<unsigned>(c - '0');
    }
  }
  if (part + 1 != parts.size() || digits == 0) return {};
  const auto days = parse_day_range(fmt::format("{:04}-{:02}-{:02}", parts[2], parts[0], parts[1]));
  return days ? std::optional(days->first) : std::nullopt;
}

std::optional<Day> read_date(Fields& fields, const std::string& name) {
  const std::string text = fields.text(name);
  if (!fields.has(name)) return {};
  const auto day = parse_american_date(text);
  if (!day) fields.refuse(name, "must be a date like 11/24/2026");
  return day;
}

}  // namespace

bool narrow_to_recent(std::string_view recency, Timestamp now, search::SearchFilter& filter) {
  constexpr std::pair<std::string_view, Day> kSpans[] = {
      {"hour", 1}, {"day", 1}, {"week", 7}, {"month", 31}, {"year", 366}};
  const auto* const span =
      std::find_if(std::begin(kSpans), std::end(kSpans), [&](const auto& each) { return each.first == recency; });
  if (span == std::end(kSpans)) return false;
  narrow_since(day_of(now) - span->second, filter);
  return true;
}

void read_search_fields(Fields& fields, Timestamp now, search::SearchFilter& filter) {
  const std::string domain_filter = "search_domain_filter";
  const std::vector<std::string> domains = fields.texts(domain_filter);
  if (domains.size() > kMostDomains) fields.refuse(domain_filter, fmt::format("must list at most {}", kMostDomains));
  for (const std::string& domain : domains) {
    if (!search::add_domain(filter, domain))
      fields.refuse(domain_filter, "must list names of hosts, as \"example.org\" or \"-example.org\"");
  }
  const std::string recency = fields.text("search_recency_filter");
  if (fields.has("search_recency_filter") && !narrow_to_recent(recency, now, filter))
    fields.refuse("search_recency_filter", R"(must be one of "hour", "day", "week", "month", "year")");
  if (const auto after = read_date(fields, "search_after_date_filter")) narrow_since(*after, filter);
  if (const auto before = read_date(fields, "search_before_date_filter"))
    filter.until = filter.until ? std::min(*filter.until, *before) : *before;
  if (filter.since && filter.until && *filter.since > *filter.until)
    fields.refuse("search_before_date_filter", "is before the day that is searched from");
}

Json cited_addresses(const answer::Answer& answer) {
  Json addresses = Json::array();
  for (const auto& citation : answer.citations) addresses.push_back(citation.address);
  return addresses;
}

Json search_results(const answer::Answer& answer, catalog::Catalog& catalog) {
  Json results = Json::array();
  for (const auto& citation : answer.citations) {
    Json date = nullptr;
    if (citation.reference != ReferenceId::none) {
      const auto reference = catalog.reference(citation.reference);
      if (reference.ok() && reference->date != 0) date = to_date(reference->date);
    }
    results.push_back({{"title", citation.title},
                       {"url", citation.address},
                       {"date", date},
                       {"last_updated", date},
                       {"snippet", citation.quote},
                       {"source", "web"}});
  }
  return results;
}

}  // namespace renvoi::app
