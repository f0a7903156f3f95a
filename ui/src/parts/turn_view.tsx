// One question with its steps, its sources, its answer, and what was left out and why. Text of documents is only ever a text node.
import { memo } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import type { Citation } from "../ask_api";
import { bibtex, markdown, plain } from "../cite";
import { copy } from "../clipboard";
import { useRequest, useShared } from "../context";
import { date_of, fill, number, safe_link, site_of, split_marks } from "../format";
import { read_only, source_cards, type SourceCard, type Turn } from "../turn";
import { Chip, QuoteInContext } from "./chip";
import { Ago, Badge, FailureView, Reason } from "./small";

interface Shown {
  turn: Turn;
  may_give_feedback: boolean;
  retry: (turn: Turn) => void;
}

export const TurnView = memo(function TurnView({ turn, may_give_feedback, retry }: Shown) {
  const { words } = useShared();
  const { answer } = turn;
  return (
    <article class={`turn ${turn.state}`} aria-busy={turn.state === "working" || turn.state === "lost"}>
      <h2 class="asked" tabIndex={-1}>{turn.question}</h2>
      {answer?.understood_as && <p class="hint">{`${words.understood_as} ${answer.understood_as}`}</p>}
      <Steps turn={turn} />
      <SourceCards cards={source_cards(turn)} />
      {(turn.text || answer) && <AnswerText turn={turn} />}
      {turn.state === "stopped" && <p class="hint" role="status">{words.stopped}</p>}
      {turn.state === "lost" && <Lost />}
      {turn.state === "failed" && turn.failure && <FailureView failure={turn.failure} retry={() => retry(turn)} />}
      {answer && !answer.abstained && <Quotes citations={turn.citations} />}
      {turn.state === "done" && <LeftOut turn={turn} />}
      {answer && <Actions turn={turn} may_give_feedback={may_give_feedback} />}
    </article>
  );
});

function Lost() {
  const { words } = useShared();
  return (
    <section class="failure" role="alert">
      <h3>{words.lost}</h3>
      <p>{words.failure_network}</p>
      <p class="asking"><span class="pulse" aria-hidden="true" />{words.waiting_for_server}</p>
    </section>
  );
}

// What happens, with the time it took; while it works the last one counts.
function Steps({ turn }: { turn: Turn }) {
  const { words, language } = useShared();
  const working = turn.state === "working";
  const [elapsed_ms, set_elapsed_ms] = useState(0);
  useEffect(() => {
    if (!working) return;
    const timer = setInterval(() => set_elapsed_ms(performance.now() - turn.began_ms), 100);
    return () => clearInterval(timer);
  }, [working, turn.began_ms]);
  const ms = (value: number) => (value < 1000 ? `${number(value, language)} ms` : `${number(value / 1000, language, 1)} s`);
  if (turn.answer) {
    const { embed, search, fetch, generate } = turn.answer.timings_ms;
    return (
      <p class="timings">
        {`${words.took} ${ms(embed + search + fetch + generate)}${words.colon} ${words.searched} ${ms(embed + search)}, `}
        {`${words.fetched} ${ms(fetch)}, ${words.written} ${ms(generate)}`}
      </p>
    );
  }
  if (!working) return null;
  const steps = turn.steps;
  return (
    <ol class="steps" aria-live="polite" aria-label={words.steps}>
      {steps.length === 0 && <li class="now"><span class="pulse" aria-hidden="true" />{words.step_connect}</li>}
      {steps.map((step, index) => {
        const next = steps[index + 1];
        return (
          <li key={index} class={next ? "past" : "now"}>
            {next ? <span class="tick" aria-hidden="true">✓</span> : <span class="pulse" aria-hidden="true" />}
            {words[`step_${step.step}`]}
            <span class="time" aria-hidden="true">{ms(next ? next.at_ms - step.at_ms : Math.max(0, elapsed_ms - step.at_ms))}</span>
          </li>
        );
      })}
    </ol>
  );
}

function SourceCards({ cards }: { cards: SourceCard[] }) {
  const { words, language } = useShared();
  if (cards.length === 0) return null;
  return (
    <section class="cards" aria-label={words.sources}>
      <ul>{cards.map((card) => {
        const link = safe_link(card.address);
        const title = card.title || card.address;
        return (
          <li key={card.address} class={card.numbers.length ? "source cited" : "source"}>
            <p class="site"><span>{site_of(card.address)}</span>{card.numbers.map((each) => <span key={each} class="number">{each}</span>)}</p>
            <h3>{link ? <a href={link} target="_blank" rel="noopener noreferrer">{title}</a> : title}</h3>
            <p class="state">
              <Badge state={card.state} />
              <Ago moment={card.checked_at} label={card.verified ? words.checked : words.last_verified} />
              {card.date && <span class="date">{fill(words.of_date, { date: date_of(card.date, language) })}</span>}
            </p>
          </li>
        );
      })}</ul>
    </section>
  );
}

