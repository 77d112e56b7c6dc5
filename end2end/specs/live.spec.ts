/** The live stream: a tab that hears the server asks for nothing, and one that lost it asks less and less often. */
import type { Page } from "@playwright/test";
import { completion, createFirstAccount, event as shown, listenForCompletions, messages } from "../support/app.ts";
import { seed } from "../support/seed.ts";
import { ada, expect, hydrated, test } from "../support/test.ts";

const stream = "**/api/sync/stream*";

/** Counts the questions for the overview from now on. */
function questions(page: Page): { count: number } {
  const asked = { count: 0 };
  page.on("request", (request) => {
    if (request.url().includes("load_overview")) asked.count += 1;
  });
  return asked;
}

test.beforeEach(async ({ page, context, server }) => {
  await listenForCompletions(context);
  await page.clock.install();
  await createFirstAccount(page);
  await seed(server, "School", [{ uid: "first", summary: "First", start: "20260310T080000Z" }]);
});

test("an idle tab asks for nothing in an hour", async ({ page }) => {
  const opened = page.waitForResponse(stream);
  await page.goto("/?date=2026-03-10");
  await hydrated(page);
  await opened;
  const asked = questions(page);
  await page.clock.runFor("01:00:00");
  expect(asked.count).toBe(0);
});

test("a tab that lost the stream asks less and less often, and hears again when it is back", async ({ page, server }) => {
  let broken = true;
  await page.route(stream, (route) => (broken ? route.fulfill({ status: 502, body: "" }) : route.continue()));
  await page.goto("/?date=2026-03-10");
  await hydrated(page);
  await expect(shown(page, "First")).toBeVisible();
  const asked = questions(page);
  await page.clock.runFor("00:10:00");
  await expect.poll(() => asked.count, { message: "6, 12, 24, 48 seconds, then every minute" }).toBeGreaterThanOrEqual(10);
  expect(asked.count).toBeLessThanOrEqual(16);

  let opened = false;
  page.on("response", (response) => (opened ||= response.url().includes("/api/sync/stream") && response.ok()));
  broken = false;
  await expect(async () => {
    await page.clock.runFor("00:01:00");
    expect(opened).toBe(true);
  }).toPass();
  const report = JSON.parse(await server.ok(["sync", "--user", ada.email, "--json"])) as { jobId: string };
  await expect.poll(async () => (await completion(page)).jobId).toBe(report.jobId);
});

test("a tab whose session has ended says so, with the way to sign in", async ({ page, context }) => {
  await page.goto("/");
  await hydrated(page);
  await context.clearCookies();
  await page.getByRole("banner").getByRole("button", { name: "Sync", exact: true }).click();
  await expect(messages(page)).toContainText("You are signed out.");
  await messages(page).getByRole("link", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
});
