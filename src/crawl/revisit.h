// When a page is looked at again: often where it changes often, seldom where it does not. Pure.
//
// The rate of change is estimated from how often a look found another text (Cho and Garcia-Molina, "Estimating
// frequency of change", ACM TOIT 3(3), 2003: their estimator for looks that see only whether something changed), with a
// prior of a sixth of a change, so that one quiet look does not make a page eternal. The interval is that which makes
// the mean age of unseen changes smallest for a given number of requests (the same authors, "Effective page refresh
// policies for web crawlers", ACM TODS 28(4), 2003): for intervals below the time between changes it grows with the
// cube root of that time.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "catalog/types.h"

namespace renvoi::crawl {

struct RevisitPolicy {
  bool adaptive = true;                 // false: always after the source's revisit_after_s
  std::int64_t shortest_s = 3'600;      // floor, unless the source asks for less
  std::int64_t longest_s = 7 * 86'400;  // ceiling, unless the source asks for more: how long a dead page may look alive
  std::uint32_t unconditional_each = 20;  // one look in so many asks for the whole page; 0: never
};

// One more look at the text: it was another one, or not. What is old weighs less (the counts are halved at 64).
// `listed_each_s`, where a list that is read so often asked for this look: each reading before, which said nothing new,
// counts as a look that saw no change.
catalog::CheckHistory compared(catalog::CheckHistory history, Timestamp at, bool changed,
                               std::int64_t listed_each_s = 0);

// Changes a second; half a change in `base_s` when nothing was seen yet.
double change_rate(const catalog::CheckHistory& history, std::int64_t base_s);

// `base_s`: the source's revisit_after_s, which is the interval of a page that changes once in two of them; 0: always.
std::int64_t revisit_interval_s(const catalog::CheckHistory& history, std::int64_t base_s,
                                const RevisitPolicy& policy = {});

// A sitemap or a feed says that the page was last changed at `modified_at` (0: it says nothing): when it is to be
// looked at. Now when that is later than the last look, but at most twice as often as without such hints: many
// generators write the time of their own run. When it is not later, half as often as without, since some never write a
// new one.
Timestamp due_when_listed(const catalog::Reference& reference, Timestamp modified_at, Timestamp now,
                          std::int64_t base_s, const RevisitPolicy& policy = {});

// Whether this look is one of those that ask for the whole page, whatever its validators: servers lie. By the
// reference's number and the count of its looks, so that it is the same on every machine.
bool asks_unconditionally(const catalog::Reference& reference, const RevisitPolicy& policy = {});

}  // namespace renvoi::crawl
