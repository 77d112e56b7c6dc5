/** A server that Google can call: what changes there is seen in open tabs at once, against the stand-in. */
import { card, createFirstAccount, event, progress, stored } from "../support/app.ts";
import { test as base } from "../support/provider-test.ts";
import { anna } from "../support/sandbox.ts";
import { expect, hydrated } from "../support/test.ts";

const test = base.extend({
  serverEnv: async ({ sandbox }, use) => use({ ...sandbox.serverEnv, SYNCLINE_PUBLIC_URL: "itself" }),
});

test("what changes at Google is seen in two open tabs, and the card says that changes arrive at once", async ({ page, context, server, sandbox }) => {
  await sandbox.google(server.url, ["Dentist"]);
  await createFirstAccount(page);
  await hydrated(page);
  await page.getByRole("link", { name: /Google Calendar/ }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL("**/settings/calendars?added=*");
  await expect.poll(async () => (await stored(server))[0]?.calendars[0]?.events).toBe(1);
  await expect(progress(page)).toHaveCount(0);
  const other = await context.newPage();
  for (const tab of [page, other]) {
    await tab.goto("/");
    await hydrated(tab);
    await expect(event(tab, "Dentist")).toBeVisible();
  }
  await sandbox.addEvent("Cinema");
  for (const tab of [page, other]) await expect(event(tab, "Cinema")).toBeVisible();

  await page.goto("/settings/calendars");
  await expect(card(page, anna)).toContainText("Changes arrive at once");
  await expect(card(page, anna).getByLabel("Sync interval"), "what was asked for stays").toHaveValue("900");
  expect((await stored(server))[0]).toMatchObject({ state: "ok", intervalS: 900, paceS: 3600 });
});
