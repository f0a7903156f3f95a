#include "ingest/table_fitter.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

namespace renvoi::ingest {
namespace {

constexpr int kLowPriority = 10;  // as of nice(1)
constexpr std::uint64_t kMaxSampleBytes = std::uint64_t{256} << 20;

}  // namespace

TableFitter::TableFitter(io::FileSystem& files, search::Collection& collection, search::CollectionTables& tables,
                         FitterOptions options)
    : files_(files),
      collection_(collection),
      tables_(tables),
      options_(std::move(options)),
      sample_(tables.identity().dimensions, tables.identity().model_digest, options_.max_passages),
      asleep_(options_.asleep) {}

TableFitter::~TableFitter() = default;

std::filesystem::path TableFitter::file() const { return collection_.folder() / "fitted" / search::kFitSampleName; }

// A sample that cannot be read is begun anew: it can only make tables better.
void TableFitter::load() {
  if (asleep_ || std::exchange(loaded_, true) || !files_.exists(file())) return;
  const Result<std::string> bytes = files_.read(file(), kMaxSampleBytes);
  auto sample =
      bytes.ok() ? FitSample::read(*bytes, sample_.dimensions(), tables_.identity().model_digest, options_.max_passages)
                 : Result<FitSample>(bytes.error());
  if (sample.ok())
    sample_ = std::move(sample).value();
  else if (sample.error().code == ErrorCode::conflict)  // of the model that the collection had before
    (void)files_.remove(file());
  else
    last_.problem = sample.error().message + "; it is begun anew";
}

Result<void> TableFitter::save() {
  if (retired_) return {};
  const std::filesystem::path folder = file().parent_path();
  if (!files_.exists(folder)) {
    RENVOI_CHECK(files_.create_folders(folder));
    RENVOI_CHECK(files_.sync_folder(folder.parent_path()));
  }
  const std::string bytes = sample_.bytes();
  RENVOI_CHECK(files_.replace(file(), std::as_bytes(std::span(bytes))));
  unsaved_ = 0;
  return {};
}

void TableFitter::encoded(ReferenceId reference, std::span<const std::string> inputs,
                          std::span<const std::uint64_t> fingerprints, const model::Embeddings& embeddings,
                          std::size_t first_row) {
  // A sample for a table that is not there would be larger than a small index.
  if (!options_.asleep && tables_.base() == nullptr) return;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    {
      const std::lock_guard lock(mutex_);
      if (retired_) return;
      load();
      if (!sample_.wants(fingerprints[i])) continue;
    }
    Result<model::TokenBag> bag = tables_.tokenizer().bag(inputs[i]);
    const std::lock_guard lock(mutex_);
    if (!bag.ok()) {
      last_.problem = bag.error().message;
      continue;
    }
    sample_.take(reference, fingerprints[i], std::move(bag).value(), embeddings.row(first_row + i));
    ++unsaved_;
  }
  const std::lock_guard lock(mutex_);
  if (asleep_) return;
  if (unsaved_ >= options_.save_every)
    if (const Result<void> saved = save(); !saved.ok()) last_.problem = saved.error().message;
  if (sample_.size() >= next_step()) start_if(1);
}

// The next number of passages at which the table is fitted anew while the sample grows.
std::size_t TableFitter::next_step() const {
  const auto fitted = tables_.fitted();
  const std::size_t done = std::max<std::size_t>(fitted == nullptr ? 0 : fitted->passages(), tried_passages_);
  for (const std::size_t step : options_.steps)
    if (step > done) return step;
  return std::numeric_limits<std::size_t>::max();
}

void TableFitter::start_if(std::size_t least_changes) {
  const auto base = tables_.base();
  if (asleep_ || retired_ || fitting_ || base == nullptr || sample_.size() < options_.least_passages) return;
  // Over a base table of which nothing was fitted yet every passage is new.
  const bool first = tables_.fitted() == nullptr && tried_base_ != base->checksum();
  if (!first && sample_.changes() < least_changes) return;
  fitting_ = true;
  tried_base_ = base->checksum();
  tried_passages_ = sample_.size();
  thread_ = std::jthread([this, passages = sample_.passages()](const std::stop_token& stop) mutable {
    // On Linux a priority is a thread's.
    (void)::setpriority(PRIO_PROCESS, 0, kLowPriority);
    fit(std::move(passages), stop);
  });
}

void TableFitter::fit(FitSample::Passages passages, const std::stop_token& stop) {
  const auto base = tables_.base();
  Status done;
  Result<model::FittedRows> rows = Error{ErrorCode::not_found, "there is no base table any more"};
  if (base != nullptr) {
    model::FitOptions fitting;
    fitting.held_out = model::HeldOut::fitted_last;
    rows = model::fit_table(*base, *base, {passages.bags, passages.keys, passages.vectors}, fitting, stop);
  }
  if (rows.ok()) {
    done.last = rows->report;
    if (rows->report.better()) {
      Result<void> published = tables_.publish(*rows, base);
      done.published = published.ok();
      // The first tier follows when it is empty, and what was used by nobody else goes.
      if (published.ok()) {
        const auto followed = collection_.first_tier_table();
        if (!followed.ok()) done.problem = followed.error().message;
      } else {
        done.problem = published.error().message;
      }
    }
  } else if (!stop.stop_requested()) {
    done.problem = rows.error().message;
  }
  const std::lock_guard lock(mutex_);
  if (rows.ok() && done.problem.empty()) {
    sample_.mark_fitted(passages.keys);
    if (const Result<void> saved = save(); !saved.ok()) done.problem = saved.error().message;
  }
  last_ = std::move(done);
  fitting_ = false;
}

Result<void> TableFitter::forget_missing() {
  const auto full = collection_.snapshots().full;
  const auto is_held = [&](const SampledPassage& passage) {
    for (const index::PassageNumber number : full->passages_of(passage.reference))
      if (full->record(number).fingerprint == passage.fingerprint) return true;
    return false;
  };
  const std::lock_guard lock(mutex_);
  if (asleep_ || retired_) return {};
  load();
  const std::size_t left = sample_.erase_if([&](const SampledPassage& passage) { return !is_held(passage); });
  return left > 0 || unsaved_ > 0 ? save() : Result<void>();
}

void TableFitter::tend() {
  const std::lock_guard lock(mutex_);
  if (asleep_ || retired_) return;
  load();
  if (tables_.fitted() == nullptr) start_if(1);
}

Result<void> TableFitter::settle(Wait wait, std::stop_token stop) {
  RENVOI_CHECK(forget_missing());
  std::jthread fit;
  {
    const std::lock_guard lock(mutex_);
    const auto enough = static_cast<std::size_t>(options_.least_change * static_cast<double>(sample_.size()));
    if (!stop.stop_requested()) start_if(std::max<std::size_t>(enough, 1));
    if (wait == Wait::no || !thread_.joinable()) return {};
    fit = std::move(thread_);
  }
  const std::stop_callback on_stop(stop, [&] { fit.request_stop(); });
  fit.join();
  return {};
}

// What it sampled takes the place of what the model before has left in the file.
void TableFitter::wake() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(asleep_, false)) return;
  loaded_ = sample_.size() > 0;
}

void TableFitter::retire() {
  std::jthread fit;
  {
    const std::lock_guard lock(mutex_);
    retired_ = true;
    fit = std::move(thread_);
  }
  fit.request_stop();
}

TableFitter::Status TableFitter::status() const {
  const std::lock_guard lock(mutex_);
  Status now = last_;
  now.sampled = sample_.size();
  now.fitting = fitting_;
  return now;
}

}  // namespace renvoi::ingest
