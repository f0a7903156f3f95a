// From nothing to the first answer, and the keys of the server.
import { accessible, all_french, answered, assert, finish, french_dark, given, phone, picture, reach, step } from "./support.mjs";

const { server, documents, key } = given;

await step("the first page in French, dark, on a phone", { ...phone, ...french_dark }, async (page) => {
  await page.locator(".stages").waitFor();
  await all_french(page, "the first page");
  await accessible(page, "the first page, dark");
  await picture(page, "first-run-phone-dark-fr");
});

await step("leads from nothing to the first answer", {}, async (page) => {
  await page.locator(".stages").waitFor();
  await accessible(page, "the first page");
  await page.getByLabel("Address of a site or feed").fill(documents);
  await page.getByRole("button", { name: "Show what it would take" }).click();
  await page.locator(".preview li").first().waitFor();
  await picture(page, "first-run-light");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.locator("#question").waitFor();
  const turn = await answered(page, "How long may a book be kept?");
  assert.match(await turn.locator(".answer").innerText(), /twenty-one days/);
  // A file of the server is cited, and is no link that a browser could follow.
  assert.equal(await turn.locator(".source a").count(), 0);
  await (await reach(turn.locator("button.mark").first())).click();
  await turn.locator(".popover").waitFor();
  await accessible(page, "an answer from files");
  await picture(page, "answer-files-light");
});

await step("looks after keys with an admin's key alone", {}, async (page, context, complaints) => {
  await page.goto(`${server}/#/operations`);
  await page.locator("#key").fill("rnv_wrong");
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.locator(".failure").waitFor();
  complaints.length = 0; // a refusal is told to the console
  await page.locator("#key").fill(key);
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.locator(".key-list li", { hasText: "browser" }).waitFor();
  await page.getByLabel("Name of the new key").fill("<b>reader</b>");
  await page.getByRole("button", { name: "Make a key" }).click();
  assert.match(await page.locator(".made code").innerText(), /^rnv_[0-9a-f]{64}$/);
  const row = page.locator(".key-list li", { hasText: "<b>reader</b>" });
  await row.waitFor();
  await accessible(page, "keys");
  await picture(page, "keys-light");
  await row.getByRole("button", { name: "Revoke" }).click();
  await row.getByRole("button", { name: "Revoke" }).click();
  await row.waitFor({ state: "detached" });
  assert.equal((await page.request.get(`${server}/api/keys`)).status(), 401);
});

await finish();
