/** ICS feeds and files through the page: adding, failing, waiting, cancelling. */
import type { Page } from "@playwright/test";
import { card, completion, createFirstAccount, event as shown, listenForCompletions, messages, progress, result, sendFeedForm, stored, syncNow } from "../support/app.ts";
import { Gate } from "../support/gate.ts";
import { calendar, event } from "../support/ics.ts";
import { expect, hydrated, test } from "../support/test.ts";

const march = "/?date=2026-03-10";

function feed(numbers: number[]): string {
  const events = numbers.map((number) => event({ uid: `lesson-${number}`, summary: `Lesson ${number}`, start: `202603${String(number).padStart(2, "0")}T080000Z`, end: `202603${String(number).padStart(2, "0")}T090000Z` }));
  return calendar(events, ["X-WR-CALNAME:School"]);
}

/** Adds the feed by the form and waits for the end of its first sync. */
async function connected(page: Page, address: string, events: number): Promise<void> {
  await sendFeedForm(page, address);
  await page.waitForURL("**/settings/calendars?added=*");
  await expect(card(page, "School").getByRole("listitem").filter({ hasText: "School" })).toContainText(`${events} events`);
  await expect(progress(page)).toHaveCount(0);
}

test.beforeEach(async ({ page, context }) => {
  await listenForCompletions(context);
  await createFirstAccount(page);
});

test("a feed is added by its address, synced at once and seen in the month", async ({ page, feeds, server }) => {
  const address = feeds.set("/secret-path/school.ics", feed([9, 10, 11]));
  await connected(page, address, 3);
  await expect(result(page).getByRole("listitem").filter({ hasText: "School" })).toContainText("3 new");
  await expect(card(page, "School")).toContainText("ICS feed");
  await expect(page.getByText("secret-path"), "the address may be a secret").toHaveCount(0);
  const [connection] = await stored(server);
  expect(connection).toMatchObject({ provider: "ics", name: "School", state: "ok", problem: null });
  expect(JSON.stringify(connection)).not.toContain("secret-path");

  await page.goto(march);
  for (const number of [9, 10, 11]) await expect(shown(page, new RegExp(`09:00\\s*Lesson ${number}$`))).toBeVisible();
});

test("an uploaded file is read, and a new upload takes its place", async ({ page }) => {
  const upload = async (numbers: number[], button: string) => {
    await page.getByLabel("File", { exact: true }).setInputFiles({ name: "school.ics", mimeType: "text/calendar", buffer: Buffer.from(feed(numbers)) });
    await page.getByRole("button", { name: button }).click();
    await page.waitForURL("**/settings/calendars?added=*");
  };
  await page.goto("/settings/connections?add=file");
  await hydrated(page);
  await upload([9, 10], "Upload file");
  const row = card(page, "School").getByRole("listitem").filter({ hasText: "School" });
  await expect(row).toContainText("2 events");
  await expect(card(page, "School")).toContainText("ICS file");

  await card(page, "School").getByRole("link", { name: "Upload again" }).click();
  await upload([10, 11, 12], "Upload");
  await expect(row).toContainText("3 events");
  await page.goto(march);
  await expect(shown(page, "Lesson 12")).toBeVisible();
  await expect(shown(page, "Lesson 9")).toHaveCount(0);
});

test("a web page in place of a feed is said beside the address, and nothing is stored", async ({ page, feeds, server }) => {
  const address = feeds.set("/login", { headers: { "content-type": "text/html" }, body: "<!doctype html><title>Sign in</title>" });
  await sendFeedForm(page, address);
  await expect(page.getByLabel("Address of the feed")).toHaveAccessibleDescription(/sent a web page instead of a calendar/);
  await expect(page.getByLabel("Address of the feed")).toHaveValue(address);
  expect(await stored(server)).toEqual([]);
});

