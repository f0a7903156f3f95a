// Questions and their answers, as one conversation; and the way to the first answer when there is nothing to ask yet.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { is_up } from "../api";
import { ask, type Mode, type Scope } from "../ask_api";
import { useLoaded, useShared } from "../context";
import { bytes, number, question_of, times_smaller } from "../format";
import { QuestionBox, type Choices, type Possible } from "../parts/question_box";
import { FailureView } from "../parts/small";
import { TurnView } from "../parts/turn_view";
import { forget_asked, remember, remembered } from "../preferences";
import { after, again, new_turn, type Turn } from "../turn";
import { FirstRun } from "./first_run";

// GET /api/stats, as far as it is shown here.
export interface Stats {
  sources: number;
  pages: number;
  passages: number;
  text_bytes: number;
  index_bytes: number;
  catalog_bytes: number;
  default_mode: Mode;
  ask?: { scopes: Scope[]; default_scope: Scope; modes: Mode[]; feedback: boolean };
}

const nothing_known: Possible = { scopes: ["index"], modes: ["extractive"], default_scope: "index", default_mode: "extractive" };
const most_earlier = 8;
const look_again_ms = 1_000;

export function AskPage({ shown }: { shown: boolean }) {
  const { words, language, key } = useShared();
  const stats = useLoaded<Stats>("/api/stats");
  const [turns, set_turns] = useState<Turn[]>([]);
  const [asked, set_asked] = useState(remembered);
  const next_id = useRef(1);
  const stopper = useRef<AbortController | null>(null);
  const key_now = useRef(key);
  key_now.current = key;

  const change = useCallback((id: number, how: (turn: Turn) => Turn) => {
    set_turns((all) => all.map((turn) => (turn.id === id ? how(turn) : turn)));
  }, []);

  // Asks until there is an answer: while the server is away it waits for it.
  const run = useCallback(async (first: Turn) => {
    stopper.current?.abort();
    const stop = new AbortController();
    stopper.current = stop;
    for (let turn = first; !stop.signal.aborted; turn = again(turn, performance.now())) {
      let lost = false;
      change(turn.id, () => turn);
      const question = {
        question: turn.question, ...(turn.earlier.length ? { earlier_questions: turn.earlier } : {}),
        ...(turn.scope ? { scope: turn.scope } : {}), ...(turn.mode ? { mode: turn.mode } : {}),
      };
      await ask(question, key_now.current, stop.signal, (event) => {
        lost ||= event.kind === "failed" && event.failure.kind === "network";
        if (!stop.signal.aborted) change(turn.id, (current) => after(current, event));
      });
      if (!lost) break;
      do await new Promise((done) => setTimeout(done, look_again_ms));
      while (!stop.signal.aborted && !(await is_up()));
    }
    if (!stop.signal.aborted) void stats.reload();
  }, [change, stats.reload]);

  const ask_it = useCallback((question: string, choices: Choices) => {
    set_asked(remember(question, Date.now()));
    const earlier = turns.map((turn) => turn.question).slice(-most_earlier);
    const turn = new_turn(next_id.current++, question, earlier, choices.scope, choices.mode, performance.now());
    set_turns([...turns, turn]);
    void run(turn);
  }, [turns, run]);
  const stop = useCallback(() => {
    stopper.current?.abort();
    set_turns((all) => all.map((turn) => (turn.state === "working" || turn.state === "lost" ? { ...turn, state: "stopped" } : turn)));
  }, []);
  const begin_anew = useCallback(() => { stop(); set_turns([]); }, [stop]);
  const retry = useCallback((turn: Turn) => void run(again(turn, performance.now())), [run]);

  useEffect(() => {
    const question = question_of(location.search); // /?q=...: where a browser goes that has this as a search engine
    if (question) ask_it(question, { scope: null, mode: null });
  }, []);
  // A question that failed for want of a key is asked again with it.
  useEffect(() => {
    const last = turns.at(-1);
    if (key && last?.state === "failed" && last.failure?.kind === "key") retry(last);
  }, [key]);
  // The answer to a follow-up comes into view.
  useEffect(() => {
    if (turns.length > 1) document.querySelector("article.turn:last-of-type")?.scrollIntoView({ block: "start" });
  }, [turns.length]);

  const figures = stats.value;
  const possible: Possible = figures?.ask ? { ...figures.ask, default_mode: figures.default_mode } : nothing_known;
  const working = turns.some((turn) => turn.state === "working" || turn.state === "lost");
  const empty = figures !== null && figures.pages === 0 && turns.length === 0;
  return (
    <>
      {turns.length === 0 && <p class="tagline">{words.tagline}</p>}
      {empty && <FirstRun shown={shown} grown={stats.reload} />}
      {turns.map((turn) => <TurnView key={turn.id} turn={turn} retry={retry} may_give_feedback={possible === nothing_known ? false : figures?.ask?.feedback ?? false} />)}
      {stats.failure && turns.length === 0 && <FailureView failure={stats.failure} retry={() => void stats.reload()} />}
      {!empty && <QuestionBox first={turns.length === 0} begin_with="" possible={possible} working={working} ask={ask_it} stop={stop} begin_anew={begin_anew} />}
      {turns.length === 0 && asked.length > 0 && (
        <details class="history">
          <summary>{words.history}</summary>
          <p class="hint">{words.history_hint} <button type="button" class="plain" onClick={() => set_asked(forget_asked())}>{words.history_forget}</button></p>
          <ul>{asked.map((each) => (
            <li key={each.at_ms}><button type="button" class="link" onClick={() => ask_it(each.question, { scope: null, mode: null })}>{each.question}</button></li>
          ))}</ul>
        </details>
      )}
      {figures && figures.pages > 0 && turns.length === 0 && <Figures figures={figures} />}
    </>
  );

  function Figures({ figures }: { figures: Stats }) {
    const index_bytes = figures.index_bytes + figures.catalog_bytes;
    const times = times_smaller(figures.text_bytes, index_bytes);
    const parts = [
      `${number(figures.pages, language)} ${words.pages}`, `${number(figures.passages, language)} ${words.passages}`,
      `${bytes(figures.text_bytes, language)} ${words.of_text}`, `${bytes(index_bytes, language)} ${words.of_index}`,
      ...(times === null ? [] : [`${number(times, language, 1)} ${words.smaller}`]),
    ];
    return <ul class="figures">{parts.map((part) => <li key={part}>{part}</li>)}</ul>;
  }
}
