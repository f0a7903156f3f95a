// How fast a source is read, and how long that may still take.
import type { Job } from "./collection_api";

export interface Rate {
  done: number; // documents looked at
  waiting: number; // known, and not looked at yet
  per_s: number;
  remaining_s: number | null; // null: not known
}

export function rate_of(job: Job): Rate {
  const { sync } = job.progress;
  const done = sync.fetched + sync.unchanged + sync.failed + sync.gone;
  const per_s = job.seconds > 0 ? done / job.seconds : 0;
  return { done, waiting: sync.waiting, per_s, remaining_s: per_s > 0 && job.state === "running" ? sync.waiting / per_s : null };
}