test("a feed that comes back cut off is an error that says what is safe, and it stays until it is closed", async ({ page, feeds, server }) => {
  await page.clock.install();
  const whole = feed([9, 10, 11]);
  const address = feeds.set("/school.ics", whole);
  await connected(page, address, 3);
  feeds.set("/school.ics", whole.slice(0, whole.length / 2));
  await syncNow(page).click();

  const line = result(page).getByRole("listitem").filter({ hasText: "School" });
  await expect(line).toContainText("Failed");
  await expect(line).toContainText(/is cut off: its end is missing\..*Your 3 events are still here.*Try again later\./s);
  await expect(card(page, "School")).toContainText("Failing");
  await expect(page.getByRole("main").getByText(/is cut off/), "it is said in full once").toHaveCount(1);
  await card(page, "School").getByRole("link", { name: "see the result above" }).click();
  await expect(line).toBeInViewport();
  expect((await stored(server))[0]?.problem).toMatchObject({ code: "feed_truncated" });
  expect((await stored(server))[0]?.calendars[0]?.events).toBe(3);

  await page.clock.fastForward("01:00");
  await expect(line).toBeVisible();
  await expect(messages(page), "it is announced").toContainText("is cut off");
  await expect(messages(page).getByRole("button"), "but shown no second time").toHaveCount(0);
  await result(page).getByRole("button", { name: "Close" }).click();
  await expect(result(page)).toHaveCount(0);
  await expect(card(page, "School")).toContainText(/Failing.*is cut off.*Your 3 events are still here, as of.*Try again later/s);

  await page.goto(march);
  for (const number of [9, 10, 11]) await expect(shown(page, `Lesson ${number}`)).toBeVisible();

  await test.step("elsewhere a message says it and leads to the result", async () => {
    await hydrated(page);
    await page.getByRole("banner").getByRole("button", { name: "Sync", exact: true }).click();
    await expect(messages(page)).toContainText("Synced 0 of 1 calendar. The calendar from 127.0.0.1");
    await page.clock.fastForward("01:00");
    await messages(page).getByRole("link", { name: "See what happened" }).click();
    await expect(line).toBeInViewport();
    await expect(messages(page)).toBeEmpty();
  });

  await test.step("a good answer mends it", async () => {
    feeds.set("/school.ics", feed([9, 10, 11, 12]));
    await page.goto("/settings/calendars");
    await hydrated(page);
    await syncNow(page).click();
    await expect(result(page)).toContainText("1 new");
    await expect(card(page, "School")).toContainText("Up to date");
    expect((await stored(server))[0]).toMatchObject({ state: "ok", problem: null });
  });
});

test("a success is said on the button for three seconds and in a message for five, and is remembered", async ({ page, feeds }) => {
  const address = feeds.set("/school.ics", feed([9, 10]));
  await connected(page, address, 2);
  await page.clock.install();
  await page.goto("/settings/calendars");
  await hydrated(page);
  feeds.set("/school.ics", feed([9, 10, 11]));
  await page.clock.pauseAt(Date.now() + 60_000);
  await syncNow(page).click();
  const button = page.getByRole("main").getByRole("button", { name: "Synced!" }).first();
  await expect(button).toBeVisible();
  await expect(button).toHaveAttribute("title", "1 new");
  await expect(messages(page).filter({ hasText: "Synced: 1 new" })).toBeVisible();
  await expect(result(page)).toContainText("1 new");

  await page.clock.runFor(3_500);
  await expect(syncNow(page)).toBeVisible();
  await expect(messages(page).filter({ hasText: "Synced: 1 new" })).toBeVisible();
  await page.clock.runFor(2_000);
  await expect(messages(page).filter({ hasText: "Synced: 1 new" })).toHaveCount(0);
  await expect(result(page)).toHaveCount(0);

  const remembered = await page.evaluate(() => Object.entries(localStorage).filter(([name]) => name.startsWith("last_sync_")));
  expect(remembered.map(([name]) => name)).toContain("last_sync_all");
  for (const [, at] of remembered) expect(new Date(at).toISOString().slice(0, 19)).toBe(at.slice(0, 19));
});

