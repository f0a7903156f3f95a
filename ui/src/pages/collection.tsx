// What the collection is made of: its sources with their health, one to add, and its bytes.
import { useMemo, useState } from "preact/hooks";
import type { Counts, Source } from "../collection_api";
import { useLoaded, useShared } from "../context";
import { bytes, fill, number, times_smaller } from "../format";
import { SourceForm } from "../parts/add_source";
import { StatePlot } from "../parts/plot";
import { JobView } from "../parts/progress";
import { Ago, Bar, FailureView } from "../parts/small";
import { grouped, states_by_day } from "../states_by_day";

const shown_at_once = 50;
const plotted_days = 30;

export interface Bytes {
  text: number;
  index: number;
  catalog: number;
  fitted: number;
  cache: number;
  cache_most: number;
}

export function CollectionPage() {
  const { words, language } = useShared();
  const sources = useLoaded<{ sources: Source[] }>("/api/sources", 2_000);
  const counts = useLoaded<Counts>(`/api/references/counts?days=${plotted_days}`, 10_000);
  const operations = useLoaded<{ bytes: Bytes }>("/api/operations");
  const [wanted, set_wanted] = useState("");
  const [most, set_most] = useState(shown_at_once);
  const all = sources.value?.sources ?? [];
  const found = useMemo(() => all.filter((source) => source.address.toLowerCase().includes(wanted.trim().toLowerCase())), [sources.value, wanted]);
  return (
    <>
      <h2 tabIndex={-1}>{words.to_collection}</h2>
      {sources.failure && <FailureView failure={sources.failure} retry={() => void sources.reload()} />}
      {operations.value && <BytesPicture bytes_of={operations.value.bytes} />}
      <section class="panel">
        <h3>{words.add_source}</h3>
        <SourceForm added={() => { void sources.reload(); void counts.reload(); }} />
      </section>
      <section>
        <h3>{fill(all.length === 1 ? words.source_count_1 : words.source_count_n, { n: number(all.length, language) })}</h3>
        {all.length > 8 && (
          <label class="filter">{words.filter_sources}
            <input type="search" value={wanted} onInput={(event) => { set_wanted(event.currentTarget.value); set_most(shown_at_once); }} />
          </label>
        )}
        {sources.value && all.length === 0 && <p class="hint">{words.no_sources}</p>}
        <ul class="source-list">{found.slice(0, most).map((source) => <SourceRow key={source.id} source={source} counts={counts.value} />)}</ul>
        {found.length > most && <button type="button" class="plain" onClick={() => set_most(most + shown_at_once)}>{fill(words.more_of, { n: number(found.length - most, language) })}</button>}
      </section>
    </>
  );
}

function SourceRow({ source, counts }: { source: Source; counts: Counts | null }) {
  const { words, language } = useShared();
  const by_state = counts?.sources.find((each) => each.source === source.id)?.references_by_state ?? {};
  const groups = grouped(by_state);
  const busy = source.job?.state === "running" || source.job?.state === "queued" || source.job?.state === "failed";
  return (
    <li class="source-row">
      <div>
        <h4><a href={`#/collection/${source.id}`}>{source.address}</a></h4>
        <p class="facts">
          <span>{(words as Record<string, string>)[`kind_${source.kind}`] ?? source.kind}</span>
          <span>{fill(words.in_answers_n, { n: number(groups.shown, language) })}</span>
          {groups.troubled > 0 && <span class="troubled">{fill(words.troubled_n, { n: number(groups.troubled, language) })}</span>}
          {groups.gone > 0 && <span class="gone">{fill(words.gone_n, { n: number(groups.gone, language) })}</span>}
          {source.synced_at ? <Ago moment={source.synced_at} label={words.read} /> : <span>{words.never_read}</span>}
        </p>
        {busy && source.job && <JobView job={source.job} />}
      </div>
      {counts && <StatePlot days={plot_of(source.id, counts)} />}
    </li>
  );
}

export const plot_of = (source: number, counts: Counts) => {
  const now = counts.sources.find((each) => each.source === source)?.references_by_state ?? {};
  return states_by_day(now, counts.events.filter((event) => event.source === source), new Date().toISOString().slice(0, 10), plotted_days);
};

export function BytesPicture({ bytes_of }: { bytes_of: Bytes }) {
  const { words, language } = useShared();
  const index = bytes_of.index + bytes_of.catalog;
  const rows = [
    { kind: "text", name: words.bytes_text, value: bytes_of.text },
    { kind: "index", name: words.bytes_index, value: index },
    { kind: "cache", name: words.bytes_cache, value: bytes_of.cache },
  ];
  const most = Math.max(1, ...rows.map((row) => row.value));
  const times = times_smaller(bytes_of.text, index);
  return (
    <section class="panel bytes" aria-label={words.bytes}>
      <h3>{words.bytes}</h3>
      <dl>{rows.map((row) => (
        <div key={row.kind}>
          <dt>{row.name}</dt>
          <dd>{bytes(row.value, language)}<Bar label={`${row.name}${words.colon} ${bytes(row.value, language)}`} parts={[{ kind: row.kind, value: row.value, name: row.name }, { kind: "rest", value: most - row.value, name: "" }]} /></dd>
        </div>
      ))}</dl>
      <p class="hint">{times === null ? words.bytes_hint : fill(words.bytes_times, { n: number(times, language, 1) })}</p>
    </section>
  );
}
