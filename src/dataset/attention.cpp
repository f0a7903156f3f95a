#include "dataset/attention.h"

#include <algorithm>
#include <random>
#include <set>

#include "dataset/state.h"

namespace renvoi::dataset {

Result<std::vector<AssertionNumber>> plant_checks(AssertionStore& store, std::uint32_t items, const Rule& rule,
                                                  std::uint32_t count, std::uint64_t seed, Timestamp now) {
  struct Verified {
    ItemNumber item = 0;
    Body body;
  };
  std::vector<Verified> verified;
  std::set<std::string> classes;
  for (ItemNumber item = 0; item < items; ++item) {
    RENVOI_TRY(const auto assertions, store.of(item));
    const bool has_check = std::any_of(assertions.begin(), assertions.end(), [&](const Assertion& assertion) {
      return store.agents()[assertion.agent].kind == AgentKind::check;
    });
    for (const Answer& answer : derive(assertions, store.agents(), rule).answers) {
      if (answer.state != State::verified || answer.body.kind != BodyKind::label ||
          answer.selector.kind != SelectorKind::whole)
        continue;
      classes.insert(answer.body.value);
      if (!has_check) verified.push_back({item, answer.body});
      break;
    }
  }
  if (classes.size() < 2) return std::vector<AssertionNumber>{};
  std::mt19937_64 random(seed);
  for (std::size_t i = verified.size(); i > 1; --i) std::swap(verified[i - 1], verified[random() % i]);
  verified.resize(std::min<std::size_t>(verified.size(), count));
  const AgentNumber agent = store.agent({AgentKind::check, "attention check", "", ""});
  std::vector<Assertion> checks;
  for (Verified& one : verified) {
    std::vector<std::string> wrong(classes.begin(), classes.end());
    std::erase(wrong, one.body.value);
    Assertion check;
    check.item = one.item;
    check.agent = agent;
    check.at = now;
    check.body = std::move(one.body);
    check.body.value = wrong[random() % wrong.size()];
    checks.push_back(std::move(check));
  }
  return store.append(checks);
}

Result<std::map<AgentNumber, Attention>> attention_of(const AssertionStore& store) {
  std::set<AssertionNumber> checks;
  std::map<std::pair<AgentNumber, AssertionNumber>, bool> caught;  // a person's last word on a check
  RENVOI_CHECK(store.walk({}, [&](const Assertion& assertion) -> Result<void> {
    const AgentKind kind = store.agents()[assertion.agent].kind;
    if (kind == AgentKind::check) checks.insert(assertion.number);
    if (kind == AgentKind::person && checks.contains(assertion.parent))
      caught[{assertion.agent, assertion.parent}] = assertion.kind != AssertionKind::accept;
    return {};
  }));
  std::map<AgentNumber, Attention> people;
  for (const auto& [word, looked] : caught) ++(looked ? people[word.first].caught : people[word.first].missed);
  return people;
}

}  // namespace renvoi::dataset
