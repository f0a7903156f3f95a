// A source to add: first what it would take, then all of it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Failure } from "../api";
import type { Policy, Preview, Source } from "../collection_api";
import { useRequest, useShared } from "../context";
import { fill, number } from "../format";
import { FailureView, Reason } from "./small";

const kinds = ["", "site", "url", "sitemap", "feed", "list", "opml", "folder", "file", "archive"] as const;
const preview_timeout_ms = 40_000;

interface Given {
  // Of a source that is known: its policy is changed, nothing else.
  known?: Source;
  added: (source: Source) => void;
}

interface Fields {
  address: string;
  kind: string;
  retention: Policy["retention"];
  max_depth: string;
  max_pages: string;
  min_delay_ms: string;
  revisit_after_h: string;
  path_prefix: string;
  use_sitemaps: boolean;
  serve_gone: boolean;
  allow_private_addresses: boolean;
}

const empty: Fields = {
  address: "", kind: "", retention: "none", max_depth: "", max_pages: "", min_delay_ms: "", revisit_after_h: "", path_prefix: "",
  use_sitemaps: false, serve_gone: false, allow_private_addresses: false,
};
const fields_of = (source: Source): Fields => ({
  address: source.address, kind: source.kind, retention: source.policy.retention, max_depth: String(source.policy.max_depth),
  max_pages: String(source.policy.max_pages), min_delay_ms: String(source.policy.min_delay_ms),
  revisit_after_h: String(source.policy.revisit_after_s / 3600), path_prefix: source.policy.path_prefix,
  use_sitemaps: source.policy.use_sitemaps, serve_gone: source.policy.serve_gone, allow_private_addresses: source.policy.allow_private_addresses,
});

// As POST /api/sources takes it; what is left empty is as the server is configured.
export function body_of(fields: Fields, known?: Source): Record<string, unknown> {
  const numbers = Object.fromEntries((["max_depth", "max_pages", "min_delay_ms"] as const).filter((name) => fields[name] !== "").map((name) => [name, Number(fields[name])]));
  return {
    address: fields.address.trim(), retention: fields.retention, ...numbers,
    ...(fields.kind ? { kind: fields.kind } : {}),
    ...(fields.revisit_after_h === "" ? {} : { revisit_after_s: Math.round(Number(fields.revisit_after_h) * 3600) }),
    ...(fields.path_prefix ? { path_prefix: fields.path_prefix } : {}),
    use_sitemaps: fields.use_sitemaps, serve_gone: fields.serve_gone, allow_private_addresses: fields.allow_private_addresses,
    ...(known ? { obey_robots: known.policy.obey_robots, requests_per_minute: known.policy.requests_per_minute } : {}),
  };
}