test.describe("while a slow feed is read", () => {
  let gate: Gate;

  test.beforeEach(async ({ page, feeds }) => {
    feeds.set("/school.ics", feed([9, 10]));
    gate = await Gate.start(feeds.url);
    await connected(page, `${gate.url}/school.ics`, 2);
    feeds.set("/school.ics", feed([9, 10, 11]));
    await page.goto("/settings/calendars");
    await hydrated(page);
    gate.hold(() => true);
    await syncNow(page).click();
    await expect(progress(page)).toBeVisible();
    await expect.poll(() => gate.waiting).toBe(1);
  });

  test.afterEach(() => gate.stop());

  test("a second click, here and in another tab, is told that a sync is in progress and follows it", async ({ page, context }) => {
    const button = page.getByRole("main").getByRole("button", { name: "Syncing…" }).first();
    await expect(button).toHaveAttribute("aria-disabled", "true");
    await expect(button).toHaveAttribute("aria-busy", "true");
    await button.click({ force: true });
    await expect(button).toHaveAttribute("title", "Sync already in progress");
    await expect(page.getByText("Sync already in progress")).toBeVisible();

    const other = await context.newPage();
    await other.goto("/settings/calendars");
    await hydrated(other);
    await expect(progress(other)).toBeVisible();
    const same = other.getByRole("main").getByRole("button", { name: "Syncing…" }).first();
    await same.click({ force: true });
    await expect(same).toHaveAttribute("title", "Sync already in progress");

    expect(gate.waiting, "no second sync was started").toBe(1);
    gate.open();
    const [here, there] = [await completion(page), await completion(other)];
    expect(here).toMatchObject({ success: true, synced: 1 });
    expect(there).toEqual(here);
    for (const tab of [page, other]) {
      await expect(progress(tab)).toHaveCount(0);
      await expect(card(tab, "School").getByRole("listitem").filter({ hasText: "School" })).toContainText("3 events");
    }
  });

  test("a request for a second sync is refused with the running job", async ({ server, page }) => {
    const token = await server.token();
    const answer = await fetch(`${server.url}/api/calendar/sync/manual`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(409);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    const { code, jobId } = (await answer.json()) as { code: string; jobId: string };
    expect(code).toBe("already_in_progress");
    gate.open();
    expect((await completion(page)).jobId).toBe(jobId);
  });

  test("the sync icon of the toolbar turns and says so on every page", async ({ page, context }) => {
    const view = await context.newPage();
    await view.goto(march);
    await hydrated(view);
    const icon = view.getByRole("banner").getByRole("button", { name: "Syncing…" });
    await expect(icon).toHaveAttribute("aria-busy", "true");
    gate.open();
    await expect(shown(view, "Lesson 11")).toBeVisible();
    await expect(view.getByRole("banner").getByRole("button", { name: "Sync", exact: true })).toHaveAttribute("title", /^Last synced/);
    expect(await completion(page)).toMatchObject({ success: true });
  });

  test("a reload keeps the progress, and the result comes when it ends", async ({ page, nojs }) => {
    await page.reload();
    await expect(progress(page)).toContainText("School");
    await nojs.context().addCookies(await page.context().cookies());
    await nojs.goto("/settings/calendars");
    await expect(progress(nojs)).toContainText("School");
    await hydrated(page);
    await expect(progress(page)).toBeVisible();
    await expect(page.getByRole("main").getByRole("button", { name: "Syncing…" }).first()).toBeVisible();
    gate.open();
    await expect(result(page)).toContainText("1 new");
    await expect(progress(page)).toHaveCount(0);
  });

  test("a sync can be cancelled, and what is stored stays", async ({ page, server }) => {
    await progress(page).getByRole("button", { name: "Cancel" }).click();
    await expect(messages(page).filter({ hasText: "Sync cancelled. What was saved stays." })).toBeVisible();
    await expect(progress(page)).toHaveCount(0);
    await expect(page.getByRole("alert")).toHaveCount(0);
    expect(await completion(page)).toMatchObject({ success: false, synced: 0, errors: 0 });
    expect((await stored(server))[0]?.calendars[0]?.events).toBe(2);
    gate.open();
    await syncNow(page).click();
    await expect(result(page)).toContainText("1 new");
  });
});
