/** How connections stand: the page that the server writes. */
import { calendar, event as ics } from "../support/ics.ts";
import { ada, expect, hydrated, signIn, test } from "../support/test.ts";

const lesson = (number: number) => ics({ uid: `lesson-${number}`, summary: `Lesson ${number}`, start: `2026030${number}T080000Z`, end: `2026030${number}T090000Z` });

test("the health page says how a connection stands, follows a sync by itself, and is read without scripts", async ({ page, nojs, server, feeds }) => {
  await server.addUser();
  const address = feeds.set("/school.ics", calendar([lesson(1)], ["X-WR-CALNAME:School"]));
  await server.ok(["connection", "add", "ics", "--user", ada.email, "--url", address]);
  await signIn(page);
  await hydrated(page);
  await page.goto("/settings/calendars");
  await hydrated(page);
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Health" }).click();
  const school = page.getByRole("article", { name: "School" });
  await expect(school).toContainText("Not synced yet");
  await expect(school).toContainText("Not done yet");
  await expect(page.getByRole("article", { name: "This server" })).toContainText("Ready");

  feeds.set("/school.ics", calendar([lesson(1), lesson(2), lesson(3)], ["X-WR-CALNAME:School"]));
  await page.getByRole("banner").getByRole("button", { name: /sync/i }).click();
  await expect(school).toContainText("Up to date");
  await expect(school).toContainText("3 events here");
  await expect(school).toContainText("just now");

  feeds.set("/school.ics", { headers: { "content-type": "text/html" }, body: "<!doctype html><title>Sign in</title>" });
  await server.cli(["sync", "--user", ada.email]);
  await expect(school).toContainText("1 sync in a row failed.");
  await expect(school).toContainText("What is here stays");
  await school.getByRole("link", { name: "Go to Sync now" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Settings for my calendars");

  await nojs.context().addCookies(await page.context().cookies());
  await nojs.goto("/health");
  await expect(nojs.getByRole("article", { name: "School" })).toContainText("1 sync in a row failed.");
});
