//! What rules that lead nowhere may cost, by a counter and not by a clock.

use super::*;
use crate::ical::{self, Context};
use crate::provider::Content;

/// Tuesday, 10 March 2026, 12:00 UTC.
const NOW: Millis = 1_773_144_000_000;

/// A series that begins on a day.
fn events_from(day: &str, rule: &str) -> Vec<Event> {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART;TZID=Europe/Berlin:{day}T090000\r\nDTEND;TZID=Europe/Berlin:{day}T100000\r\nRRULE:{rule}\r\nSUMMARY:x\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    match ical::read_object(text.as_bytes(), &Context::default()) {
        Content::Present(object) => object.events,
        other => panic!("{other:?}"),
    }
}

fn events(rule: &str) -> Vec<Event> {
    events_from("20260105", rule)
}

/// Three rules that never match, each in a way of its own.
const NEVER: [&str; 3] = [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=10",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;UNTIL=99990101T000000Z",
    "FREQ=MINUTELY;BYSETPOS=2;COUNT=3",
];

fn budget(patience: u64) -> Budget {
    Budget { patience, ..Budget::default() }
}

fn made(events: &[Event], budget: &Budget) -> Materialized {
    materialize(events, &["id".into()], NOW, budget)
}

#[test]
fn rules_that_never_match_cost_little_more_than_the_patience_of_a_pass() {
    const MANY: u64 = 1_500;
    const PATIENCE: u64 = 2_000_000;
    let never: Vec<Vec<Event>> = NEVER.iter().map(|rule| events(rule)).collect();
    let mut dearest = 0;
    for events in &never {
        let unbounded = budget(u64::MAX);
        made(events, &unbounded);
        dearest = dearest.max(unbounded.spent());
    }
    assert!(dearest > 1_000_000, "they are dear: {dearest}");
    let budget = budget(PATIENCE);
    let mut postponed = 0;
    for events in never.iter().cycle().take(MANY as usize) {
        let made = made(events, &budget);
        assert_eq!(made.rows.len(), 1, "the start is always there");
        if made.horizon == Some(POSTPONED) {
            postponed += 1;
            assert_eq!(made.warnings, ["rule_postponed"]);
        }
    }
    assert!((MANY - 50..MANY).contains(&postponed), "{postponed}");
    // The patience and the one object that ends it, the same at the second stage, and then three hasty searches for each.
    let most = 3 * PATIENCE * 10 + 2 * dearest + MANY * 3 * HASTY;
    assert!(budget.spent() < most, "{} of {most}", budget.spent());
}

#[test]
fn a_series_among_them_is_materialised_as_ever() {
    let tired = budget(0);
    tired.wasted.store(u64::MAX / 2, Ordering::Relaxed);
    let rules = [
        "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "FREQ=DAILY",
        "FREQ=MONTHLY;BYDAY=-1FR;COUNT=200",
        "FREQ=YEARLY",
        "FREQ=DAILY;UNTIL=20280101T000000Z",
    ];
    for rule in rules {
        let rested = Budget::default();
        let (made, expected) = (made(&events(rule), &tired), made(&events(rule), &rested));
        assert_eq!((made.rows.len(), made.horizon, made.last_end), (expected.rows.len(), expected.horizon, expected.last_end), "{rule}");
        assert_eq!(made.warnings, expected.warnings, "{rule}");
        assert!(rested.spent() < FREE, "{rule}: {}", rested.spent());
    }
}

#[test]
fn a_search_that_leads_nowhere_is_not_begun_again() {
    let made = made(&events(NEVER[2]), &Budget::default());
    assert_eq!((made.rows.len(), made.horizon), (1, None));
    assert!(is_given_up(&made), "{:?}", made.warnings);
}

#[test]
fn a_series_with_thousands_of_instances_is_there_around_today() {
    for (rule, back, ahead) in [("FREQ=HOURLY", 31, 92), ("FREQ=MINUTELY", 2, 7), ("FREQ=SECONDLY", 0, 0)] {
        let made = made(&events_from("20200105", rule), &Budget::default());
        assert!(made.rows.len() <= CAP && made.rows.iter().any(|row| row.start_at <= NOW && row.end_at > NOW), "{rule}");
        let (from, until) = made.horizon.expect("there is more beyond");
        assert_eq!(((NOW - from) / DAY_MS, (until - NOW) / DAY_MS), (back, ahead), "{rule}");
        assert!(made.rows.last().unwrap().start_at <= until);
    }
}
