import assert from "node:assert/strict";
import { test } from "node:test";
import { failure_of } from "../src/api";
import { answer_of } from "../src/ask_api";
import { age, bytes, duration, fill, question_of, safe_link, seconds_of, site_of, split_marks, times_smaller } from "../src/format";
import { choose_language, words_of } from "../src/words";

test("marks of real citations become links and nothing is lost", () => {
  const text = "One [1], two [2][3] and [9], a[0] [12x].";
  const pieces = split_marks(text, new Set([1, 2, 3]));
  assert.deepEqual(pieces.filter((piece) => piece.kind === "mark").map((piece) => piece.number), [1, 2, 3]);
  assert.equal(pieces.map((piece) => (piece.kind === "mark" ? `[${piece.number}]` : piece.text)).join(""), text);
});

test("the words that were asked for are strong", () => {
  const strong = (text: string) => split_marks(text, new Set([1])).filter((piece) => piece.kind === "strong").map((piece) => piece.text);
  assert.deepEqual(strong("It was built in **1871** [1]."), ["1871"]);
  assert.deepEqual(strong("**a b** and **c** [1]"), ["a b", "c"]);
  assert.deepEqual(strong("2 ** 3 ** 4, ** no **, ***, **"), []);
});

test("whatever the text, its pieces put together are the text", () => {
  let seed = 7;
  const next = (limit: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % limit;
  for (let round = 0; round < 2000; ++round) {
    const text = Array.from({ length: next(30) }, () => "[]0123 aé*"[next(10)]).join("");
    const pieces = split_marks(text, new Set([0, 1, 2, 3, 10, 12]));
    // A mark keeps its number's value, so compare with leading zeros removed.
    const plain = (value: string) => value.replace(/\[(\d{1,4})\]/g, (_, digits: string) => `[${Number(digits)}]`);
    assert.equal(pieces.map((piece) => (piece.kind === "mark" ? `[${piece.number}]` : plain(piece.kind === "strong" ? `**${piece.text}**` : piece.text))).join(""), plain(text));
  }
});

test("only http and https addresses are links", () => {
  assert.equal(safe_link("https://example.org/a b"), "https://example.org/a%20b");
  for (const address of ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "", "nowhere"]) {
    assert.equal(safe_link(address), null, address);
  }
});

test("moments are read, and never is never", () => {
  assert.equal(seconds_of("2027-01-15T08:00:00Z"), 1_800_000_000);
  for (const moment of [null, "", "soon"]) assert.equal(seconds_of(moment), null, String(moment));
});

test("an answer with missing or wrong fields is still an answer", () => {
  for (const body of [null, 3, [], {}, { citations: [null, 1], dropped: "x", timings_ms: [] }]) {
    const answer = answer_of(body);
    assert.equal(answer.text, "");
    assert.equal(answer.timings_ms.fetch, 0);
    for (const citation of answer.citations) assert.equal(citation.quote, "");
  }
  const whole = answer_of({ text: "a [1]", citations: [{ number: 1, quote: "q", state: "LIVE", section: "s", page: 12, checked_at: "2027-01-15T08:00:00Z" }] });
  assert.equal(whole.citations[0]?.quote, "q");
  assert.equal(whole.citations[0]?.section, "s");
  assert.equal(whole.citations[0]?.page, 12);
});

test("an age is rounded down to one unit, and the future is now", () => {
  assert.equal(age(100, 102, "en", "just now"), "2 s ago");
  assert.equal(age(0, 119, "fr", "à l’instant"), "il y a 1 min");
  assert.equal(age(0, 86_400 * 3, "fr", ""), "il y a 3 j");
  assert.equal(age(200, 100, "en", "just now"), "just now");
});

test("bytes are written for people", () => {
  assert.equal(bytes(999, "en"), "999 B");
  assert.equal(bytes(1_500, "en"), "1.5 kB");
  assert.equal(bytes(2_340_000, "fr"), "2,3 Mo");
});

test("an index larger than its text is not called smaller", () => {
  assert.equal(times_smaller(100, 0), null);
  assert.equal(times_smaller(100, 200), null);
  assert.equal(times_smaller(200, 50), 4);
});

test("the page speaks the first language it knows", () => {
  assert.equal(choose_language(["de-DE", "fr-CA", "en"]), "fr");
  assert.equal(choose_language(["EN-us", "fr"]), "en");
  assert.equal(choose_language([]), "en");
});

test("an address may hold the question", () => {
  assert.equal(question_of("?q=pr%C3%AAt+%26+%3Cb%3E"), "prêt & <b>");
  assert.equal(question_of(""), "");
  assert.equal(question_of("?q=" + "x".repeat(5000)).length, 2000);
});

test("both languages say everything", () => {
  const [english, french] = [words_of("en"), words_of("fr")];
  assert.deepEqual(Object.keys(french).sort(), Object.keys(english).sort());
  for (const [key, text] of Object.entries(french)) assert.ok(text.length > 0, key);
});

test("a failure carries the server's own words", () => {
  assert.deepEqual(failure_of(503, { error: { message: "disk full", code: "exhausted" } }), { kind: "server", status: 503, message: "disk full" });
  assert.equal(failure_of(401, null).kind, "key");
  assert.equal(failure_of(403, { error: { code: "role" } }).kind, "key");
  assert.equal(failure_of(403, { error: { code: "feedback_off" } }).kind, "server");
  assert.equal(failure_of(500, { error: 3 }).message, "");
});

test("the site of an address, a template, a duration", () => {
  assert.equal(site_of("https://www.example.org:8080/a?b"), "www.example.org:8080");
  assert.equal(site_of("file:///home/a/my%20notes/x.md"), "my notes");
  assert.equal(site_of("nowhere"), "nowhere");
  assert.equal(fill("{n} of {all}, {other}", { n: 1, all: "{n}" }), "1 of {n}, {other}");
  assert.deepEqual([0.04, 3.21, 45, 600, 7_200, 200_000].map((seconds) => duration(seconds, "fr")), ["0 s", "3,2 s", "45 s", "10 min", "2 h", "2 j"]);
});
