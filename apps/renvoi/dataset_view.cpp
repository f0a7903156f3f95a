#include "dataset_view.h"

#include <fmt/format.h>

#include <array>

#include "json_view.h"

namespace renvoi::app {
namespace {

using namespace dataset;

Error wrong(const std::string& field, const std::string& what) {
  return {ErrorCode::invalid, fmt::format("an assertion: '{}' {}", field, what)};
}

Result<std::string> text_field(const Json& object, const std::string& name, std::string fallback) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_string()) return wrong(name, "is a text");
  return found->get<std::string>();
}

Result<std::uint32_t> number_field(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::uint32_t{0};
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > 0xFFFF'FFFE) return wrong(name, "is a number");
  return found->get<std::uint32_t>();
}

template <typename Kind, std::size_t count>
std::optional<Kind> parse_kind(const std::string& text, const std::array<Kind, count>& kinds) {
  for (const Kind kind : kinds)
    if (dataset::to_string(kind) == text) return kind;
  return std::nullopt;
}

Result<Selector> read_selector(const Json& value) {
  Selector selector;
  if (!value.is_object()) return wrong("selector", "is an object");
  RENVOI_TRY(const std::string kind, text_field(value, "kind", "whole"));
  const auto known = parse_kind(kind, std::array{SelectorKind::whole, SelectorKind::box, SelectorKind::polygon,
                                                 SelectorKind::time_range, SelectorKind::text_range});
  if (!known) return wrong("selector.kind", "is whole, box, polygon, time or text");
  selector.kind = *known;
  for (const auto& [name, field] : value.items()) {
    if (name == "kind") continue;
    if (name != "values" || !field.is_array()) return wrong("selector." + name, "is not known here");
    for (const Json& number : field) {
      if (!number.is_number()) return wrong("selector.values", "is a list of numbers");
      selector.values.push_back(number.get<double>());
    }
  }
  return selector;
}

Result<Body> read_body_of(const Json& value) {
  if (!value.is_object()) return wrong("body", "is an object");
  Body body;
  RENVOI_TRY(const std::string kind, text_field(value, "kind", "class"));
  const auto known =
      parse_kind(kind, std::array{BodyKind::label, BodyKind::text, BodyKind::number, BodyKind::structure});
  if (!known) return wrong("body.kind", "is class, text, number or structure");
  body.kind = *known;
  RENVOI_TRY(body.field, text_field(value, "field", "class"));
  const auto content = value.find("value");
  if (content == value.end()) return wrong("body.value", "is missing");
  if (content->is_string() && body.kind != BodyKind::structure)
    body.value = content->get<std::string>();
  else if (body.kind == BodyKind::structure || (body.kind == BodyKind::number && content->is_number()))
    body.value = dump(*content);
  else
    return wrong("body.value", "does not fit its kind");
  return body;
}

Result<AgentNumber> read_agent(const Json& value, AssertionStore& store) {
  if (!value.is_object()) return wrong("agent", "is an object with kind and name");
  Agent agent;
  RENVOI_TRY(const std::string kind, text_field(value, "kind", "person"));
  const auto known = parse_kind(kind, std::array{AgentKind::person, AgentKind::model, AgentKind::program});
  if (!known) return wrong("agent.kind", "is person, model or program");
  agent.kind = *known;
  RENVOI_TRY(agent.name, text_field(value, "name", ""));
  RENVOI_TRY(agent.digest, text_field(value, "digest", ""));
  if (agent.name.empty() || agent.name.size() > 200) return wrong("agent.name", "is a text of 1 to 200 bytes");
  if (const auto settings = value.find("settings"); settings != value.end() && !settings->is_null())
    agent.settings = dump(*settings);
  return store.agent(agent);
}

}  // namespace

Result<std::filesystem::path> dataset_folder(const Config& config, const std::string& name) {
  if (!is_dataset_name(name))
    return Error{ErrorCode::invalid,
                 fmt::format("'{}' is no name for a dataset: 1 to 64 of a-z, 0-9, '-', '_' and '.', "
                             "not beginning with '.'",
                             printable(name))};
  return config.data / "datasets" / name;
}

Json json_of(const Selector& selector) {
  return {{"kind", std::string(dataset::to_string(selector.kind))}, {"values", selector.values}};
}

Json json_of(const Body& body) {
  Json value = body.value;
  if (body.kind == BodyKind::number || body.kind == BodyKind::structure)
    if (Json parsed = Json::parse(body.value, nullptr, false); !parsed.is_discarded()) value = std::move(parsed);
  return {{"kind", std::string(dataset::to_string(body.kind))}, {"field", body.field}, {"value", value}};
}

