// The few facts of each reference that a search asks for, in memory: 12 bytes for each, and less than two bits for each
// number that is none of them.
//
// Pages of 4,096 numbers, immutable and shared: a new table shares with the one before it all pages in which nothing
// changed, so that a search keeps the table it began with and a change costs what it touches.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/date.h"
#include "base/ids.h"
#include "catalog/types.h"

namespace renvoi::search {

inline constexpr Day kNoDay = INT32_MIN;

struct ReferenceFacts {
  SourceId source = SourceId::none;
  Day day = kNoDay;
  std::uint16_t language = 0;  // numbers in lists of names kept elsewhere
  std::uint8_t type = 0;
  catalog::ReferenceState state = catalog::ReferenceState::live;
  bool operator==(const ReferenceFacts&) const = default;
};
static_assert(sizeof(ReferenceFacts) == 12);

class ReferenceTable {
 public:
  // Facts of a reference, or nothing: it is not in the table any more.
  using Change = std::pair<ReferenceId, std::optional<ReferenceFacts>>;
  // `changes` sorted by reference, each once. O(changes x 4,096) at most, and a pointer for each page.
  ReferenceTable with(std::span<const Change> changes) const;
  // Adds one whose number is above all before: how a whole table is made. Only of a table that nobody else has.
  void append(ReferenceId id, const ReferenceFacts& facts);

  // Null when it is not in the table. O(1).
  const ReferenceFacts* find(ReferenceId id) const;
  // All of them, by number: `each(ReferenceId, const ReferenceFacts&)`.
  template <typename Each>
  void for_each(const Each& each) const;

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kPageNumbers = 4'096;
  struct Page {
    std::array<std::uint64_t, kPageNumbers / 64> present{};
    std::array<std::uint16_t, kPageNumbers / 64> before{};  // how many are in the words before
    std::vector<ReferenceFacts> facts;                      // of those present, in order
  };
  static std::shared_ptr<const Page> changed(const Page* page, std::span<const Change> changes);

  std::vector<std::shared_ptr<const Page>> pages_;  // null: nothing in it
  std::shared_ptr<Page> last_;                      // that append() fills; the last of pages_
  std::size_t size_ = 0;
};

template <typename Each>
void ReferenceTable::for_each(const Each& each) const {
  for (std::size_t number = 0; number < pages_.size(); ++number) {
    const Page* page = pages_[number].get();
    if (page == nullptr) continue;
    std::size_t next = 0;
    for (std::uint32_t i = 0; i < kPageNumbers; ++i) {
      if ((page->present[i / 64] >> (i % 64) & 1U) != 0)
        each(static_cast<ReferenceId>(number * kPageNumbers + i), page->facts[next++]);
    }
  }
}

}  // namespace renvoi::search
