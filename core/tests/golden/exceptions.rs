//! DTSTART, EXDATE, RDATE and EXRULE (RFC 5545 §3.8.5).

use super::support::{calendar, event, expansion, spans, starts, titled};

/// Five mornings at 9:00 in Berlin (8:00 UTC) from Monday, 9 March, with more lines.
fn week(more: &str) -> Vec<String> {
    starts(&week_text(more), "2026-01-01", "2027-01-01")
}

fn week_text(more: &str) -> String {
    event(&format!("DTSTART;TZID=Europe/Berlin:20260309T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\n{more}"))
}

#[test]
fn a_start_that_the_rule_does_not_produce_is_the_first_of_the_count() {
    // 9 March is a Monday, the rule says Tuesdays.
    let text = event("DTSTART;TZID=Europe/Berlin:20260309T090000\nRRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09 08:00", "2026-03-10 08:00", "2026-03-17 08:00"]);
    assert_eq!(expansion(&text, "2026-01-01", "2027-01-01").warnings, ["start_outside_rule"]);
}

#[test]
fn a_start_outside_its_rule_is_there_in_a_window_of_its_own_and_the_rule_goes_on() {
    let text = event("DTSTART;TZID=Europe/Berlin:20260309T090000\nRRULE:FREQ=WEEKLY;BYDAY=TU");
    assert_eq!(starts(&text, "2026-03-09", "2026-03-10"), ["2026-03-09 08:00"]);
    assert_eq!(starts(&text, "2026-03-12", "2026-03-18"), ["2026-03-17 08:00"]);
}

#[test]
fn exdates_come_in_lists_and_on_several_lines() {
    assert_eq!(
        week("EXDATE;TZID=Europe/Berlin:20260310T090000,20260311T090000\nEXDATE;TZID=Europe/Berlin:20260313T090000"),
        ["2026-03-09 08:00", "2026-03-12 08:00"]
    );
}

#[test]
fn exdates_in_utc_and_in_other_zones_are_compared_as_instants() {
    // 8:00 UTC is 4:00 in New York, which has summer time since 8 March, and 17:00 in Tokyo.
    assert_eq!(
        week("EXDATE:20260310T080000Z\nEXDATE;TZID=America/New_York:20260311T040000\nEXDATE;TZID=Asia/Tokyo:20260312T170000"),
        ["2026-03-09 08:00", "2026-03-13 08:00"]
    );
}

#[test]
fn an_exdate_at_another_time_removes_nothing() {
    assert_eq!(week("EXDATE;TZID=Europe/Berlin:20260310T100000").len(), 5);
    // 9:00 UTC is not 9:00 in Berlin.
    assert_eq!(week("EXDATE:20260310T090000Z").len(), 5);
}

#[test]
fn a_floating_exdate_is_read_in_the_zone_of_the_start() {
    assert_eq!(week("EXDATE:20260310T090000").len(), 4);
}

#[test]
fn an_exdate_that_is_a_date_removes_the_instance_of_that_day() {
    assert_eq!(week("EXDATE;VALUE=DATE:20260310,20260311"), ["2026-03-09 08:00", "2026-03-12 08:00", "2026-03-13 08:00"]);
}

#[test]
fn an_exdate_with_a_time_removes_a_whole_day_by_its_date() {
    let text =
        event("DTSTART;VALUE=DATE:20260309\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE:20260310T000000Z\nEXDATE;TZID=Europe/Berlin:20260311T000000");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09", "2026-03-12"]);
}

#[test]
fn an_exdate_counts_in_the_count() {
    assert_eq!(week("EXDATE:20260309T080000Z").len(), 4);
}

#[test]
fn rdates_add_instances_in_any_zone_with_the_length_of_the_first() {
    // 10:00 in New York on 21 March is 14:00 UTC.
    let text = week_text("RDATE;TZID=America/New_York:20260321T100000\nRDATE:20260322T060000Z,20260323T060000Z");
    assert_eq!(
        spans(&text, "2026-03-20", "2026-04-01"),
        ["2026-03-21 14:00 to 2026-03-21 15:00", "2026-03-22 06:00 to 2026-03-22 07:00", "2026-03-23 06:00 to 2026-03-23 07:00"]
    );
}

#[test]
fn an_rdate_period_brings_its_own_end() {
    let text = week_text("RDATE;VALUE=PERIOD:20260321T060000Z/20260321T093000Z,20260322T060000Z/PT15M");
    assert_eq!(spans(&text, "2026-03-20", "2026-04-01"), ["2026-03-21 06:00 to 2026-03-21 09:30", "2026-03-22 06:00 to 2026-03-22 06:15"]);
}

#[test]
fn an_rdate_that_repeats_an_instance_does_not_double_it() {
    assert_eq!(week("RDATE:20260310T080000Z").len(), 5);
}

#[test]
fn an_exdate_removes_an_rdate_too() {
    assert_eq!(week("RDATE:20260321T060000Z\nEXDATE:20260321T060000Z").len(), 5);
}

#[test]
fn rdates_without_a_rule_make_a_series() {
    let text = event("DTSTART;VALUE=DATE:20260309\nRDATE;VALUE=DATE:20260401,20260501");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09", "2026-04-01", "2026-05-01"]);
}

#[test]
fn an_exrule_removes_what_it_produces() {
    assert_eq!(week("EXRULE:FREQ=WEEKLY;BYDAY=TU,TH"), ["2026-03-09 08:00", "2026-03-11 08:00", "2026-03-13 08:00"]);
}

#[test]
fn two_rules_are_united() {
    let text =
        event("DTSTART;TZID=Europe/Berlin:20260309T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU;COUNT=3");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09 08:00", "2026-03-10 08:00", "2026-03-16 08:00"]);
}

#[test]
fn the_exdate_of_a_moved_instance_names_its_original_start() {
    let moved = "BEGIN:VEVENT
        UID:1@example.com
        RECURRENCE-ID;TZID=Europe/Berlin:20260310T090000
        DTSTART;TZID=Europe/Berlin:20260310T150000
        SUMMARY:Moved
        END:VEVENT";
    let series = |exdate: &str| {
        calendar(&format!(
            "BEGIN:VEVENT
            UID:1@example.com
            DTSTART;TZID=Europe/Berlin:20260309T090000
            RRULE:FREQ=DAILY;COUNT=3
            EXDATE;TZID=Europe/Berlin:{exdate}
            SUMMARY:Daily
            END:VEVENT
            {moved}\n"
        ))
    };
    // The new time names nothing, so nothing is removed.
    assert_eq!(
        titled(&series("20260310T150000"), "2026-01-01", "2027-01-01"),
        ["Daily: 2026-03-09 08:00", "Moved: 2026-03-10 14:00", "Daily: 2026-03-11 08:00"]
    );
}
