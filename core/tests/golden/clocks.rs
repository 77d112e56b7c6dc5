//! Floating times, daylight saving and lengths (RFC 5545 §3.3.5, §3.3.6).

use super::support::{event, object, spans, starts};
use syncline_domain::event::DateValue;
use syncline_domain::time::When;

#[test]
fn a_floating_time_stays_one() {
    let text = event("DTSTART:20260309T090000\nDTEND:20260309T100000\nRRULE:FREQ=WEEKLY;COUNT=5");
    // Nothing happens to it where clocks change.
    assert_eq!(
        starts(&text, "2026-01-01", "2027-01-01"),
        ["2026-03-09 09:00 local", "2026-03-16 09:00 local", "2026-03-23 09:00 local", "2026-03-30 09:00 local", "2026-04-06 09:00 local"]
    );
    assert!(matches!(object(&text).events[0].when, When::Floating { .. }));
}

#[test]
fn a_date_is_never_shifted_by_a_zone() {
    let text = event("DTSTART;VALUE=DATE:20260328\nRRULE:FREQ=DAILY;COUNT=3\nX-WR-TIMEZONE:Pacific/Kiritimati");
    assert_eq!(
        spans(&text, "2026-01-01", "2027-01-01"),
        ["2026-03-28 to 2026-03-29", "2026-03-29 to 2026-03-30", "2026-03-30 to 2026-03-31"]
    );
}

#[test]
fn a_written_time_in_a_gap_takes_the_offset_before_it() {
    // 2:30 does not exist on 29 March; with the winter offset it is 1:30 UTC, and the clock shows 3:30.
    let text = event("DTSTART;TZID=Europe/Berlin:20260329T023000\nDURATION:PT1H");
    assert_eq!(spans(&text, "2026-01-01", "2027-01-01"), ["2026-03-29 01:30 to 2026-03-29 02:30"]);
    let When::Timed { start, .. } = &object(&text).events[0].when else { panic!("timed") };
    assert_eq!(start.wall.to_string(), "2026-03-29T03:30:00");
}

#[test]
fn an_instance_in_a_gap_is_shifted_and_not_lost() {
    let text = event("DTSTART;TZID=Europe/Berlin:20260328T023000\nDTEND;TZID=Europe/Berlin:20260328T033000\nRRULE:FREQ=DAILY;COUNT=3");
    assert_eq!(
        spans(&text, "2026-01-01", "2027-01-01"),
        ["2026-03-28 01:30 to 2026-03-28 02:30", "2026-03-29 01:30 to 2026-03-29 02:30", "2026-03-30 00:30 to 2026-03-30 01:30"]
    );
}

#[test]
fn an_instance_in_an_overlap_is_the_first_of_the_two() {
    let text = event("DTSTART;TZID=Europe/Berlin:20261024T023000\nRRULE:FREQ=DAILY;COUNT=3");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"]);
}

#[test]
fn every_hour_is_every_hour_in_the_nights_of_the_change() {
    let spring = event("DTSTART;TZID=Europe/Berlin:20260329T000000\nRRULE:FREQ=HOURLY;COUNT=4");
    assert_eq!(
        starts(&spring, "2026-01-01", "2027-01-01"),
        ["2026-03-28 23:00", "2026-03-29 00:00", "2026-03-29 01:00", "2026-03-29 02:00"]
    );
    let autumn = event("DTSTART;TZID=Europe/Berlin:20261025T010000\nRRULE:FREQ=HOURLY;COUNT=4");
    assert_eq!(
        starts(&autumn, "2026-01-01", "2027-01-01"),
        ["2026-10-24 23:00", "2026-10-25 00:00", "2026-10-25 01:00", "2026-10-25 02:00"]
    );
}

