// Every string that the page shows is in words.ts: nothing is written between tags or into an attribute that is read.
import assert from "node:assert/strict";
import { transformSync } from "esbuild";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { words_of } from "../src/words";
import { settings } from "../src/setting_words";

// Names are the same in every language.
const names = new Set(["renvoi", "English", "Français"]);

// What `source` shows and no word list holds: esbuild makes text between tags a string of `children`.
function literals(source: string): string[] {
  const made = transformSync(source, { loader: "tsx", jsx: "automatic", jsxImportSource: "preact", charset: "utf8" }).code;
  const code = made.replace(/\bjsxs?\(\s*"\w+"/g, "jsx(tag"); // names of elements
  const found: string[] = [];
  const shown = [/\bchildren: "((?:[^"\\]|\\.)*)"/g, /(?:"aria-label"|\b(?:title|placeholder|alt|label)): "((?:[^"\\]|\\.)*)"/g, /^\s*"((?:[^"\\]|\\.)*)",?$/gm];
  for (const pattern of shown) for (const match of code.matchAll(pattern)) if (/\p{L}{2}/u.test(match[1] ?? "")) found.push(match[1] ?? "");
  // Templates: what stands between the holes.
  for (const match of code.matchAll(/children: `([^`]*)`/g)) if (/\p{L}{3}/u.test((match[1] ?? "").replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "").replace("renvoi", ""))) found.push(match[1] ?? "");
  return found.filter((text) => !names.has(text.trim()));
}

const folder = join(process.cwd(), "src");
const files = readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith(".tsx"));

test("a literal is found wherever it may stand", () => {
  for (const source of ["<p>Hello there</p>", "<p>{words.x} there</p>", '<a aria-label="Open it">1</a>', '<input placeholder="Type" />', "<p>{`${n} of them`}</p>", '<p>{words.a}{" and more "}</p>']) {
    assert.equal(literals(`export const x = ${source};`).length, 1, source);
  }
  assert.deepEqual(literals('export const x = <p class="card" title={words.x}>{words.y} · {`${a} (${b})`}</p>;'), []);
});

test("no page says anything that is not in the word list", () => {
  assert.ok(files.length > 12);
  for (const name of files) assert.deepEqual(literals(readFileSync(join(folder, name), "utf8")).filter((text) => text !== "HTTP "), [], name);
});

test("every word is used, and every template has the same holes in both languages", () => {
  const sources = readdirSync(folder, { recursive: true }).map(String).filter((name) => /\.tsx?$/.test(name) && name !== "words.ts")
    .map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  const [english, french] = [words_of("en") as Record<string, string>, words_of("fr") as Record<string, string>];
  const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const [key, text] of Object.entries(english)) {
    assert.deepEqual(holes(french[key] ?? ""), holes(text), key);
    const family = key.replace(/_[a-zA-Z_0-9]+$/, "_");
    const state = /^[A-Z_]+$/.test(key); // looked up by the name of a state
    assert.ok(state || sources.includes(`words.${key}`) || sources.includes("words[`" + family) || sources.includes("[`" + family), `${key} is not used`);
  }
  for (const [name, pair] of Object.entries(settings)) for (const text of pair) assert.ok(text.endsWith("."), name);
});
