#include "search/reference_table.h"

#include <algorithm>
#include <bit>

namespace renvoi::search {

const ReferenceFacts* ReferenceTable::find(ReferenceId id) const {
  const std::uint32_t number = to_number(id);
  const std::size_t at = number / kPageNumbers;
  if (at >= pages_.size() || pages_[at] == nullptr) return nullptr;
  const Page& page = *pages_[at];
  const std::uint32_t word = number % kPageNumbers / 64;
  const std::uint64_t bit = std::uint64_t{1} << (number % 64);
  if ((page.present[word] & bit) == 0) return nullptr;
  return &page.facts[page.before[word] + static_cast<std::size_t>(std::popcount(page.present[word] & (bit - 1)))];
}

void ReferenceTable::append(ReferenceId id, const ReferenceFacts& facts) {
  const std::uint32_t number = to_number(id);
  const std::size_t at = number / kPageNumbers;
  if (last_ == nullptr || at + 1 != pages_.size()) {
    if (last_ != nullptr) last_->facts.shrink_to_fit();
    last_ = std::make_shared<Page>();
    pages_.resize(at + 1);
    pages_[at] = last_;
  }
  const std::uint32_t word = number % kPageNumbers / 64;
  last_->present[word] |= std::uint64_t{1} << (number % 64);
  last_->facts.push_back(facts);
  for (std::size_t after = word + 1; after < last_->before.size(); ++after)
    last_->before[after] = static_cast<std::uint16_t>(last_->facts.size());
  ++size_;
}

std::shared_ptr<const ReferenceTable::Page> ReferenceTable::changed(const Page* page, std::span<const Change> changes) {
  static const Page kEmpty;
  const Page& old = page == nullptr ? kEmpty : *page;
  auto made = std::make_shared<Page>();
  made->facts.reserve(old.facts.size() + changes.size());
  std::size_t next_old = 0, next = 0;
  for (std::uint32_t i = 0; i < kPageNumbers; ++i) {
    if (i % 64 == 0) made->before[i / 64] = static_cast<std::uint16_t>(made->facts.size());
    const bool was = (old.present[i / 64] >> (i % 64) & 1U) != 0;
    const bool changes_here = next < changes.size() && to_number(changes[next].first) % kPageNumbers == i;
    const ReferenceFacts* facts = was ? &old.facts[next_old] : nullptr;
    if (was) ++next_old;
    if (changes_here) {
      const auto& change = changes[next++].second;
      facts = change ? &*change : nullptr;
    }
    if (facts == nullptr) continue;
    made->present[i / 64] |= std::uint64_t{1} << (i % 64);
    made->facts.push_back(*facts);
  }
  if (made->facts.empty()) return nullptr;
  return made;
}

ReferenceTable ReferenceTable::with(std::span<const Change> changes) const {
  ReferenceTable table;
  table.pages_ = pages_;
  table.size_ = size_;
  while (!changes.empty()) {
    const std::size_t at = to_number(changes.front().first) / kPageNumbers;
    const auto end = std::find_if(changes.begin(), changes.end(),
                                  [&](const Change& change) { return to_number(change.first) / kPageNumbers != at; });
    const auto here = changes.first(static_cast<std::size_t>(end - changes.begin()));
    changes = changes.subspan(here.size());
    if (at >= table.pages_.size()) table.pages_.resize(at + 1);
    std::shared_ptr<const Page>& page = table.pages_[at];
    if (page != nullptr) table.size_ -= page->facts.size();
    page = changed(page.get(), here);
    if (page != nullptr) table.size_ += page->facts.size();
  }
  return table;
}

std::size_t ReferenceTable::memory_bytes() const {
  std::size_t bytes = pages_.capacity() * sizeof pages_[0];
  for (const auto& page : pages_)
    if (page != nullptr) bytes += sizeof *page + page->facts.capacity() * sizeof(ReferenceFacts);
  return bytes;
}

}  // namespace renvoi::search
