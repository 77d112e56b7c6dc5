/** The main job by the command line alone: what it answers to machines, and how it exits. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Gate } from "../support/gate.ts";
import { calendar, event, object } from "../support/ics.ts";
import type { Radicale } from "../support/radicale.ts";
import type { Syncline } from "../support/syncline.ts";
import { ada, expect, test } from "../support/test.ts";

const user = ["--user", ada.email];

/** The whole answer of a sync, design.md §5.2, and what this version adds to it. */
const reportKeys = ["deleted", "errors", "jobId", "jobIds", "message", "results", "skipped", "status", "success", "synced", "timestamp", "total", "unchanged", "updated"];
const lineKeys = ["bytes", "calendarId", "calendarName", "connectionId", "deleted", "durationMs", "email", "errors", "requests", "skipped", "skippedReasons", "status", "synced", "total", "unchanged", "updated"];
const occurrenceKeys = ["allDay", "calendarId", "calendarName", "connectionId", "description", "end", "location", "provider", "recurrenceId", "start", "status", "summary", "timezone", "uid"];

interface Line {
  connectionId: string;
  calendarId: string;
  calendarName: string;
  status: string;
  synced: number;
  updated: number;
  unchanged: number;
  skipped: number;
  errors: number;
  deleted: number;
  total: number;
  skippedReasons: Record<string, number>;
  error?: { code: string; message: string; action: string };
  hold?: { wouldDelete: number; remaining: number; live: number };
}

interface Report extends Line {
  success: boolean;
  message: string;
  jobId: string;
  jobIds: string[];
  results: Line[];
  timestamp: string;
}

interface Occurrence {
  uid: string;
  recurrenceId: string | null;
  summary: string;
  start: string;
  end: string;
  allDay: boolean;
  timezone: string | null;
  status: string;
  location: string | null;
  description: string | null;
  calendarName: string;
  provider: string;
}

const keys = (value: object) => Object.keys(value).sort();

async function sync(server: Syncline, expected: number, ...more: string[]): Promise<Report> {
  const { code, stdout, stderr } = await server.cli(["sync", ...user, "--json", ...more]);
  expect(code, `${stdout}${stderr}`).toBe(expected);
  return JSON.parse(stdout) as Report;
}

async function events(server: Syncline, from: string, to: string, zone?: string): Promise<Occurrence[]> {
  const more = zone === undefined ? [] : ["--timezone", zone];
  return JSON.parse(await server.ok(["events", ...user, "--from", from, "--to", to, ...more, "--json"])) as Occurrence[];
}

function addCaldav(server: Syncline, radicale: Radicale, url = radicale.url): Promise<string> {
  return server.ok(["connection", "add", "caldav", ...user, "--url", `${url}/ada/`, "--username", radicale.username, "--password-stdin", "--name", "Radicale", "--json"], radicale.password);
}

test.beforeEach(async ({ server }) => {
  // Nothing here needs a server.
  await server.stop();
  await server.addUser();
});

