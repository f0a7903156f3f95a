#include "server/filter_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "extract/document_type.h"

namespace renvoi::app {
namespace {

std::optional<DayRange> read_days(Fields& fields, const std::string& name) {
  if (!fields.has(name)) {
    fields.ignore({name});
    return std::nullopt;
  }
  const auto days = parse_day_range(fields.text(name));
  if (!days) fields.refuse(name, "must be a date like 2026-11-24, 2026-11 or 2026");
  return days;
}

std::optional<std::uint64_t> parse_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string listed(std::span<const std::string_view> names) {
  std::string text;
  for (const auto name : names) text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", name);
  return text;
}

std::vector<SourceId> read_sources(Fields& fields) {
  std::vector<SourceId> sources;
  for (const std::uint64_t number : fields.numbers("source", 1, 0xFFFFFFFF))
    sources.push_back(static_cast<SourceId>(number));
  return sources;
}

std::vector<std::string> read_types(Fields& fields) {
  std::vector<std::string> types = fields.texts("type");
  const auto known = extract::document_types();
  for (const std::string& type : types)
    if (std::find(known.begin(), known.end(), type) == known.end())
      fields.refuse("type", "must be of " + listed(known));
  return types;
}

enum class States : std::uint8_t { showable, all };

std::vector<catalog::ReferenceState> read_states(Fields& fields, States allowed) {
  std::vector<catalog::ReferenceState> states;
  for (const std::string& name : fields.texts("state")) {
    const auto state = catalog::parse_reference_state(name);
    if (state && (allowed == States::all || catalog::is_showable(*state))) {
      states.push_back(*state);
    } else {
      fields.refuse("state",
                    allowed == States::all
                        ? R"(must be of "LIVE", "SUSPECT", "GONE", "HOST_DOWN", "BLOCKED", "MOVED", "ARCHIVED")"
                        : R"(must be of "LIVE", "MOVED", "HOST_DOWN", "ARCHIVED")");
    }
  }
  return states;
}

constexpr Timestamp kDay_s = 86'400;

// The first and the last second of what two dates name.
void read_seconds(Fields& fields, const std::string& since, const std::string& until, std::optional<Timestamp>& first,
                  std::optional<Timestamp>& last) {
  if (const auto days = read_days(fields, since)) first = Timestamp{days->first} * kDay_s;
  if (const auto days = read_days(fields, until)) last = (Timestamp{days->last} + 1) * kDay_s - 1;
  if (first && last && *first > *last) fields.refuse(until, "is before " + since);
}

void add_list(const std::string& name, const std::string& value, Json& body) {
  Json list = Json::array();
  std::size_t begin = 0;
  while (begin <= value.size()) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    const std::string each = value.substr(begin, end - begin);
    const std::optional<std::uint64_t> number = name == "source" ? parse_number(each) : std::nullopt;
    list.push_back(number ? Json(*number) : Json(each));
    begin = end + 1;
  }
  body[name] = list;
}

}  // namespace

search::SearchFilter read_filter(Fields& fields) {
  search::SearchFilter filter;
  filter.sources = read_sources(fields);
  filter.languages = fields.texts("language");
  filter.types = read_types(fields);
  filter.states = read_states(fields, States::showable);
  if (const auto days = read_days(fields, "since")) filter.since = days->first;
  if (const auto days = read_days(fields, "until")) filter.until = days->last;
  if (filter.since && filter.until && *filter.since > *filter.until) fields.refuse("until", "is before since");
  return filter;
}

catalog::ReferenceFilter read_reference_filter(Fields& fields) {
  catalog::ReferenceFilter filter;
  filter.sources = read_sources(fields);
  filter.languages = fields.texts("language");
  filter.types = read_types(fields);
  filter.states = read_states(fields, States::all);
  read_seconds(fields, "since", "until", filter.dated_from, filter.dated_until);
  read_seconds(fields, "checked_since", "checked_until", filter.checked_from, filter.checked_until);
  filter.text = fields.text("text");
  return filter;
}

Json json_of_query(const std::map<std::string, std::string>& query, std::initializer_list<std::string_view> numbers) {
  Json body = Json::object();
  for (const auto& [name, value] : query) {
    const std::string field = name == "q" ? "query" : name;
    if (field == "source" || field == "language" || field == "type" || field == "state") {
      add_list(field, value, body);
      continue;
    }
    body[field] = value;
    if (field == "fast" && (value == "true" || value == "false")) body[field] = value == "true";
    if (std::find(numbers.begin(), numbers.end(), field) == numbers.end()) continue;
    if (const auto number = parse_number(value)) body[field] = *number;
  }
  return body;
}

}  // namespace renvoi::app
