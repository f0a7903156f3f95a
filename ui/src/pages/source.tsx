// One source: its health, what is being read, its policy; read again, pause, forget.
import { useState } from "preact/hooks";
import type { Failure } from "../api";
import type { Counts, SourceDetail } from "../collection_api";
import { useLoaded, useRequest, useShared } from "../context";
import { fill, number } from "../format";
import { SourceForm } from "../parts/add_source";
import { StatePlot } from "../parts/plot";
import { JobView } from "../parts/progress";
import { Ago, Badge, Careful, FailureView, Reason } from "../parts/small";
import { plot_of } from "./collection";

export function SourcePage({ id }: { id: number }) {
  const { words, language } = useShared();
  const request = useRequest();
  const source = useLoaded<SourceDetail>(`/api/sources/${id}`, 1_000);
  const counts = useLoaded<Counts>("/api/references/counts?days=30", 10_000);
  const [failure, set_failure] = useState<Failure | null>(null);
  const [removed, set_removed] = useState(false);
  const act = async (path: string, method: "POST" | "DELETE", body?: unknown) => {
    const outcome = await request(path, { method, ...(body === undefined ? {} : { body }) });
    set_failure(outcome.ok ? null : outcome.failure);
    if (outcome.ok && method === "DELETE") set_removed(true);
    else await source.reload();
  };
  const back = <p><a href="#/collection">{words.back_to_collection}</a></p>;
  if (removed) return <><h2 tabIndex={-1}>{words.source_removed}</h2>{back}</>;
  const value = source.value;
  if (!value) return <><h2 tabIndex={-1}>{words.source_n_title}</h2>{back}{source.failure && <FailureView failure={source.failure} retry={() => void source.reload()} />}</>;
  const busy = value.job?.state === "running" || value.job?.state === "queued";
  const problems = value.job?.report?.problems ?? [];
  return (
    <>
      {back}
      <h2 tabIndex={-1} class="long">{value.address}</h2>
      {source.failure && <FailureView failure={source.failure} />}
      <p class="facts">
        <span>{(words as Record<string, string>)[`kind_${value.kind}`] ?? value.kind}</span>
        <span>{`${number(value.pages, language)} ${words.pages}`}</span>
        <span>{`${number(value.passages, language)} ${words.passages}`}</span>
        {value.synced_at ? <Ago moment={value.synced_at} label={words.read} /> : <span>{words.never_read}</span>}
      </p>
      {counts.value && <div class="wide-plot"><StatePlot days={plot_of(id, counts.value)} /><p class="hint">{words.plot_hint}</p></div>}
      <ul class="states">{Object.entries(value.references_by_state).map(([state, count]) => (
        <li key={state}><a href={`#/references?source=${id}&state=${state}`}><Badge state={state} /> {number(count, language)}</a></li>
      ))}</ul>
      {value.job && <JobView job={value.job} />}
      {value.job?.report?.held && <p class="job bad">{words.held}</p>}
      <div class="actions">
        {busy
          ? <button type="button" onClick={() => void act(`/api/sources/${id}/stop`, "POST")}>{words.pause}</button>
          : <button type="button" onClick={() => void act(`/api/sources/${id}/sync`, "POST", {})}>{value.job?.state === "stopped" ? words.go_on : words.read_again}</button>}
        {!busy && <button type="button" class="plain" onClick={() => void act(`/api/sources/${id}/sync`, "POST", { force: true })}>{words.read_all_again}</button>}
        <a class="button plain" href={`#/references?source=${id}`}>{words.its_references}</a>
        <Careful label={words.forget} question={words.forget_source_sure} act={() => void act(`/api/sources/${id}`, "DELETE")} />
      </div>
      {failure && <FailureView failure={failure} />}
      {problems.length > 0 && (
        <details class="panel"><summary>{fill(words.not_read, { n: number(problems.length, language) })}</summary>
          <ul>{problems.slice(0, 200).map((problem, index) => <li key={index}><span class="address">{problem.address}</span> <Reason text={problem.reason} /></li>)}</ul>
        </details>
      )}
      <section class="panel"><h3>{words.policy}</h3><SourceForm known={value} added={() => void source.reload()} /></section>
    </>
  );
}
