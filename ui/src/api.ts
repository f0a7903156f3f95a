// The two routes this page uses, as docs/http-api.md describes them.

export type ReferenceState = "LIVE" | "SUSPECT" | "GONE" | "HOST_DOWN" | "BLOCKED" | "MOVED" | "ARCHIVED";

export interface Citation {
  number: number;
  reference: number;
  address: string;
  link: string; // the address with the directive that makes a browser mark the quote
  title: string;
  section: string; // the headings above the quote
  page: number; // of a document that has pages (PDF); 0: it has none
  quote: string;
  range: { begin: number; end: number };
  state: ReferenceState;
  checked_at: string | null; // RFC 3339; null: never
  verified: boolean; // looked at for this answer; false: as of checked_at
}

export interface Dropped {
  reference: number;
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
  timings_ms: { embed: number; search: number; fetch: number; generate: number };
}

// GET /api/stats. Every figure is optional: the page shows those it gets.
export interface Stats {
  pages?: number;
  passages?: number;
  text_bytes?: number;
  index_bytes?: number;
}

export type Failure = { kind: "network" | "timeout" | "key" | "server"; status: number; message: string };
export type Outcome<T> = { ok: true; value: T } | { ok: false; failure: Failure };

export const ask_timeout_ms = 90_000;
const stats_timeout_ms = 10_000;

type Fields = Record<string, unknown>;
const text_of = (value: unknown): string => (typeof value === "string" ? value : "");
const number_of = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const fields_of = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const list_of = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fields_of) : []);

// What the server sent, with every field there and of its type, so that nothing below has to ask.
export function answer_of(body: unknown): Answer {
  const fields = fields_of(body);
  const timings = fields_of(fields["timings_ms"]);
  const range = (value: unknown) => ({ begin: number_of(fields_of(value)["begin"]), end: number_of(fields_of(value)["end"]) });
  const common = (each: Fields) => ({
    reference: number_of(each["reference"]), address: text_of(each["address"]), title: text_of(each["title"]),
  });
  return {
    text: text_of(fields["text"]),
    language: text_of(fields["language"]),
    mode: fields["mode"] === "generative" ? "generative" : "extractive",
    abstained: fields["abstained"] === true,
    citations: list_of(fields["citations"]).map((each) => ({
      ...common(each), number: number_of(each["number"]), link: text_of(each["link"]), section: text_of(each["section"]),
      page: number_of(each["page"]), quote: text_of(each["quote"]),
      range: range(each["range"]), state: text_of(each["state"]) as ReferenceState, checked_at: text_of(each["checked_at"]) || null, verified: each["verified"] !== false,
    })),
    dropped: list_of(fields["dropped"]).map((each) => ({ ...common(each), reason: text_of(each["reason"]) })),
    timings_ms: {
      embed: number_of(timings["embed"]), search: number_of(timings["search"]),
      fetch: number_of(timings["fetch"]), generate: number_of(timings["generate"]),
    },
  };
}

// Never throws: whatever goes wrong is a Failure.
async function request(path: string, init: RequestInit, timeout_ms: number, key: string): Promise<Outcome<unknown>> {
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
  return { ok: true, value: parsed };
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

export async function ask(question: string, key: string): Promise<Outcome<Answer>> {
  const outcome = await request("/api/ask", { method: "POST", body: JSON.stringify({ question }) }, ask_timeout_ms, key);
  return outcome.ok ? { ok: true, value: answer_of(outcome.value) } : outcome;
}

export async function stats(key: string): Promise<Outcome<Stats>> {
  const outcome = await request("/api/stats", { method: "GET" }, stats_timeout_ms, key);
  return outcome.ok ? { ok: true, value: outcome.value as Stats } : outcome;
}
