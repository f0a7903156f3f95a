// When a page is looked at again: often where it changes often, seldom where it does not. Pure.
//
// The rate of change is estimated from how often a look found another text (Cho and Garcia-Molina, "Estimating
// frequency of change", ACM TOIT 3(3), 2003: their estimator for looks that see only whether something changed), with a
// prior of a sixth of a change, so that one quiet look does not make a page eternal. The interval is that which makes
// the share of time in which a text is stale smallest for a given number of requests (the same authors, "Effective page
// refresh policies for web crawlers", ACM TODS 28(4), 2003): with few changes it grows with the square root of the time
// between them, and what changes all the time is not worth a look much more often than a page that changes daily.
//
// What its lists say of a page (sitemaps, feeds) is believed as far as those of its host told the truth before.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "catalog/types.h"

namespace renvoi::crawl {

struct RevisitPolicy {
  bool adaptive = true;                 // false: always after the source's revisit_after_s
  std::int64_t shortest_s = 3'600;      // floor, unless the source asks for less
  std::int64_t longest_s = 7 * 86'400;  // ceiling, unless the source asks for more: how long a dead page may look alive
  std::int64_t lists_s = 6 * 3'600;     // a source's sitemaps are read so often; a quarter of it where they say little
  std::uint32_t unconditional_each = 20;  // one look in so many asks for the whole page; 0: never
};

// One more look at the text: it was another one, or not. What is old weighs less (the counts are halved at 64).
catalog::CheckHistory compared(catalog::CheckHistory history, Timestamp at, bool changed);

// Changes a second; half a change in `base_s` when nothing was seen yet.
double change_rate(const catalog::CheckHistory& history, std::int64_t base_s);

// `base_s`: the source's revisit_after_s, which is the interval of a page that changes once in five of them; 0: always.
std::int64_t revisit_interval_s(const catalog::CheckHistory& history, std::int64_t base_s,
                                const RevisitPolicy& policy = {});

// One more look at a page that a list dated before or after the look before it. What is old weighs less.
catalog::ListingRecord held_against(catalog::ListingRecord record, bool said_newer, bool changed);

// A sitemap or a feed says that the page was last changed at `modified_at` (0, or more than a day ahead: it says
// nothing): when it is to be looked at, which may be in the past. At once, but not twice in `shortest_s`, when that is
// later than the last look, unless most of what the lists of its host call newer is not: many generators write the time
// of their own run. When it is not later, at the ceiling, where next to nothing changes that they do not tell; half as
// often as without them while nobody knows; and as without them where they never write a new date.
Timestamp due_when_listed(const catalog::Reference& reference, Timestamp modified_at, Timestamp now,
                          const catalog::ListingRecord& record, std::int64_t base_s, const RevisitPolicy& policy = {});

// How often a sitemap of such a record is read: `lists_s`, or a fourth as often where its dates are not to be believed,
// and it only tells of new pages.
std::int64_t list_interval_s(const catalog::ListingRecord& record, const RevisitPolicy& policy = {});

// Whether this look is one of those that ask for the whole page, whatever its validators: servers lie. By the
// reference's number and the count of its looks, so that it is the same on every machine.
bool asks_unconditionally(const catalog::Reference& reference, const RevisitPolicy& policy = {});

}  // namespace renvoi::crawl
