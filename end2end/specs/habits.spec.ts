/** The habits of a person: clock, first day of the week, a second zone; and paper. */
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { event } from "../support/app.ts";
import { screenshots } from "../support/environment.ts";
import { seed, seedMarch } from "../support/seed.ts";
import { expect, hydrated, photograph, signIn, test } from "../support/test.ts";

async function look(page: Page, view: string): Promise<void> {
  await page.goto(`/?view=${view}&date=2026-03-11`);
  await hydrated(page);
  await expect(event(page, /Left/).first()).toBeVisible();
}

test.beforeEach(async ({ page, server }) => {
  await server.addUser();
  await seedMarch(server);
  await signIn(page);
  await hydrated(page);
});

test("a week that begins on Saturday, the 12-hour clock and a second zone are kept in every view", async ({ page }) => {
  test.slow();
  await page.goto("/settings/account");
  await hydrated(page);
  await page.getByLabel("Second time zone").fill("America/New_York");
  await page.getByLabel("Week begins on").selectOption({ label: "Saturday" });
  await page.getByLabel("Clock").selectOption({ label: "12 hours (3:30 pm)" });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();

  await look(page, "week");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("7 – 13 March 2026");
  await expect(event(page, /Planning\s*2 – 3:30 pm/)).toBeVisible();
  const hours = page.getByRole("main");
  await expect(hours.getByTitle("America/New_York"), "New York has set its clock on the second day").toHaveText("UTC−4");
  await expect(hours.getByTitle("Europe/Berlin")).toHaveText("UTC+1");
  await expect(hours.getByText("10 am3 pm", { exact: true })).toBeVisible();
  await photograph(page, "habits-week");

  await look(page, "month");
  await expect(event(page, /9 am\s*Left/)).toBeVisible();
  const days = await page.getByRole("main").getByRole("link", { name: /^\w+day, \d+ \w+ 2026/ }).evaluateAll((links) => links.map((link) => link.getAttribute("aria-label")));
  expect(days[0]).toContain("Saturday, 28 February 2026");
  await photograph(page, "habits-month");
  await look(page, "day");
  await expect(event(page, /Right\s*10 am – 12 pm/)).toBeVisible();
  await photograph(page, "habits-day");
  await look(page, "agenda");
  await expect(event(page, /9 – 11 am\s*Left/)).toBeVisible();
});

/** A page of A4 without its margins, in CSS pixels. */
const paper = { upright: { width: 703, height: 1032 }, aside: { width: 1032, height: 703 } };

test("on paper there is the calendar alone, nothing lies over something else, and it fits on a page", async ({ page, server }) => {
  test.slow();
  await seed(server, "Night", [{ uid: "night", summary: "Night shift", start: "20260309T210000Z", end: "20260310T050000Z" }]);
  for (const [view, size] of [["month", paper.aside], ["week", paper.upright], ["day", paper.upright], ["agenda", paper.upright]] as const) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ media: null, colorScheme: "dark" });
    await look(page, view);
    // What the window had room for is laid out for paper: the browser does not measure again while it prints.
    await page.evaluate(() => window.addEventListener("resize", (event) => event.stopImmediatePropagation(), { capture: true }));
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await page.setViewportSize(size);
    for (const gone of ["Calendars", "View"]) await expect(page.getByLabel(gone, { exact: true }).first(), view).toBeHidden();
    await expect(page.getByRole("banner").getByRole("button").filter({ visible: true }), view).toHaveCount(0);
    await expect(page.getByRole("heading", { level: 1 })).toContainText(/March.*2026/);
    const { dark, over } = await page.evaluate(() => {
      const canvas = document.createElement("canvas").getContext("2d")!;
      canvas.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
      canvas.fillRect(0, 0, 1, 1);
      const boxes = [...document.querySelectorAll(".month-day")].map((cell) => ({
        bottom: cell.getBoundingClientRect().bottom,
        lowest: Math.max(0, ...[...cell.querySelectorAll(".chip")].map((chip) => chip.getBoundingClientRect().bottom)),
      }));
      return {
        dark: canvas.getImageData(0, 0, 1, 1).data[0]! < 128,
        over: boxes.filter(({ bottom, lowest }) => lowest > bottom + 1).length,
      };
    });
    expect(dark, `${view} is printed on white`).toBe(false);
    expect(over, `lines of ${view} that reach out of their day`).toBe(0);
    await page.screenshot({ path: join(screenshots, `print-${view}.png`), fullPage: true });
    const pdf = (await page.pdf({ format: "A4", preferCSSPageSize: true })).toString("latin1");
    expect(pdf.match(/\/Type \/Page\b/g), `${view} is one page`).toHaveLength(1);
    const box = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf)!;
    expect(Number(box[1]) > Number(box[2]), `a month lies on its side, ${view}`).toBe(view === "month");
  }
});
