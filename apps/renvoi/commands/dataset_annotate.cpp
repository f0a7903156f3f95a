// dataset assert, verify, agreement, attention.
#include <fmt/format.h>

#include <iostream>

#include "commands/dataset_support.h"
#include "dataset/agreement.h"
#include "dataset/attention.h"

namespace renvoi::app {
namespace {

using namespace dataset;

constexpr std::size_t kBatch = 10'000;

struct Annotating {
  std::unique_ptr<io::FileSystem> files;
  std::unique_ptr<Dataset> set;
  std::unique_ptr<AssertionStore> store;
};

Result<Annotating> open_to_annotate(const Config& config, const std::string& name) {
  Annotating open;
  RENVOI_TRY(const auto folder, dataset_folder(config, name));
  open.files = io::real_file_system();
  RENVOI_TRY(open.set, Dataset::open(*open.files, folder, Mode::read));
  RENVOI_TRY(open.store, AssertionStore::open(*open.files, folder, Mode::write));
  return open;
}

// Lines of JSON on standard input, as POST /api/datasets/{name}/assertions takes them: what another program found.
Result<void> run_assert(Context& context, const std::string& name) {
  RENVOI_TRY(const Annotating open, open_to_annotate(context.config, name));
  std::vector<Assertion> waiting;
  std::uint64_t number = 0, added = 0;
  const auto commit = [&]() -> Result<void> {
    RENVOI_TRY(const auto numbers, open.store->append(waiting));
    added += numbers.size();
    waiting.clear();
    return open.store->index_if_due();
  };
  const SystemClock clock;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Json value = Json::parse(line, nullptr, false);
    auto assertion = read_assertion(value, *open.set, *open.store, clock.now());
    if (!assertion.ok()) {
      RENVOI_CHECK(commit());
      return assertion.error().in(fmt::format("line {} ({} before it are kept)", number, added));
    }
    waiting.push_back(std::move(assertion).value());
    if (waiting.size() >= kBatch) RENVOI_CHECK(commit());
  }
  RENVOI_CHECK(commit());
  context.output.line(counted(added, "assertion", "assertions") + " added");
  context.output.value({{"added", added}});
  return {};
}

std::string described(const Task& task) {
  if (task.proposal == 0) return "no proposal";
  std::string where;
  for (const double value : task.selector.values) where += fmt::format(" {:g}", value);
  return fmt::format("{} '{}'{}{}", dataset::to_string(task.body.kind), printable(task.body.value),
                     where.empty() ? "" : fmt::format(" at {}{}", dataset::to_string(task.selector.kind), where),
                     task.confidence < 0 ? "" : fmt::format(" ({:.0f} %)", task.confidence * 100.0F));
}

// What the person's line means. Nothing: skip.
std::optional<Assertion> answer_to(const Task& task, const std::string& line) {
  Assertion word;
  word.item = task.item;
  word.parent = task.proposal;
  if (line.empty() || line == "s") return std::nullopt;
  if (line == "y" && task.proposal != 0) {
    word.kind = AssertionKind::accept;
    return word;
  }
  if (line == "n" && task.proposal != 0) {
    word.kind = AssertionKind::reject;
    return word;
  }
  word.selector = task.selector;
  word.body = {BodyKind::label, "class", line};
  if (task.proposal != 0) {
    word.body = task.body;
    word.body.value = line;
  }
  return word;
}

Result<void> run_verify(Context& context, const std::string& name, const std::string& person, std::uint32_t limit) {
  RENVOI_TRY(const Annotating open, open_to_annotate(context.config, name));
  const Agent agent{AgentKind::person, person, "", ""};
  RENVOI_TRY(const auto tasks,
             queue_for(
                 *open.store, agent, open.set->count(), [&](ItemNumber item) { return !open.set->is_removed(item); },
                 open.set->settings().rule, limit));
  context.output.note("y: right, n: wrong, another word: that is the class, empty: skip, q: enough");
  const AgentNumber number = open.store->agent(agent);
  std::uint64_t answered = 0;
  for (const Task& task : tasks) {
    RENVOI_TRY(const Item item, open.set->item(task.item));
    std::string text = item.origin;
    if (item.media_type.starts_with("text/")) {
      RENVOI_TRY(const std::string bytes, open.set->bytes(task.item));
      text += "\n" + bytes.substr(0, 1'000);
    }
    context.output.line(fmt::format("item {}: {}\n  {}", task.item, printable(text), described(task)));
    std::string line;
    if (!std::getline(std::cin, line) || line == "q") break;
    auto word = answer_to(task, line);
    if (!word) continue;
    word->agent = number;
    word->at = SystemClock().now();
    const auto& classes = open.set->settings().classes;
    const bool is_class = word->body.kind == BodyKind::label && !word->body.value.empty() && !classes.empty();
    if (is_class && std::find(classes.begin(), classes.end(), word->body.value) == classes.end()) {
      context.output.note(fmt::format("'{}' is no class of this dataset: skipped", printable(word->body.value)));
      continue;
    }
    if (const auto numbers = open.store->append(std::vector<Assertion>{*word}); !numbers.ok()) {
      if (numbers.error().code != ErrorCode::invalid) return numbers.error();
      context.output.note(numbers.error().message);
      continue;
    }
    ++answered;
  }
  (void)open.store->index_if_due();
  context.output.line(counted(answered, "answer", "answers") + " kept");
  context.output.value({{"answered", answered}, {"asked", tasks.size()}});
  return {};
}

Result<void> run_agreement(Context& context, const std::string& name) {
  RENVOI_TRY(const OpenDataset open, open_dataset(context.config, name));
  std::vector<std::map<std::uint32_t, std::string>> words;
  for (ItemNumber item = 0; item < open.set->count(); ++item) {
    RENVOI_TRY(const auto assertions, open.assertions->of(item));
    words.push_back(words_on(assertions, open.assertions->agents(), "class"));
  }
  const Agreement agreement = agreement_of(words);
  const auto shown = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.3f}", *value) : "not defined";
  };
  const auto json = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  context.output.line(fmt::format("Krippendorff's alpha {} over {}", shown(agreement.alpha),
                                  counted(agreement.items, "item", "items") + " with two answers and more"));
  Json pairs = Json::array();
  for (const auto& pair : agreement.pairs) {
    const std::string& one = open.assertions->agents()[pair.one].name;
    const std::string& other = open.assertions->agents()[pair.other].name;
    context.output.line(fmt::format("  {} and {}: Cohen's kappa {} over {}", printable(one), printable(other),
                                    shown(pair.kappa), counted(pair.items, "item", "items")));
    pairs.push_back({{"one", one}, {"other", other}, {"kappa", json(pair.kappa)}, {"items", pair.items}});
  }
  context.output.value({{"alpha", json(agreement.alpha)}, {"items", agreement.items}, {"pairs", pairs}});
  return {};
}

