// The server's keys: always with an admin's own.
import { useState } from "preact/hooks";
import type { Failure } from "../api";
import { useLoaded, useRequest, useShared } from "../context";
import { date_of, fill } from "../format";
import { Careful, FailureView, KeyForm } from "./small";

type Role = "read" | "write" | "admin";
interface Key {
  id: string;
  name: string;
  role: Role;
  created_at: string | null;
}

export function KeysPanel() {
  const { words, key } = useShared();
  return (
    <section class="panel">
      <h3>{words.keys}</h3>
      <p class="hint">{words.keys_hint}</p>
      {/* Not asked for without a key: the server would refuse, and say so in the console. */}
      {key ? <Keys /> : <><p>{words.keys_need_admin}</p><KeyForm /></>}
    </section>
  );
}

function Keys() {
  const { words, language } = useShared();
  const request = useRequest();
  const keys = useLoaded<{ keys: Key[] }>("/api/keys");
  const [name, set_name] = useState("");
  const [role, set_role] = useState<Role>("read");
  const [made, set_made] = useState<(Key & { key: string }) | null>(null);
  const [failure, set_failure] = useState<Failure | null>(null);
  const make = async () => {
    const outcome = await request<Key & { key: string }>("/api/keys", { method: "POST", body: { name: name.trim(), role } });
    set_failure(outcome.ok ? null : outcome.failure);
    if (!outcome.ok) return;
    set_made(outcome.value);
    set_name("");
    await keys.reload();
  };
  const revoke = async (id: string) => {
    const outcome = await request(`/api/keys/${id}`, { method: "DELETE" });
    set_failure(outcome.ok ? null : outcome.failure);
    await keys.reload();
  };
  if (keys.failure) return <FailureView failure={keys.failure} retry={() => void keys.reload()} />;
  return (
    <>
      <ul class="key-list">{(keys.value?.keys ?? []).map((each) => (
        <li key={each.id}>
          <strong>{each.name}</strong><span>{words[`key_${each.role}`]}</span><span>{fill(words.added_on, { date: date_of(each.created_at, language) })}</span>
          <Careful label={words.revoke} question={fill(words.revoke_sure, { name: each.name })} act={() => void revoke(each.id)} />
        </li>
      ))}</ul>
      {made && <p class="made" role="status">{`${words.key_made} `}<code>{made.key}</code></p>}
      <form class="row" onSubmit={(event) => { event.preventDefault(); void make(); }}>
        <label class="unseen" for="key-name">{words.key_name}</label>
        <input id="key-name" type="text" autocomplete="off" required maxLength={100} placeholder={words.key_name} value={name} onInput={(event) => set_name(event.currentTarget.value)} />
        <label class="unseen" for="key-role">{words.key_role}</label>
        <select id="key-role" value={role} onChange={(event) => set_role(event.currentTarget.value as Role)}>
          {(["read", "write", "admin"] as const).map((each) => <option key={each} value={each}>{words[`key_${each}`]}</option>)}
        </select>
        <button type="submit">{words.key_new}</button>
      </form>
      {failure && <FailureView failure={failure} />}
    </>
  );
}
