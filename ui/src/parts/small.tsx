// Small things that many pages show.
import { useEffect, useState } from "preact/hooks";
import type { Failure } from "../api";
import { useShared } from "../context";
import { age, moment_of, seconds_of } from "../format";
import { reason_in } from "../reasons";

export function Badge({ state }: { state: string }) {
  const { words } = useShared();
  const word = (words as Record<string, string>)[state];
  return <span class={`badge ${state.toLowerCase()}`}>{word ?? state}</span>;
}

// "2 s ago", which goes on counting.
export function Ago({ moment, label }: { moment: string | null; label?: string }) {
  const { words, language } = useShared();
  const [now_s, set_now_s] = useState(Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => set_now_s(Date.now() / 1000), 5_000);
    return () => clearInterval(timer);
  }, []);
  const moment_s = seconds_of(moment);
  if (moment_s === null) return <span>{words.never_checked}</span>;
  const said = age(moment_s, now_s, language, words.now);
  // Not announced at every tick: the live region around it would read it out again and again.
  return (
    <time dateTime={new Date(moment_s * 1000).toISOString()} title={moment_of(moment, language)} aria-live="off">
      {label ? `${label} ${said}` : said}
    </time>
  );
}

// What the server says of a page, in the reader's language where it is known how; else as it came.
export function Reason({ text }: { text: string }) {
  const { language } = useShared();
  const said = reason_in(language, text);
  return <span class="reason" lang={said.language === language ? undefined : said.language}>{said.text}</span>;
}

export function FailureView({ failure, retry }: { failure: Failure; retry?: () => void }) {
  const { words } = useShared();
  return (
    <section class="failure" role="alert">
      <h3>{words.failed}</h3>
      <p>{words[`failure_${failure.kind}`]}</p>
      {failure.message && <p class="detail" lang="en">{failure.message}{failure.status ? ` (HTTP ${failure.status})` : ""}</p>}
      {failure.kind === "key" && <KeyForm />}
      {retry && failure.kind !== "key" && <button type="button" class="plain" onClick={retry}>{words.retry}</button>}
    </section>
  );
}

// The key is kept in memory only: it is asked for again when the page is loaded again.
export function KeyForm() {
  const { words, use_key } = useShared();
  const [given, set_given] = useState("");
  return (
    <form class="row key" onSubmit={(event) => { event.preventDefault(); use_key(given.trim()); }}>
      <label class="unseen" for="key">{words.key_label}</label>
      <input id="key" type="password" autocomplete="off" required placeholder={words.key_label} value={given}
             onInput={(event) => set_given(event.currentTarget.value)} />
      <button type="submit">{words.key_use}</button>
    </form>
  );
}

// A button that asks back before it does what cannot be undone.
export function Careful({ label, question, act }: { label: string; question: string; act: () => void }) {
  const { words } = useShared();
  const [asking, set_asking] = useState(false);
  if (!asking) return <button type="button" class="plain danger" onClick={() => set_asking(true)}>{label}</button>;
  return (
    <span class="careful" role="group" aria-label={question}>
      <span>{question}</span>
      <button type="button" class="danger" ref={(button) => button?.focus()} onClick={() => { set_asking(false); act(); }}>{label}</button>
      <button type="button" class="plain" onClick={() => set_asking(false)}>{words.cancel}</button>
    </span>
  );
}

// Fractions of a whole as one bar. `parts`: names of CSS classes and what they stand for.
export function Bar({ parts, label }: { parts: { kind: string; value: number; name: string }[]; label: string }) {
  const all = parts.reduce((sum, part) => sum + part.value, 0);
  let from = 0;
  return (
    <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="ground" x="0" y="0" width="100" height="4" />
      {all > 0 && parts.filter((part) => part.value > 0).map((part) => {
        const x = from;
        const width = (part.value / all) * 100;
        from += width;
        return <rect key={part.kind} class={part.kind} x={x} y="0" width={width} height="4" />;
      })}
    </svg>
  );
}
