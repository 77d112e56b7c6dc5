/** Feeds as other programs hand them out: `webcal://` over https, and unchanged ones. */
import { card, completion, createFirstAccount, listenForCompletions, messages, result, sendFeedForm, stored, syncNow } from "../support/app.ts";
import { certificate } from "../support/certificate.ts";
import { FeedHost } from "../support/feed.ts";
import { calendar, event } from "../support/ics.ts";
import { expect, hydrated, test } from "../support/test.ts";

const trusted = certificate();
test.use({ serverEnv: { SSL_CERT_FILE: trusted.authority } });

const feed = (...titles: string[]) => calendar(titles.map((summary, number) => event({ uid: `lesson-${number}`, summary, start: `2026031${number}T080000Z` })), ["X-WR-CALNAME:School"]);

test("a webcal address with a name of one's own is read over https, and when nothing changed one conditional request is all", async ({ page, context, server }) => {
  const host = await FeedHost.start(trusted);
  const address = host.set("/school.ics", { headers: { etag: '"1"' }, body: feed("Maths", "Sports") });
  await listenForCompletions(context);
  await createFirstAccount(page);
  await sendFeedForm(page, address.replace("https://", "webcal://"), "Lessons of Emmy");
  await page.waitForURL("**/settings/calendars?added=*");
  await expect(result(page)).toContainText("2 new");
  await expect(card(page, "Lessons of Emmy").getByRole("listitem").filter({ hasText: "Lessons of Emmy" })).toContainText("2 events");
  await expect(page.getByRole("complementary", { name: "Calendars" }).getByRole("switch", { name: "Lessons of Emmy" })).toBeVisible();
  expect(host.requests.map(({ status }) => status), "a look at it, and the first sync").toEqual([200, 200]);

  await page.reload();
  await hydrated(page);
  await syncNow(page).click();
  expect(await completion(page)).toMatchObject({ success: true, synced: 0, updated: 0, deleted: 0 });
  await expect(messages(page)).toContainText("nothing changed");
  await expect(result(page)).toContainText("Nothing changed");
  expect(host.requests.slice(2)).toMatchObject([{ method: "GET", path: "/school.ics", status: 304, headers: { "if-none-match": '"1"' } }]);

  host.set("/school.ics", { headers: { etag: '"2"' }, body: feed("Maths", "Sports", "Music").replace("School", "School, renamed") });
  await syncNow(page).click();
  expect(await completion(page, 1)).toMatchObject({ success: true, synced: 1 });
  await page.reload();
  expect((await stored(server))[0]).toMatchObject({ name: "Lessons of Emmy", calendars: [{ name: "Lessons of Emmy", events: 3 }] });
  await host.stop();
});
