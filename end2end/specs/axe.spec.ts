/** Every page, at two widths and in two themes: no serious finding of axe, no sideways scrolling, and a picture to look at. */
import type { Page } from "@playwright/test";
import { createFirstAccount, event, result, syncNow } from "../support/app.ts";
import type { FeedHost } from "../support/feed.ts";
import { calendar, event as ics, type EventOptions } from "../support/ics.ts";
import { seed, seedMarch } from "../support/seed.ts";
import type { Syncline } from "../support/syncline.ts";
import { ada, expect, hydrated, photograph, signIn, test } from "../support/test.ts";

test.slow();

/** Goes there, waits for the page's own script, and takes its pictures. */
async function picture(page: Page, name: string, address: string, ready: (page: Page) => Promise<void>): Promise<void> {
  await page.goto(address);
  await hydrated(page);
  await ready(page);
  await photograph(page, name);
}

const heading = (words: string | RegExp) => (page: Page) => expect(page.getByRole("heading", { level: 1 })).toContainText(words);

const lessons = (count: number): EventOptions[] =>
  Array.from({ length: count }, (_, number) => ({ uid: `lesson-${number}`, summary: `Lesson ${number + 1}`, start: `202603${String(number + 1).padStart(2, "0")}T080000Z`, end: `202603${String(number + 1).padStart(2, "0")}T090000Z` }));

const feed = (count: number) => calendar(lessons(count).map(ics), ["X-WR-CALNAME:School"]);

/** A feed that was synced, and then comes back nearly empty: its deletions are held. */
async function withHold(server: Syncline, feeds: FeedHost): Promise<void> {
  const address = feeds.set("/school.ics", feed(24));
  await server.ok(["connection", "add", "ics", "--user", ada.email, "--url", address]);
  await server.ok(["sync", "--user", ada.email]);
  feeds.set("/school.ics", feed(2));
  await server.ok(["sync", "--user", ada.email]);
}

test("the pages before one is signed in", async ({ page, server }) => {
  await picture(page, "setup", "/setup", heading("Create the first account"));
  await server.addUser();
  await picture(page, "sign-in", "/sign-in", heading("Sign in"));
  await page.getByLabel("E-mail").fill(ada.email);
  await page.getByLabel("Password", { exact: true }).fill("not this one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByLabel("Password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await photograph(page, "sign-in-refused");
});

test("the pages of somebody who has nothing yet", async ({ page }) => {
  await createFirstAccount(page);
  await picture(page, "calendar-empty", "/", (page) => expect(page.getByRole("heading", { name: "Connect a calendar" })).toBeVisible());
  await picture(page, "settings-empty", "/settings/calendars", (page) => expect(page.getByRole("heading", { name: "No calendar is connected yet" })).toBeVisible());
  await picture(page, "holds-empty", "/holds", (page) => expect(page.getByRole("heading", { name: "Nothing is on hold" })).toBeVisible());
  await picture(page, "history-empty", "/history", (page) => expect(page.getByRole("heading", { name: "Nothing was synced yet" })).toBeVisible());
});

test("the calendar in its four views", async ({ page, server }) => {
  await server.addUser();
  await seedMarch(server);
  await signIn(page);
  await hydrated(page);
  for (const view of ["month", "week", "day", "agenda"]) {
    await picture(page, `calendar-${view}`, `/?view=${view}&date=2026-03-11`, (page) => expect(event(page, /Left/).first()).toBeVisible());
  }
});

test("an open event, a search, a list of a full day, the list of keys", async ({ page, server }) => {
  await server.addUser();
  await seedMarch(server);
  await signIn(page);
  await hydrated(page);
  await page.goto("/?date=2026-03-10");
  const address = await event(page, /Planning/).first().getAttribute("href");
  await picture(page, "event", address!, (page) => expect(page.getByRole("dialog", { name: "Event" }).getByRole("heading", { name: "Planning" })).toBeVisible());
  await picture(page, "search", "/?date=2026-03-10&q=slot", (page) => expect(page.getByText("12 events for “slot”")).toBeVisible());
  await picture(page, "search-nothing", "/?date=2026-03-10&q=nowhere", (page) => expect(page.getByRole("heading", { name: /Nothing found/ })).toBeVisible());

  await page.goto("/?date=2026-03-10");
  await hydrated(page);
  const more = page.getByRole("dialog", { name: /24\s*March 2026/ });
  await photograph(page, "full-day", {
    prepare: async (width) => {
      if (width === "phone" || (await more.isVisible())) return;
      await page.getByRole("link", { name: /Show \+\d+ more/ }).click();
      await expect(more).toBeVisible();
    },
  });
  await page.goto("/?date=2026-03-10");
  await hydrated(page);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await photograph(page, "keys");
});

test("the settings with connections in every state, and what waits for an answer", async ({ page, server, feeds }) => {
  await server.addUser();
  await seed(server, "Private", lessons(3));
  await seed(server, "Chess club with a name that is longer than any place has room for", lessons(1));
  await withHold(server, feeds);
  const broken = feeds.set("/broken.ics", calendar(lessons(4).map(ics), ["X-WR-CALNAME:Broken"]));
  const added = JSON.parse(await server.ok(["connection", "add", "ics", "--user", ada.email, "--url", broken, "--json"])) as { id: string };
  await server.ok(["sync", "--user", ada.email, "--connection", added.id]);
  feeds.set("/broken.ics", { headers: { "content-type": "text/html" }, body: "<!doctype html><title>Sign in</title>" });
  await signIn(page);

  await page.goto("/settings/calendars");
  await hydrated(page);
  // The schedule may be at work on one of them just then; that one is not part of what the button started.
  await expect(async () => {
    await syncNow(page).click();
    await expect(result(page)).toContainText("Deletions on hold", { timeout: 5_000 });
    await expect(result(page)).toContainText("web page instead of a calendar", { timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
  await photograph(page, "settings-result");
  await result(page).getByRole("button", { name: "Close" }).click();
  await photograph(page, "settings-calendars");

  await picture(page, "settings-connections", "/settings/connections", heading("Connections"));
  await picture(page, "settings-account", "/settings/account", heading("Account"));
  await picture(page, "health", "/health", (page) => expect(page.getByRole("article", { name: "Broken" })).toContainText("in a row failed"));
  await picture(page, "holds", "/holds", (page) => expect(page.getByText("The calendar came back with 2 of 24 events.")).toBeVisible());
  await page.getByRole("link", { name: "Look at what would go" }).click();
  await expect(page.getByRole("heading", { name: "22 events would go" })).toBeVisible();
  await photograph(page, "hold");
  await picture(page, "history", "/history", heading("History"));
  await page.getByRole("main").getByRole("listitem").first().locator("summary").first().click();
  await photograph(page, "history-open");
});

test("the forms that connect, empty and refused", async ({ page, feeds }) => {
  await createFirstAccount(page);
  for (const [kind, button] of [["caldav", "Add account"], ["ics", "Add feed"], ["file", "Upload file"]] as const) {
    await picture(page, `add-${kind}`, `/settings/connections?add=${kind}`, (page) => expect(page.getByRole("button", { name: button })).toBeVisible());
  }
  await page.goto("/settings/connections?add=ics");
  await hydrated(page);
  await page.getByLabel("Address of the feed").fill(feeds.set("/page", "<!doctype html><title>Sign in</title>"));
  await page.getByRole("button", { name: "Add feed" }).click();
  await expect(page.getByLabel("Address of the feed")).toHaveAttribute("aria-invalid", "true");
  await photograph(page, "add-refused");
});
