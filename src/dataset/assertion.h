// What somebody said about an item. Assertions are only ever added; what holds is derived from them (state.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "dataset/item.h"
#include "io/bytes.h"

namespace renvoi::dataset {

// From 1, in the order in which they came; 0 none.
using AssertionNumber = std::uint32_t;
// From 0.
using AgentNumber = std::uint32_t;

enum class AgentKind : std::uint8_t {
  person = 1,   // whose word counts
  model = 2,    // proposes; `digest` and `settings` say exactly which
  program = 3,  // proposes
  source = 4,   // what came with the data (folder names, a COCO file): counts as a proposal
  trusted = 5,  // what came with the data, and is taken as verified because the owner said so
  check = 6,    // known-wrong proposals, hidden among the others: do people look? (attention.h)
};
std::string_view to_string(AgentKind kind);

struct Agent {
  AgentKind kind = AgentKind::person;
  std::string name;      // "anna", "classifier", "imagefolder"
  std::string digest;    // of a model: hexadecimal SHA-256 of what its output depends on
  std::string settings;  // JSON; "" none
  bool operator==(const Agent&) const = default;
};

enum class SelectorKind : std::uint8_t { whole = 0, box = 1, polygon = 2, time_range = 3, text_range = 4 };
std::string_view to_string(SelectorKind kind);

// Which part of the item is meant.
struct Selector {
  SelectorKind kind = SelectorKind::whole;
  // box: left, top, width, height in pixels. polygon: x, y of each corner, three at least. time_range: begin, end in
  // seconds. text_range: begin, end in bytes of the UTF-8 text. whole: none.
  std::vector<double> values;
  bool operator==(const Selector&) const = default;
};

enum class BodyKind : std::uint8_t { label = 0, text = 1, number = 2, structure = 3 };
std::string_view to_string(BodyKind kind);

struct Body {
  BodyKind kind = BodyKind::label;
  std::string field;  // which question it answers: "class" unless a dataset has several
  std::string value;  // the class; the text; the number in decimal; the structure as JSON
  bool operator==(const Body&) const = default;
};

enum class AssertionKind : std::uint8_t {
  annotate = 1,    // selector and body. With a parent: a correction of it
  accept = 2,      // the parent is right
  reject = 3,      // the parent is wrong
  adjudicate = 4,  // selector and body that end a dispute
};
std::string_view to_string(AssertionKind kind);

struct Assertion {
  AssertionNumber number = 0;
  ItemNumber item = 0;
  AssertionKind kind = AssertionKind::annotate;
  AgentNumber agent = 0;
  Timestamp at = 0;
  AssertionNumber parent = 0;  // an assertion of the same item
  Selector selector{};         // annotate, adjudicate
  Body body{};                 // annotate, adjudicate
  float confidence = -1;       // of a proposal, 0 to 1; -1: not told
  bool operator==(const Assertion&) const = default;
};

// Errors: `invalid`: numbers that are not finite or too many or too few for the selector, a text that is not UTF-8 or
// has more than a million bytes, a number or a structure that is none.
Result<void> validate(const Assertion& assertion);

// With its number. One is read back only if it is whole: reader.ok().
void put_assertion(io::ByteWriter& writer, const Assertion& assertion);
Assertion get_assertion(io::ByteReader& reader);
void put_agent(io::ByteWriter& writer, const Agent& agent);
Agent get_agent(io::ByteReader& reader);

}  // namespace renvoi::dataset
