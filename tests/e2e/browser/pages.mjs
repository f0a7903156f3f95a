// Every other page in both languages and colours, wide and narrow: what it shows, and that axe finds nothing.
import { appendFileSync } from "node:fs";
import { accessible, all_french, assert, finish, fits, french_dark, given, phone, picture, settings, step } from "./support.mjs";

const { server, site, taken_away_file } = given;
const hashes = { collection: "#/collection", source: "#/collection/1", references: "#/references", reference: "#/references", models: "#/models", operations: "#/operations" };
const go = async (page, hash) => {
  await page.goto(`${server}/${hash}`);
  await page.locator("main h2").filter({ visible: true }).first().waitFor();
};
// What each page shows once it has what it asked for.
const there = {
  collection: ".source-row .plot", source: ".wide-plot", references: ".reference-list li", reference: ".why li", models: ".model-list h4", operations: "tbody tr",
};

await step("shows the collection: health of each source, bytes, a dry run, and adds what it showed", {}, async (page) => {
  await go(page, hashes.collection);
  await page.locator(there.collection).first().waitFor();
  assert.match(await page.locator(".source-row").first().innerText(), /8 in answers/);
  assert.match(await page.locator(".source-row .plot").first().getAttribute("aria-label"), /In answers: 0 then, 8 now/);
  assert.match(await page.locator(".bytes").innerText(), /Text the index stands for/);
  await page.getByLabel("Address of a site or feed").fill(`${site}/fr/`);
  await page.getByText("How it is read, and what is kept").click();
  await page.getByLabel("May be on a private network").check();
  await page.getByRole("button", { name: "Show what it would take" }).click();
  await page.locator(".preview li").first().waitFor();
  assert.match(await page.locator(".preview").innerText(), /It would take[\s\S]*Prêts de la bibliothèque Ravel[\s\S]*Nothing was added/);
  assert.equal(await page.locator(".source-row").count(), 1);
  await accessible(page, "a dry run");
  await picture(page, "collection-preview-light");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.locator(".source-row").nth(1).waitFor();
  await page.locator(".source-row", { hasText: "/fr/" }).getByRole("link").click();
  await page.getByText(/Read: \d+ new/).waitFor();
  await page.getByRole("button", { name: "Read again", exact: true }).click();
  await page.getByRole("button", { name: "Forget", exact: true }).click();
  await page.getByText("Forget this source and all its references?").waitFor();
  await page.getByRole("button", { name: "Forget", exact: true }).click();
  await page.getByText("The source is forgotten").waitFor();
});

await step("takes an address with markup as text and says what is wrong", {}, async (page, context, complaints) => {
  await go(page, hashes.collection);
  await page.getByLabel("Address of a site or feed").fill("http://<img src=x onerror=window.hacked=1>/");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.locator(".failure .detail").waitFor();
  complaints.length = 0; // a request that is refused is told to the console
  await page.getByLabel("Address of a site or feed").fill(`${site}/en/<img src=x onerror=window.hacked=1>`);
  await page.getByText("How it is read, and what is kept").click();
  await page.getByLabel("May be on a private network").check();
  await page.getByRole("button", { name: "Show what it would take" }).click();
  await page.locator(".failure, .preview").first().waitFor();
  complaints.length = 0;
});

await step("finds references by text and state, says why, looks again and forgets", {}, async (page) => {
  await go(page, hashes.references);
  await page.locator(there.references).first().waitFor();
  assert.equal(await page.locator(".reference-list li").count(), 8);
  await page.getByLabel("In the address or the title").fill("onerror");
  await page.locator(".reference-list li").nth(2).waitFor({ state: "detached" });
  assert.match(await page.locator(".reference-list").innerText(), /<img src=x onerror/);
  assert.equal(await page.locator("#app img").count(), 0);
  await picture(page, "references-hostile-light");
  await page.getByLabel("In the address or the title").fill("cards");
  await page.locator(".reference-list li").nth(1).waitFor({ state: "detached" });
  await page.locator(".reference-list h3 a", { hasText: "Cards of the Ravel library" }).click();
  assert.match(await page.locator(".why").innerText(), /Its server gave it when it was last asked/);
  await page.locator(".trail", { hasText: "added to the index" }).waitFor();
  appendFileSync(taken_away_file, "/en/cards.html\n");
  await page.getByRole("button", { name: "Look again now" }).click();
  await page.locator(".why", { hasText: "It was missing when it was last looked at" }).waitFor();
  assert.match(await page.locator(".why").innerText(), /HTTP 404[\s\S]*It is in no answer/);
  assert.match(await page.locator(".trail").innerText(), /live → suspect/);
  await picture(page, "reference-suspect-light");
  await go(page, `${hashes.references}?state=SUSPECT`);
  await page.locator(".reference-list li").first().waitFor();
  assert.equal(await page.locator(".reference-list li").count(), 1);
  await page.locator(".reference-list h3 a").click();
  await page.getByRole("button", { name: "Forget", exact: true }).click();
  await page.getByRole("button", { name: "Forget", exact: true }).click();
  await page.getByText("The reference is forgotten").waitFor();
});

await step("shows every setting with what it means, in both languages", {}, async (page) => {
  await go(page, hashes.operations);
  await page.getByText("Settings", { exact: true }).click();
  await page.locator(".settings dt").first().waitFor();
  const shown = await page.locator(".settings dt > code:first-child").allInnerTexts();
  assert.deepEqual(shown.map((text) => text.split(" = ")[0]).sort(), Object.keys(settings).sort());
  assert.equal(await page.locator(".settings dd:empty").count(), 0);
  assert.match(await page.locator(".settings .changed").allInnerTexts().then((all) => all.join("\n")), /server\.keep_feedback = true/);
  await accessible(page, "settings");
  await picture(page, "settings-light");
});

for (const [look, options] of Object.entries({ "light": {}, "dark-fr": french_dark, "phone": phone, "phone-dark-fr": { ...phone, ...french_dark } })) {
  await step(`every page, ${look}`, options, async (page) => {
    for (const [name, hash] of Object.entries(hashes)) {
      await go(page, hash);
      if (name === "reference") await page.locator(".reference-list h3 a").first().click();
      await page.locator(there[name]).first().waitFor();
      await fits(page);
      await accessible(page, `${name}, ${look}`);
      if (look.endsWith("fr")) await all_french(page, name);
      await picture(page, `${name}-${look}`);
    }
  });
}

await finish();
