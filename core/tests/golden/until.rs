//! UNTIL in all its spellings: its type should follow DTSTART's (RFC 5545 §3.3.10) and often does not. The bound is
//! inclusive.

use super::support::{event, starts};

const THREE_MORNINGS: [&str; 3] = ["2026-03-09 08:00", "2026-03-10 08:00", "2026-03-11 08:00"];

fn mornings(until: &str) -> Vec<String> {
    let text = event(&format!("DTSTART;TZID=Europe/Berlin:20260309T090000\nRRULE:FREQ=DAILY;UNTIL={until}"));
    starts(&text, "2026-01-01", "2027-01-01")
}

#[test]
fn an_until_in_utc_is_compared_as_an_instant_and_includes_it() {
    assert_eq!(mornings("20260311T080000Z"), THREE_MORNINGS);
    assert_eq!(mornings("20260311T075959Z"), THREE_MORNINGS[..2]);
}

#[test]
fn a_local_until_is_read_in_the_zone_of_the_start() {
    assert_eq!(mornings("20260311T090000"), THREE_MORNINGS);
    assert_eq!(mornings("20260311T085959"), THREE_MORNINGS[..2]);
}

#[test]
fn a_date_until_includes_the_whole_local_day() {
    assert_eq!(mornings("20260311"), THREE_MORNINGS);
}

#[test]
fn a_date_until_means_the_day_of_the_zone_and_not_of_utc() {
    // 20:00 in Los Angeles (summer time since 8 March) is 3:00 UTC of the next day.
    let evenings = |until: &str| {
        let text = event(&format!("DTSTART;TZID=America/Los_Angeles:20260309T200000\nRRULE:FREQ=DAILY;UNTIL={until}"));
        starts(&text, "2026-01-01", "2027-01-01")
    };
    let expected = ["2026-03-10 03:00", "2026-03-11 03:00", "2026-03-12 03:00"];
    assert_eq!(evenings("20260311"), expected);
    assert_eq!(evenings("20260312T030000Z"), expected);
}

#[test]
fn an_until_with_a_time_on_an_all_day_series_counts_as_its_date() {
    for until in ["20260311", "20260311T000000Z", "20260311T235959Z", "20260311T120000"] {
        let text = event(&format!("DTSTART;VALUE=DATE:20260309\nRRULE:FREQ=DAILY;UNTIL={until}"));
        assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09", "2026-03-10", "2026-03-11"], "{until}");
    }
}

#[test]
fn the_until_of_a_floating_series_floats_too() {
    for until in ["20260311T090000", "20260311", "20260311T090000Z"] {
        let text = event(&format!("DTSTART:20260309T090000\nRRULE:FREQ=DAILY;UNTIL={until}"));
        assert_eq!(
            starts(&text, "2026-01-01", "2027-01-01"),
            ["2026-03-09 09:00 local", "2026-03-10 09:00 local", "2026-03-11 09:00 local"],
            "{until}"
        );
    }
}

#[test]
fn an_until_before_the_start_leaves_the_start() {
    assert_eq!(mornings("20260101T000000Z"), THREE_MORNINGS[..1]);
}

#[test]
fn an_until_in_the_hour_that_comes_twice_is_an_instant() {
    // 2:30 comes twice on 25 October. The instance is the first, 0:30 UTC; an UNTIL of 0:45 UTC lets it through.
    let nights = |until: &str| {
        let text = event(&format!("DTSTART;TZID=Europe/Berlin:20261024T023000\nRRULE:FREQ=DAILY;UNTIL={until}"));
        starts(&text, "2026-01-01", "2027-01-01")
    };
    assert_eq!(nights("20261025T004500Z"), ["2026-10-24 00:30", "2026-10-25 00:30"]);
    assert_eq!(nights("20261025T011500Z"), ["2026-10-24 00:30", "2026-10-25 00:30"]);
    assert_eq!(nights("20261025T001500Z"), ["2026-10-24 00:30"]);
}
