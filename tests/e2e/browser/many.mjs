// A collection of 1,000 sources.
import { accessible, assert, finish, given, picture, step } from "./support.mjs";

const { server } = given;

await step("shows 1,000 sources, some at a time, and finds one", {}, async (page) => {
  await page.goto(`${server}/#/collection`);
  await page.getByRole("heading", { name: "1,000 sources" }).waitFor();
  assert.equal(await page.locator(".source-row").count(), 50);
  await page.getByRole("button", { name: "Show more (950)" }).click();
  await page.locator(".source-row").nth(99).waitFor();
  await page.getByLabel("Find a source").fill("site-0777");
  await page.locator(".source-row").nth(1).waitFor({ state: "detached" });
  assert.match(await page.locator(".source-row").innerText(), /https:\/\/site-0777\.example\.org\//);
  await accessible(page, "1,000 sources");
  await picture(page, "collection-1000-light");
  await page.locator(".source-row a").click();
  await page.getByText("never read to the end").waitFor();
});

await finish();
