/** A sync that takes longer than it may: it says so, keeps what it has, and goes on when it is told to. */
import { card, completion, completions, createFirstAccount, listenForCompletions, progress, result, sendCaldavForm, stored } from "../support/app.ts";
import { Gate } from "../support/gate.ts";
import { object } from "../support/ics.ts";
import { expect, hydrated, test } from "../support/test.ts";

// Long enough to read a calendar, short enough to wait for its end.
test.use({ serverEnv: { SYNCLINE_SYNC_BUDGET: "4s" } });

test("a sync that runs out of time is partial, offers to continue after a reload too, and continuing finishes the job", async ({ page, context, server, radicale }) => {
  await listenForCompletions(context);
  await radicale.makeCalendar("home", { name: "Home" });
  await radicale.makeCalendar("work", { name: "Work" });
  await radicale.put("home", "birthday", object({ uid: "birthday", summary: "Birthday", start: "20260312" }));
  for (let number = 1; number <= 3; number++) {
    await radicale.put("work", `talk-${number}`, object({ uid: `talk-${number}`, summary: `Talk ${number}`, start: `2026031${number}T090000Z` }));
  }
  const gate = await Gate.start(radicale.url);
  gate.hold((request) => request.method === "REPORT" && request.url?.includes("/work/") === true);

  await createFirstAccount(page);
  await sendCaldavForm(page, { address: `${gate.url}/${radicale.username}/`, username: radicale.username, password: radicale.password, name: "Radicale" });
  await page.waitForURL("**/settings/calendars?added=*");
  const line = result(page).getByRole("listitem").filter({ hasText: "Work" });
  await expect(line).toContainText(/Not finished.*longer than it may at once.*Press Continue/s);
  await expect(result(page).getByRole("listitem").filter({ hasText: "Home" })).toContainText("1 new");
  expect(await completion(page)).toMatchObject({ success: false, synced: 1 });
  expect((await stored(server))[0]?.calendars.map(({ name, events }) => [name, events])).toEqual([["Home", 1], ["Work", 0]]);

  const button = page.getByRole("main").getByRole("button", { name: "Continue" });
  await expect(button, "beside the heading and on the card").toHaveCount(2);
  await page.goto("/settings/calendars");
  await hydrated(page);
  await expect(button).toHaveCount(2);

  gate.open();
  const before = (await completions(page)).length;
  await card(page, "Radicale").getByRole("button", { name: "Continue" }).click();
  expect(await completion(page, before)).toMatchObject({ success: true, synced: 3 });
  await expect(progress(page)).toHaveCount(0);
  await expect(line).toContainText("3 new");
  await expect(card(page, "Radicale")).toContainText("Up to date");
  await expect(button).toHaveCount(0);
  expect((await stored(server))[0]).toMatchObject({ state: "ok", problem: null });
  await gate.stop();
});
