// How many references a source had in each state at the end of each day, reckoned back from now by what happened since.
import type { ReferenceState } from "./ask_api";
import type { ByState, DayEvent } from "./collection_api";

// shown: may be in answers; troubled: may come back; gone: a tombstone.
export interface Day {
  day: string; // 2026-11-24, UTC
  shown: number;
  troubled: number;
  gone: number;
}

const group_of: Record<ReferenceState, "shown" | "troubled" | "gone"> = {
  LIVE: "shown", MOVED: "shown", ARCHIVED: "shown", SUSPECT: "troubled", HOST_DOWN: "troubled", BLOCKED: "troubled", GONE: "gone",
};

export function grouped(by_state: ByState): { shown: number; troubled: number; gone: number } {
  const groups = { shown: 0, troubled: 0, gone: 0 };
  for (const [state, count] of Object.entries(by_state)) groups[group_of[state as ReferenceState]] += count ?? 0;
  return groups;
}

const day_text = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

// Oldest first, `today` last. `events`: of this source. Nothing is below 0: what was removed for good is in no count.
export function states_by_day(now: ByState, events: readonly DayEvent[], today: string, days: number): Day[] {
  const last = Date.parse(`${today}T00:00:00Z`) / 86_400_000;
  const counts = { ...grouped(now) };
  const all: Day[] = [];
  for (let day = last; day > last - days; --day) {
    const text = day_text(day);
    all.unshift({ day: text, shown: Math.max(0, counts.shown), troubled: Math.max(0, counts.troubled), gone: Math.max(0, counts.gone) });
    for (const each of events) {
      if (each.day !== text) continue;
      const change = / -> /.test(each.event) ? each.event.split(" -> ") : null;
      if (change) {
        const [from, to] = change as [ReferenceState, ReferenceState];
        if (group_of[from]) counts[group_of[from]] += each.number;
        if (group_of[to]) counts[group_of[to]] -= each.number;
      } else if (each.event === "found") {
        counts.shown -= each.number;
      }
    }
  }
  return all;
}
