// The two routes this page uses, as docs/http-api.md describes them.

export type ReferenceState = "LIVE" | "SUSPECT" | "GONE" | "HOST_DOWN" | "BLOCKED" | "MOVED";

export interface Citation {
  number: number;
  reference: number | string;
  address: string;
  title: string;
  heading_path: string;
  quote: string;
  range: { begin: number; end: number };
  state: ReferenceState;
  checked_at: number | string;
}

export interface Dropped {
  reference: number | string;
  address: string;
  title: string;
  reason: string;
}

export interface Answer {
  text: string;
  language: string;
  mode: "extractive" | "generative";
  abstained: boolean;
  citations: Citation[];
  dropped: Dropped[];
  timings: { embed_ms: number; search_ms: number; fetch_ms: number; generate_ms: number };
}

// GET /api/stats. Every figure is optional: the page shows those it gets.
export interface Stats {
  references?: number;
  passages?: number;
  text_bytes?: number;
  index_bytes?: number;
}

export type Failure = { kind: "network" | "timeout" | "key" | "server"; status: number; message: string };
export type Outcome<T> = { ok: true; value: T } | { ok: false; failure: Failure };

export const ask_timeout_ms = 90_000;
const stats_timeout_ms = 10_000;

// Never throws: whatever goes wrong is a Failure.
async function request<T>(path: string, init: RequestInit, timeout_ms: number, key: string): Promise<Outcome<T>> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (init.body) headers["content-type"] = "application/json";
  if (key) headers["authorization"] = `Bearer ${key}`;
  let response: Response;
  let body: string;
  try {
    response = await fetch(path, { ...init, headers, signal: AbortSignal.timeout(timeout_ms) });
    body = await response.text();
  } catch (error) {
    const kind = error instanceof DOMException && error.name === "TimeoutError" ? "timeout" : "network";
    return { ok: false, failure: { kind, status: 0, message: String(error) } };
  }
  const parsed = parse_json(body);
  if (!response.ok) return { ok: false, failure: failure_of(response.status, parsed) };
  if (typeof parsed !== "object" || parsed === null) {
    return { ok: false, failure: { kind: "server", status: response.status, message: "The answer is not JSON." } };
  }
  return { ok: true, value: parsed as T };
}

function parse_json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// The server's own message where it gave one ({"error":{"message"}}), which says what to do.
export function failure_of(status: number, body: unknown): Failure {
  const error = (body as { error?: unknown } | null)?.error;
  const message =
    typeof error === "string" ? error
    : typeof (error as { message?: unknown } | null)?.message === "string" ? (error as { message: string }).message
    : "";
  return { kind: status === 401 || status === 403 ? "key" : "server", status, message };
}

export const ask = (question: string, key: string): Promise<Outcome<Answer>> =>
  request<Answer>("/api/ask", { method: "POST", body: JSON.stringify({ question }) }, ask_timeout_ms, key);

export const stats = (key: string): Promise<Outcome<Stats>> =>
  request<Stats>("/api/stats", { method: "GET" }, stats_timeout_ms, key);
