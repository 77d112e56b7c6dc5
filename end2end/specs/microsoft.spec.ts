/** A Microsoft account: connected, synced, changed in Outlook, synced again, against the stand-in. */
import { card, createFirstAccount, event, stored, syncNow } from "../support/app.ts";
import { test } from "../support/provider-test.ts";
import { anna } from "../support/sandbox.ts";
import { expect, expectAccessible, hydrated } from "../support/test.ts";

test("an account is connected, and what changes in Outlook is there after the next sync", async ({ page, server, sandbox }) => {
  await sandbox.microsoft(server.url);
  const dentist = await sandbox.addToOutlook("Dentist");
  await createFirstAccount(page);
  await hydrated(page);

  await page.getByRole("link", { name: /Outlook calendar/ }).click();
  await expect(page.getByRole("heading", { name: "Sign in with Microsoft" })).toBeVisible();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL("**/settings/calendars?added=*");
  await expect(card(page, anna)).toBeVisible();
  const events = async () => (await stored(server)).map(({ calendars }) => calendars.map((calendar) => calendar.events));
  await expect.poll(events).toEqual([[1]]);
  expect(await stored(server)).toMatchObject([{ provider: "microsoft", name: anna, problem: null }]);
  await expectAccessible(page);

  await page.goto("/?view=day");
  await expect(event(page, /Dentist/)).toBeVisible();

  await sandbox.admin("microsoft", { do: "change", account: anna, event: dentist, patch: { subject: "Dentist, upstairs" } });
  await sandbox.addToOutlook("Cinema");
  await page.goto("/settings/calendars");
  await hydrated(page);
  await syncNow(page).click();
  await expect.poll(events).toEqual([[2]]);
  await page.goto("/?view=day");
  await expect(event(page, /Dentist, upstairs/)).toBeVisible();
  await expect(event(page, /Cinema/)).toBeVisible();
});