test("the main job is done by the command line alone, with a running count of what happened", async ({ server, radicale }) => {
  await radicale.makeCalendar("work", { name: "Work" });
  await radicale.makeCalendar("home", { name: "Home" });
  for (let number = 1; number <= 16; number++) {
    const day = `202603${String(number).padStart(2, "0")}`;
    await radicale.put("work", `talk-${number}`, object({ uid: `talk-${number}`, summary: `Talk ${number}`, start: `${day}T090000Z`, end: `${day}T100000Z` }));
  }
  await radicale.put("work", "off", object({ uid: "off", summary: "Called off", start: "20260303T090000Z", lines: ["STATUS:CANCELLED"] }));
  await radicale.put("home", "dentist", object({ uid: "dentist", summary: "Dentist", start: "20260310T090000", end: "20260310T094500", zone: "Europe/Berlin", lines: ["LOCATION:Main St 5", "DESCRIPTION:Bring the card"] }));

  const added = JSON.parse(await addCaldav(server, radicale)) as { id: string; provider: string; calendars: { name: string }[] };
  expect(added.provider).toBe("caldav");
  expect(added.calendars.map(({ name }) => name)).toEqual(["Home", "Work"]);

  const first = await sync(server, 0);
  expect(keys(first)).toEqual(reportKeys);
  for (const line of first.results) expect(keys(line)).toEqual(lineKeys);
  expect(first).toMatchObject({ success: true, message: "Synced 2 of 2 calendar(s)", synced: 17, updated: 0, deleted: 0, skipped: 1, unchanged: 0, errors: 0, total: 18 });
  expect(first.timestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const work = first.results.find(({ calendarName }) => calendarName === "Work")!;
  expect(work).toMatchObject({ status: "success", synced: 16, skipped: 1, total: 17, skippedReasons: { cancelled: 1 }, connectionId: added.id });

  const [dentist, ...others] = (await events(server, "2026-03-10", "2026-03-11", "Europe/Berlin")).sort((a, b) => a.start.localeCompare(b.start));
  expect(keys(dentist!)).toEqual(occurrenceKeys);
  expect(dentist).toMatchObject({
    uid: "dentist",
    recurrenceId: null,
    summary: "Dentist",
    start: "2026-03-10T09:00:00+01:00",
    end: "2026-03-10T09:45:00+01:00",
    allDay: false,
    timezone: "Europe/Berlin",
    status: "confirmed",
    location: "Main St 5",
    description: "Bring the card",
    calendarName: "Home",
    provider: "caldav",
  });
  expect(others.map(({ uid }) => uid)).toEqual(["talk-10"]);

  const nothing = await sync(server, 0);
  expect(nothing).toMatchObject({ synced: 0, updated: 0, deleted: 0, errors: 0 });
  for (const line of nothing.results) expect(line.total).toBe(line.synced + line.updated + line.unchanged + line.skipped + line.errors);

  await radicale.put("home", "dentist", object({ uid: "dentist", summary: "Dentist, moved", start: "20260310T150000", zone: "Europe/Berlin" }));
  await radicale.delete("work", "talk-16");
  const changed = await sync(server, 0);
  expect(changed).toMatchObject({ synced: 0, updated: 1, deleted: 1 });
  const after = await events(server, "2026-03-10", "2026-03-17", "Europe/Berlin");
  expect(after.find(({ uid }) => uid === "dentist")).toMatchObject({ summary: "Dentist, moved", start: "2026-03-10T15:00:00+01:00" });
  expect(after.map(({ uid }) => uid)).not.toContain("talk-16");

  for (let number = 1; number <= 15; number++) await radicale.delete("work", `talk-${number}`);
  const held = await sync(server, 0);
  expect(held.message).toContain("1 with deletions on hold");
  expect(held.results.find(({ calendarName }) => calendarName === "Work")).toMatchObject({ status: "held", deleted: 0, hold: { wouldDelete: 15, live: 15 } });
  expect((await events(server, "2026-03-01", "2026-04-01")).filter(({ uid }) => uid.startsWith("talk-"))).toHaveLength(15);

  await server.ok(["connection", "remove", added.id]);
  expect(await events(server, "2026-03-01", "2026-04-01")).toEqual([]);
  expect(JSON.parse(await server.ok(["connection", "list", ...user, "--json"]))).toEqual([]);
});

test("occurrences have their wall time on both sides of the clock change in Berlin", async ({ server }) => {
  const zone = "Europe/Berlin";
  const file = join(server.dataDir, "change.ics");
  writeFileSync(
    file,
    calendar([
      event({ uid: "daily", summary: "Coffee", start: "20260328T090000", end: "20260328T091500", zone, lines: ["RRULE:FREQ=DAILY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20260331T090000"] }),
      event({ uid: "daily", summary: "Coffee, late", start: "20260330T110000", end: "20260330T111500", zone, lines: ["RECURRENCE-ID;TZID=Europe/Berlin:20260330T090000"] }),
      event({ uid: "over", summary: "Night train", start: "20260329T003000Z", end: "20260329T013000Z" }),
      event({ uid: "gap", summary: "In the gap", start: "20260329T023000", zone, lines: ["DURATION:PT30M"] }),
      event({ uid: "whole", summary: "Clock change", start: "20260329" }),
      event({ uid: "days", summary: "Fair", start: "20260328", end: "20260331" }),
      event({ uid: "floating", summary: "Lunch", start: "20260329T120000", end: "20260329T130000" }),
      event({ uid: "weekly", summary: "Sunday", start: "20260322", lines: ["RRULE:FREQ=WEEKLY;COUNT=2"] }),
    ]),
  );
  await server.ok(["connection", "add", "ics", ...user, "--file", file, "--name", "File"]);
  await sync(server, 0);

  const seen = (list: Occurrence[]) => list.map(({ uid, recurrenceId, start, end, timezone }) => [uid, recurrenceId, start, end, timezone]).sort();
  const berlin = await events(server, "2026-03-28", "2026-04-01", zone);
  expect(seen(berlin)).toEqual(
    [
      ["daily", "20260328T080000Z", "2026-03-28T09:00:00+01:00", "2026-03-28T09:15:00+01:00", zone],
      ["daily", "20260329T070000Z", "2026-03-29T09:00:00+02:00", "2026-03-29T09:15:00+02:00", zone],
      ["daily", "20260330T070000Z", "2026-03-30T11:00:00+02:00", "2026-03-30T11:15:00+02:00", zone],
      ["over", null, "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00", "UTC"],
      // RFC 5545 §3.3.5: a time that does not exist is read with the offset before the gap.
      ["gap", null, "2026-03-29T03:30:00+02:00", "2026-03-29T04:00:00+02:00", zone],
      ["whole", null, "2026-03-29", "2026-03-30", null],
      ["days", null, "2026-03-28", "2026-03-31", null],
      ["floating", null, "2026-03-29T12:00:00+02:00", "2026-03-29T13:00:00+02:00", null],
      ["weekly", "20260329", "2026-03-29", "2026-03-30", null],
    ].sort(),
  );
  expect(berlin.filter(({ allDay }) => allDay).map(({ uid }) => uid).sort()).toEqual(["days", "weekly", "whole"]);
  expect(berlin.find(({ recurrenceId }) => recurrenceId === "20260330T070000Z")?.summary).toBe("Coffee, late");

  await test.step("elsewhere instants move, whole days and floating times do not", async () => {
    const york = new Map((await events(server, "2026-03-29", "2026-03-30", "America/New_York")).map((one) => [one.uid, one]));
    expect(york.get("floating")).toMatchObject({ start: "2026-03-29T12:00:00-04:00", end: "2026-03-29T13:00:00-04:00" });
    expect(york.get("daily")).toMatchObject({ start: "2026-03-29T03:00:00-04:00", timezone: zone });
    expect(york.get("whole")).toMatchObject({ start: "2026-03-29", end: "2026-03-30", allDay: true });
  });

  await test.step("the period is half-open", async () => {
    expect((await events(server, "2026-03-31", "2026-04-01", zone)).map(({ uid }) => uid)).toEqual([]);
    expect((await events(server, "2026-03-30", "2026-03-31", zone)).map(({ uid }) => uid).sort()).toEqual(["daily", "days"]);
  });
});

test("a wrong command line exits with 2 and an error of the work with 1, with the problem in JSON", async ({ server, radicale }) => {
  for (const wrong of [["frobnicate"], ["sync"], ["sync", ...user, "--mode", "half"], ["events", ...user, "--from", "soon", "--to", "2026-03-01"]]) {
    expect((await server.cli(wrong)).code, wrong.join(" ")).toBe(2);
  }
  const nobody = await server.cli(["sync", "--user", "nobody@example.org", "--json"]);
  expect(nobody.code).toBe(1);
  expect(JSON.parse(nobody.stdout)).toMatchObject({ code: "unknown_user" });

  const refused = await server.cli(["connection", "add", "caldav", ...user, "--url", radicale.url, "--username", radicale.username, "--password-stdin", "--json"], "wrong");
  expect(refused.code).toBe(1);
  const problem = JSON.parse(refused.stdout) as { code: string; detail: string; action: string };
  expect(problem.code).toBe("wrong_password");
  expect(problem.detail).not.toBe("");
  expect(problem.action).not.toBe("");
  expect(refused.stdout + refused.stderr).not.toContain("wrong\n");
  expect(JSON.parse(await server.ok(["connection", "list", ...user, "--json"]))).toEqual([]);
});

test("a calendar that fails beside one that does not exits with 3 and says what to do", async ({ server, radicale, feeds }) => {
  await radicale.makeCalendar("work", { name: "Work" });
  await radicale.put("work", "talk", object({ uid: "talk", summary: "Talk", start: "20260310T090000Z" }));
  await addCaldav(server, radicale);
  const url = feeds.set("/feed.ics", calendar([event({ uid: "one", summary: "One", start: "20260310T100000Z" })], ["X-WR-CALNAME:Feed"]));
  await server.ok(["connection", "add", "ics", ...user, "--url", url]);
  expect((await sync(server, 0)).synced).toBe(2);

  await radicale.changePassword("another one");
  const report = await sync(server, 3);
  expect(report).toMatchObject({ success: false, message: "Synced 1 of 2 calendar(s)" });
  const failed = report.results.find(({ status }) => status === "error")!;
  expect(failed.error).toMatchObject({ code: "wrong_password" });
  expect(failed.error!.action).not.toBe("");
  expect(report.results.find(({ status }) => status === "success")!.calendarName).toBe("Feed");
  expect((await events(server, "2026-03-10", "2026-03-11")).map(({ uid }) => uid).sort()).toEqual(["one", "talk"]);
});

test("a second sync of the same connection exits with 4 and names the one that is at work", async ({ server, radicale }) => {
  await radicale.makeCalendar("work", { name: "Work" });
  const gate = await Gate.start(radicale.url);
  await addCaldav(server, radicale, gate.url);
  gate.hold((request) => request.method === "REPORT");
  const first = server.cli(["sync", ...user, "--json"]);
  await expect.poll(() => gate.waiting, { message: "the first sync is at work" }).toBeGreaterThan(0);
  const second = await server.cli(["sync", ...user, "--json"]);
  gate.open();
  const { code, stdout } = await first;
  expect(code).toBe(0);
  expect(second.code).toBe(4);
  expect(JSON.parse(second.stdout)).toMatchObject({ code: "already_in_progress", jobId: (JSON.parse(stdout) as Report).jobId });
  await gate.stop();
});
