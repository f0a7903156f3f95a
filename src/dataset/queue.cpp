#include "dataset/queue.h"

#include <algorithm>
#include <optional>
#include <set>

#include "dataset/permutation.h"

namespace renvoi::dataset {
namespace {

int rank_of(const Task& task) { return task.state == State::disputed ? 0 : task.proposal != 0 ? 1 : 2; }

// A check has no confidence: it takes a place that its number decides.
float place_of(const Task& task) {
  if (task.confidence >= 0) return task.confidence;
  return static_cast<float>(mix(task.proposal) >> 40) / static_cast<float>(1U << 24);
}

std::optional<Task> task_of(ItemNumber item, const std::vector<Assertion>& assertions, const AssertionStore& store,
                            std::optional<AgentNumber> person, const Rule& rule) {
  std::set<AssertionNumber> answered;  // by this person
  for (const Assertion& assertion : assertions)
    if (person && assertion.agent == *person) {
      answered.insert(assertion.number);
      answered.insert(assertion.parent);
    }
  const auto task_for = [&](const Assertion& assertion, State state) {
    return Task{item, state, assertion.number, assertion.selector, assertion.body, assertion.confidence};
  };
  for (const Assertion& assertion : assertions)
    if (store.agents()[assertion.agent].kind == AgentKind::check && !answered.contains(assertion.number))
      return task_for(assertion, State::proposed);
  const ItemState state = derive(assertions, store.agents(), rule);
  if (state.answers.empty()) return Task{item, State::none, 0, {}, {}, -1};
  for (const Answer& answer : state.answers) {
    if (answer.state != State::proposed && answer.state != State::disputed) continue;
    bool has_word = false;
    const Assertion* standing = nullptr;
    for (const Assertion& assertion : assertions) {
      if (assertion.number == answer.source) standing = &assertion;
      const bool same = assertion.selector == answer.selector && assertion.body.field == answer.field;
      has_word = has_word || (same && answered.contains(assertion.number));
    }
    if (standing != nullptr && !has_word) return task_for(*standing, answer.state);
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<Task>> queue_for(const AssertionStore& store, const Agent& person, std::uint32_t items,
                                    const std::function<bool(ItemNumber)>& wanted, const Rule& rule,
                                    std::size_t limit) {
  std::optional<AgentNumber> number;
  for (std::size_t i = 0; i < store.agents().size(); ++i)
    if (store.agents()[i] == person) number = static_cast<AgentNumber>(i);
  std::vector<Task> tasks;
  for (ItemNumber item = 0; item < items; ++item) {
    if (!wanted(item)) continue;
    RENVOI_TRY(const auto assertions, store.of(item));
    if (auto task = task_of(item, assertions, store, number, rule)) tasks.push_back(std::move(*task));
  }
  const auto before = [](const Task& a, const Task& b) {
    if (rank_of(a) != rank_of(b)) return rank_of(a) < rank_of(b);
    if (rank_of(a) == 1 && place_of(a) != place_of(b)) return place_of(a) < place_of(b);
    return a.item < b.item;
  };
  const std::size_t kept = std::min(limit, tasks.size());
  std::partial_sort(tasks.begin(), tasks.begin() + static_cast<std::ptrdiff_t>(kept), tasks.end(), before);
  tasks.resize(kept);
  return tasks;
}

}  // namespace renvoi::dataset
