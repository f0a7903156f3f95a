// What the server says of sources and references: docs/http-api.md.
import type { ReferenceState } from "./ask_api";

export type ByState = Partial<Record<ReferenceState, number>>;
export type JobState = "queued" | "running" | "done" | "failed" | "stopped";

export interface Job {
  state: JobState;
  progress: {
    sync: { fetched: number; unchanged: number; new_documents: number; changed_documents: number; failed: number; gone: number; skipped: number; waiting: number; current: string };
    documents_indexed: number;
    passages_indexed: number;
    passages_waiting: number;
    passages_per_s: number;
  };
  report: { problems: { address: string; reason: string }[]; held: boolean; complete: boolean } | null;
  error: string | null;
  seconds: number;
}

export interface Policy {
  retention: "none" | "text" | "page";
  allow_private_addresses: boolean;
  obey_robots: boolean;
  max_depth: number;
  max_pages: number;
  min_delay_ms: number;
  revisit_after_s: number;
  path_prefix: string;
  use_sitemaps: boolean;
  requests_per_minute: number;
  serve_gone: boolean;
}

export interface Source {
  id: number;
  kind: string;
  address: string;
  policy: Policy;
  added_at: string | null;
  synced_at: string | null;
  last_outcome: string;
  job: Job | null;
}

export interface SourceDetail extends Source {
  pages: number;
  passages: number;
  references_by_state: ByState;
}

export interface Preview {
  kind: string;
  address: string;
  pages: { address: string; title: string; language: string; type: string | null; passages: number }[];
  waiting: string[];
  waiting_count: number;
  problems: { address: string; reason: string }[];
  complete: boolean;
  seconds: number;
}

export interface DayEvent {
  day: string; // 2026-11-24
  source: number | null;
  event: string;
  number: number;
}

export interface Counts {
  references_by_state: ByState;
  sources: { source: number; references_by_state: ByState }[];
  events: DayEvent[];
  events_since: string | null;
}

export interface ReferenceRow {
  id: number;
  source: number;
  address: string;
  title: string;
  language: string;
  type: string | null;
  date: string | null;
  state: ReferenceState;
  state_since: string | null;
  reason: string;
  in_answers: boolean;
  checked_at: string | null;
  next_check_at: string | null;
  passages: number;
}

export interface ReferenceDetail extends ReferenceRow {
  moved_to: string;
  failures: number;
  history: { checks: number; comparisons: number; changes: number; watched_s: number };
  trail: { at: string | null; event: string; reason: string }[];
}
