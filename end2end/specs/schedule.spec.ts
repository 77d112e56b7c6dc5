/** How often a connection is synced by itself: chosen on its card, with scripts and without. */
import { card, createFirstAccount, progress, sendFeedForm, stored } from "../support/app.ts";
import { calendar, event } from "../support/ics.ts";
import { expect, hydrated, sameUser, test } from "../support/test.ts";

const minute = 60_000;

test("a person sets how often a connection is synced, sees when that is, and moves it by a sync", async ({ page, nojs, server, feeds }) => {
  await createFirstAccount(page);
  const lesson = event({ uid: "lesson", summary: "Lesson", start: "20260310T080000Z", end: "20260310T090000Z" });
  await sendFeedForm(page, feeds.set("/school.ics", calendar([lesson], ["X-WR-CALNAME:School"])));
  await page.waitForURL("**/settings/calendars?added=*");
  await expect(card(page, "School").getByRole("listitem").filter({ hasText: "School" })).toContainText("1 event");
  await expect(progress(page)).toHaveCount(0);
  await hydrated(page);
  const interval = card(page, "School").getByLabel("Sync interval");
  await expect(interval).toHaveValue("900");
  const [first] = await stored(server);
  expect(first?.nextSyncAt! - first?.lastAttemptAt!).toBeGreaterThanOrEqual(13 * minute);

  await interval.selectOption("Every 2 hours");
  const planned = async () => {
    const [connection] = await stored(server);
    return [connection?.intervalS, connection?.nextSyncAt && connection.nextSyncAt - connection.lastAttemptAt!];
  };
  await expect.poll(planned).toEqual([7200, 120 * minute]);
  await expect(card(page, "School")).toContainText(/Next sync in (2 hours|1 hour|119 minutes|120 minutes)/);

  await card(page, "School").getByRole("button", { name: /^Sync/ }).click();
  await expect.poll(async () => (await stored(server))[0]?.lastAttemptAt, { message: "a sync moves the next one" }).toBeGreaterThan(first?.lastAttemptAt!);
  await expect.poll(async () => Number((await planned())[1]) / minute).toBeGreaterThanOrEqual(107);

  await interval.selectOption("Only by hand");
  await expect.poll(planned).toEqual([0, null]);
  await expect(card(page, "School")).toContainText("Synced only by hand");

  await sameUser(page.context(), nojs.context());
  await nojs.goto("/settings/calendars");
  const plain = card(nojs, "School");
  await plain.getByLabel("Sync interval").selectOption("Every 5 minutes");
  await plain.getByRole("button", { name: "Save" }).click();
  await expect(card(nojs, "School").getByLabel("Sync interval")).toHaveValue("300");
  expect((await planned())[0]).toBe(300);
});
