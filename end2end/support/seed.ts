/** Calendars that are there before a browser looks: made, connected and synced by the command line. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { calendar, event, type EventOptions } from "./ics.ts";
import { ada, type Syncline } from "./syncline.ts";

/** Connects a file with these events as a calendar of this name, and syncs it. */
export async function seed(server: Syncline, name: string, events: EventOptions[]): Promise<void> {
  const path = join(server.dataDir, `${name}.ics`);
  writeFileSync(path, calendar(events.map(event), [`X-WR-CALNAME:${name}`]));
  const added = JSON.parse(await server.ok(["connection", "add", "ics", "--user", ada.email, "--file", path, "--json"])) as { id: string };
  await server.ok(["sync", "--user", ada.email, "--connection", added.id]);
}

const day = (number: number) => `202603${String(number).padStart(2, "0")}`;

/** What the month of March 2026 holds in the tests of the view: two calendars with every kind of event. */
export async function seedMarch(server: Syncline): Promise<void> {
  await seed(server, "Work", [
    {
      uid: "planning",
      summary: "Planning",
      start: `${day(10)}T090000`,
      end: `${day(10)}T103000`,
      zone: "America/New_York",
      lines: [
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "LOCATION:Room 5",
        "DESCRIPTION:The agenda is at https://example.org/agenda",
        "CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://meet.example.org/planning",
        "ORGANIZER;CN=Grace Hopper:mailto:grace@example.org",
        "ATTENDEE;CN=Grace Hopper;PARTSTAT=ACCEPTED:mailto:grace@example.org",
        "ATTENDEE;CN=Alan Turing;PARTSTAT=DECLINED:mailto:alan@example.org",
      ],
    },
    { uid: "left", summary: "Left", start: `${day(11)}T080000Z`, end: `${day(11)}T100000Z` },
    { uid: "right", summary: "Right", start: `${day(11)}T090000Z`, end: `${day(11)}T110000Z` },
    { uid: "fair", summary: "Fair", start: day(12), end: day(18) },
    { uid: "maybe", summary: "Maybe", start: `${day(13)}T100000Z`, end: `${day(13)}T110000Z`, lines: ["STATUS:TENTATIVE"] },
  ]);
  await seed(server, "Private", [
    { uid: "dentist", summary: "Dentist", start: `${day(10)}T100000Z`, end: `${day(10)}T104500Z`, lines: ["LOCATION:Main St"] },
    { uid: "birthday", summary: "Birthday of Emmy", start: day(11) },
    ...Array.from({ length: 12 }, (_, number) => ({ uid: `full-${number}`, summary: `Slot ${number + 1}`, start: `${day(24)}T${String(7 + number).padStart(2, "0")}0000Z`, end: `${day(24)}T${String(7 + number).padStart(2, "0")}3000Z` })),
  ]);
}
