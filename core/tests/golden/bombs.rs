//! Rules that would never end: a cap, a warning and little time.

use super::support::{event, object};
use std::time::{Duration, Instant};
use syncline_core::recurrence::{Expansion, expand, last_end};

/// Far more than any rule needs, even in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// Expands 30 months of a rule in little time.
fn quickly(lines: &str) -> Expansion {
    let object = object(&event(lines));
    let began = Instant::now();
    let from = 1_735_689_600_000;
    let found = expand(&object.events, from, from + 913 * 86_400_000, 1_000);
    assert!(began.elapsed() < PATIENCE, "{lines}: {:?}", began.elapsed());
    assert!(found.instances.len() <= 1_000);
    found
}

#[test]
fn every_second_is_capped_at_the_limit() {
    let found = quickly("DTSTART:20250101T000000Z\nRRULE:FREQ=SECONDLY");
    assert!(found.truncated && found.instances.len() == 1_000);
    let found = quickly("DTSTART;TZID=Europe/Berlin:19700101T000000\nRRULE:FREQ=MINUTELY\nDURATION:P1D");
    assert!(found.truncated && found.instances.len() == 1_000);
}

#[test]
fn a_plain_count_needs_no_counting() {
    // 55 years have fewer than 1.8 billion seconds; 10,000 days from 1 January 1998 end on 18 May 2025.
    let found = quickly("DTSTART:19700101T000000Z\nRRULE:FREQ=SECONDLY;COUNT=4000000000");
    assert!(found.truncated && found.instances.len() == 1_000);
    let found = quickly("DTSTART:19980101T000000Z\nRRULE:FREQ=DAILY;COUNT=10000");
    assert_eq!((found.instances.len(), found.truncated), (138, false));
    let found = quickly("DTSTART:20241231T000000Z\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=10");
    assert_eq!(found.instances.len(), 9);
}

#[test]
fn a_count_that_would_take_too_long_gives_up_with_a_warning() {
    let found = quickly("DTSTART:19700101T000000Z\nRRULE:FREQ=SECONDLY;BYHOUR=0,1,2;COUNT=4000000000");
    assert!(found.truncated && found.instances.is_empty());
    assert_eq!(found.warnings, ["rule_too_frequent"]);
}

#[test]
fn all_seconds_of_a_year_do_not_fill_the_memory() {
    let all = |from: i32, to: i32| (from..=to).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let found = quickly(&format!(
        "DTSTART:20250101T000000Z\nRRULE:FREQ=YEARLY;BYMONTHDAY={};BYHOUR={};BYMINUTE={};BYSECOND={}",
        all(1, 31),
        all(0, 23),
        all(0, 59),
        all(0, 59)
    ));
    assert!(found.truncated && found.instances.len() == 1_000);
}

#[test]
fn a_day_that_never_comes_leaves_the_start() {
    for rule in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=60;BYSECOND=1",
        "FREQ=DAILY;BYDAY=MO;BYSETPOS=2",
        "FREQ=YEARLY;BYYEARDAY=100;BYMONTH=1",
    ] {
        let found = quickly(&format!("DTSTART:20250301T000000Z\nRRULE:{rule}"));
        assert_eq!(found.instances.len(), 1, "{rule}");
    }
}

#[test]
fn an_interval_of_zero_is_read_as_one_with_a_warning() {
    let found = quickly("DTSTART:20250101T000000Z\nRRULE:FREQ=DAILY;INTERVAL=0;COUNT=3");
    assert_eq!((found.instances.len(), found.warnings), (3, vec!["bad_rule"]));
}

#[test]
fn an_enormous_interval_does_not_overflow() {
    for freq in ["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"] {
        let found = quickly(&format!("DTSTART:20250101T000000Z\nRRULE:FREQ={freq};INTERVAL=9223372036854775807"));
        assert_eq!(found.instances.len(), 1, "{freq}");
    }
}

#[test]
fn a_rule_that_can_not_be_read_leaves_the_start_with_a_warning() {
    let found = quickly("DTSTART:20250101T000000Z\nRRULE:FREQ=SOMETIMES");
    assert_eq!((found.instances.len(), found.warnings), (1, vec!["bad_rule"]));
}

#[test]
fn the_end_of_a_bomb_is_found_quickly_or_not_at_all() {
    for (rule, expected) in [
        ("FREQ=SECONDLY", None),
        ("FREQ=SECONDLY;COUNT=11", Some(1_735_689_610_000)),
        ("FREQ=SECONDLY;BYHOUR=0,1,2;COUNT=4000000000", None),
        ("FREQ=MINUTELY;UNTIL=20250101T001000Z", Some(1_735_690_200_000)),
    ] {
        let object = object(&event(&format!("DTSTART:20250101T000000Z\nRRULE:{rule}")));
        let began = Instant::now();
        assert_eq!(last_end(&object.events), expected, "{rule}");
        assert!(began.elapsed() < PATIENCE, "{rule}: {:?}", began.elapsed());
    }
}
