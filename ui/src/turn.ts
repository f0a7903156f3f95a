// One question and what became of it: a value, and how each event changes it.
import type { Answer, AskEvent, Citation, Dropped, Mode, Scope, Seen, Step } from "./ask_api";
import type { Failure } from "./api";

export interface TimedStep {
  step: Step;
  at_ms: number; // since the question
}

export interface Turn {
  id: number;
  question: string;
  earlier: string[];
  scope: Scope | null;
  mode: Mode | null;
  // lost: the connection broke; it is asked again when the server is back.
  state: "working" | "done" | "failed" | "stopped" | "lost";
  began_ms: number; // of performance.now()
  steps: TimedStep[];
  documents: Seen[];
  dropped: Dropped[];
  citations: Citation[];
  text: string;
  answer: Answer | null;
  failure: Failure | null;
}

export const new_turn = (id: number, question: string, earlier: string[], scope: Scope | null, mode: Mode | null, began_ms: number): Turn => ({
  id, question, earlier, scope, mode, state: "working", began_ms,
  steps: [], documents: [], dropped: [], citations: [], text: "", answer: null, failure: null,
});

// The same question, from the beginning.
export const again = (turn: Turn, began_ms: number): Turn => new_turn(turn.id, turn.question, turn.earlier, turn.scope, turn.mode, began_ms);

export function after(turn: Turn, event: AskEvent): Turn {
  switch (event.kind) {
    case "step": return { ...turn, steps: [...turn.steps, { step: event.step, at_ms: event.at_ms }] };
    case "evidence": return { ...turn, documents: event.documents, dropped: [...turn.dropped, ...event.dropped] };
    case "citation": return { ...turn, citations: [...turn.citations, event.citation] };
    case "text": return { ...turn, text: turn.text + event.text };
    case "answer":
      return { ...turn, state: "done", answer: event.answer, text: event.answer.text, citations: event.answer.citations, dropped: event.answer.dropped };
    case "failed": return { ...turn, state: event.failure.kind === "network" ? "lost" : "failed", failure: event.failure };
  }
}

// A document, with the numbers of the citations that are from it.
export interface SourceCard extends Seen {
  numbers: number[];
}

// What is cited in the order of its numbers, then what was read: while an answer comes, all; once it is there, what it cites.
export function source_cards(turn: Turn): SourceCard[] {
  const cards: SourceCard[] = [];
  for (const citation of turn.citations) {
    const known = cards.find((card) => card.address === citation.address);
    if (known) known.numbers.push(citation.number);
    else cards.push({ ...citation, numbers: [citation.number] });
  }
  if (turn.state !== "working") return cards;
  for (const seen of turn.documents) if (!cards.some((card) => card.address === seen.address)) cards.push({ ...seen, numbers: [] });
  return cards;
}

// Read for the answer, and not cited by it.
export const read_only = (turn: Turn): Seen[] =>
  turn.documents.filter((seen) => !turn.citations.some((citation) => citation.address === seen.address));
