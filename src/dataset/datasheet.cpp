#include "dataset/datasheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "dataset/agreement.h"
#include "dataset/state.h"
#include "text/markup.h"

namespace renvoi::dataset {
namespace {

constexpr std::size_t kMostBars = 40;

using text::escaped_markup;
using Counts = std::map<std::string, std::uint64_t>;

// Horizontal bars, the longest first; what does not fit is one bar.
std::string bars(const Counts& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> rows(counts.begin(), counts.end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (rows.size() > kMostBars) {
    std::uint64_t rest = 0;
    for (std::size_t i = kMostBars - 1; i < rows.size(); ++i) rest += rows[i].second;
    const std::size_t others = rows.size() - kMostBars + 1;
    rows.resize(kMostBars - 1);
    rows.emplace_back(fmt::format("{} others", others), rest);
  }
  if (rows.empty()) return "<p>none</p>\n";
  std::uint64_t most = 1;
  for (const auto& [label, count] : rows) most = std::max(most, count);
  std::string svg = fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" role="img" width="720" height="{}" )"
                                R"(font-family="sans-serif" font-size="13">)",
                                rows.size() * 22 + 4);
  svg += '\n';
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double width = 400.0 * static_cast<double>(rows[i].second) / static_cast<double>(most);
    svg += fmt::format(
        R"(<text x="214" y="{}" text-anchor="end">{}</text><rect x="220" y="{}" width="{:.1f}" height="16" )"
        R"(fill="#3b6ea5"/><text x="{:.1f}" y="{}">{}</text>)",
        i * 22 + 16, escaped_markup(rows[i].first.empty() ? "not stated" : rows[i].first), i * 22 + 3,
        std::max(width, 1.0), 226 + width, i * 22 + 16, rows[i].second);
    svg += '\n';
  }
  return svg + "</svg>\n";
}

std::string section(std::string_view title, std::string_view body) {
  return fmt::format("<h2>{}</h2>\n{}", title, body);
}

struct Gathered {
  Counts states, classes, proposed, licences, media_types, opt_outs, agents, sources, sizes;
  std::uint64_t bytes = 0, removed = 0;
  Timestamp first = 0, last = 0;
  std::vector<std::map<std::uint32_t, std::string>> words;
};

std::string size_class(std::uint64_t bytes) {
  for (const auto& [limit, label] : {std::pair<std::uint64_t, const char*>{1'000, "below 1 kB"},
                                     {10'000, "1 to 10 kB"},
                                     {100'000, "10 to 100 kB"},
                                     {1'000'000, "100 kB to 1 MB"}})
    if (bytes < limit) return label;
  return "1 MB and more";
}

void gather(const SnapshotItem& item, const SnapshotRoot& root, Gathered& into) {
  if (item.removed) {
    ++into.removed;
    return;
  }
  const ItemState state = derive(item.assertions, root.agents, root.settings.rule);
  ++into.states[std::string(to_string(state.state))];
  for (const Answer& answer : state.answers)
    if (answer.body.kind == BodyKind::label)
      ++(answer.state == State::verified ? into.classes : into.proposed)[answer.body.value];
  for (const Assertion& assertion : item.assertions)
    if (assertion.agent < root.agents.size() && root.agents[assertion.agent].kind != AgentKind::check)
      ++into.agents[fmt::format("{} {}", to_string(root.agents[assertion.agent].kind),
                                root.agents[assertion.agent].name)];
  ++into.licences[item.item.facts.licence];
  ++into.media_types[item.item.media_type];
  ++into.sizes[size_class(item.size_bytes)];
  for (const std::string& opt_out : item.item.facts.opt_outs) ++into.opt_outs[opt_out];
  if (item.item.source < root.sources.size())
    ++into.sources[root.sources[item.item.source].kind + " " + root.sources[item.item.source].address];
  into.bytes += item.size_bytes;
  const Timestamp at = item.item.captured_at;
  into.first = into.first == 0 ? at : std::min(into.first, at);
  into.last = std::max(into.last, at);
  auto words = words_on(item.assertions, root.agents, "class");
  if (words.size() >= 2) into.words.push_back(std::move(words));
}

std::string agreement_section(const Gathered& gathered, const SnapshotRoot& root) {
  const Agreement agreement = agreement_of(gathered.words);
  const auto shown = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.3f}", *value) : "not defined";
  };
  std::string text = fmt::format("<p>Krippendorff's alpha (nominal) {} over {} items with two answers and more.</p>\n",
                                 shown(agreement.alpha), agreement.items);
  if (agreement.pairs.empty()) return text;
  text += "<table><tr><th>People</th><th>Items</th><th>Cohen's kappa</th></tr>\n";
  for (const auto& pair : agreement.pairs)
    text += fmt::format("<tr><td>{}, {}</td><td>{}</td><td>{}</td></tr>\n", escaped_markup(root.agents[pair.one].name),
                        escaped_markup(root.agents[pair.other].name), pair.items, shown(pair.kappa));
  return text + "</table>\n";
}

}  // namespace

Result<std::string> datasheet(const Snapshot& snapshot, std::string_view name) {
  const SnapshotRoot& root = snapshot.root();
  Gathered gathered;
  for (std::size_t chunk = 0; chunk < snapshot.chunks().size(); ++chunk) {
    RENVOI_TRY(const auto items, snapshot.chunk(chunk));
    for (const SnapshotItem& item : items) gather(item, root, gathered);
  }
  const std::string title = escaped_markup(root.settings.title.empty() ? name : std::string_view(root.settings.title));
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title></head><body>\n<h1>{0}</h1>\n"
      "<p>{1}</p>\n<p>Snapshot <code>{2}</code>: {3} items, {4} bytes, {5} assertions; {6} items removed on request. "
      "Captured from {7} to {8}. Licence of the whole: {9}. Verified when {10} of {11} people agree.</p>\n",
      title, escaped_markup(root.settings.description), snapshot.name(), root.items, gathered.bytes, root.assertions,
      gathered.removed, to_rfc3339(gathered.first), to_rfc3339(gathered.last),
      root.settings.licence.empty() ? "not stated" : escaped_markup(root.settings.licence), root.settings.rule.agree,
      root.settings.rule.asked);
  page += section("What holds of the items", bars(gathered.states));
  page += section("Verified classes", bars(gathered.classes));
  page += section("Classes not verified", bars(gathered.proposed));
  page += section("Agreement", agreement_section(gathered, root));
  page += section("Assertions by whom", bars(gathered.agents));
  page += section("Licences, as the origins stated them", bars(gathered.licences));
  page += section("Opt-outs, as the origins stated them", bars(gathered.opt_outs));
  page += section("Media types", bars(gathered.media_types));
  page += section("Sizes", bars(gathered.sizes));
  page += section("Where it came from", bars(gathered.sources));
  return page + "</body></html>\n";
}

}  // namespace renvoi::dataset
