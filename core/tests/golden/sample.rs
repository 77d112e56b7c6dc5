//! The sample object of a CalDAV server: a weekly meeting in Berlin with a moved, a removed and a cancelled instance.

use super::support::{calendar, object, spans, titled};
use syncline_domain::event::EventKind;

fn sample() -> String {
    calendar(
        "BEGIN:VEVENT
        UID:weekly-1@example.com
        DTSTAMP:20260220T080000Z
        LAST-MODIFIED:20260311T100000Z
        SEQUENCE:1
        DTSTART;TZID=Europe/Berlin:20260309T090000
        DTEND;TZID=Europe/Berlin:20260309T100000
        RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260629T070000Z
        EXDATE;TZID=Europe/Berlin:20260323T090000
        SUMMARY:Team weekly
        TRANSP:OPAQUE
        CLASS:PUBLIC
        STATUS:CONFIRMED
        END:VEVENT
        BEGIN:VEVENT
        UID:weekly-1@example.com
        DTSTAMP:20260311T100000Z
        SEQUENCE:2
        RECURRENCE-ID;TZID=Europe/Berlin:20260316T090000
        DTSTART;TZID=Europe/Berlin:20260317T140000
        DURATION:PT1H
        SUMMARY:Team weekly (moved)
        END:VEVENT
        BEGIN:VEVENT
        UID:weekly-1@example.com
        DTSTAMP:20260311T100000Z
        RECURRENCE-ID:20260330T070000Z
        DTSTART;TZID=Europe/Berlin:20260330T090000
        DTEND;TZID=Europe/Berlin:20260330T100000
        STATUS:CANCELLED
        END:VEVENT
        ",
    )
}

#[test]
fn the_sample_series_keeps_its_wall_time_and_ends_with_the_instance_of_its_until() {
    assert_eq!(
        titled(&sample(), "2026-01-01", "2027-01-01"),
        [
            // 9:00 in Berlin is 8:00 UTC in winter. 16 March was moved, 23 March is an EXDATE, 30 March was cancelled.
            "Team weekly: 2026-03-09 08:00",
            "Team weekly (moved): 2026-03-17 13:00",
            "Team weekly: 2026-04-06 07:00",
            "Team weekly: 2026-04-13 07:00",
            "Team weekly: 2026-04-20 07:00",
            "Team weekly: 2026-04-27 07:00",
            "Team weekly: 2026-05-04 07:00",
            "Team weekly: 2026-05-11 07:00",
            "Team weekly: 2026-05-18 07:00",
            "Team weekly: 2026-05-25 07:00",
            "Team weekly: 2026-06-01 07:00",
            "Team weekly: 2026-06-08 07:00",
            "Team weekly: 2026-06-15 07:00",
            "Team weekly: 2026-06-22 07:00",
            "Team weekly: 2026-06-29 07:00",
        ]
    );
}

#[test]
fn the_sample_object_is_a_master_with_two_overrides_named_by_their_original_start() {
    let object = object(&sample());
    let kinds: Vec<EventKind> = object.events.iter().map(|event| event.kind()).collect();
    assert_eq!(kinds, [EventKind::Master, EventKind::Override, EventKind::Override]);
    let keys: Vec<&str> = object.events.iter().filter_map(|event| event.instance.as_ref()).map(|key| key.as_str()).collect();
    assert_eq!(keys, ["20260316T080000Z", "20260330T070000Z"]);
    assert_eq!(object.warnings, Vec::<&str>::new());
}

#[test]
fn an_all_day_event_has_an_exclusive_end() {
    let text = super::support::event("DTSTART;VALUE=DATE:20260327\nDTEND;VALUE=DATE:20260330");
    assert_eq!(spans(&text, "2026-03-01", "2026-04-01"), ["2026-03-27 to 2026-03-30"]);
    assert_eq!(spans(&text, "2026-03-30", "2026-04-01"), Vec::<String>::new());
}