function AnswerText({ turn }: { turn: Turn }) {
  const { words } = useShared();
  const { answer, citations } = turn;
  const by_number = new Map(citations.map((citation) => [citation.number, citation]));
  const numbers = new Set(by_number.keys());
  const paragraphs = turn.text.split(/\n+/).filter((line) => line.trim());
  return (
    <section class={answer?.abstained ? "answer abstained" : "answer"}>
      <h3>{answer?.abstained ? words.no_answer : words.answer}{answer?.from_web && <span class="badge web">{words.from_web}</span>}</h3>
      <div aria-live="polite">
        {paragraphs.map((paragraph, index) => (
          <p key={index} lang={answer?.language || undefined}>
            {split_marks(paragraph, numbers).map((piece, place) => {
              if (piece.kind === "text") return piece.text;
              if (piece.kind === "strong") return <strong key={place}>{piece.text}</strong>;
              const citation = by_number.get(piece.number);
              return citation ? <Chip key={place} citation={citation} /> : null;
            })}
          </p>
        ))}
      </div>
      {answer?.abstained && <p class="hint">{words.no_answer_hint}</p>}
      {answer?.web_problem && <p class="hint">{`${words.web_problem} `}<span lang="en">{answer.web_problem}</span></p>}
    </section>
  );
}

function Quotes({ citations }: { citations: Citation[] }) {
  const { words } = useShared();
  if (citations.length === 0) return null;
  return (
    <section class="quotes">
      <h3>{words.quotes}</h3>
      <ol>{citations.map((citation) => {
        const link = safe_link(citation.link || citation.address);
        const place = [citation.section, citation.page > 0 ? `${words.page} ${citation.page}` : ""].filter((part) => part).join(" · ");
        return (
          <li key={citation.number} class="quote">
            <span class="number" aria-hidden="true">{citation.number}</span>
            <div>
              <blockquote><QuoteInContext citation={citation} /></blockquote>
              <p class="address">
                {link ? <a href={link} target="_blank" rel="noopener noreferrer">{words.open}</a> : null}
                <span>{citation.address}</span>{place && <span>{place}</span>}
              </p>
            </div>
          </li>
        );
      })}</ol>
    </section>
  );
}

function LeftOut({ turn }: { turn: Turn }) {
  const { words, language } = useShared();
  const uncited = read_only(turn);
  if (turn.dropped.length === 0 && uncited.length === 0) return null;
  const counts = [
    ...(turn.dropped.length ? [fill(turn.dropped.length === 1 ? words.dropped_1 : words.dropped_n, { n: number(turn.dropped.length, language) })] : []),
    ...(uncited.length ? [fill(uncited.length === 1 ? words.uncited_1 : words.uncited_n, { n: number(uncited.length, language) })] : []),
  ];
  return (
    <details class="left-out" open={turn.dropped.length > 0}>
      <summary>{`${words.left_out}${words.colon} ${counts.join(", ")}`}</summary>
      <ul>
        {turn.dropped.map((each, index) => (
          <li key={`d${index}`} class="dropped">
            <strong>{each.title || each.address}</strong>
            <span class="address">{each.address}</span>
            <Reason text={each.reason} />
            {each.reference > 0 && <a href={`#/references/${each.reference}`}>{words.why}</a>}
          </li>
        ))}
        {uncited.map((each) => (
          <li key={each.address} class="uncited">
            <strong>{each.title || each.address}</strong>
            <span class="address">{each.address}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Actions({ turn, may_give_feedback }: { turn: Turn; may_give_feedback: boolean }) {
  const { words } = useShared();
  const request = useRequest();
  const [said, set_said] = useState("");
  const [judged, set_judged] = useState(false);
  const { answer } = turn;
  if (!answer) return null;
  const take = async (text: string) => set_said((await copy(text)) ? words.copied : words.not_copied);
  const judge = async (good: boolean) => {
    set_judged(true);
    const addresses = [...new Set(turn.citations.map((citation) => citation.address))];
    const body = { question: answer.understood_as || turn.question, good, text: turn.text, ...(addresses.length ? { addresses } : {}) };
    const outcome = await request("/api/feedback", { method: "POST", body });
    if (!outcome.ok) set_judged(false);
    set_said(outcome.ok ? words.judged : `${words.failed}${words.colon} ${outcome.failure.message}`);
  };
  return (
    <div class="actions">
      <span role="group" aria-label={words.copy}>
        <span aria-hidden="true">{words.copy}</span>
        <button type="button" class="plain" onClick={() => void take(markdown(turn.question, answer, words.checked_on))}>{words.copy_markdown}</button>
        <button type="button" class="plain" onClick={() => void take(plain(turn.question, answer, words.checked_on))}>{words.copy_plain}</button>
        {turn.citations.length > 0 && <button type="button" class="plain" onClick={() => void take(bibtex(turn.citations))}>{words.copy_bibtex}</button>}
      </span>
      {may_give_feedback && (
        <span role="group" aria-label={words.judge}>
          <span aria-hidden="true">{words.judge}</span>
          <button type="button" class="plain" disabled={judged} onClick={() => void judge(true)}>{words.judge_good}</button>
          <button type="button" class="plain" disabled={judged} onClick={() => void judge(false)}>{words.judge_bad}</button>
        </span>
      )}
      <span role="status" class="said">{said}</span>
    </div>
  );
}
