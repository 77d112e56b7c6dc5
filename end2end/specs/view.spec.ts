/** The calendar: addresses, keys, the sheet, search, without scripts, on a phone, in the dark, with many events. */
import type { Page } from "@playwright/test";
import { event, stored } from "../support/app.ts";
import { seed, seedMarch } from "../support/seed.ts";
import { expect, hydrated, sameUser, signIn, test } from "../support/test.ts";

const march = "/?date=2026-03-10";
const title = (page: Page) => page.getByRole("heading", { level: 1 });
const sheet = (page: Page) => page.getByRole("dialog", { name: "Event" });

function at(page: Page, query: Record<string, string>): Promise<void> {
  return expect(page).toHaveURL((url) => url.pathname === "/" && new URLSearchParams(query).toString() === new URLSearchParams([...url.searchParams].filter(([name]) => name !== "event")).toString());
}

test.describe("with two calendars in March", () => {
  test.beforeEach(async ({ page, server }) => {
    await server.addUser();
    await seedMarch(server);
    await signIn(page);
    // The browser tells its zone the first time it is here.
    await hydrated(page);
  });

  test("the four views and the periods are reached by keys, and each stands in the address", async ({ page }) => {
    await page.goto(march);
    await hydrated(page);
    await expect(title(page)).toContainText("March 2026");
    await expect(event(page, /14:00\s*Planning/).first()).toBeVisible();

    await page.keyboard.press("w");
    await at(page, { view: "week", date: "2026-03-10" });
    await expect(page.getByRole("region", { name: "Tuesday, 10 March 2026" }).getByRole("link", { name: /Planning\s*14:00/ })).toBeVisible();
    await expect(event(page, /Fair/)).toBeVisible();
    await page.keyboard.press("d");
    await at(page, { view: "day", date: "2026-03-10" });
    await expect(event(page, /Dentist\s*11:00/)).toBeVisible();
    await expect(event(page, /Left/)).toHaveCount(0);
    await page.keyboard.press("j");
    await at(page, { view: "day", date: "2026-03-11" });
    await expect(event(page, /Left/)).toBeVisible();
    await page.keyboard.press("a");
    await at(page, { view: "agenda", date: "2026-03-11" });
    await expect(page.getByRole("region", { name: "Wednesday, 11 March 2026" }).getByRole("link", { name: /All day\s*Birthday of Emmy/ })).toBeVisible();
    await page.keyboard.press("m");
    await at(page, { date: "2026-03-11" });
    await page.keyboard.press("ArrowRight");
    await at(page, { date: "2026-04-11" });
    await expect(title(page)).toContainText("April 2026");
    await expect(event(page, /Left/)).toHaveCount(0);
    await page.keyboard.press("k");
    await expect(event(page, /Left/)).toBeVisible();
    await page.goBack();
    await expect(title(page)).toContainText("April 2026");
    await page.keyboard.press("t");
    await at(page, {});
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeHidden();
  });

  test("the frame stays while another period is on its way: focus, scrolling and the list of keys with it", async ({ page }) => {
    await page.goto("/?view=week&date=2026-03-10");
    await hydrated(page);
    await page.getByRole("link", { name: "Next week" }).focus();
    await page.evaluate(() => {
      const gone: string[] = [];
      Object.assign(window, { gone });
      new MutationObserver((changes) => changes.forEach(({ removedNodes }) => removedNodes.forEach((node) => gone.push(node.nodeName)))).observe(document.body, { childList: true });
    });
    await page.route("**/load_period*", async (route) => {
      await page.waitForTimeout(300);
      await route.continue();
    });
    for (let week = 0; week < 4; week++) await page.keyboard.press("Enter");
    await at(page, { view: "week", date: "2026-04-07" });
    await expect(page.getByRole("region", { name: "Tuesday, 7 April 2026" })).toBeVisible();
    await expect(page.getByRole("link", { name: "Next week" })).toBeFocused();
    expect(await page.evaluate(() => (window as unknown as { gone: string[] }).gone)).toEqual([]);
    expect(await page.getByRole("main").evaluate((main) => main.scrollTop), "the working hours, not midnight").toBeGreaterThan(100);
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });

  test("the sheet opens by keyboard, has the address, and Escape gives the focus back", async ({ page }) => {
    await page.goto(march);
    await hydrated(page);
    const link = event(page, /14:00\s*Planning/).first();
    await link.focus();
    await page.keyboard.press("Enter");
    await expect(sheet(page).getByRole("heading", { name: "Planning" })).toBeVisible();
    await expect(page).toHaveURL(/[?&]event=[0-9a-f-]{36}~/);
    await expect(sheet(page).getByRole("link", { name: "Close" })).toBeFocused();
    await expect(sheet(page)).toContainText(/14:00.*15:30/);
    await expect(sheet(page), "the event's own zone").toContainText(/09:00.*10:30/);
    await expect(sheet(page)).toContainText(/every week|weekly/i);
    await expect(sheet(page)).toContainText("Room 5");
    await expect(sheet(page)).toContainText("2 guests · 1 yes · 1 no");
    await expect(sheet(page).getByRole("link", { name: "Join the call" })).toHaveAttribute("href", "https://meet.example.org/planning");
    await expect(sheet(page).getByRole("link", { name: "example.org/agenda" })).toHaveAttribute("rel", /noopener/);
    await expect(sheet(page)).toContainText(/Work.*Synced/s);

    await page.reload();
    await hydrated(page);
    await expect(sheet(page).getByRole("heading", { name: "Planning" })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(sheet(page)).toHaveCount(0);
    await at(page, { date: "2026-03-10" });

    await link.focus();
    await page.keyboard.press("Enter");
    await expect(sheet(page)).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(sheet(page)).toHaveCount(0);
    await expect(link).toBeFocused();
  });

  test("overlapping events stand side by side, long ones in the lane, and a full day says how many more", async ({ page }) => {
    await page.goto("/?view=day&date=2026-03-11");
    await hydrated(page);
    // A sync that the schedule starts may draw the grid anew in between.
    await expect(async () => {
      const [left, right, birthday] = [await event(page, /Left/).boundingBox(), await event(page, /Right/).boundingBox(), await event(page, /Birthday/).boundingBox()];
      expect(left!.x + left!.width).toBeLessThanOrEqual(right!.x + 1);
      expect(left!.width).toBeGreaterThan(100);
      expect(birthday!.y + birthday!.height).toBeLessThanOrEqual(left!.y);
    }).toPass({ timeout: 10_000 });

    await page.goto(march);
    await hydrated(page);
    await expect(event(page, /Fair/), "the bar goes on in the next week").toHaveCount(2);
    await expect(event(page, /Slot 12/)).toHaveCount(0);
    await page.getByRole("link", { name: /Show \+\d+ more/ }).click();
    const more = page.getByRole("dialog", { name: /24\s*March 2026/ });
    await expect(more.getByRole("link", { name: /Slot/ })).toHaveCount(12);
    await page.keyboard.press("Escape");
    await expect(more).toBeHidden();
  });

  test("search finds words in titles and places and is left by Escape", async ({ page }) => {
    await page.goto(march);
    await hydrated(page);
    await page.keyboard.press("/");
    const field = page.getByRole("searchbox", { name: "Search events" });
    await expect(field.first()).toBeFocused();
    await page.keyboard.type("main st");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/[?&]q=main%20st/);
    await expect(page.getByText("1 event for “main st”")).toBeVisible();
    await event(page, /Dentist/).click();
    await expect(sheet(page).getByRole("heading", { name: "Dentist" })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(sheet(page)).toHaveCount(0);

    await field.first().fill("no such thing");
    await field.first().press("Enter");
    await expect(page.getByRole("heading", { name: "Nothing found for “no such thing”" })).toBeVisible();
    await page.getByRole("link", { name: "Back to the calendar" }).click();
    await at(page, { date: "2026-03-10" });
    await expect(event(page, /Dentist/)).toBeVisible();
  });

  test("a calendar is hidden and shown by its switch, and stays so", async ({ page, server }) => {
    await page.goto(march);
    await hydrated(page);
    const toggle = page.getByRole("complementary", { name: "Calendars" }).getByRole("switch", { name: "Private" });
    await expect(toggle).toHaveAttribute("aria-checked", "true");
    await expect(event(page, /Dentist/)).toBeVisible();
    await toggle.click();
    await expect(toggle).toHaveAttribute("aria-checked", "false");
    await expect(event(page, /Dentist/)).toHaveCount(0);
    await expect(event(page, /Left/)).toBeVisible();
    await page.reload();
    await hydrated(page);
    await expect(toggle).toHaveAttribute("aria-checked", "false");
    await expect(event(page, /Left/)).toBeVisible();
    await expect(event(page, /Dentist/)).toHaveCount(0);
    expect((await stored(server)).flatMap(({ calendars }) => calendars).find(({ name }) => name === "Private")?.visible).toBe(false);
    await toggle.click();
    await expect(event(page, /Dentist/)).toBeVisible();
  });

  test("without JavaScript everything is read and reached by links and forms", async ({ page, nojs }) => {
    await sameUser(page.context(), nojs.context());
    await nojs.goto(march);
    await expect(title(nojs)).toContainText("March 2026");
    await expect(event(nojs, /14:00\s*Planning/).first()).toBeVisible();
    await expect(event(nojs, /Birthday/)).toBeVisible();
    await nojs.getByRole("navigation", { name: "View" }).getByRole("link", { name: "Week" }).click();
    await at(nojs, { view: "week", date: "2026-03-10" });
    await expect(nojs.getByRole("region", { name: "Tuesday, 10 March 2026" }).getByRole("link", { name: /Dentist/ })).toBeVisible();
    await nojs.getByRole("link", { name: "Next week" }).click();
    await at(nojs, { view: "week", date: "2026-03-17" });
    await expect(event(nojs, /Planning/)).toBeVisible();
    await event(nojs, /Planning/).click();
    await expect(sheet(nojs).getByRole("heading", { name: "Planning" })).toBeVisible();
    await expect(sheet(nojs)).toContainText("Room 5");
    await sheet(nojs).getByRole("link", { name: "Close" }).click();
    await expect(sheet(nojs)).toHaveCount(0);

    await nojs.goto("/?view=agenda&date=2026-03-10");
    await expect(nojs.getByRole("region", { name: "Wednesday, 11 March 2026" })).toContainText("Left");
    await nojs.getByRole("searchbox", { name: "Search events" }).first().fill("dentist");
    await nojs.getByRole("searchbox", { name: "Search events" }).first().press("Enter");
    await expect(nojs.getByText("1 event for “dentist”")).toBeVisible();

    await nojs.goto(march);
    await nojs.getByRole("switch", { name: "Private" }).click();
    await nojs.goto(march);
    await expect(nojs.getByRole("switch", { name: "Private" })).toHaveAttribute("aria-checked", "false");
    await expect(event(nojs, /Dentist/)).toHaveCount(0);
  });

  test("on a phone of 390 px nothing scrolls sideways, the calendars are in a drawer, the sheet fills the screen", async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const view of ["month", "week", "day", "agenda"]) {
      await page.goto(`/?view=${view}&date=2026-03-11`);
      await hydrated(page);
      await expect(event(page, /Left/).first()).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), view).toBe(0);
    }
    const drawer = page.getByRole("complementary", { name: "Calendars" });
    await expect(drawer).toBeHidden();
    await page.getByRole("button", { name: "Calendars and months" }).click();
    await expect(drawer.getByRole("switch", { name: "Private" })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(drawer).toBeHidden();
    await event(page, /Left/).click();
    await expect(sheet(page).getByRole("heading", { name: "Left" })).toBeVisible();
    await expect.poll(async () => (await sheet(page).boundingBox())?.width).toBe(390);
    await sheet(page).getByRole("link", { name: "Close" }).click();
    await expect(sheet(page)).toHaveCount(0);
  });

  test("the dark theme follows the system, and the account's choice goes before it", async ({ page }) => {
    const brightness = () =>
      page.evaluate(() => {
        const canvas = document.createElement("canvas").getContext("2d")!;
        canvas.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
        return (red! + green! + blue!) / 3;
      });
    await page.goto(march);
    await page.emulateMedia({ colorScheme: "light" });
    expect(await brightness()).toBeGreaterThan(200);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await brightness()).toBeLessThan(60);

    await page.goto("/settings/account");
    await hydrated(page);
    await page.getByLabel("Theme").selectOption({ label: "Light" });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
    await page.goto(march);
    expect(await brightness()).toBeGreaterThan(200);
  });
});