export function SourceForm({ known, added }: Given) {
  const { words } = useShared();
  const request = useRequest();
  const [fields, set_fields] = useState(known ? fields_of(known) : empty);
  const [busy, set_busy] = useState<"" | "preview" | "add">("");
  const [preview, set_preview] = useState<Preview | null>(null);
  const [failure, set_failure] = useState<Failure | null>(null);
  const set = <Name extends keyof Fields>(name: Name, value: Fields[Name]) => set_fields({ ...fields, [name]: value });

  const send = async (what: "preview" | "add") => {
    set_busy(what);
    set_failure(null);
    set_preview(null);
    const path = what === "preview" ? "/api/sources/preview" : "/api/sources";
    const outcome = await request<Preview | Source>(path, { method: "POST", body: body_of(fields, known), timeout_ms: preview_timeout_ms });
    set_busy("");
    if (!outcome.ok) return set_failure(outcome.failure);
    if (what === "preview") return set_preview(outcome.value as Preview);
    if (!known) set_fields(empty);
    added(outcome.value as Source);
  };
  const id = known ? `policy-${known.id}` : "add";
  const numeric = (name: "max_depth" | "max_pages" | "min_delay_ms" | "revisit_after_h", label: string) => (
    <label>{label}<input type="number" min="0" step={name === "revisit_after_h" ? "any" : "1"} inputMode="decimal" value={fields[name]} onInput={(event) => set(name, event.currentTarget.value)} /></label>
  );
  const choice = (name: "use_sitemaps" | "serve_gone" | "allow_private_addresses", label: string) => (
    <label class="choice"><input type="checkbox" checked={fields[name]} onChange={(event) => set(name, event.currentTarget.checked)} />{label}</label>
  );
  return (
    <form class="source-form" onSubmit={(event) => { event.preventDefault(); void send("add"); }} aria-busy={busy !== ""}>
      {!known && (
        <>
          <label for={`${id}-address`}>{words.source_address}</label>
          <div class="row">
            <input id={`${id}-address`} type="text" autocomplete="off" autocapitalize="off" spellcheck={false} required placeholder={words.source_example}
                   value={fields.address} onInput={(event) => set("address", event.currentTarget.value)} />
            <button type="button" class="plain" disabled={busy !== "" || !fields.address.trim()} onClick={() => void send("preview")}>{words.preview}</button>
            <button type="submit" disabled={busy !== ""}>{words.add}</button>
          </div>
          <p class="hint">{words.source_hint}</p>
        </>
      )}
      <Fold open={known !== undefined} title={words.policy}>
        <div class="fields">
          {!known && (
            <label>{words.kind}<select value={fields.kind} onChange={(event) => set("kind", event.currentTarget.value)}>
              {kinds.map((kind) => <option key={kind} value={kind}>{kind ? words[`kind_${kind}`] : words.kind_by_itself}</option>)}
            </select></label>
          )}
          <label>{words.retention}<select value={fields.retention} onChange={(event) => set("retention", event.currentTarget.value as Policy["retention"])}>
            {(["none", "text", "page"] as const).map((each) => <option key={each} value={each}>{words[`retention_${each}`]}</option>)}
          </select></label>
          {numeric("max_pages", words.max_pages)}
          {numeric("max_depth", words.max_depth)}
          {numeric("min_delay_ms", words.min_delay)}
          {numeric("revisit_after_h", words.revisit_after)}
          <label>{words.path_prefix}<input type="text" autocomplete="off" spellcheck={false} value={fields.path_prefix} onInput={(event) => set("path_prefix", event.currentTarget.value)} /></label>
          {choice("use_sitemaps", words.use_sitemaps)}
          {choice("serve_gone", words.serve_gone)}
          {choice("allow_private_addresses", words.allow_private)}
        </div>
        {known && <button type="submit" disabled={busy !== ""}>{words.policy_set}</button>}
      </Fold>
      {busy && <p class="asking" role="status"><span class="pulse" aria-hidden="true" />{busy === "preview" ? words.previewing : words.adding}</p>}
      {failure && <FailureView failure={failure} />}
      {preview && <PreviewView preview={preview} />}
    </form>
  );
}

function Fold({ open, title, children }: { open: boolean; title: string; children: ComponentChildren }) {
  return open ? <div>{children}</div> : <details><summary>{title}</summary>{children}</details>;
}

function PreviewView({ preview }: { preview: Preview }) {
  const { words, language } = useShared();
  const kind = (words as Record<string, string>)[`kind_${preview.kind}`] ?? preview.kind;
  return (
    <section class="preview" role="status">
      <h3>{fill(preview.complete ? words.preview_all : words.preview_some, { n: number(preview.pages.length, language), kind })}</h3>
      <ul>{preview.pages.map((page) => (
        <li key={page.address}><strong>{page.title || page.address}</strong><span class="address">{page.address}</span></li>
      ))}</ul>
      {preview.waiting_count > 0 && (
        <details><summary>{fill(words.preview_waiting, { n: number(preview.waiting_count, language) })}</summary>
          <ul>{preview.waiting.map((address) => <li key={address} class="address">{address}</li>)}</ul>
        </details>
      )}
      {preview.problems.length > 0 && (
        <details><summary>{fill(words.not_read, { n: number(preview.problems.length, language) })}</summary>
          <ul>{preview.problems.map((problem, index) => <li key={index}><span class="address">{problem.address}</span> <Reason text={problem.reason} /></li>)}</ul>
        </details>
      )}
      <p class="hint">{words.preview_hint}</p>
    </section>
  );
}
