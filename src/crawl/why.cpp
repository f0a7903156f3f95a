#include "crawl/why.h"

#include <algorithm>

namespace renvoi::crawl {
namespace {

using catalog::Reference;
using catalog::ReferenceState;

std::string counted(std::uint64_t number, const char* one, const char* several) {
  return std::to_string(number) + " " + (number == 1 ? one : several);
}

std::string time_span(std::int64_t seconds) {
  if (seconds < 2 * 3'600)
    return counted(static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0) / 60), "minute", "minutes");
  if (seconds < 2 * 86'400) return counted(static_cast<std::uint64_t>(seconds / 3'600), "hour", "hours");
  return counted(static_cast<std::uint64_t>(seconds / 86'400), "day", "days");
}

std::string because(const Reference& reference) { return reference.reason.empty() ? "" : ": " + reference.reason; }

std::string state_of(const Reference& reference, const LifePolicy& life) {
  const std::string since = " since " + to_rfc3339(reference.state_since);
  switch (reference.state) {
    case ReferenceState::live:
      return reference.indexed ? "LIVE: its server gave it, and the index holds it" + because(reference)
                               : "LIVE, and not in the index yet";
    case ReferenceState::moved:
      return reference.moved_to.empty()
                 ? "MOVED" + since + because(reference)
                 : "MOVED" + since + ": it leads for good to " + reference.moved_to + ", which is not of this source";
    case ReferenceState::suspect:
      return "SUSPECT" + since + because(reference) + ". " + counted(reference.failures, "look", "looks") +
             " found it missing; it is GONE when " + std::to_string(life.gone_missing_times) + " over at least " +
             time_span(life.gone_missing_s) + " do, or two of HTTP 410 " + time_span(life.gone_410_confirm_s) +
             " apart, unless most of its host is missing";
    case ReferenceState::host_down:
      return "HOST_DOWN" + since + because(reference) + ". That is its host's trouble, counted " +
             counted(reference.failures, "time", "times") + "; it is GONE after " +
             std::to_string(life.host_down_gone_tries) + " over at least " + time_span(life.host_down_gone_s);
    case ReferenceState::blocked:
      return "BLOCKED" + since + because(reference) +
             ". That says nothing of whether it is there: it never becomes GONE";
    case ReferenceState::archived:
      return "ARCHIVED" + since + because(reference) + ". " + counted(reference.failures, "look", "looks") +
             " found it missing; its source serves what is gone, so the copy in the cache stays in answers, labelled, "
             "until the cache needs its room";
    case ReferenceState::gone:
      return "GONE" + since + because(reference) + ". The index holds nothing of it; this tombstone is kept";
  }
  return {};
}

std::string checked_of(const Reference& reference, Timestamp now) {
  if (reference.checked_at == 0) return "never: its server has not answered yet";
  std::string text = to_rfc3339(reference.checked_at) + ", " + time_span(now - reference.checked_at) + " ago";
  const catalog::CheckHistory& history = reference.history;
  if (history.checks > 0) text += "; " + counted(history.checks, "answer", "answers") + " so far";
  if (history.comparisons > 0)
    text += "; of late its text was another at " + std::to_string(history.changes) + " of " +
            counted(history.comparisons, "look", "looks") + " over " + time_span(history.watched_s);
  return text;
}

std::string next_of(const Reference& reference, std::int64_t base_s, Timestamp now, const RevisitPolicy& revisit) {
  const bool shown = reference.state == ReferenceState::live || reference.state == ReferenceState::moved;
  const std::string when = reference.next_check_at <= now
                               ? "at the next sync"
                               : "at the first sync after " + to_rfc3339(reference.next_check_at) + " (in " +
                                     time_span(reference.next_check_at - now) + ")";
  if (reference.state == ReferenceState::gone)
    return "looked at again " + when +
           ", or at once when a sitemap or a feed lists it; if it is there, it is read anew";
  if (!shown) return "looked at again " + when + "; if it is there, it is LIVE at once";
  return "looked at again " + when + ": its interval is now " +
         time_span(revisit_interval_s(reference.history, base_s, revisit)) +
         (asks_unconditionally(reference, revisit) ? "; it will be asked for whole, whatever its validators" : "");
}

}  // namespace

Why why(const Reference& reference, std::int64_t base_s, Timestamp now, const LifePolicy& life,
        const RevisitPolicy& revisit) {
  Why told;
  told.state = state_of(reference, life);
  told.checked = checked_of(reference, now);
  told.next = next_of(reference, base_s, now, revisit);
  told.in_answers = reference.indexed && may_be_shown(reference.state);
  return told;
}

}  // namespace renvoi::crawl
