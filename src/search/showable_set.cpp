#include "search/showable_set.h"

#include <algorithm>

namespace renvoi::search {
namespace {

constexpr std::size_t kMaxSets = 64;      // pairs of source and language kept at once
constexpr std::size_t kMaxLanguages = 4;  // analysed for each query
constexpr std::uint64_t kMainLanguageOneIn = 20;

}  // namespace

ReferenceSet::ReferenceSet(const std::vector<ReferenceId>& ids) {
  std::uint32_t largest = 0;
  for (const ReferenceId id : ids) largest = std::max(largest, to_number(id));
  present_.resize(static_cast<std::size_t>(largest) + 1, false);
  for (const ReferenceId id : ids) present_[to_number(id)] = true;
}

bool ReferenceSet::contains(ReferenceId id) const {
  const std::size_t number = to_number(id);
  return number < present_.size() && present_[number];
}

void ShowableCache::forget_if_changed() {
  const std::uint64_t version = catalog_.version();
  if (version_ == version) return;
  sets_.clear();
  languages_.reset();
  version_ = version;
}

Result<std::shared_ptr<const ReferenceSet>> ShowableCache::get(std::optional<SourceId> source,
                                                               const std::string& language) {
  const std::lock_guard lock(mutex_);
  forget_if_changed();
  const std::pair key{source ? to_number(*source) : 0U, language};
  if (const auto found = sets_.find(key); found != sets_.end()) return found->second;
  RENVOI_TRY(const std::vector<ReferenceId> ids, catalog_.showable(source, language));
  if (sets_.size() >= kMaxSets) sets_.clear();
  std::shared_ptr<const ReferenceSet> set = std::make_shared<ReferenceSet>(ids);
  sets_[key] = set;
  return set;
}

Result<std::vector<std::string>> ShowableCache::languages() {
  const std::lock_guard lock(mutex_);
  forget_if_changed();
  if (languages_) return *languages_;
  RENVOI_TRY(const auto counted, catalog_.languages());
  std::uint64_t all = 0;
  for (const auto& [language, count] : counted) all += count;
  std::vector<std::string> main;
  for (const auto& [language, count] : counted) {
    if (main.size() < kMaxLanguages && count * kMainLanguageOneIn >= all) main.push_back(language);
  }
  languages_ = main;
  return main;
}

}  // namespace renvoi::search
