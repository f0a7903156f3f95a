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

std::string listed(std::span<const std::string_view> names) {
  std::string text;
  for (const auto name : names) text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace

search::SearchFilter read_filter(Fields& fields) {
  search::SearchFilter filter;
  for (const std::uint64_t number : fields.numbers("source", 1, 0xFFFFFFFF))
    filter.sources.push_back(static_cast<SourceId>(number));
  filter.languages = fields.texts("language");
  filter.types = fields.texts("type");
  const auto known = extract::document_types();
  for (const std::string& type : filter.types)
    if (std::find(known.begin(), known.end(), type) == known.end())
      fields.refuse("type", "must be of " + listed(known));
  for (const std::string& name : fields.texts("state")) {
    const auto state = catalog::parse_reference_state(name);
    if (state && catalog::is_showable(*state)) {
      filter.states.push_back(*state);
    } else {
      fields.refuse("state", "must be of \"LIVE\", \"MOVED\", \"HOST_DOWN\"");
    }
  }
  if (const auto days = read_days(fields, "since")) filter.since = days->first;
  if (const auto days = read_days(fields, "until")) filter.until = days->last;
  if (filter.since && filter.until && *filter.since > *filter.until) fields.refuse("until", "is before since");
  return filter;
}

void add_filter_of_query(const std::string& name, const std::string& value, Json& body) {
  Json list = Json::array();
  std::size_t begin = 0;
  while (begin <= value.size()) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    const std::string each = value.substr(begin, end - begin);
    std::uint64_t number = 0;
    const auto [last, error] = std::from_chars(each.data(), each.data() + each.size(), number);
    const bool is_number = name == "source" && error == std::errc() && last == each.data() + each.size();
    list.push_back(is_number ? Json(number) : Json(each));
    begin = end + 1;
  }
  body[name] = list;
}

}  // namespace renvoi::app
