// How the server does: load, requests and how long they take, queues, disk; its keys and its settings.
import { useLoaded, useShared } from "../context";
import { bytes, duration, number, seconds_of } from "../format";
import { Bar, FailureView } from "../parts/small";
import { KeysPanel } from "../parts/keys";
import { SettingsPanel } from "../parts/settings";
import type { Bytes } from "./collection";

interface RouteFigures {
  route: string;
  method: string;
  requests: number;
  client_errors: number;
  server_errors: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}
interface Operations {
  version: string;
  started_at: string | null;
  now: string | null;
  load: number[] | null;
  cores: number;
  resident_memory_bytes: number;
  requests_running: number;
  requests_at_once: number;
  requests_may_wait: number;
  sources_waiting: number;
  passages_to_encode: number;
  routes: RouteFigures[];
  disk: { total_bytes: number; free_bytes: number } | null;
  bytes: Bytes;
}

export function OperationsPage() {
  const { words, language } = useShared();
  const operations = useLoaded<Operations>("/api/operations", 2_000);
  const value = operations.value;
  const uptime_s = value ? (seconds_of(value.now) ?? 0) - (seconds_of(value.started_at) ?? 0) : 0;
  return (
    <>
      <h2 tabIndex={-1}>{words.to_operations}</h2>
      {operations.failure && <FailureView failure={operations.failure} retry={() => void operations.reload()} />}
      {value && (
        <>
          <section class="panel">
            <h3>{words.now_title}</h3>
            <dl class="tiles">
              <div><dt>{words.load}</dt><dd>{value.load ? number(value.load[0] ?? 0, language, 2) : "–"}<small>{`${words.on} ${value.cores} ${words.cores}`}</small></dd></div>
              <div><dt>{words.memory}</dt><dd>{bytes(value.resident_memory_bytes, language)}</dd></div>
              <div><dt>{words.requests_now}</dt><dd>{number(value.requests_running, language)}<small>{`${words.at_once} ${value.requests_at_once}`}</small></dd></div>
              <div><dt>{words.sources_waiting}</dt><dd>{number(value.sources_waiting, language)}</dd></div>
              <div><dt>{words.to_encode}</dt><dd>{number(value.passages_to_encode, language)}</dd></div>
              <div><dt>{words.up_for}</dt><dd>{duration(Math.max(0, uptime_s), language)}<small>{`renvoi ${value.version}`}</small></dd></div>
            </dl>
          </section>
          <Disk value={value} />
          <section>
            <h3>{words.requests}</h3>
            <div class="scrolls" tabIndex={0} role="region" aria-label={words.requests}>
              <table>
                <thead><tr><th scope="col">{words.route}</th><th scope="col">{words.number}</th><th scope="col">{words.errors_4}</th><th scope="col">{words.errors_5}</th><th scope="col">{words.p50}</th><th scope="col">{words.p95}</th><th scope="col">{words.p99}</th></tr></thead>
                <tbody>{value.routes.map((row) => (
                  <tr key={`${row.method} ${row.route}`}>
                    <th scope="row"><code>{`${row.method} ${row.route}`}</code></th>
                    <td>{number(row.requests, language)}</td>
                    <td>{number(row.client_errors, language)}</td>
                    <td class={row.server_errors > 0 ? "bad" : ""}>{number(row.server_errors, language)}</td>
                    {[row.p50_ms, row.p95_ms, row.p99_ms].map((ms, index) => <td key={index}>{`${number(ms, language, ms < 10 ? 1 : 0)} ms`}</td>)}
                  </tr>
                ))}</tbody>
              </table>
            </div>
            <p class="hint">{words.requests_hint}</p>
          </section>
        </>
      )}
      <KeysPanel />
      <SettingsPanel />
    </>
  );
}

function Disk({ value }: { value: Operations }) {
  const { words, language } = useShared();
  if (!value.disk) return null;
  const own = value.bytes.index + value.bytes.catalog + value.bytes.fitted + value.bytes.cache;
  const { total_bytes, free_bytes } = value.disk;
  const others = Math.max(0, total_bytes - free_bytes - own);
  const label = `${words.disk_own} ${bytes(own, language)}, ${words.disk_others} ${bytes(others, language)}, ${words.disk_free} ${bytes(free_bytes, language)}`;
  return (
    <section class="panel">
      <h3>{words.disk}</h3>
      <Bar label={label} parts={[{ kind: "index", value: own, name: words.disk_own }, { kind: "others", value: others, name: words.disk_others }, { kind: "rest", value: free_bytes, name: words.disk_free }]} />
      <p class="hint">{label}</p>
    </section>
  );
}
