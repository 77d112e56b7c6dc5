/** Looking around with sample data, from a bare start. */
import { createFirstAccount, event, messages, result, syncNow } from "../support/app.ts";
import { ada, expect, hydrated, photograph, signIn, test } from "../support/test.ts";

test.slow();

const look = "Look around with sample data";

test("a newcomer looks around: three accounts, a booking that arrives live, deletions that wait for an answer, and nothing stays", async ({ page, server }) => {
  await page.goto("/");
  await hydrated(page);
  await photograph(page, "setup-with-demo");
  await page.getByRole("button", { name: look }).click();
  const bar = page.getByRole("region", { name: "Sample data" });
  await expect(bar).toContainText("This is sample data.");
  await hydrated(page);
  await expect(event(page, /Team weekly/).first()).toBeVisible();
  await expect(event(page, /Stand-up/).first()).toBeVisible();
  await photograph(page, "demo");

  // The grid shows a day's first events: the list of today shows them all.
  await page.goto("/?view=day");
  await hydrated(page);
  await page.evaluate(() => Object.assign(window, { same: true }));
  const booked = event(page, /30 Minute Meeting|Eva Kern/);
  const before = await booked.count();
  await bar.getByRole("button", { name: "A guest books through Calendly" }).click();
  await expect.poll(() => booked.count()).toBeGreaterThan(before);
  expect(await page.evaluate(() => "same" in window), "the page was not loaded again").toBe(true);

  const here = () => page.evaluate(async () => ((await (await fetch("/api/calendar/health")).json()) as { provider: string; eventsLive: number }[]).find(({ provider }) => provider === "google")?.eventsLive);
  const all = await here();
  expect(all).toBeGreaterThan(70);
  await page.goto("/settings/calendars");
  await hydrated(page);
  await bar.getByRole("button", { name: "Delete most events at Google" }).click();
  await syncNow(page).click();
  await expect(result(page).or(page.getByRole("article", { name: /mira@sample/ }))).toContainText([/held|hold/i]);
  await page.goto("/holds");
  await hydrated(page);
  await expect(page.getByText(/The calendar came back with \d+ of \d+ events/)).toBeVisible();
  await page.getByRole("button", { name: "Keep all" }).click();
  await expect(page.getByText(/The calendar came back with/)).toHaveCount(0);
  expect(await here(), "what was kept is here").toBe(all);

  await bar.getByRole("button", { name: "Leave the sample data" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Create the first account");
  await createFirstAccount(page);
  await page.goto("/settings/calendars");
  await expect(page.getByRole("heading", { name: "No calendar is connected yet" })).toBeVisible();
  expect(await server.ok(["connection", "list", "--user", ada.email, "--json"])).toBe("[]");
});

test("without scripts one looks around as well, and what happens is there after the button", async ({ nojs }) => {
  await nojs.goto("/");
  await nojs.getByRole("button", { name: look }).click();
  await expect(nojs.getByRole("region", { name: "Sample data" })).toBeVisible();
  await expect(event(nojs, /Team weekly/).first()).toBeVisible();
  await nojs.getByRole("button", { name: "Someone moves a meeting" }).click();
  await expect(nojs.getByRole("region", { name: "Sample data" })).toBeVisible();
  await nojs.getByRole("button", { name: "Leave the sample data" }).click();
  await expect(nojs.getByRole("heading", { level: 1 })).toHaveText("Create the first account");
});

test("beside real accounts there is no way in", async ({ page, server }) => {
  await server.addUser();
  await page.goto("/sign-in");
  await expect(page.getByRole("button", { name: look })).toHaveCount(0);
  expect((await page.request.post("/demo/start", { maxRedirects: 0, headers: { origin: server.url } })).headers()["set-cookie"]).toBeUndefined();
  await signIn(page);
  await expect(page.getByRole("region", { name: "Sample data" })).toHaveCount(0);
  await expect(messages(page).filter({ hasText: "sample" })).toHaveCount(0);
});
