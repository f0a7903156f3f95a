#include "search/showable_set.h"

#include <algorithm>
#include <limits>
#include <set>
#include <span>
#include <utility>

namespace renvoi::search {
namespace {

constexpr std::size_t kMaxLanguages = 4;  // analysed for each query
constexpr std::uint64_t kMainLanguageOneIn = 20;

// Names by number, as facts have them. When a catalogue holds more different ones than there are numbers, which no
// extractor makes, the rest share the last.
class Names {
 public:
  Names(std::vector<std::string>& names, std::size_t most) : names_(names), most_(most) {
    for (std::size_t i = 0; i < names.size(); ++i) numbers_.emplace(names[i], i);
  }
  std::size_t number_of(std::string_view name) {
    if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
    if (names_.size() == most_) return most_ - 1;
    names_.emplace_back(name);
    numbers_.emplace(name, names_.size() - 1);
    return names_.size() - 1;
  }

 private:
  std::vector<std::string>& names_;
  std::size_t most_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
};

// Makes the next Showable from the one before and what the catalogue tells.
class Update final : public catalog::ShownFollower {
 public:
  explicit Update(const Showable* before)
      : made_(before == nullptr ? Showable{} : *before),
        languages_(made_.languages, std::numeric_limits<std::uint16_t>::max()),
        types_(made_.types, std::numeric_limits<std::uint8_t>::max()) {}

  void on_everything() override {
    whole_ = true;
    made_.table = {};
    std::fill(made_.with_language.begin(), made_.with_language.end(), 0);
  }
  void on_shown(const catalog::ShownReference& shown) override {
    ReferenceFacts facts;
    facts.source = shown.source;
    facts.day = shown.date == 0 ? kNoDay : std::max(day_of(shown.date), kNoDay + 1);
    facts.language = static_cast<std::uint16_t>(languages_.number_of(shown.language));
    facts.type = static_cast<std::uint8_t>(types_.number_of(shown.type));
    facts.state = shown.state;
    made_.with_language.resize(made_.languages.size());
    if (whole_) {
      made_.table.append(shown.id, facts);
      ++made_.with_language[facts.language];
    } else {
      changes_[shown.id] = facts;
      shown_.push_back(shown.id);
    }
  }
  void on_hidden(ReferenceId id) override { changes_[id] = std::nullopt; }
  void on_source_removed(SourceId source) override { removed_.insert(source); }

  bool is_whole() const { return whole_; }
  std::span<const ReferenceId> shown() const { return shown_; }  // of the changed ones

  std::shared_ptr<const Showable> take() {
    if (!removed_.empty()) {
      made_.table.for_each([&](ReferenceId id, const ReferenceFacts& facts) {
        if (removed_.contains(facts.source)) changes_.try_emplace(id, std::nullopt);
      });
    }
    for (const auto& [id, facts] : changes_) {
      if (const ReferenceFacts* old = made_.table.find(id)) --made_.with_language[old->language];
      if (facts) ++made_.with_language[facts->language];
    }
    const std::vector<ReferenceTable::Change> changes(changes_.begin(), changes_.end());
    if (!changes.empty()) made_.table = made_.table.with(changes);
    return std::make_shared<const Showable>(std::move(made_));
  }

 private:
  Showable made_;
  Names languages_, types_;
  bool whole_ = false;
  std::map<ReferenceId, std::optional<ReferenceFacts>> changes_;
  std::vector<ReferenceId> shown_;
  std::set<SourceId> removed_;
};

std::vector<bool> allowed(const std::vector<std::string>& names, const std::vector<std::string>& wanted) {
  std::vector<bool> allowed;
  if (wanted.empty()) return allowed;
  allowed.reserve(names.size() + 1);
  for (const std::string& name : names)
    allowed.push_back(std::find(wanted.begin(), wanted.end(), name) != wanted.end());
  allowed.push_back(false);  // never empty, which means all
  return allowed;
}

}  // namespace

ReferenceSet::ReferenceSet(std::shared_ptr<const Showable> showable, std::shared_ptr<const HostTable> hosts,
                           const SearchFilter& filter)
    : showable_(std::move(showable)),
      hosts_(std::move(hosts)),
      languages_(allowed(showable_->languages, filter.languages)),
      types_(allowed(showable_->types, filter.types)),
      dated_(filter.since.has_value() || filter.until.has_value()) {
  for (const SourceId source : filter.sources) sources_.insert(to_number(source));
  for (const catalog::ReferenceState state : filter.states) states_ |= 1U << static_cast<unsigned>(state);
  if (hosts_ != nullptr) allowed_hosts_ = hosts_->allowed(filter);
  if (filter.since) first_ = *filter.since;
  if (filter.until) last_ = *filter.until;
}

bool ReferenceSet::contains(ReferenceId id) const {
  const ReferenceFacts* facts = showable_->table.find(id);
  if (facts == nullptr) return false;
  if (states_ != 0 && (states_ >> static_cast<unsigned>(facts->state) & 1U) == 0) return false;
  if (dated_ && (facts->day == kNoDay || facts->day < first_ || facts->day > last_)) return false;
  if (!languages_.empty() && !languages_[facts->language]) return false;
  if (!types_.empty() && !types_[facts->type]) return false;
  if (hosts_ != nullptr && !allowed_hosts_[hosts_->number_of(id)]) return false;
  return sources_.empty() || sources_.contains(to_number(facts->source));
}

// The mutex is held.
Result<void> ShowableCache::follow() {
  if (showable_ != nullptr && version_ == catalog_.version()) return {};
  Update update(showable_.get());
  RENVOI_TRY(const std::uint64_t reached, catalog_.follow_shown(showable_ == nullptr ? 0 : version_, update));
  if (hosts_ != nullptr && update.is_whole()) hosts_.reset();
  if (hosts_ != nullptr && !update.shown().empty()) {
    RENVOI_TRY(hosts_, hosts_->with(update.shown(), catalog_));
  }
  version_ = reached;
  showable_ = update.take();
  return {};
}

Result<std::shared_ptr<const Showable>> ShowableCache::showable() {
  const std::lock_guard lock(mutex_);
  RENVOI_CHECK(follow());
  return showable_;
}

Result<std::shared_ptr<const ReferenceSet>> ShowableCache::get(const SearchFilter& filter) {
  const std::lock_guard lock(mutex_);
  RENVOI_CHECK(follow());
  const bool by_host = !filter.domains.empty() || !filter.excluded_domains.empty();
  if (by_host && hosts_ == nullptr) {
    RENVOI_TRY(hosts_, HostTable::read(catalog_));
  }
  return std::make_shared<const ReferenceSet>(showable_, by_host ? hosts_ : nullptr, filter);
}

Result<std::vector<std::string>> ShowableCache::languages() {
  RENVOI_TRY(const std::shared_ptr<const Showable> now, showable());
  std::vector<std::pair<std::uint64_t, std::string>> counted;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < now->languages.size(); ++i) {
    if (now->with_language[i] == 0) continue;
    counted.emplace_back(now->with_language[i], now->languages[i]);
    all += now->with_language[i];
  }
  std::sort(counted.begin(), counted.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;  // the commonest first
  });
  std::vector<std::string> main;
  for (const auto& [count, language] : counted)
    if (main.size() < kMaxLanguages && count * kMainLanguageOneIn >= all) main.push_back(language);
  return main;
}

}  // namespace renvoi::search
