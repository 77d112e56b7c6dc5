/** Calendar objects in a few words. */

export interface EventOptions {
  uid: string;
  summary: string;
  /** `20260310T090000Z`, `20260310T090000` with `zone`, or `20260310` for a whole day. */
  start: string;
  end?: string;
  zone?: string;
  /** Further content lines, for example `RRULE:FREQ=DAILY;COUNT=3`. */
  lines?: string[];
}

/** One VEVENT. */
export function event({ uid, summary, start, end, zone, lines = [] }: EventOptions): string {
  const time = (name: string, value: string) => {
    if (/^\d{8}$/.test(value)) return `${name};VALUE=DATE:${value}`;
    return zone === undefined ? `${name}:${value}` : `${name};TZID=${zone}:${value}`;
  };
  const times = [time("DTSTART", start), ...(end === undefined ? [] : [time("DTEND", end)])];
  return ["BEGIN:VEVENT", `UID:${uid}`, "DTSTAMP:20260101T000000Z", ...times, `SUMMARY:${summary.replace(/[\\;,]/g, "\\$&")}`, ...lines, "END:VEVENT"].join("\r\n");
}

/** A VCALENDAR around VEVENTs. */
export function calendar(events: string[], lines: string[] = []): string {
  return [...["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Syncline//end2end//EN"], ...lines, ...events, "END:VCALENDAR", ""].join("\r\n");
}

/** A VCALENDAR with one event: what a CalDAV server stores. */
export function object(options: EventOptions): string {
  return calendar([event(options)]);
}
