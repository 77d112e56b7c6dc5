import { completion, completions, card, createFirstAccount, event, listenForCompletions, messages, progress, result, sendCaldavForm, stored, syncNow } from "../support/app.ts";
import { Gate } from "../support/gate.ts";
import { object } from "../support/ics.ts";
import { ada, expect, hydrated, test } from "../support/test.ts";

const march = "/?date=2026-03-10";

function day(number: number): string {
  return `202603${String(number).padStart(2, "0")}`;
}

test("a newcomer connects a CalDAV account, sees its events, and every change of the server after a sync", async ({ page, context, server, radicale }) => {
  test.slow();
  await listenForCompletions(context);
  await radicale.makeCalendar("work", { name: "Work", color: "#2f7ed8" });
  await radicale.makeCalendar("home", { name: "Home" });
  await radicale.put("work", "standup", object({ uid: "standup", summary: "Stand-up", start: `${day(10)}T080000Z`, end: `${day(10)}T083000Z` }));
  await radicale.put("work", "review", object({ uid: "review", summary: "Review", start: `${day(11)}T130000`, end: `${day(11)}T140000`, zone: "Europe/Berlin" }));
  await radicale.put("home", "birthday", object({ uid: "birthday", summary: "Birthday", start: day(12) }));
  const gate = await Gate.start(radicale.url);

  await test.step("the first account is made and leads to connecting calendars", async () => {
    await createFirstAccount(page);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connections");
  });

  await test.step("the account is added by the form and its first sync is seen at work", async () => {
    gate.hold((request) => request.method === "REPORT");
    await sendCaldavForm(page, { address: `${gate.url}/${radicale.username}/`, username: radicale.username, password: radicale.password, name: "Radicale" });
    await page.waitForURL("**/settings/calendars?added=*");
    await expect(progress(page)).toBeVisible();
    await expect(progress(page).getByRole("heading", { level: 2 })).toContainText("Syncing…");
    await expect(progress(page).getByRole("listitem")).toHaveCount(2);
    await expect(progress(page)).not.toContainText("100 %");
    gate.open();
  });

  await test.step("the result has a line for each calendar", async () => {
    const lines = result(page).getByRole("listitem");
    await expect(lines.filter({ hasText: "Work" })).toContainText("2 new");
    await expect(lines.filter({ hasText: "Home" })).toContainText("1 new");
    await expect(lines.filter({ hasText: "In step" })).toHaveCount(2);
    await expect(card(page, "Radicale")).toContainText("Up to date");
    await expect(card(page, "Radicale").getByRole("listitem").filter({ hasText: "Work" })).toContainText("2 events");
  });

  const view = await context.newPage();
  await test.step("the events stand in the month, in the viewer's zone", async () => {
    await view.goto(march);
    await hydrated(view);
    await expect(event(view, /09:00\s*Stand-up/)).toBeVisible();
    await expect(event(view, /13:00\s*Review/)).toBeVisible();
    await expect(event(view, "Birthday")).toBeVisible();
  });

  await test.step("what changes at the server changes in the open calendar after Sync now", async () => {
    await radicale.put("work", "standup", object({ uid: "standup", summary: "Stand-up in room 5", start: `${day(10)}T090000Z`, end: `${day(10)}T093000Z` }));
    const before = (await completions(view)).length;
    await syncNow(page).click();
    await expect(event(view, /10:00\s*Stand-up in room 5/)).toBeVisible();
    await expect(event(view, /09:00/)).toHaveCount(0);
    expect(await completion(view, before)).toMatchObject({ success: true, synced: 0, updated: 1, deleted: 0, skipped: 0, errors: 0 });
    await expect(messages(page).filter({ hasText: "1 changed" })).toBeVisible();
  });

  await test.step("what is deleted at the server goes", async () => {
    await expect(syncNow(page)).toBeVisible();
    await radicale.delete("work", "standup");
    const before = (await completions(view)).length;
    await syncNow(page).click();
    await expect(event(view, "Stand-up")).toHaveCount(0);
    await expect(event(view, /Review/)).toBeVisible();
    expect(await completion(view, before)).toMatchObject({ success: true, updated: 0, deleted: 1 });
  });

  await test.step("a calendar that suddenly is empty is held, and nothing is removed", async () => {
    for (let number = 1; number <= 18; number++) {
      await radicale.put("home", `meal-${number}`, object({ uid: `meal-${number}`, summary: `Meal ${number}`, start: `${day(number + 1)}T110000Z`, end: `${day(number + 1)}T120000Z` }));
    }
    await syncNow(page).click();
    await expect(result(page)).toContainText("18 new");
    await expect(event(view, /Meal 3\b/)).toBeVisible();

    for (let number = 1; number <= 18; number++) await radicale.delete("home", `meal-${number}`);
    await radicale.delete("home", "birthday");
    await syncNow(page).click();
    const line = result(page).getByRole("listitem").filter({ hasText: "Home" });
    await expect(line).toContainText("Deletions on hold");
    await expect(line).toContainText("The calendar came back with 0 of 19 events. Nothing was removed.");
    await expect(page.getByRole("alert")).toHaveCount(0);
    await expect(event(view, /Meal 3\b/)).toBeVisible();
    expect((await stored(server)).flatMap(({ calendars }) => calendars).find(({ name }) => name === "Home")?.events).toBe(19);
  });

  await test.step("the user looks at what would go, approves it, and it goes", async () => {
    await result(page).getByRole("link", { name: "Look at what would go" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Home");
    await expect(page.getByRole("heading", { name: "19 events would go" })).toBeVisible();
    await expect(page.getByRole("cell", { name: "Meal 7" })).toBeVisible();
    await page.getByRole("button", { name: "Remove 19 events" }).click();
    await expect(messages(page).filter({ hasText: "19 events removed." })).toBeVisible();
    await expect(page.getByRole("heading", { name: "Nothing is on hold" })).toBeVisible();
    await expect(event(view, /Meal/)).toHaveCount(0);
    await expect(event(view, /Review/)).toBeVisible();
    expect((await stored(server)).flatMap(({ calendars }) => calendars).find(({ name }) => name === "Home")?.events).toBe(0);
  });
  await gate.stop();
});

test("every open tab hears of a sync, whoever started it, and refreshes itself", async ({ page, context, server, radicale }) => {
  await listenForCompletions(context);
  await radicale.makeCalendar("work", { name: "Work" });
  await radicale.put("work", "first", object({ uid: "first", summary: "First", start: "20260310T080000Z", end: "20260310T083000Z" }));
  await createFirstAccount(page);
  await server.ok(["connection", "add", "caldav", "--user", ada.email, "--url", `${radicale.url}/ada/`, "--username", radicale.username, "--password-stdin", "--name", "Radicale"], radicale.password);

  const view = await context.newPage();
  await view.goto(march);
  await page.goto("/settings/calendars");
  await Promise.all([hydrated(view), hydrated(page)]);

  await test.step("started by a button of the page", async () => {
    await syncNow(page).click();
    for (const tab of [view, page]) {
      const detail = await completion(tab, 0);
      expect(Object.keys(detail).sort()).toEqual(["deleted", "errors", "jobId", "message", "skipped", "success", "synced", "updated"]);
      expect(detail).toMatchObject({ success: true, message: "Synced 1 of 1 calendar(s)", synced: 1, updated: 0, deleted: 0, skipped: 0, errors: 0 });
      expect(detail.jobId).toMatch(/^[0-9a-f-]{36}$/);
    }
    await expect(event(view, "First")).toBeVisible();
  });

  await test.step("started by the command line on the same data", async () => {
    await radicale.put("work", "second", object({ uid: "second", summary: "Second", start: "20260311T080000Z", end: "20260311T083000Z" }));
    const report = JSON.parse(await server.ok(["sync", "--user", ada.email, "--json"])) as { jobId: string; synced: number };
    expect(report.synced).toBe(1);
    for (const tab of [view, page]) {
      expect(await completion(tab, 1)).toMatchObject({ success: true, jobId: report.jobId, synced: 1, updated: 0, deleted: 0 });
    }
    await expect(event(view, "Second")).toBeVisible();
    await expect(card(page, "Radicale").getByRole("listitem").filter({ hasText: "Work" })).toContainText("2 events");
  });

  await test.step("started by REST", async () => {
    await radicale.delete("work", "first");
    const token = await server.token();
    const answer = await fetch(`${server.url}/api/calendar/sync/manual`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    for (const tab of [view, page]) expect(await completion(tab, 2)).toMatchObject({ success: true, synced: 0, deleted: 1 });
    await expect(event(view, "First")).toHaveCount(0);
    for (const tab of [view, page]) expect(await completions(tab), "each sync is said once").toHaveLength(3);
  });
});
