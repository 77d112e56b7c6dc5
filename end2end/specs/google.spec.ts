/** A Google account, from the button to the events and back, against the stand-in. */
import type { Page } from "@playwright/test";
import { card, createFirstAccount, stored, syncNow } from "../support/app.ts";
import { test } from "../support/provider-test.ts";
import { anna } from "../support/sandbox.ts";
import { ada, expect, expectAccessible, hydrated } from "../support/test.ts";

/** Goes to Google's page. */
async function toGoogle(page: Page): Promise<void> {
  await page.getByRole("link", { name: /Google Calendar/ }).click();
  await expect(page.getByRole("heading", { name: "Sign in with Google" })).toBeVisible();
}

test.beforeEach(async ({ sandbox, server }) => {
  await sandbox.google(server.url, ["Dentist", "Team lunch"]);
});

test("an account is refused, half allowed, allowed, revoked and reconnected, and nothing is doubled", async ({ page, server, sandbox }) => {
  await createFirstAccount(page);
  await hydrated(page);

  await toGoogle(page);
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByRole("alert")).toContainText("You did not allow it at Google, so nothing was connected.");
  await expectAccessible(page);

  await toGoogle(page);
  await page.getByLabel(/calendar\.events\.readonly/).uncheck();
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByRole("alert")).toContainText("not every box was ticked");
  await expect(page.getByRole("alert")).toContainText("leave every box ticked");
  expect(await stored(server)).toEqual([]);

  await toGoogle(page);
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL("**/settings/calendars?added=*");
  await expect(card(page, anna)).toBeVisible();
  const events = async () => (await stored(server)).map(({ calendars }) => calendars.map((calendar) => calendar.events));
  await expect.poll(events).toEqual([[2]]);
  const [first] = await stored(server);
  expect(first).toMatchObject({ provider: "google", name: anna, problem: null });

  await sandbox.admin("oauth/revoke", { provider: "google", account: anna });
  await sandbox.addEvent("Cinema");
  await page.reload();
  await hydrated(page);
  await syncNow(page).click();
  await expect.poll(async () => (await stored(server))[0]?.problem?.code).toBe("permission_gone");
  expect(await events()).toEqual([[2]]);

  await page.reload();
  await hydrated(page);
  await expect(card(page, anna)).toContainText("Needs reconnecting");
  await expect(page.getByRole("main")).toContainText("Google does not accept the permission for this account any more");
  await card(page, anna).getByRole("link", { name: "Reconnect", exact: true }).last().click();
  await page.getByRole("link", { name: "Reconnect with Google" }).click();
  await expect(page.getByRole("heading", { name: "Sign in with Google" })).toBeVisible();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL("**/settings/calendars?added=*");
  await expect.poll(events).toEqual([[3]]);
  expect((await stored(server)).map(({ id, problem }) => [id, problem])).toEqual([[first?.id, null]]);
});

test("an account is connected without JavaScript", async ({ nojs, server }) => {
  await server.addUser();
  await nojs.goto("/sign-in?next=/settings/connections");
  await nojs.getByLabel("E-mail").fill(ada.email);
  await nojs.getByLabel("Password", { exact: true }).fill(ada.password);
  await nojs.getByRole("button", { name: "Sign in" }).click();
  await toGoogle(nojs);
  await nojs.getByRole("button", { name: "Deny" }).click();
  await expect(nojs.getByRole("alert")).toContainText("You did not allow it at Google");
  await toGoogle(nojs);
  await nojs.getByRole("button", { name: "Allow" }).click();
  await expect(card(nojs, anna)).toBeVisible();
  await expect.poll(async () => (await stored(server))[0]?.calendars[0]?.events).toBe(2);
});
