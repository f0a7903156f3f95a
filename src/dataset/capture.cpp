#include "dataset/capture.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataset/media_type.h"

namespace renvoi::dataset {
namespace {

constexpr std::size_t kMaxProblems = 1'000;

class Capture {
 public:
  Capture(Dataset& dataset, AssertionStore* assertions, EntrySource& source, const Clock& clock,
          const CaptureOptions& options, std::stop_token stop)
      : dataset_(dataset), assertions_(assertions), source_(source), clock_(clock), options_(options), stop_(stop) {}

  Result<CaptureReport> run() {
    begin();
    std::vector<std::string> problems;
    const Result<void> walked = source_.walk([this](Entry entry) { return take(std::move(entry)); }, problems);
    for (std::string& problem : problems) note(std::move(problem));
    if (!walked.ok()) {
      (void)commit();  // what came before is kept, if that can be
      return walked.error();
    }
    report_.complete = !stop_.stop_requested();
    if (report_.complete) dataset_.items().finish_source(report_.source, clock_.now());
    RENVOI_CHECK(commit());
    return std::move(report_);
  }

 private:
  // Goes on with the same source, if it was begun before.
  void begin() {
    for (const Source& known : dataset_.items().sources())
      if (known.kind == source_.kind() && known.address == source_.address() && known.options == source_.options()) {
        report_.source = known.number;
        goes_on_ = true;
        return;
      }
    report_.source = dataset_.items().add_source(source_.kind(), source_.address(), source_.options(), clock_.now());
  }

  void note(std::string problem) {
    ++report_.problem_count;
    if (report_.problems.size() < kMaxProblems) report_.problems.push_back(std::move(problem));
  }

  Result<bool> take(Entry entry) {
    if (stop_.stop_requested()) return false;
    ++report_.seen;
    std::optional<ItemNumber> known;
    if (goes_on_) {
      RENVOI_TRY(known, dataset_.items().find(report_.source, entry.origin));
    }
    if (known && !options_.again) {
      ++report_.known;
      RENVOI_CHECK(label_known(*known, entry));
      return true;
    }
    Result<std::string> bytes = entry.read(entry);
    if (!bytes.ok()) {
      note(fmt::format("{}: {}", entry.origin, bytes.error().message));
      return true;
    }
    if (known && dataset_.digest(*known) == sha256(*bytes)) {
      ++report_.known;
      return true;
    }
    Item item;
    item.source = report_.source;
    item.origin = entry.origin;
    item.captured_at = entry.captured_at != 0 ? entry.captured_at : clock_.now();
    item.media_type = entry.media_type.empty() ? media_type_of(*bytes, entry.origin) : std::move(entry.media_type);
    item.facts = std::move(entry.facts);
    const Result<ItemNumber> added = dataset_.add(std::move(item), *bytes);
    if (!added.ok() && (added.error().code == ErrorCode::gone || bytes->size() > kMaxBlobBytes)) {
      note(fmt::format("{}: {}", entry.origin, added.error().message));
      return true;
    }
    if (!added.ok()) return added.error();
    ++report_.added;
    report_.bytes += bytes->size();
    queue(*added, entry.labels);
    const std::size_t before = dataset_.items().uncommitted_items();
    RENVOI_CHECK(dataset_.commit_if_full());
    if (dataset_.items().uncommitted_items() < before) RENVOI_CHECK(committed());
    return true;
  }

  // An interruption may have come between an item and its labels.
  Result<void> label_known(ItemNumber item, const Entry& entry) {
    if (assertions_ == nullptr || entry.labels.empty()) return {};
    RENVOI_TRY(const auto there, assertions_->of(item));
    const AgentNumber agent = this->agent();
    const bool labelled =
        std::any_of(there.begin(), there.end(), [&](const Assertion& assertion) { return assertion.agent == agent; });
    if (!labelled) queue(item, entry.labels);
    return {};
  }

  AgentNumber agent() {
    return assertions_->agent({options_.trust_labels ? AgentKind::trusted : AgentKind::source, source_.kind(), "", ""});
  }

  void queue(ItemNumber item, const std::vector<Label>& labels) {
    if (assertions_ == nullptr) return;
    for (const Label& label : labels) {
      Assertion assertion;
      assertion.item = item;
      assertion.agent = agent();
      assertion.at = clock_.now();
      assertion.selector = label.selector;
      assertion.body = label.body;
      if (const Result<void> valid = validate(assertion); !valid.ok()) {
        note(fmt::format("item {}: a label is left out: {}", item, valid.error().message));
        continue;
      }
      waiting_.push_back(std::move(assertion));
    }
  }

  // After the items are durable.
  Result<void> committed() {
    if (assertions_ != nullptr && !waiting_.empty()) {
      RENVOI_TRY(const auto numbers, assertions_->append(waiting_));
      report_.labels += numbers.size();
      waiting_.clear();
      (void)assertions_->index_if_due();
    }
    if (options_.on_progress) options_.on_progress(report_);
    return {};
  }

  Result<void> commit() {
    RENVOI_CHECK(dataset_.commit());
    return committed();
  }

  Dataset& dataset_;
  AssertionStore* assertions_;
  EntrySource& source_;
  const Clock& clock_;
  const CaptureOptions& options_;
  std::stop_token stop_;
  CaptureReport report_;
  bool goes_on_ = false;
  std::vector<Assertion> waiting_;
};

}  // namespace

Result<CaptureReport> capture(Dataset& dataset, AssertionStore* assertions, EntrySource& source, const Clock& clock,
                              const CaptureOptions& options, std::stop_token stop) {
  return Capture(dataset, assertions, source, clock, options, stop).run();
}

}  // namespace renvoi::dataset
