#include "dataset/state.h"

#include <algorithm>
#include <optional>

namespace renvoi::dataset {
namespace {

bool has_body(const Assertion& assertion) {
  return assertion.kind == AssertionKind::annotate || assertion.kind == AssertionKind::adjudicate;
}

AgentKind kind_of(const Assertion& assertion, std::span<const Agent> agents) {
  return assertion.agent < agents.size() ? agents[assertion.agent].kind : AgentKind::program;
}

// A person's word: for a body, or against one.
struct Word {
  const Body* body = nullptr;
  bool against = false;
};

struct Question {
  const Assertion* first = nullptr;
  std::vector<const Assertion*> bodies;  // in order
  std::map<AgentNumber, Word> words;
  const Assertion* adjudication = nullptr;
  const Assertion* trusted = nullptr;
};

// Attention checks and what was said about them are no part of the item.
std::vector<Question> questions_of(std::span<const Assertion> assertions, std::span<const Agent> agents) {
  std::vector<Question> questions;
  std::map<AssertionNumber, std::pair<const Assertion*, std::size_t>> by_number;
  for (const Assertion& assertion : assertions) {
    const AgentKind kind = kind_of(assertion, agents);
    if (kind == AgentKind::check) continue;
    if (!has_body(assertion)) {
      const auto parent = by_number.find(assertion.parent);
      if (parent == by_number.end() || kind != AgentKind::person) continue;
      questions[parent->second.second].words[assertion.agent] = {&parent->second.first->body,
                                                                 assertion.kind == AssertionKind::reject};
      continue;
    }
    auto question = std::find_if(questions.begin(), questions.end(), [&](const Question& known) {
      return known.first->selector == assertion.selector && known.first->body.field == assertion.body.field;
    });
    // A correction stays within its question even when it moves the selector (a box that is drawn anew).
    if (const auto parent = by_number.find(assertion.parent); parent != by_number.end())
      question = questions.begin() + static_cast<std::ptrdiff_t>(parent->second.second);
    if (question == questions.end()) {
      questions.push_back({});
      question = std::prev(questions.end());
      question->first = &assertion;
    }
    by_number[assertion.number] = {&assertion, static_cast<std::size_t>(question - questions.begin())};
    question->bodies.push_back(&assertion);
    if (assertion.kind == AssertionKind::adjudicate && kind == AgentKind::person) question->adjudication = &assertion;
    if (kind == AgentKind::trusted) question->trusted = &assertion;
    if (kind == AgentKind::person) question->words[assertion.agent] = {&assertion.body, false};
  }
  return questions;
}

// The first assertion with this body; corrections of a selector are bodies of their own.
const Assertion* first_with(const Question& question, const Body& body) {
  for (const Assertion* assertion : question.bodies)
    if (assertion->body == body) return assertion;
  return nullptr;
}

struct Verdict {
  State state = State::none;
  const Assertion* standing = nullptr;
};

Verdict judge(const Question& question, const Rule& rule) {
  if (question.adjudication != nullptr) return {State::verified, question.adjudication};
  std::vector<std::pair<const Body*, std::uint32_t>> supported;
  std::uint32_t against = 0;
  for (const auto& entry : question.words) {
    const Word& word = entry.second;
    if (word.against) {
      ++against;
      continue;
    }
    const auto known = std::find_if(supported.begin(), supported.end(),
                                    [&](const auto& known_body) { return *known_body.first == *word.body; });
    if (known == supported.end())
      supported.emplace_back(word.body, 1);
    else
      ++known->second;
  }
  std::stable_sort(supported.begin(), supported.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (question.words.empty() && question.trusted != nullptr) return {State::verified, question.trusted};
  const auto people = static_cast<std::uint32_t>(question.words.size());
  if (supported.empty()) {
    const bool rejected = against >= rule.agree;
    return {rejected ? State::rejected : State::proposed, question.bodies.back()};
  }
  const Assertion* best = first_with(question, *supported.front().first);
  const std::uint32_t runner_up = supported.size() > 1 ? supported[1].second : 0;
  if (supported.front().second >= rule.agree && runner_up < rule.agree && supported.front().second > against)
    return {State::verified, best};
  const bool differ = supported.size() > 1 || against > 0;
  // Whoever is still to be asked cannot bring the best one to `agree`, or two have it already.
  const std::uint32_t left = rule.asked > people ? rule.asked - people : 0;
  const bool hopeless = supported.front().second + left < rule.agree || runner_up >= rule.agree ||
                        (left == 0 && supported.front().second <= against);
  return {differ && hopeless ? State::disputed : State::proposed, best};
}

int urgency(State state) {
  switch (state) {
    case State::disputed:
      return 4;
    case State::proposed:
      return 3;
    case State::verified:
      return 2;
    case State::rejected:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::none:
      return "none";
    case State::proposed:
      return "proposed";
    case State::verified:
      return "verified";
    case State::disputed:
      return "disputed";
    case State::superseded:
      return "superseded";
    case State::rejected:
      return "rejected";
  }
  return "unknown";
}

ItemState derive(std::span<const Assertion> assertions, std::span<const Agent> agents, const Rule& rule) {
  ItemState state;
  for (const Question& question : questions_of(assertions, agents)) {
    const Verdict verdict = judge(question, rule);
    state.answers.push_back({verdict.standing->selector, verdict.standing->body.field, verdict.state,
                             verdict.standing->body, verdict.standing->number,
                             static_cast<std::uint32_t>(question.words.size())});
    if (urgency(verdict.state) > urgency(state.state)) state.state = verdict.state;
    for (const Assertion* assertion : question.bodies) {
      const bool stands =
          assertion->body == verdict.standing->body && assertion->selector == verdict.standing->selector;
      const auto word = question.words.find(assertion->agent);
      const bool withdrawn =
          word != question.words.end() && !word->second.against && *word->second.body != assertion->body;
      const bool settled = verdict.state == State::verified;
      state.of_assertion[assertion->number] = stands                 ? verdict.state
                                              : settled || withdrawn ? State::superseded
                                                                     : verdict.state;
    }
  }
  return state;
}

std::map<AgentNumber, std::string> words_on(std::span<const Assertion> assertions, std::span<const Agent> agents,
                                            std::string_view field) {
  std::map<AgentNumber, std::string> words;
  for (const Question& question : questions_of(assertions, agents)) {
    if (question.first->selector.kind != SelectorKind::whole || question.first->body.field != field) continue;
    for (const auto& [person, word] : question.words)
      if (!word.against) words[person] = word.body->value;
  }
  return words;
}

}  // namespace renvoi::dataset
