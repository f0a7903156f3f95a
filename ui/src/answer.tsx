// An answer with its marks, its sources, and what was found but could not be cited.
import { useEffect, useState } from "preact/hooks";
import type { Answer, Citation } from "./api";
import { age, number, safe_link, seconds_of, split_marks } from "./format";
import type { Language, Words } from "./words";

interface Shown {
  language: Language;
  words: Words;
}

const card_id = (citation: number) => `source-${citation}`;

// Moves to a source's card, for the eye and for the keyboard, without changing the address bar.
function go_to_card(event: Event, citation: number) {
  event.preventDefault();
  const card = document.getElementById(card_id(citation));
  card?.scrollIntoView({ block: "nearest" });
  card?.focus();
}

export function AnswerView({ answer, language, words }: { answer: Answer } & Shown) {
  const numbers = new Set(answer.citations.map((citation) => citation.number));
  const paragraphs = answer.text.split(/\n+/).filter((line) => line.trim());
  return (
    <>
      <section class={answer.abstained ? "answer abstained" : "answer"}>
        <h2>{answer.abstained ? words.no_answer : words.answer}</h2>
        {paragraphs.map((paragraph, index) => (
          <p key={index} lang={answer.language || undefined}>
            {split_marks(paragraph, numbers).map((piece) =>
              piece.kind === "text" ? piece.text : piece.kind === "strong" ? <strong>{piece.text}</strong> : (
                <a class="mark" href={`#${card_id(piece.number)}`} aria-label={`${words.source} ${piece.number}`}
                   onClick={(event) => go_to_card(event, piece.number)}>{piece.number}</a>
              ))}
          </p>
        ))}
        {answer.abstained && <p class="hint">{words.no_answer_hint}</p>}
        <Timings answer={answer} language={language} words={words} />
      </section>
      {answer.citations.length > 0 && (
        <section class="sources">
          <h2>{words.sources}</h2>
          <ol>{answer.citations.map((citation) => (
            <Card key={citation.number} citation={citation} language={language} words={words} />
          ))}</ol>
        </section>
      )}
      {answer.dropped.length > 0 && (
        <section class="dropped">
          <h2>{words.dropped}</h2>
          <p class="hint">{words.dropped_hint}</p>
          <ul>{answer.dropped.map((dropped, index) => (
            <li key={index}>
              <strong>{dropped.title || dropped.address}</strong>
              <span class="address">{dropped.address}</span>
              <span class="reason">{dropped.reason}</span>
            </li>
          ))}</ul>
        </section>
      )}
    </>
  );
}

function Card({ citation, language, words }: { citation: Citation } & Shown) {
  const link = safe_link(citation.link || citation.address);
  const title = citation.title || citation.address;
  const page = citation.page > 0 ? `${words.page} ${citation.page}` : "";
  const place = [citation.section, page].filter((part) => part).join(" · ");
  return (
    <li class="card" id={card_id(citation.number)} tabIndex={-1}>
      <span class="number" aria-hidden="true">{citation.number}</span>
      <div class="body">
        <h3>{link ? <a href={link} target="_blank" rel="noopener noreferrer" title={words.open}>{title}</a> : title}</h3>
        <p class="address">{citation.address}</p>
        {place && <p class="section">{place}</p>}
        <blockquote aria-label={words.quote}><mark>{citation.quote}</mark></blockquote>
        <p class="state">
          <span class={`badge ${citation.state.toLowerCase()}`}>{words[citation.state] ?? citation.state}</span>
          <Checked moment={citation.checked_at} label={citation.verified ? words.checked : words.last_verified} language={language} words={words} />
        </p>
      </div>
    </li>
  );
}

// "checked 2 s ago", which goes on counting.
function Checked({ moment, label, language, words }: { moment: string | null; label: string } & Shown) {
  const [now_s, set_now_s] = useState(Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => set_now_s(Date.now() / 1000), 5_000);
    return () => clearInterval(timer);
  }, []);
  const moment_s = seconds_of(moment);
  if (moment_s === null) return <span>{words.never_checked}</span>;
  // Not announced at every tick: the live region around it would read it out again and again.
  return (
    <time dateTime={new Date(moment_s * 1000).toISOString()} aria-live="off">
      {`${label} ${age(moment_s, now_s, language, words.now)}`}
    </time>
  );
}

function Timings({ answer, language, words }: { answer: Answer } & Shown) {
  const { embed, search, fetch, generate } = answer.timings_ms;
  const ms = (value: number) => `${number(value, language)} ms`;
  return (
    <p class="timings">
      {`${words.took} ${ms(embed + search + fetch + generate)}${words.colon} ${words.searched} ${ms(embed + search)}, `}
      {`${words.fetched} ${ms(fetch)}, ${words.written} ${ms(generate)}`}
    </p>
  );
}
