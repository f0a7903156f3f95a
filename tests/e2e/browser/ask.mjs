// Asks in Chromium what a person would: answers, their sources and quotes, what goes wrong and comes back.
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { accessible, all_french, answered, ask, assert, finish, french_dark, given, phone, picture, reach, step } from "./support.mjs";

const { server, site, control, taken_away_file, hold_file } = given;
const hold = () => writeFileSync(hold_file, "");
const release = () => rmSync(hold_file, { force: true });
const control_server = async (what) => assert.equal((await fetch(`${control}/${what}`, { method: "POST" })).status, 204);
const books = "How long may a book be kept?";

await step("asks with the keyboard alone, shows the quote at a mark and opens the page there", {}, async (page, context) => {
  assert.equal(await page.evaluate(() => document.activeElement?.id), "question");
  const timing = await page.evaluate(() => performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd);
  console.log(`     interactive after ${Math.round(timing)} ms`);
  const turn = await answered(page, books);
  assert.match(await turn.locator(".answer").innerText(), /twenty-one days/);
  const card = turn.locator(".source.cited").first();
  assert.match(await card.innerText(), /Loans at the Ravel library/);
  assert.match(await card.locator(".badge").innerText(), /live/);
  assert.match(await card.locator("time").innerText(), /checked (just now|\d+ (s|min) ago)/);
  assert.match(await card.locator(".date").innerText(), /of \d+ \w+ \d{4}/);
  assert.match(await turn.locator(".timings").innerText(), /Answered in [\d.]+ m?s: search/);
  assert.match(await turn.locator(".quotes mark").first().innerText(), /twenty-one days/);
  const chip = turn.locator(".answer .mark").first();
  await chip.focus();
  const popover = turn.locator(".popover");
  assert.match(await popover.locator("mark").innerText(), /twenty-one days/);
  assert.match(await popover.locator(".context").innerText(), /A loan can be renewed twice/); // what stands around it
  await accessible(page, "an answer with a quote open");
  await picture(page, "answer-quote-light");
  await page.keyboard.press("Escape");
  await popover.waitFor({ state: "detached" });
  await chip.hover();
  await popover.waitFor();
  const opened = context.waitForEvent("page");
  await chip.click();
  const tab = await opened;
  await tab.waitForLoadState();
  assert.match(await chip.getAttribute("href"), /#:~:text=/); // marks the quote; the browser takes it out of the page's own address
  assert.equal(tab.url().split("#")[0], `${site}/en/loans.html`);
  await tab.close();
  await picture(page, "answer-light");
});

await step("answers a follow-up in its conversation, copies it with citations, keeps feedback and remembers the question here", {}, async (page) => {
  await answered(page, "How is a group room booked?");
  const copied = async (kind) => {
    await (await reach(page.getByRole("button", { name: kind, exact: true }).first())).click();
    await page.getByRole("status").filter({ hasText: "Copied." }).first().waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  assert.match(await copied("Markdown"), /^\*\*How is a group room booked\?\*\*\n\n[\s\S]*1\. \[Reading rooms of the Ravel library\]\(<http/);
  assert.match(await copied("plain text"), /\[1\] Reading rooms of the Ravel library, http:\/\/127\.0\.0\.1:\d+\/en\/rooms\.html, checked on \d{4}-/);
  assert.match(await copied("BibTeX"), /@misc\{renvoi-\d+,\n {2}title = \{\{Reading rooms of the Ravel library\}\}/);
  await (await reach(page.getByRole("button", { name: "useful", exact: true }))).click();
  await page.getByText("Kept as a question for evaluation").waitFor();
  const next = await answered(page, "And for how long may it be kept?");
  assert.match(await next.innerText(), /Understood as: .*room/);
  await picture(page, "conversation-light");
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByText("Asked before in this browser").click();
  await page.locator(".history").getByRole("button", { name: "How is a group room booked?" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id ?? ""), "");
  await page.reload();
  await page.getByText("Asked before in this browser").click();
  await page.getByRole("button", { name: "Forget them" }).click();
  assert.equal(await page.locator(".history").count(), 0);
});

await step("answers what a browser asks of it as its search engine", {}, async (page) => {
  await page.goto(`${server}/search?q=${encodeURIComponent(books)}`);
  assert.equal(new URL(page.url()).pathname, "/");
  await page.locator("article.turn.done").waitFor();
  assert.match(await page.locator(".answer").innerText(), /twenty-one days/);
});

await step("speaks French in a French browser, dark, and English when told to", french_dark, async (page) => {
  assert.equal(await page.evaluate(() => document.documentElement.lang), "fr");
  const turn = await answered(page, "Combien de temps peut-on garder un livre ?");
  assert.match(await turn.locator(".answer").innerText(), /vingt et un jours/);
  assert.match(await turn.locator(".source time").first().innerText(), /vérifié/);
  await turn.locator(".answer .mark").first().focus();
  await all_french(page, "an answer");
  await accessible(page, "an answer, dark");
  await picture(page, "answer-dark-fr");
  await page.getByLabel("Langue").selectOption("en");
  await page.getByRole("button", { name: "Ask", exact: true }).waitFor();
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await page.getByLabel("Colours").selectOption("light");
  await page.waitForFunction(() => getComputedStyle(document.body).backgroundColor === "rgb(251, 250, 247)");
});

await step("fits a phone, where a tap shows the quote", phone, async (page) => {
  const turn = await answered(page, "How is a group room booked?");
  await (await reach(turn.locator(".answer .mark").first())).tap();
  await turn.locator(".popover").waitFor();
  const box = await turn.locator(".popover").boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 360, "the quote is inside of the window");
  await accessible(page, "an answer on a phone");
  await picture(page, "answer-phone");
});

await step("shows its steps while it works, takes typing meanwhile, and stops when told to", {}, async (page) => {
  hold();
  await ask(page, books);
  await page.locator(".steps .now", { hasText: "Reading the documents again" }).waitFor();
  await page.locator(".steps .past", { hasText: "Searching the index" }).waitFor();
  await picture(page, "working-light");
  await accessible(page, "while it works");
  await page.locator("#question").pressSequentially("What does a card cost?");
  assert.equal(await page.locator("#question").inputValue(), "What does a card cost?");
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped.").waitFor();
  release();
  await page.keyboard.press("Tab");
  await page.locator("#question").press("Enter"); // what was typed meanwhile
  await page.locator("article.turn.done").waitFor();
  assert.match(await page.locator("article.turn.done .answer").innerText(), /twelve euros/);
});

await step("shows what it reads before the answer is there", {}, async (page) => {
  // The events of a stream, one by one, as a slow model would have them come.
  const lines = (name, value) => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
  const seen = { reference: 1, address: `${site}/en/loans.html`, title: "Loans", language: "en", state: "LIVE", checked_at: new Date().toISOString(), verified: true, date: null };
  const first = lines("step", { step: "search", at_ms: 1 }) + lines("step", { step: "read", at_ms: 20 }) +
    lines("evidence", { documents: [seen], dropped: [] }) + lines("step", { step: "write", at_ms: 90 }) +
    lines("citation", { ...seen, number: 1, link: seen.address, section: "", page: null, quote: "twenty-one days", before: "", after: "" }) +
    lines("text", { text: "A book may be kept for twenty-one days [1]" });
  await page.evaluate((text) => {
    window.fetch = async () => new Response(new ReadableStream({ start(stream) {
      stream.enqueue(new TextEncoder().encode(text));
      window.go_on = (rest) => { stream.enqueue(new TextEncoder().encode(rest)); stream.close(); };
    } }));
  }, first);
  await ask(page, books);
  await page.locator(".source.cited").waitFor();
  assert.match(await page.locator(".answer").innerText(), /twenty-one days\s*1/);
  assert.equal(await page.locator(".steps .now").innerText().then((text) => /Writing/.test(text)), true);
  for (const letter of "And a film?") await page.locator("#question").press(letter === " " ? "Space" : letter); // in the same field, which keeps its focus
  assert.equal(await page.locator("#question").inputValue(), "And a film?");
  await picture(page, "streaming-light");
  const answer = { text: "A book may be kept for twenty-one days [1].", language: "en", mode: "generative", abstained: false, citations: [{ ...seen, number: 1, link: seen.address, quote: "twenty-one days" }], dropped: [], timings_ms: {} };
  await page.evaluate((rest) => window.go_on(rest), lines("answer", answer));
  await page.locator("article.turn.done").waitFor();
  assert.equal(await page.locator("#question").inputValue(), "And a film?");
});

await step("asks again by itself when the server was restarted in the middle of an answer", {}, async (page, context, complaints) => {
  hold();
  await ask(page, books);
  await page.locator(".steps .now", { hasText: "Reading the documents again" }).waitFor();
  await control_server("stop");
  const alert = page.locator("article.turn.lost [role=alert]");
  await alert.waitFor();
  assert.match(await alert.innerText(), /renvoi serve[\s\S]*asked again/);
  await picture(page, "lost-light");
  await accessible(page, "a lost connection");
  release();
  await control_server("start");
  await page.locator("article.turn.done").waitFor();
  assert.match(await page.locator(".answer").innerText(), /twenty-one days/);
  assert.equal(await page.locator("article.turn").count(), 1);
  complaints.length = 0; // that the server was away is what this step is about
});

await step("asks again in French, too", french_dark, async (page, context, complaints) => {
  await context.setOffline(true);
  await ask(page, "Combien de temps peut-on garder un livre ?");
  await page.locator("article.turn.lost [role=alert]").waitFor();
  await all_french(page, "a lost connection");
  await picture(page, "lost-dark-fr");
  await context.setOffline(false);
  await page.locator("article.turn.done").waitFor();
  complaints.length = 0;
});

await step("shows what documents hold as text: titles, texts, addresses, file names, the question", {}, async (page) => {
  for (const question of ["Which words does the notice board accept as plain text?", "Where are bicycles parked?", "For how long is a locker lent?"]) {
    const turn = await answered(page, question);
    assert.equal(await turn.locator(".abstained").count(), 0, question);
    for (const chip of await turn.locator(".answer .mark").all()) await (await reach(chip)).hover();
    for (const link of await turn.locator("a[href]").all()) assert.match(await link.getAttribute("href"), /^(http|#)/);
  }
  assert.match(await page.locator("main").innerText(), /<script>alert\(1\)<\/script>/);
  assert.equal(await page.locator("#app img, #app script, #app svg:not(.bar):not(.plot)").count(), 0);
  await picture(page, "hostile-light");
  await page.goto(`${server}/?q=${encodeURIComponent("<img src=x onerror=window.hacked=1>\"'><script>window.hacked=1</script>")}`);
  await page.locator("article.turn.done, article.turn.failed").first().waitFor();
  assert.match(await page.locator(".asked").innerText(), /<img src=x/);
});

await step("says plainly that the sources hold no answer", {}, async (page) => {
  const turn = await answered(page, "What is the boiling point of tungsten in kelvin?");
  await turn.locator(".abstained").waitFor();
  assert.equal(await turn.locator(".source").count(), 0);
  await accessible(page, "no answer");
  await picture(page, "abstained-light");
});

await step("says why a page that is gone is not cited, in the reader's words", french_dark, async (page) => {
  appendFileSync(taken_away_file, "/en/loans.html\n");
  const turn = await answered(page, books);
  await turn.locator(".dropped").first().waitFor();
  assert.match(await turn.locator(".left-out").innerText(), /en\/loans\.html[\s\S]*HTTP 404 : désormais douteux/);
  assert.doesNotMatch(await turn.locator(".cards").allInnerTexts().then((all) => all.join("\n")), /Loans at the Ravel/);
  await all_french(page, "a page that is gone");
  await picture(page, "gone-dark-fr");
});

await step("answers without any script, with links to what it quotes", { javaScriptEnabled: false }, async (page) => {
  await page.locator("#plain-question").fill("How is a group room booked?");
  await page.locator("form button").click();
  assert.equal(new URL(page.url()).pathname, "/ask");
  assert.match(await page.locator(".answer").innerText(), /desk or by telephone/);
  assert.match(await page.locator("#source-1 h3 a").getAttribute("href"), /^http:\/\/127\.0\.0\.1:\d+\/en\/rooms\.html#:~:text=/);
  await page.locator(".answer .mark").first().click();
  await picture(page, "plain-light");
  await page.goto(`${server}/?q=${encodeURIComponent("Where are bicycles parked?")}`);
  await page.waitForURL(/\/ask\?q=/);
  assert.match(await page.locator(".answer").innerText(), /forty racks/);
  assert.equal(await page.locator("img, script").count(), 0);
});

await step("answers without any script in French, dark, and stays text", { ...french_dark, javaScriptEnabled: false }, async (page) => {
  await page.goto(`${server}/ask?q=${encodeURIComponent("<img src=x onerror=window.hacked=1>\"'>")}`);
  assert.match(await page.locator("label").innerText(), /Votre question/);
  assert.equal(await page.locator("#question").inputValue(), "<img src=x onerror=window.hacked=1>\"'>");
  assert.equal(await page.locator("img, script").count(), 0);
  await page.goto(`${server}/ask?q=${encodeURIComponent("Combien de temps peut-on garder un livre ?")}`);
  await picture(page, "plain-dark-fr");
});

await finish();