Json json_of(const Agent& agent) {
  return {{"kind", std::string(dataset::to_string(agent.kind))}, {"name", agent.name}, {"digest", agent.digest}};
}

Json json_of(const Item& item, const Dataset& set) {
  Json headers = Json::object();
  for (const auto& [name, value] : item.facts.headers) headers[name] = value;
  Json value{{"item", item.number},
             {"origin", item.origin},
             {"source", item.source},
             {"sha256", to_hex(set.digest(item.number))},
             {"bytes", set.size_bytes(item.number)},
             {"media_type", item.media_type},
             {"captured_at", json_time(item.captured_at)},
             {"licence", item.facts.licence},
             {"opt_outs", item.facts.opt_outs},
             {"final_address", item.facts.final_address},
             {"headers", headers},
             {"removed", nullptr}};
  if (const auto removal = set.items().removed().find(item.number); removal != set.items().removed().end())
    value["removed"] = {{"at", json_time(removal->second.at)}, {"reason", removal->second.reason}};
  return value;
}

Json json_of(const Assertion& assertion, const AssertionStore& store) {
  // A check looks like any other proposal to whoever could be asked about it.
  Agent agent = store.agents()[assertion.agent];
  if (agent.kind == AgentKind::check) agent = {AgentKind::model, "proposal", "", ""};
  Json value{{"assertion", assertion.number},
             {"item", assertion.item},
             {"kind", std::string(dataset::to_string(assertion.kind))},
             {"agent", json_of(agent)},
             {"at", json_time(assertion.at)},
             {"parent", nullptr}};
  if (assertion.parent != 0) value["parent"] = assertion.parent;
  if (assertion.kind == AssertionKind::annotate || assertion.kind == AssertionKind::adjudicate) {
    value["selector"] = json_of(assertion.selector);
    value["body"] = json_of(assertion.body);
    value["confidence"] = assertion.confidence < 0 ? Json() : Json(assertion.confidence);
  }
  return value;
}

Json json_of(const ItemState& state) {
  Json answers = Json::array();
  for (const Answer& answer : state.answers)
    answers.push_back({{"state", std::string(dataset::to_string(answer.state))},
                       {"selector", json_of(answer.selector)},
                       {"body", json_of(answer.body)},
                       {"assertion", answer.source},
                       {"people", answer.people}});
  return {{"state", std::string(dataset::to_string(state.state))}, {"answers", answers}};
}

Json json_of(const Task& task) {
  Json value{{"item", task.item}, {"state", std::string(dataset::to_string(task.state))}, {"proposal", nullptr}};
  if (task.proposal != 0) {
    value["proposal"] = {{"assertion", task.proposal},
                         {"selector", json_of(task.selector)},
                         {"body", json_of(task.body)},
                         {"confidence", task.confidence < 0 ? Json() : Json(task.confidence)}};
  }
  return value;
}

Json json_of(const SnapshotInfo& info) {
  return {{"name", info.name},
          {"made_at", json_time(info.made_at)},
          {"note", info.note},
          {"items", info.items},
          {"assertions", info.assertions}};
}

Json json_of(const CaptureReport& report) {
  return {{"source", report.source},     {"seen", report.seen},         {"added", report.added},
          {"known", report.known},       {"labels", report.labels},     {"bytes", report.bytes},
          {"complete", report.complete}, {"problems", report.problems}, {"problem_count", report.problem_count}};
}

Json json_of(const Settings& settings) { return Json::parse(to_json(settings)); }

