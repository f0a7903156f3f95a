#include "dataset/assertion.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace renvoi::dataset {
namespace {

constexpr std::size_t kMaxTextBytes = 1'000'000;
constexpr std::size_t kMaxValues = 100'000;

Error invalid(std::string message) { return {ErrorCode::invalid, "an assertion: " + std::move(message)}; }

bool fits(const Selector& selector) {
  const std::size_t count = selector.values.size();
  switch (selector.kind) {
    case SelectorKind::whole:
      return count == 0;
    case SelectorKind::box:
      return count == 4 && selector.values[2] >= 0 && selector.values[3] >= 0;
    case SelectorKind::polygon:
      return count >= 6 && count % 2 == 0 && count <= kMaxValues;
    case SelectorKind::time_range:
    case SelectorKind::text_range:
      return count == 2 && selector.values[0] >= 0 && selector.values[0] <= selector.values[1];
  }
  return false;
}

bool has_body(AssertionKind kind) { return kind == AssertionKind::annotate || kind == AssertionKind::adjudicate; }

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

}  // namespace

std::string_view to_string(AgentKind kind) {
  switch (kind) {
    case AgentKind::person:
      return "person";
    case AgentKind::model:
      return "model";
    case AgentKind::program:
      return "program";
    case AgentKind::source:
      return "source";
    case AgentKind::trusted:
      return "trusted";
    case AgentKind::check:
      return "check";
  }
  return "unknown";
}

std::string_view to_string(SelectorKind kind) {
  switch (kind) {
    case SelectorKind::whole:
      return "whole";
    case SelectorKind::box:
      return "box";
    case SelectorKind::polygon:
      return "polygon";
    case SelectorKind::time_range:
      return "time";
    case SelectorKind::text_range:
      return "text";
  }
  return "unknown";
}

std::string_view to_string(BodyKind kind) {
  switch (kind) {
    case BodyKind::label:
      return "class";
    case BodyKind::text:
      return "text";
    case BodyKind::number:
      return "number";
    case BodyKind::structure:
      return "structure";
  }
  return "unknown";
}

std::string_view to_string(AssertionKind kind) {
  switch (kind) {
    case AssertionKind::annotate:
      return "annotate";
    case AssertionKind::accept:
      return "accept";
    case AssertionKind::reject:
      return "reject";
    case AssertionKind::adjudicate:
      return "adjudicate";
  }
  return "unknown";
}

Result<void> validate(const Assertion& assertion) {
  if (!has_body(assertion.kind)) {
    if (assertion.parent == 0) return invalid("accept and reject need the assertion they are about");
    if (assertion.selector != Selector{} || assertion.body != Body{})
      return invalid("accept and reject have neither selector nor body");
    return {};
  }
  for (const double value : assertion.selector.values)
    if (!std::isfinite(value)) return invalid("a selector has a number that is not finite");
  if (!fits(assertion.selector))
    return invalid("a selector of kind " + std::string(to_string(assertion.selector.kind)) +
                   " with numbers that do not make one");
  const Body& body = assertion.body;
  if (body.value.size() > kMaxTextBytes || body.field.size() > 256) return invalid("a text that is too long");
  if (!is_valid_utf8(body.value) || !is_valid_utf8(body.field)) return invalid("a text that is not UTF-8");
  if (body.kind == BodyKind::label && body.value.empty()) return invalid("a class without a name");
  if (body.kind == BodyKind::structure && !nlohmann::json::accept(body.value)) return invalid("a structure is JSON");
  if (body.kind == BodyKind::number) {
    double value = 0;
    const auto [end, error] = std::from_chars(body.value.data(), body.value.data() + body.value.size(), value);
    if (error != std::errc() || end != body.value.data() + body.value.size() || !std::isfinite(value))
      return invalid("'" + body.value + "' is not a number");
  }
  return {};
}

void put_assertion(io::ByteWriter& writer, const Assertion& assertion) {
  writer.varint(assertion.number);
  writer.varint(assertion.item);
  writer.u8(static_cast<std::uint8_t>(assertion.kind));
  writer.varint(assertion.agent);
  writer.varint(static_cast<std::uint64_t>(assertion.at));
  writer.varint(assertion.parent);
  if (!has_body(assertion.kind)) return;
  writer.u8(static_cast<std::uint8_t>(static_cast<unsigned>(assertion.selector.kind) << 4U |
                                      static_cast<unsigned>(assertion.body.kind)));
  if (assertion.selector.kind != SelectorKind::whole) {
    writer.varint(assertion.selector.values.size());
    for (const double value : assertion.selector.values) writer.u64(bits_of(value));
  }
  writer.text(assertion.body.field);
  writer.text(assertion.body.value);
  writer.u32(std::bit_cast<std::uint32_t>(assertion.confidence));
}

Assertion get_assertion(io::ByteReader& reader) {
  Assertion assertion;
  assertion.number = reader.varint32();
  assertion.item = reader.varint32();
  assertion.kind = static_cast<AssertionKind>(reader.u8());
  assertion.agent = reader.varint32();
  assertion.at = static_cast<Timestamp>(reader.varint());
  assertion.parent = reader.varint32();
  const auto kind = static_cast<std::uint8_t>(assertion.kind);
  if (kind < 1 || kind > 4) (void)reader.view(~std::uint64_t{0});  // not one: fails
  if (!reader.ok() || !has_body(assertion.kind)) return assertion;
  const std::uint8_t kinds = reader.u8();
  assertion.selector.kind = static_cast<SelectorKind>(kinds >> 4U);
  assertion.body.kind = static_cast<BodyKind>(kinds & 15U);
  if ((kinds >> 4U) > 4 || (kinds & 15U) > 3) (void)reader.view(~std::uint64_t{0});
  if (assertion.selector.kind != SelectorKind::whole) {
    const std::uint64_t count = reader.varint();
    if (count > reader.remaining() / 8) (void)reader.view(~std::uint64_t{0});
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i)
      assertion.selector.values.push_back(std::bit_cast<double>(reader.u64()));
  }
  assertion.body.field = reader.text();
  assertion.body.value = reader.text();
  assertion.confidence = std::bit_cast<float>(reader.u32());
  return assertion;
}

void put_agent(io::ByteWriter& writer, const Agent& agent) {
  writer.u8(static_cast<std::uint8_t>(agent.kind));
  writer.text(agent.name);
  writer.text(agent.digest);
  writer.text(agent.settings);
}

Agent get_agent(io::ByteReader& reader) {
  Agent agent;
  agent.kind = static_cast<AgentKind>(reader.u8());
  agent.name = reader.text();
  agent.digest = reader.text();
  agent.settings = reader.text();
  return agent;
}

}  // namespace renvoi::dataset
