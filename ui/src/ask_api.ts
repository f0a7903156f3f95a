// POST /api/ask, as it comes: the events of its stream.
import { failure_of, failure_of_exception, headers_of, parse_json, type Failure } from "./api";

export type ReferenceState = "LIVE" | "SUSPECT" | "GONE" | "HOST_DOWN" | "BLOCKED" | "MOVED" | "ARCHIVED";

// A document that was read for an answer.
export interface Seen {
  reference: number; // 0: a page of the web that no source holds
  address: string;
  title: string;
  state: ReferenceState;
  checked_at: string | null; // RFC 3339; null: never
  verified: boolean; // looked at for this answer; false: as of checked_at
  date: string | null; // that the document bears
}

export interface Citation extends Seen {
  number: number;
  link: string; // the address with the directive that makes a browser mark the quote
  section: string; // the headings above the quote
  page: number; // of a document that has pages (PDF); 0: it has none
  quote: string;
  before: string; // what stands around it
  after: string;
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
  from_web: boolean;
  web_problem: string;
  understood_as: string;
  citations: Citation[];
  dropped: Dropped[];
  timings_ms: { embed: number; search: number; fetch: number; generate: number };
}

export type Step = "search" | "read" | "web" | "write";
export type AskEvent =
  | { kind: "step"; step: Step; at_ms: number }
  | { kind: "evidence"; documents: Seen[]; dropped: Dropped[] }
  | { kind: "citation"; citation: Citation }
  | { kind: "text"; text: string }
  | { kind: "answer"; answer: Answer }
  | { kind: "failed"; failure: Failure };

export type Scope = "index" | "web" | "auto";
export type Mode = "extractive" | "generative";
export interface Question {
  question: string;
  earlier_questions?: string[];
  scope?: Scope;
  mode?: Mode;
}

type Fields = Record<string, unknown>;
const text_of = (value: unknown): string => (typeof value === "string" ? value : "");
const number_of = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const fields_of = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const list_of = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fields_of) : []);

const seen_of = (each: Fields): Seen => ({
  reference: number_of(each["reference"]), address: text_of(each["address"]), title: text_of(each["title"]),
  state: text_of(each["state"]) as ReferenceState, checked_at: text_of(each["checked_at"]) || null,
  verified: each["verified"] !== false, date: text_of(each["date"]) || null,
});
const citation_of = (each: Fields): Citation => ({
  ...seen_of(each), number: number_of(each["number"]), link: text_of(each["link"]), section: text_of(each["section"]),
  page: number_of(each["page"]), quote: text_of(each["quote"]), before: text_of(each["before"]), after: text_of(each["after"]),
});
const dropped_of = (each: Fields): Dropped => ({
  reference: number_of(each["reference"]), address: text_of(each["address"]), title: text_of(each["title"]), reason: text_of(each["reason"]),
});

// What the server sent, with every field there and of its type, so that nothing below has to ask.
export function answer_of(body: unknown): Answer {
  const fields = fields_of(body);
  const timings = fields_of(fields["timings_ms"]);
  return {
    text: text_of(fields["text"]),
    language: text_of(fields["language"]),
    mode: fields["mode"] === "generative" ? "generative" : "extractive",
    abstained: fields["abstained"] === true,
    from_web: fields["from_web"] === true,
    web_problem: text_of(fields["web_problem"]),
    understood_as: text_of(fields["understood_as"]),
    citations: list_of(fields["citations"]).map(citation_of),
    dropped: list_of(fields["dropped"]).map(dropped_of),
    timings_ms: {
      embed: number_of(timings["embed"]), search: number_of(timings["search"]),
      fetch: number_of(timings["fetch"]), generate: number_of(timings["generate"]),
    },
  };
}

// One event of the stream; null for one that this page does not know.
export function event_of(name: string, data: string): AskEvent | null {
  const fields = fields_of(parse_json(data));
  switch (name) {
    case "step": {
      const step = text_of(fields["step"]);
      const known = step === "search" || step === "read" || step === "web" || step === "write";
      return known ? { kind: "step", step, at_ms: number_of(fields["at_ms"]) } : null;
    }
    case "evidence":
      return { kind: "evidence", documents: list_of(fields["documents"]).map(seen_of), dropped: list_of(fields["dropped"]).map(dropped_of) };
    case "citation": return { kind: "citation", citation: citation_of(fields) };
    case "text": return { kind: "text", text: text_of(fields["text"]) };
    case "answer": return { kind: "answer", answer: answer_of(fields) };
    case "error": return { kind: "failed", failure: failure_of(500, fields) };
    default: return null;
  }
}

// Cuts server-sent events out of text that comes in pieces. What is not yet whole is kept for the next piece.
export class EventReader {
  private rest = "";
  take(piece: string): AskEvent[] {
    const blocks = (this.rest + piece).split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      let name = "";
      let data = "";
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) name = line.slice(7);
        if (line.startsWith("data: ")) data += line.slice(6);
      }
      return event_of(name, data) ?? [];
    });
  }
}

const silence_ms = 90_000;

// Asks, and tells each event. The last is an answer or a failure, unless `stop` came first; a stream that ends without either
// is a network failure.
export async function ask(question: Question, key: string, stop: AbortSignal, tell: (event: AskEvent) => void): Promise<void> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new DOMException("", "TimeoutError")), silence_ms);
  };
  wait();
  let ended = false;
  try {
    const sent = { body: { ...question, stream: true }, key };
    const response = await fetch("/api/ask", {
      method: "POST", headers: { ...headers_of(sent), accept: "text/event-stream" }, body: JSON.stringify(sent.body),
      signal: AbortSignal.any([stop, silence.signal]),
    });
    if (!response.ok || response.body === null) {
      tell({ kind: "failed", failure: failure_of(response.status, parse_json(await response.text())) });
      return;
    }
    const events = new EventReader();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      wait();
      for (const event of events.take(decoder.decode(value, { stream: true }))) {
        ended ||= event.kind === "answer" || event.kind === "failed";
        tell(event);
      }
    }
    if (!ended) tell({ kind: "failed", failure: { kind: "network", status: 0, message: "" } });
  } catch (error) {
    if (!stop.aborted && !ended) tell({ kind: "failed", failure: failure_of_exception(silence.signal.aborted ? silence.signal.reason : error) });
  } finally {
    clearTimeout(timer);
  }
}