Result<void> run_attention(Context& context, const std::string& name, std::uint32_t plant, std::uint64_t seed) {
  RENVOI_TRY(const Annotating open, open_to_annotate(context.config, name));
  std::size_t planted = 0;
  if (plant > 0) {
    RENVOI_TRY(const auto checks, plant_checks(*open.store, open.set->count(), open.set->settings().rule, plant, seed,
                                               SystemClock().now()));
    planted = checks.size();
    context.output.line(counted(planted, "check", "checks") + " planted");
  }
  RENVOI_TRY(const auto attention, attention_of(*open.store));
  Json people = Json::array();
  for (const auto& [person, counts] : attention) {
    const std::string& who = open.store->agents()[person].name;
    context.output.line(fmt::format("{}: {} caught, {} missed", printable(who), counts.caught, counts.missed));
    people.push_back({{"person", who}, {"caught", counts.caught}, {"missed", counts.missed}});
  }
  context.output.value({{"planted", planted}, {"people", people}});
  return {};
}

}  // namespace

void declare_dataset_annotate_commands(CLI::App& group, Context& context) {
  struct Options {
    std::string name, person;
    std::uint32_t limit = 100, plant = 0;
    std::uint64_t seed = 1;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* add = add_command(group, "assert", "Add assertions, a JSON object a line, from standard input",
                              "  model-of-mine items.tar | renvoi dataset assert faces\n");
  add->add_option("NAME", options->name, "The dataset")->required();
  add->callback(
      [&context, options] { context.run = [&context, options] { return run_assert(context, options->name); }; });
  CLI::App* verify = add_command(group, "verify", "Answer what is proposed or disputed, in the terminal", "");
  verify->add_option("NAME", options->name, "The dataset")->required();
  verify->add_option("--as", options->person, "Who answers")->required();
  verify->add_option("--limit", options->limit, "So many questions")->capture_default_str();
  verify->callback([&context, options] {
    context.run = [&context, options] { return run_verify(context, options->name, options->person, options->limit); };
  });
  CLI::App* agreement = add_command(group, "agreement", "How far the annotators agree beyond chance", "");
  agreement->add_option("NAME", options->name, "The dataset")->required();
  agreement->callback(
      [&context, options] { context.run = [&context, options] { return run_agreement(context, options->name); }; });
  CLI::App* attention = add_command(group, "attention", "Do people really look? Known-wrong proposals tell", "");
  attention->add_option("NAME", options->name, "The dataset")->required();
  attention->add_option("--plant", options->plant, "Hide so many among the proposals");
  attention->add_option("--seed", options->seed, "Which ones")->capture_default_str();
  attention->callback([&context, options] {
    context.run = [&context, options] { return run_attention(context, options->name, options->plant, options->seed); };
  });
}

}  // namespace renvoi::app