Result<Json> summary_of(const std::string& name, const Dataset& set, const AssertionStore& store,
                        const Snapshots& snapshots) {
  std::array<std::uint64_t, 6> by_state{};
  std::map<std::string, std::uint64_t> classes, licences, media_types, opt_outs;
  std::uint64_t bytes = 0;
  for (ItemNumber number = 0; number < set.count(); ++number) {
    if (set.is_removed(number)) continue;
    RENVOI_TRY(const auto assertions, store.of(number));
    const ItemState state = derive(assertions, store.agents(), set.settings().rule);
    ++by_state[static_cast<std::size_t>(state.state)];
    for (const Answer& answer : state.answers)
      if (answer.state == State::verified && answer.body.kind == BodyKind::label) ++classes[answer.body.value];
    RENVOI_TRY(const Item item, set.item(number));
    ++licences[item.facts.licence];
    ++media_types[item.media_type];
    for (const std::string& opt_out : item.facts.opt_outs) ++opt_outs[opt_out];
    bytes += set.size_bytes(number);
  }
  Json states = Json::object(), sources = Json::array();
  for (const State state : {State::none, State::proposed, State::verified, State::disputed, State::rejected})
    states[std::string(dataset::to_string(state))] = by_state[static_cast<std::size_t>(state)];
  for (const Source& source : set.items().sources())
    sources.push_back({{"source", source.number},
                       {"kind", source.kind},
                       {"address", source.address},
                       {"added_at", json_time(source.added_at)},
                       {"finished_at", json_time(source.finished_at)}});
  return Json{{"name", name},
              {"items", set.count()},
              {"removed", set.items().removed().size()},
              {"blobs", set.blobs().count()},
              {"bytes", bytes},
              {"disk_bytes", set.files().disk_bytes(set.folder())},
              {"assertions", store.count()},
              {"states", states},
              {"classes", classes},
              {"licences", licences},
              {"media_types", media_types},
              {"opt_outs", opt_outs},
              {"sources", sources},
              {"settings", json_of(set.settings())},
              {"snapshots", snapshots.list().size()}};
}

Result<Assertion> read_assertion(const Json& value, const Dataset& set, AssertionStore& store, Timestamp now) {
  if (!value.is_object()) return Error{ErrorCode::invalid, "an assertion is a JSON object"};
  for (const auto& [name, field] : value.items()) {
    static constexpr std::string_view kKnown[] = {"item",     "kind",  "class",  "body",
                                                  "selector", "agent", "parent", "confidence"};
    if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown))
      return wrong(printable(name), "is not known here");
  }
  Assertion assertion;
  assertion.at = now;
  if (!value.contains("item")) return wrong("item", "is missing");
  RENVOI_TRY(assertion.item, number_field(value, "item"));
  if (assertion.item >= set.count())
    return Error{ErrorCode::not_found, fmt::format("there is no item {}", assertion.item)};
  if (set.is_removed(assertion.item)) return Error{ErrorCode::gone, fmt::format("item {} was removed", assertion.item)};
  RENVOI_TRY(const std::string kind, text_field(value, "kind", "annotate"));
  const auto known = parse_kind(kind, std::array{AssertionKind::annotate, AssertionKind::accept, AssertionKind::reject,
                                                 AssertionKind::adjudicate});
  if (!known) return wrong("kind", "is annotate, accept, reject or adjudicate");
  assertion.kind = *known;
  RENVOI_TRY(assertion.parent, number_field(value, "parent"));
  if (assertion.parent != 0) {
    RENVOI_TRY(const auto others, store.of(assertion.item));
    if (std::none_of(others.begin(), others.end(),
                     [&](const Assertion& other) { return other.number == assertion.parent; }))
      return Error{ErrorCode::not_found, fmt::format("item {} has no assertion {}", assertion.item, assertion.parent)};
  }
  if (value.contains("selector") && !value["selector"].is_null()) {
    RENVOI_TRY(assertion.selector, read_selector(value["selector"]));
  }
  if (value.contains("class") && value.contains("body")) return wrong("class", "and 'body' cannot both be given");
  if (value.contains("class")) {
    RENVOI_TRY(const std::string label, text_field(value, "class", ""));
    assertion.body = {BodyKind::label, "class", label};
  } else if (value.contains("body") && !value["body"].is_null()) {
    RENVOI_TRY(assertion.body, read_body_of(value["body"]));
  }
  const auto& classes = set.settings().classes;
  if (assertion.body.kind == BodyKind::label && !assertion.body.value.empty() && !classes.empty() &&
      std::find(classes.begin(), classes.end(), assertion.body.value) == classes.end())
    return wrong("class", fmt::format("'{}' is none of this dataset", printable(assertion.body.value)));
  if (value.contains("confidence") && !value["confidence"].is_null()) {
    const Json& confidence = value["confidence"];
    if (!confidence.is_number() || !(confidence.get<double>() >= 0 && confidence.get<double>() <= 1))
      return wrong("confidence", "is a number from 0 to 1");
    assertion.confidence = confidence.get<float>();
  }
  RENVOI_CHECK(validate(assertion));
  if (!value.contains("agent")) return wrong("agent", "is missing");
  RENVOI_TRY(assertion.agent, read_agent(value["agent"], store));
  return assertion;
}

std::optional<Selection> parse_selection(const std::string& text) {
  if (text == "verified") return Selection::verified;
  if (text == "annotated") return Selection::annotated;
  if (text == "all") return Selection::all;
  return std::nullopt;
}

}  // namespace renvoi::app
