// What holds of an item: a pure function of its assertions and the dataset's rule. Start here to know what "verified"
// means.
//
// Assertions of one item are grouped by what they are about (selector and field: a *question*). Of each question every
// person has one word, their latest: a body they gave or accepted, or that a body is wrong. A body is verified when
// `agree` people stand behind it and behind no other; people who differ make a dispute once no verification can be
// expected any more, and an adjudication ends it. Models, programs and sources propose; they have no word.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/assertion.h"
#include "dataset/settings.h"

namespace renvoi::dataset {

enum class State : std::uint8_t {
  none = 0,      // nobody has said anything that stands
  proposed = 1,  // not enough people have said so yet
  verified = 2,
  disputed = 3,    // people differ
  superseded = 4,  // of one assertion: another body was verified in its place, or its author changed it
  rejected = 5,    // `agree` people said it is wrong, and nobody said what is right
};
std::string_view to_string(State state);

// The answer to one question.
struct Answer {
  Selector selector;
  std::string field;
  State state = State::none;
  Body body;                   // verified: that one; else the one most people, or the newest proposal, stand behind
  AssertionNumber source = 0;  // the first assertion with that body
  std::uint32_t people = 0;    // who have a word on it
};

struct ItemState {
  State state = State::none;    // the one that needs most attention: disputed, proposed, verified, rejected, none
  std::vector<Answer> answers;  // by selector and field, in the order of their first assertion
  std::map<AssertionNumber, State> of_assertion{};  // annotations and adjudications
};

// `assertions` are all of one item, in order; their agents are in `agents`.
ItemState derive(std::span<const Assertion> assertions, std::span<const Agent> agents, const Rule& rule);

// Each person's latest word on the question (whole item, `field`), where it is a body: what agreement is computed from.
std::map<AgentNumber, std::string> words_on(std::span<const Assertion> assertions, std::span<const Agent> agents,
                                            std::string_view field);

}  // namespace renvoi::dataset
