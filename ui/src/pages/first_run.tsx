// From nothing to the first answer.
import { useEffect, useState } from "preact/hooks";
import type { SourceDetail } from "../collection_api";
import { useLoaded, useShared } from "../context";
import { fill, number } from "../format";
import { SourceForm } from "../parts/add_source";
import { JobView } from "../parts/progress";

export function FirstRun({ shown, grown }: { shown: boolean; grown: () => Promise<void> }) {
  const { words } = useShared();
  const [source, set_source] = useState(0);
  if (!shown) return null;
  return (
    <section class="first-run">
      <h2>{words.first_run}</h2>
      <ol class="stages">
        <li aria-current={source === 0 ? "step" : undefined}><h3>{words.first_run_add}</h3><p class="hint">{words.first_run_add_hint}</p>
          {source === 0 && <SourceForm added={(added) => set_source(added.id)} />}</li>
        <li aria-current={source !== 0 ? "step" : undefined}><h3>{words.first_run_read}</h3><p class="hint">{words.first_run_read_hint}</p>
          {source !== 0 && <Reading id={source} grown={grown} again={() => set_source(0)} />}</li>
        <li><h3>{words.first_run_ask}</h3><p class="hint">{words.first_run_ask_hint}</p></li>
      </ol>
    </section>
  );
}

function Reading({ id, grown, again }: { id: number; grown: () => Promise<void>; again: () => void }) {
  const { words, language } = useShared();
  const { value } = useLoaded<SourceDetail>(`/api/sources/${id}`, 500);
  const ended = value?.job && value.job.state !== "running" && value.job.state !== "queued";
  useEffect(() => { if ((value?.pages ?? 0) > 0) void grown(); }, [value?.pages]);
  if (!value?.job) return null;
  return (
    <>
      <JobView job={value.job} />
      {ended && value.pages === 0 && (
        <>
          <p>{fill(words.first_run_nothing, { n: number(value.job.report?.problems.length ?? 0, language) })}</p>
          <button type="button" class="plain" onClick={again}>{words.first_run_again}</button>
        </>
      )}
    </>
  );
}