#[test]
fn hours_of_the_clock_do_not_double_in_a_gap() {
    // 2:00 does not exist and falls on 3:00, which is there already.
    let text = event("DTSTART;TZID=Europe/Berlin:20260328T020000\nRRULE:FREQ=DAILY;BYHOUR=2,3;COUNT=4");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-28 01:00", "2026-03-28 02:00", "2026-03-29 01:00"]);
}

#[test]
fn a_day_on_the_clock_lasts_until_the_same_time_tomorrow() {
    // Saturdays from noon to noon; the night to 29 March is an hour shorter.
    for length in ["DTEND;TZID=Europe/Berlin:20260322T120000", "DURATION:P1D"] {
        let text = event(&format!("DTSTART;TZID=Europe/Berlin:20260321T120000\n{length}\nRRULE:FREQ=WEEKLY;COUNT=2"));
        assert_eq!(
            spans(&text, "2026-01-01", "2027-01-01"),
            ["2026-03-21 11:00 to 2026-03-22 11:00", "2026-03-28 11:00 to 2026-03-29 10:00"],
            "{length}"
        );
    }
}

#[test]
fn twenty_four_hours_are_exact() {
    let text = event("DTSTART;TZID=Europe/Berlin:20260321T120000\nDURATION:PT24H\nRRULE:FREQ=WEEKLY;COUNT=2");
    assert_eq!(spans(&text, "2026-01-01", "2027-01-01"), ["2026-03-21 11:00 to 2026-03-22 11:00", "2026-03-28 11:00 to 2026-03-29 11:00"]);
    // Also for a first instance in the night of the change itself.
    let single = event("DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:P1DT1H");
    assert_eq!(spans(&single, "2026-01-01", "2027-01-01"), ["2026-03-28 11:00 to 2026-03-29 11:00"]);
}

#[test]
fn an_end_in_another_zone_keeps_its_distance_on_the_clock_of_the_start() {
    // A flight of seven hours from Berlin to New York; from 30 March Berlin has summer time as well.
    let text = event("DTSTART;TZID=Europe/Berlin:20260316T100000\nDTEND;TZID=America/New_York:20260316T120000\nRRULE:FREQ=WEEKLY;COUNT=3");
    assert_eq!(
        spans(&text, "2026-01-01", "2027-01-01"),
        ["2026-03-16 09:00 to 2026-03-16 16:00", "2026-03-23 09:00 to 2026-03-23 16:00", "2026-03-30 08:00 to 2026-03-30 15:00"]
    );
    let When::Timed { start, end } = &object(&text).events[0].when else { panic!("timed") };
    assert_eq!((start.zone.0.as_str(), end.zone.0.as_str()), ("Europe/Berlin", "America/New_York"));
}

#[test]
fn a_zulu_time_with_a_zone_is_utc_and_repeats_in_the_zone() {
    let text = event("DTSTART;TZID=Europe/Berlin:20260323T080000Z\nRRULE:FREQ=WEEKLY;COUNT=2\nEXDATE;TZID=Europe/Berlin:20260330T080000Z");
    let object = object(&text);
    let When::Timed { start, .. } = &object.events[0].when else { panic!("timed") };
    assert_eq!((start.wall.to_string().as_str(), start.zone.0.as_str()), ("2026-03-23T09:00:00", "Europe/Berlin"));
    // 9:00 in Berlin is 7:00 UTC on 30 March, so that the EXDATE at 8:00 UTC names nothing.
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-23 08:00", "2026-03-30 07:00"]);
    assert!(matches!(object.events[0].recurrence.as_ref().map(|rules| &rules.except_dates[0]), Some(DateValue::Zoned(_))));
}

#[test]
fn midnight_that_does_not_exist_is_the_first_moment_of_the_day() {
    // In Santiago clocks go from 24:00 to 1:00: 6 September 2026 has no midnight. 1:00 there is 4:00 UTC.
    let text = event("DTSTART;TZID=America/Santiago:20260905T000000\nRRULE:FREQ=DAILY;COUNT=3");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-09-05 04:00", "2026-09-06 04:00", "2026-09-07 03:00"]);
}
