// node browser.mjs SERVER SITE TAKEN_AWAY_FILE PICTURES: asks in Chromium what a person would, and fails on anything a person would mind.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { chromium } = createRequire(new URL("../../ui/package.json", import.meta.url))("playwright-core");
const [server, site, taken_away_file, pictures] = process.argv.slice(2);
const wait_ms = 30_000;

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"],
});
let failed = false;

// One page in its own empty context. What the console or the policy complains of fails the step, unless it says it expects that.
async function step(name, options, run) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(wait_ms);
  const complaints = [], foreign = [];
  page.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith(server)) foreign.push(request.url()); });
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error("CSP: " + event.violatedDirective)));
  try {
    await page.goto(server + "/");
    await run(page, context, complaints);
    assert.deepEqual(complaints, [], "the console complains");
    assert.deepEqual(foreign, [], "something outside the server was asked for");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} px wider than the window`);
    console.log(`ok   ${name}`);
  } catch (error) {
    failed = true;
    console.log(`FAIL ${name}: ${error.stack}`);
    await page.screenshot({ path: join(pictures, "failed.png"), fullPage: true }).catch(() => {});
  } finally {
    await context.close();
  }
}

const ask = async (page, question) => {
  await page.getByRole("textbox").fill(question);
  await page.keyboard.press("Enter");
  await page.locator(".answer, .failure").first().waitFor();
};
const picture = (page, name) => page.screenshot({ path: join(pictures, name), fullPage: true });

await step("asks with the keyboard alone and reaches a source by its mark", {}, async (page) => {
  assert.equal(await page.evaluate(() => document.activeElement?.id), "question");
  await ask(page, "How long may a book be kept?");
  assert.match(await page.locator(".answer").innerText(), /twenty-one days/);
  const card = page.locator("#source-1");
  assert.match(await card.locator("mark").innerText(), /twenty-one days/);
  assert.match(await card.locator(".badge").innerText(), /live/i);
  assert.match(await card.locator("time").innerText(), /checked (just now|\d+ s ago)/);
  assert.ok((await card.locator("h3 a").getAttribute("href")).startsWith(site));
  await page.locator(".answer .mark").first().focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "source-1");
  assert.match(await page.locator("footer").innerText(), /passages/);
  await picture(page, "answer-light.png");
});

await step("answers what a browser asks of it as its search engine", {}, async (page) => {
  await page.goto(`${server}/search?q=${encodeURIComponent("How long may a book be kept?")}`);
  assert.equal(new URL(page.url()).pathname, "/");
  assert.match(await page.locator(".answer").innerText(), /twenty-one days/);
  assert.equal(await page.getByRole("textbox").inputValue(), "How long may a book be kept?");
});

await step("opens a source in a new tab", {}, async (page, context) => {
  await ask(page, "How long may a book be kept?");
  const address = await page.locator("#source-1 h3 a").getAttribute("href");
  const opened = context.waitForEvent("page");
  await page.locator("#source-1 h3 a").click();
  const tab = await opened;
  await tab.waitForLoadState();
  assert.match(address, /#:~:text=/);  // marks the quote; the browser takes it out of the page's own address
  assert.equal(tab.url().split("#")[0], address.split("#")[0]);
});

await step("speaks French in a French browser, dark", { locale: "fr-FR", colorScheme: "dark" }, async (page) => {
  assert.equal(await page.evaluate(() => document.documentElement.lang), "fr");
  await ask(page, "Combien de temps peut-on garder un livre ?");
  assert.match(await page.locator(".answer").innerText(), /vingt et un jours/);
  assert.match(await page.locator("#source-1 time").innerText(), /vérifié/);
  await picture(page, "answer-dark-fr.png");
});

await step("fits a window of 360 pixels", { viewport: { width: 360, height: 740 } }, async (page) => {
  await ask(page, "How is a group room booked?");
  await page.locator("#source-1").waitFor();
  await picture(page, "answer-narrow.png");
});

await step("shows a document's markup as text", {}, async (page) => {
  await ask(page, "Which words does the notice board accept as plain text?");
  assert.match(await page.locator(".answer").innerText(), /<script>alert\(1\)<\/script>/);
  assert.equal(await page.locator("#app script, #app b").count(), 0);
});

await step("says plainly that the sources hold no answer", {}, async (page) => {
  await ask(page, "What is the boiling point of tungsten in kelvin?");
  await page.locator(".abstained").waitFor();
  assert.equal(await page.locator(".card").count(), 0);
  await picture(page, "abstained.png");
});

await step("says why a page that is gone is not cited", {}, async (page) => {
  appendFileSync(taken_away_file, "/en/loans.html\n");
  await ask(page, "How long may a book be kept?");
  await page.locator(".dropped li").first().waitFor();
  assert.match(await page.locator(".dropped").innerText(), /en\/loans\.html[\s\S]*404/);
  assert.doesNotMatch(await page.locator(".sources").allInnerTexts().then((all) => all.join("\n")), /en\/loans\.html/);
  await picture(page, "dropped.png");
});

await step("says what to do when the server cannot be reached, and works again", {}, async (page, context, complaints) => {
  await context.setOffline(true);
  await ask(page, "How is a group room booked?");
  assert.match(await page.getByRole("alert").innerText(), /renvoi serve/);
  await picture(page, "error.png");
  complaints.length = 0; // that the network is off is what this step is about
  await context.setOffline(false);
  await page.getByRole("button", { name: "Ask" }).click();
  await page.locator(".answer").waitFor();
});

await browser.close();
process.exit(failed ? 1 : 0);
