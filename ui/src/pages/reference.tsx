// One reference: why it is as it is, what happened to it; look again, keep, forget.
import { useState } from "preact/hooks";
import type { Failure } from "../api";
import type { ReferenceDetail } from "../collection_api";
import { useLoaded, useRequest, useShared } from "../context";
import { moment_of, safe_link } from "../format";
import { Badge, Careful, FailureView, Reason } from "../parts/small";
import { event_in } from "../trail";
import { why } from "../why";

const look_timeout_ms = 60_000;

export function ReferencePage({ id }: { id: number }) {
  const { words, language } = useShared();
  const request = useRequest();
  const reference = useLoaded<ReferenceDetail>(`/api/references/${id}`);
  const [failure, set_failure] = useState<Failure | null>(null);
  const [said, set_said] = useState("");
  const [removed, set_removed] = useState(false);
  const act = async (path: string, method: "POST" | "DELETE", done: string) => {
    set_said(words.working);
    const outcome = await request(`/api/references/${id}${path}`, { method, timeout_ms: look_timeout_ms });
    set_failure(outcome.ok ? null : outcome.failure);
    set_said(outcome.ok ? done : "");
    if (outcome.ok && path === "" && method === "DELETE") set_removed(true);
    else await reference.reload();
  };
  const back = <p><a href="#/references">{words.back_to_references}</a></p>;
  if (removed) return <><h2 tabIndex={-1}>{words.reference_removed}</h2>{back}</>;
  const value = reference.value;
  if (!value) return <><h2 tabIndex={-1}>{words.reference_title}</h2>{back}{reference.failure && <FailureView failure={reference.failure} retry={() => void reference.reload()} />}</>;
  const link = safe_link(value.address);
  return (
    <>
      {back}
      <h2 tabIndex={-1} class="long">{value.title || value.address}</h2>
      <p class="address">{link ? <a href={link} target="_blank" rel="noopener noreferrer">{value.address}</a> : value.address}</p>
      <section class="panel why">
        <h3><Badge state={value.state} /> {words.why}</h3>
        <ul>{why(value, language, words).map((sentence, index) => <li key={index}>{sentence}</li>)}</ul>
      </section>
      <div class="actions">
        <button type="button" onClick={() => void act("/check", "POST", words.looked)}>{words.look_again}</button>
        <button type="button" class="plain" onClick={() => void act("/pin", "POST", words.pinned)}>{words.pin}</button>
        <a class="button plain" href={`#/collection/${value.source}`}>{words.its_source}</a>
        <Careful label={words.forget} question={words.forget_reference_sure} act={() => void act("", "DELETE", "")} />
        <span role="status" class="said">{said}</span>
      </div>
      {failure && <FailureView failure={failure} />}
      <section><h3>{words.trail}</h3>
        <ol class="trail">{value.trail.map((entry, index) => (
          <li key={index}><span class="time">{moment_of(entry.at, language)}</span> <span>{event_in(words, entry.event)}</span> {entry.reason && <Reason text={entry.reason} />}</li>
        ))}</ol>
      </section>
    </>
  );
}
