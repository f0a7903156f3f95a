import assert from "node:assert/strict";
import { test } from "node:test";
import { answer_of, event_of, EventReader, type AskEvent } from "../src/ask_api";
import { bibtex, markdown, plain } from "../src/cite";
import type { Job } from "../src/collection_api";
import { rate_of } from "../src/rate";
import { reason_in } from "../src/reasons";
import { route_of } from "../src/router";
import { states_by_day } from "../src/states_by_day";
import { after, again, new_turn, read_only, source_cards } from "../src/turn";

const line = (name: string, value: unknown) => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
const document = (address: string) => ({ reference: 1, address, title: address, state: "LIVE", checked_at: null, verified: true });
const stream = line("step", { step: "search", at_ms: 1 }) + line("evidence", { documents: [document("a"), document("b")], dropped: [{ reason: "HTTP 404" }] }) +
  line("citation", { ...document("b"), number: 1, quote: "é \n\n q" }) + line("text", { text: "é [1]" }) + line("unknown", {}) +
  line("answer", { text: "é [1]", citations: [{ ...document("b"), number: 1 }], dropped: [{ reason: "HTTP 404" }], timings_ms: {} });

test("events are the same however their text is cut", () => {
  const whole = new EventReader().take(stream);
  assert.deepEqual(whole.map((event) => event.kind), ["step", "evidence", "citation", "text", "answer"]);
  for (let size = 1; size < 40; ++size) {
    const reader = new EventReader();
    const events: AskEvent[] = [];
    for (let at = 0; at < stream.length; at += size) events.push(...reader.take(stream.slice(at, at + size)));
    assert.deepEqual(events, whole, `pieces of ${size}`);
  }
});

test("a turn shows what it reads, then what it cites", () => {
  const events = new EventReader().take(stream);
  let turn = new_turn(1, "q", [], null, null, 0);
  for (const event of events.slice(0, 2)) turn = after(turn, event);
  assert.deepEqual(source_cards(turn).map((card) => [card.address, card.numbers]), [["a", []], ["b", []]]);
  for (const event of events.slice(2, 4)) turn = after(turn, event);
  assert.deepEqual(source_cards(turn).map((card) => [card.address, card.numbers]), [["b", [1]], ["a", []]]);
  assert.equal(turn.text, "é [1]");
  turn = after(turn, events[4] as AskEvent);
  assert.equal(turn.state, "done");
  assert.deepEqual(source_cards(turn).map((card) => card.address), ["b"]);
  assert.deepEqual(read_only(turn).map((seen) => seen.address), ["a"]);
  assert.equal(turn.dropped.length, 1);
});

test("a broken connection is waited for, another failure is told; asked again it begins anew", () => {
  const turn = new_turn(1, "q", ["before"], "web", null, 0);
  const failed = (kind: "network" | "server") => after(turn, { kind: "failed", failure: { kind, status: 0, message: "" } });
  assert.equal(failed("network").state, "lost");
  assert.equal(failed("server").state, "failed");
  assert.deepEqual(again(failed("network"), 5), { ...turn, began_ms: 5 });
});

test("an event with missing or wrong fields is still an event, or none", () => {
  for (const data of ["", "null", "3", "[]", "{}", "{"]) {
    for (const name of ["evidence", "citation", "text", "answer", "error"]) assert.notEqual(event_of(name, data), null, `${name} ${data}`);
    for (const name of ["step", "", "other"]) assert.equal(event_of(name, data), null);
  }
});

const answer = answer_of({ text: "A **b** [1].", citations: [{ number: 1, reference: 7, address: "https://e.org/a b", title: "T] (x) {y} \\ <b>\n# h", quote: "q*q", checked_at: "2026-11-24T10:00:00Z", date: "2025-01-02T00:00:00Z" }], dropped: [] });

test("what is copied holds its sources, and no title becomes markup", () => {
  const text = markdown("Q?", answer, "checked on");
  assert.ok(text.startsWith("**Q?**\n\nA **b** [1].\n\n1. [T\\] (x) {y} \\\\ \\<b\\> \\# h](<https://e.org/a%20b>), checked on 2026-11-24"), text);
  assert.ok(text.includes("> q\\*q"));
  assert.ok(plain("Q?", answer, "checked on").includes("A b [1].\n\n[1] T] (x) {y} \\ <b> # h, https://e.org/a b, checked on 2026-11-24"));
});

test("BibTeX has balanced braces and one entry for each page", () => {
  const text = bibtex([...answer.citations, ...answer.citations]);
  assert.equal(text.match(/@misc/g)?.length, 1);
  assert.match(text, /@misc\{renvoi-7,\n {2}title = \{\{T\] \(x\) y \/ <b> \\# h\}\}/);
  assert.match(text, /url = \{https:\/\/e\.org\/a%20b\}[\s\S]*urldate = \{2026-11-24\},\n {2}date = \{2025-01-02\}/);
  const unescaped = text.replace(/\\./g, "");
  assert.equal(unescaped.split("{").length, unescaped.split("}").length);
});

test("states are reckoned back day by day", () => {
  const event = (day: string, name: string, number: number) => ({ day, source: 1, event: name, number });
  const days = states_by_day({ LIVE: 7, SUSPECT: 1, GONE: 2 }, [
    event("2026-11-24", "LIVE -> SUSPECT", 1), event("2026-11-23", "SUSPECT -> GONE", 2), event("2026-11-23", "found", 3), event("2026-11-24", "changed", 9),
    event("2026-11-22", "found", 9),
  ], "2026-11-24", 4);
  assert.deepEqual(days, [
    { day: "2026-11-21", shown: 0, troubled: 2, gone: 0 },
    { day: "2026-11-22", shown: 5, troubled: 2, gone: 0 },
    { day: "2026-11-23", shown: 8, troubled: 0, gone: 2 },
    { day: "2026-11-24", shown: 7, troubled: 1, gone: 2 },
  ]);
});

test("a rate and the time that is left", () => {
  const job = (state: string, seconds: number) => ({ state, seconds, progress: { sync: { fetched: 8, unchanged: 1, failed: 1, gone: 0, waiting: 30 } } }) as unknown as Job;
  assert.deepEqual(rate_of(job("running", 5)), { done: 10, waiting: 30, per_s: 2, remaining_s: 15 });
  assert.equal(rate_of(job("running", 0)).remaining_s, null);
  assert.equal(rate_of(job("stopped", 5)).remaining_s, null);
});

test("addresses within the page", () => {
  assert.deepEqual(route_of("#/collection/12"), { page: "source", id: 12 });
  assert.deepEqual(route_of("#/references/3"), { page: "reference", id: 3 });
  for (const hash of ["", "#", "#/", "#/nowhere", "#/javascript:x"]) assert.deepEqual(route_of(hash), { page: "ask" });
  for (const hash of ["#/collection/0", "#/collection/-1", "#/collection/x", "#/collection"]) assert.deepEqual(route_of(hash), { page: "collection" });
  const route = route_of("#/references?state=GONE&text=a%26b");
  assert.equal(route.page === "references" && route.query.get("text"), "a&b");
});

test("what the server says of a page is said in French where it is known how", () => {
  assert.deepEqual(reason_in("fr", "HTTP 404: now SUSPECT, out of answers until it is back"), { text: "HTTP 404 : désormais douteux, hors des réponses jusqu’à son retour", language: "fr" });
  assert.deepEqual(reason_in("fr", "something new"), { text: "something new", language: "en" });
  assert.deepEqual(reason_in("en", "HTTP 404"), { text: "HTTP 404", language: "en" });
});