test("with 10,000 events the month opens and steps within five seconds, and each day says how many it has", async ({ page, server }) => {
  test.slow();
  await server.addUser();
  const events = Array.from({ length: 10_000 }, (_, number) => {
    const start = new Date(Date.UTC(2026, 0, 1 + (number % 200), 8 + (number % 10), 0));
    const stamp = (date: Date) => `${date.toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
    return { uid: `many-${number}`, summary: `Event ${number}`, start: stamp(start), end: stamp(new Date(start.getTime() + 1_800_000)) };
  });
  await seed(server, "Many", events);
  expect((await stored(server))[0]?.calendars[0]?.events).toBe(10_000);
  await signIn(page);
  await hydrated(page);

  const within = async (what: string, work: () => Promise<void>) => {
    const began = performance.now();
    await work();
    expect(performance.now() - began, what).toBeLessThan(5_000);
  };
  await within("the month opens", async () => {
    await page.goto(march);
    await expect(event(page, "Tuesday, 10 March 2026, 50 events")).toBeVisible();
    await hydrated(page);
  });
  await within("the next month comes", async () => {
    await page.keyboard.press("j");
    await expect(event(page, "Friday, 10 April 2026, 50 events")).toBeVisible();
  });
  await within("the week comes", async () => {
    await page.keyboard.press("w");
    await expect(page.getByRole("region", { name: "Friday, 10 April 2026" }).getByRole("link").first()).toBeVisible();
  });
  await within("an event opens", async () => {
    await page.goto("/?view=agenda&date=2026-03-10");
    await hydrated(page);
    await page.getByRole("region", { name: "Tuesday, 10 March 2026" }).getByRole("link", { name: /Event/ }).first().click();
    await expect(sheet(page).getByRole("heading", { level: 2 })).toContainText("Event");
  });
});
