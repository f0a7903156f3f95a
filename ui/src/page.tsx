// The page: a question, its answer, the sources to check it by. Text of documents is only ever a text node.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, stats, type Answer, type Failure, type Stats } from "./api";
import { AnswerView } from "./answer";
import { bytes, number, question_of, times_smaller } from "./format";
import { words_of, type Language, type Words } from "./words";

type State =
  | { step: "idle" }
  | { step: "asking" }
  | { step: "answered"; answer: Answer; question: string }
  | { step: "failed"; failure: Failure };

export function Page({ language }: { language: Language }) {
  const words = words_of(language);
  const [question, set_question] = useState(() => question_of(location.search));
  const [key, set_key] = useState("");
  const [state, set_state] = useState<State>({ step: "idle" });
  const [figures, set_figures] = useState<Stats | null>(null);
  const latest = useRef(0); // an answer that comes after a newer question is not shown

  const refresh_stats = async () => {
    const outcome = await stats(key);
    if (outcome.ok) set_figures(outcome.value);
  };
  useEffect(() => {
    void refresh_stats();
    void ask_it(); // /?q=...: where a browser goes that has this as a search engine
  }, []);

  const ask_it = async () => {
    const asked = question.trim();
    if (!asked) return;
    const turn = ++latest.current;
    set_state({ step: "asking" });
    const outcome = await ask(asked, key);
    if (turn !== latest.current) return;
    set_state(
      outcome.ok ? { step: "answered", answer: outcome.value, question: asked } : { step: "failed", failure: outcome.failure },
    );
    void refresh_stats();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void ask_it();
  };

  return (
    <>
      <header class="top">
        <h1>renvoi</h1>
        <p>{words.tagline}</p>
      </header>
      <main>
        <form class="ask" onSubmit={submit} role="search">
          <label for="question">{words.question}</label>
          <div class="row">
            <input
              id="question" name="question" type="text" autocomplete="off" autofocus required maxLength={2000}
              placeholder={words.placeholder} value={question}
              onInput={(event) => set_question(event.currentTarget.value)}
            />
            <button type="submit" disabled={state.step === "asking"}>{words.ask}</button>
          </div>
        </form>
        <div class="result" aria-live="polite" aria-busy={state.step === "asking"}>
          {state.step === "asking" && <p class="asking"><span class="pulse" aria-hidden="true" />{words.asking}</p>}
          {state.step === "failed" && (
            <FailureView failure={state.failure} words={words} use_key={(given) => { set_key(given); set_state({ step: "idle" }); }} />
          )}
          {state.step === "answered" && <AnswerView answer={state.answer} language={language} words={words} />}
        </div>
      </main>
      <footer>{figures && <Figures figures={figures} language={language} words={words} />}</footer>
    </>
  );
}

function FailureView({ failure, words, use_key }: { failure: Failure; words: Words; use_key: (key: string) => void }) {
  const [given, set_given] = useState("");
  return (
    <section class="failure" role="alert">
      <h2>{words.failed}</h2>
      <p>{words[failure.kind]}</p>
      {failure.kind !== "network" && failure.message && (
        <p class="detail">{failure.message}{failure.status ? ` (HTTP ${failure.status})` : ""}</p>
      )}
      {failure.kind === "key" && (
        <form class="row" onSubmit={(event) => { event.preventDefault(); use_key(given.trim()); }}>
          <label class="unseen" for="key">{words.key_label}</label>
          <input id="key" type="password" autocomplete="off" required placeholder={words.key_label} value={given}
                 onInput={(event) => set_given(event.currentTarget.value)} />
          <button type="submit">{words.key_use}</button>
        </form>
      )}
    </section>
  );
}

function Figures({ figures, language, words }: { figures: Stats; language: Language; words: Words }) {
  const { pages, passages, text_bytes, index_bytes } = figures;
  const parts: string[] = [];
  if (pages !== undefined) parts.push(`${number(pages, language)} ${words.pages}`);
  if (passages !== undefined) parts.push(`${number(passages, language)} ${words.passages}`);
  if (text_bytes !== undefined) parts.push(`${bytes(text_bytes, language)} ${words.text}`);
  if (index_bytes !== undefined) parts.push(`${bytes(index_bytes, language)} ${words.index}`);
  const times = times_smaller(text_bytes ?? 0, index_bytes ?? 0);
  if (times !== null) parts.push(`${number(times, language, 1)} ${words.smaller}`);
  return <ul class="figures">{parts.map((part) => <li key={part}>{part}</li>)}</ul>;
}
