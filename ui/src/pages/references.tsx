// References: searched, filtered by state and source, page by page.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../api";
import type { ReferenceState } from "../ask_api";
import type { Counts, ReferenceRow } from "../collection_api";
import { useLoaded, useRequest, useShared } from "../context";
import { fill, number } from "../format";
import { Ago, Badge, FailureView, Reason } from "../parts/small";

const states: ReferenceState[] = ["LIVE", "SUSPECT", "HOST_DOWN", "BLOCKED", "MOVED", "ARCHIVED", "GONE"];
const rows_at_once = 50;
const wait_for_typing_ms = 250;

export function ReferencesPage({ query }: { query: URLSearchParams }) {
  const { words, language } = useShared();
  const request = useRequest();
  const counts = useLoaded<Counts>("/api/references/counts?days=1");
  const [text, set_text] = useState(query.get("text") ?? "");
  const [rows, set_rows] = useState<ReferenceRow[]>([]);
  const [next, set_next] = useState<string | null>(null);
  const [state, set_state] = useState<"loading" | "there">("loading");
  const [failure, set_failure] = useState<Failure | null>(null);
  const latest = useRef(0);
  const chosen = (query.get("state") ?? "").split(",").filter((each) => each);
  const source = query.get("source") ?? "";

  const go = (change: Record<string, string>) => {
    const wanted = new URLSearchParams(query);
    for (const [name, value] of Object.entries(change)) value ? wanted.set(name, value) : wanted.delete(name);
    const search = wanted.toString();
    location.hash = search ? `#/references?${search}` : "#/references";
  };
  const load = async (cursor: string | null) => {
    const turn = ++latest.current;
    set_state("loading");
    const wanted = new URLSearchParams({ limit: String(rows_at_once) });
    for (const name of ["state", "source", "text"]) if (query.get(name)) wanted.set(name, query.get(name) ?? "");
    if (cursor) wanted.set("cursor", cursor);
    const outcome = await request<{ references: ReferenceRow[]; next: string | null }>(`/api/references?${wanted.toString()}`);
    if (turn !== latest.current) return;
    set_state("there");
    set_failure(outcome.ok ? null : outcome.failure);
    if (!outcome.ok) return;
    set_rows((before) => (cursor ? [...before, ...outcome.value.references] : outcome.value.references));
    set_next(outcome.value.next);
  };
  useEffect(() => void load(null), [query.toString(), request]);
  useEffect(() => {
    if (text === (query.get("text") ?? "")) return;
    const timer = setTimeout(() => go({ text }), wait_for_typing_ms);
    return () => clearTimeout(timer);
  }, [text]);

  return (
    <>
      <h2 tabIndex={-1}>{words.to_references}</h2>
      <form class="filters" role="search" aria-label={words.to_references} onSubmit={(event) => { event.preventDefault(); go({ text }); }}>
        <label class="filter">{words.filter_references}<input type="search" value={text} onInput={(event) => set_text(event.currentTarget.value)} /></label>
        <fieldset><legend class="unseen">{words.state}</legend>{states.map((each) => (
          <label key={each} class="choice pill">
            <input type="checkbox" checked={chosen.includes(each)} onChange={(event) => go({ state: (event.currentTarget.checked ? [...chosen, each] : chosen.filter((other) => other !== each)).join(",") })} />
            {words[each]} <span class="count">{number(counts.value?.references_by_state[each] ?? 0, language)}</span>
          </label>
        ))}</fieldset>
        {source && <p class="hint">{fill(words.only_source, { n: source })} <button type="button" class="plain" onClick={() => go({ source: "" })}>{words.all_sources}</button></p>}
      </form>
      {failure && <FailureView failure={failure} retry={() => void load(null)} />}
      <ul class="reference-list" aria-busy={state === "loading"}>{rows.map((row) => (
        <li key={row.id}>
          <h3><a href={`#/references/${row.id}`}>{row.title || row.address}</a></h3>
          <p class="address">{row.address}</p>
          <p class="state"><Badge state={row.state} /><Ago moment={row.checked_at} label={words.checked} />{row.reason && <Reason text={row.reason} />}</p>
        </li>
      ))}</ul>
      {state === "there" && rows.length === 0 && !failure && <p class="hint" role="status">{words.no_references}</p>}
      {next && <button type="button" class="plain" disabled={state === "loading"} onClick={() => void load(next)}>{words.more}</button>}
    </>
  );
}
