// What the scripts of this folder share: a browser, and steps that fail on anything a person would mind.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { tmpdir } from "node:os";
import { mkdtempSync, rmSync } from "node:fs";

const require = createRequire(new URL("../../../ui/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe_source = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const given = JSON.parse(process.argv[2]);
const { server, pictures } = given;
const wait_ms = 30_000;

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"],
});
let failed = false;

// The page's own words, as it was built with them.
async function bundled(entry) {
  const folder = mkdtempSync(join(tmpdir(), "renvoi-words-"));
  try {
    const outfile = join(folder, "out.mjs");
    const from = fileURLToPath(new URL(`../../../ui/src/${entry}`, import.meta.url));
    await require("esbuild").build({ entryPoints: [from], outfile, bundle: true, format: "esm", platform: "node", logLevel: "error" });
    return await import(pathToFileURL(outfile));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
export const { words_of } = await bundled("words.ts");
export const { settings } = await bundled("setting_words.ts");

export const phone = { viewport: { width: 360, height: 740 }, hasTouch: true };
export const french_dark = { locale: "fr-FR", colorScheme: "dark" };

// One page in its own empty context. What the console or the policy complains of fails the step, unless it says it expects that
// (`complaints` is emptied); so does a request to anywhere else, a script of a document that runs, a dialog, and a page that is
// wider than its window.
export async function step(name, options, run) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, locale: "en-GB", ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server });
  const page = await context.newPage();
  page.setDefaultTimeout(wait_ms);
  const complaints = [], foreign = [];
  page.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => { complaints.push(`a dialog: ${dialog.message()}`); void dialog.dismiss(); });
  page.on("request", (request) => { if (!request.url().startsWith(server)) foreign.push(request.url()); });
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error("CSP: " + event.violatedDirective)));
  try {
    await page.goto(server + "/");
    await run(page, context, complaints);
    assert.deepEqual(complaints, [], "the console complains");
    assert.deepEqual(foreign, [], "something outside the server was asked for");
    assert.equal(await page.evaluate(() => window.hacked), undefined, "text of a document has run");
    await fits(page);
    console.log(`ok   ${name}`);
  } catch (error) {
    failed = true;
    console.log(`FAIL ${name}: ${error.stack}`);
    await page.screenshot({ path: join(pictures, "failed.png"), fullPage: true }).catch(() => {});
  } finally {
    await context.close();
  }
}

export async function fits(page) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than the window`);
}

export const ask = async (page, question) => {
  await page.locator("#question").fill(question);
  await page.keyboard.press("Enter");
};
// Asks, and waits until the answer is whole.
export const answered = async (page, question) => {
  const before = await page.locator("article.turn").count();
  await ask(page, question);
  await page.locator("article.turn").nth(before).and(page.locator(".done, .failed")).waitFor();
  return page.locator("article.turn").nth(before);
};
// In the middle of the window, where the field at its foot does not cover it.
export const reach = async (locator) => {
  await locator.evaluate((element) => element.scrollIntoView({ block: "center" }));
  return locator;
};
export const picture = (page, name) => page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });

// axe-core, all of its rules. Evaluated by the debugger, which the page's policy does not bind.
export async function accessible(page, where) {
  await page.evaluate(axe_source);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map((each) => `${each.id}: ${each.help}\n    ${each.nodes.slice(0, 4).map((node) => `${node.html}\n      ${node.failureSummary}`).join("\n    ")}`);
  assert.deepEqual(told, [], `axe, ${where}`);
  assert.ok(found.passes === undefined || found.passes.length >= 0);
}

// No word of English is left on a French page, but in what is marked as English and in what documents and addresses say.
export async function all_french(page, where) {
  const shown = await page.evaluate(() => {
    const texts = [document.title];
    const walk = (element) => {
      if (element.closest("noscript, script, [lang=en], .address, .turn .context, .title, code, .source h3, .reference-list h3, .asked, h2.long, .site, option")) return;
      for (const name of ["aria-label", "placeholder", "title"]) if (element.getAttribute(name)) texts.push(element.getAttribute(name));
      for (const child of element.childNodes) child.nodeType === 3 ? texts.push(child.data) : child.nodeType === 1 && walk(child);
    };
    walk(document.body);
    return texts.map((text) => text.replace(/\s+/g, " ").trim()).filter((text) => text);
  });
  const [english, french] = [words_of("en"), words_of("fr")];
  const left = [];
  for (const [key, text] of Object.entries(english)) {
    if (text === french[key] || Object.values(french).includes(text)) continue;
    // A template, by its longest part.
    const part = text.split(/\{\w+\}/).map((piece) => piece.trim()).sort((a, b) => b.length - a.length)[0];
    if (part.length < 3) continue;
    const exact = part.length < 12;
    for (const each of shown) if (exact ? each === part : each.includes(part)) left.push(`${key}: ${each}`);
  }
  assert.deepEqual(left, [], `English on a French page, ${where}`);
  assert.ok(shown.length > 10, `there is text to look at, ${where}`);
}

export async function finish() {
  await browser.close();
  process.exit(failed ? 1 : 0);
}
export { assert };
