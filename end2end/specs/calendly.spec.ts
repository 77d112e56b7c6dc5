/** A Calendly account, by signing in there or by a token, and bookings that its webhooks bring, against the stand-in. */
import { card, createFirstAccount, event, stored, syncNow } from "../support/app.ts";
import { test } from "../support/provider-test.ts";
import { anna } from "../support/sandbox.ts";
import { ada, expect, expectAccessible, hydrated } from "../support/test.ts";

test.beforeEach(async ({ sandbox, server }) => {
  await sandbox.calendly(server.url);
});

test("an account is refused, allowed, revoked and reconnected, and nothing is doubled", async ({ page, server, sandbox }) => {
  await sandbox.book("Eva");
  await createFirstAccount(page);
  await hydrated(page);
  const toCalendly = async () => {
    await page.getByRole("link", { name: /Calendly/ }).first().click();
    await page.getByRole("link", { name: "Sign in at Calendly" }).click();
    await expect(page.getByRole("heading", { name: "Sign in with Calendly" })).toBeVisible();
  };
  await toCalendly();
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByRole("alert")).toContainText("You did not allow it at Calendly, so nothing was connected.");
  await toCalendly();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL("**/settings/calendars?added=*");
  await expect(card(page, anna)).toBeVisible();
  const events = async () => (await stored(server)).map(({ calendars }) => calendars.map((calendar) => calendar.events));
  await expect.poll(events).toEqual([[1]]);
  const [first] = await stored(server);

  await sandbox.admin("oauth/revoke", { provider: "calendly", account: anna });
  await hydrated(page);
  await syncNow(page).click();
  await expect.poll(async () => (await stored(server))[0]?.problem?.code).toBe("permission_gone");
  await page.reload();
  await hydrated(page);
  await expect(card(page, anna)).toContainText("Needs reconnecting");
  await card(page, anna).getByRole("link", { name: "Reconnect", exact: true }).last().click();
  await page.getByRole("link", { name: "Reconnect with Calendly" }).click();
  await expect(page.getByRole("heading", { name: "Sign in with Calendly" })).toBeVisible();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL("**/settings/calendars?added=*");
  await expect.poll(async () => (await stored(server)).map(({ id, problem }) => [id, problem])).toEqual([[first?.id, null]]);
  expect(await events()).toEqual([[1]]);
});

test("a wrong token is said beside its field, a good one connects", async ({ page, server, sandbox }) => {
  await createFirstAccount(page);
  await hydrated(page);
  await page.getByRole("link", { name: /Calendly/ }).first().click();
  await page.getByLabel("Personal access token").fill("wrong");
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.getByRole("alert")).toContainText("Calendly does not accept this token.");
  await expectAccessible(page);
  expect(await stored(server)).toEqual([]);
  await page.getByLabel("Personal access token").fill(await sandbox.calendlyToken(["users:read", "scheduled_events:read"]));
  await page.getByRole("button", { name: "Add account" }).click();
  await page.waitForURL("**/settings/calendars?added=*");
  await expect(card(page, anna)).toBeVisible();
});

test("a booking comes by its webhook into two open tabs, and goes", async ({ page, context, server, sandbox }) => {
  await createFirstAccount(page);
  await hydrated(page);
  await page.goto("/settings/connections?add=calendly");
  await page.getByLabel("Personal access token").fill(await sandbox.calendlyToken(["users:read", "scheduled_events:read"]));
  await page.getByRole("button", { name: "Add account" }).click();
  await page.waitForURL("**/settings/calendars?added=*");
  await expect.poll(async () => (await stored(server, ada))[0]?.state).toBe("ok");
  await sandbox.subscribe(server.url);
  const other = await context.newPage();
  for (const tab of [page, other]) {
    await tab.goto("/");
    await hydrated(tab);
  }
  const invitee = await sandbox.book("Eva");
  for (const tab of [page, other]) await expect(event(tab, /30 Minute Meeting: Eva/)).toBeVisible();
  await sandbox.admin("calendly", { do: "cancel_invitee", invitee });
  for (const tab of [page, other]) await expect(event(tab, /30 Minute Meeting: Eva/)).toHaveCount(0);
});
