//! RECURRENCE-ID: overrides of single instances and of all that follow (RFC 5545 §3.8.4.4).

use super::support::{calendar, expansion, feed, keys, object, objects, spans, starts, titled};
use syncline_core::provider::Content;
use syncline_domain::event::EventKind;

fn master(more: &str) -> String {
    format!(
        "BEGIN:VEVENT
        UID:1@example.com
        SEQUENCE:5
        DTSTART;TZID=Europe/Berlin:20260309T090000
        DTEND;TZID=Europe/Berlin:20260309T100000
        RRULE:FREQ=DAILY;COUNT=4
        SUMMARY:Daily
        {more}
        END:VEVENT
        "
    )
}

fn change(lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:1@example.com\nSUMMARY:Moved\n{lines}\nEND:VEVENT\n")
}

fn series(changes: &[&str]) -> String {
    calendar(&(master("") + &changes.iter().map(|lines| change(lines)).collect::<String>()))
}

const MOVED: [&str; 4] = ["Daily: 2026-03-09 08:00", "Moved: 2026-03-10 14:00", "Daily: 2026-03-11 08:00", "Daily: 2026-03-12 08:00"];

#[test]
fn a_recurrence_id_may_be_local_or_utc_or_in_another_zone_or_a_date() {
    for id in [
        "RECURRENCE-ID;TZID=Europe/Berlin:20260310T090000",
        "RECURRENCE-ID:20260310T080000Z",
        "RECURRENCE-ID;TZID=America/New_York:20260310T040000",
        "RECURRENCE-ID:20260310T090000",
        "RECURRENCE-ID;VALUE=DATE:20260310",
    ] {
        let text = series(&[&format!("{id}\nDTSTART;TZID=Europe/Berlin:20260310T150000")]);
        assert_eq!(titled(&text, "2026-01-01", "2027-01-01"), MOVED, "{id}");
        assert_eq!(keys(&text, "2026-03-10", "2026-03-11"), ["20260310T080000Z"], "{id}");
    }
}

#[test]
fn the_recurrence_id_of_a_whole_day_counts_by_its_date() {
    for id in [
        "RECURRENCE-ID;VALUE=DATE:20260310",
        "RECURRENCE-ID:20260310",
        "RECURRENCE-ID:20260310T000000Z",
        "RECURRENCE-ID;TZID=Asia/Tokyo:20260310T000000",
    ] {
        let text = calendar(&format!(
            "BEGIN:VEVENT
            UID:1
            DTSTART;VALUE=DATE:20260309
            RRULE:FREQ=DAILY;COUNT=3
            SUMMARY:Day
            END:VEVENT
            BEGIN:VEVENT
            UID:1
            {id}
            DTSTART;VALUE=DATE:20260320
            SUMMARY:Moved
            END:VEVENT\n"
        ));
        assert_eq!(titled(&text, "2026-01-01", "2027-01-01"), ["Day: 2026-03-09", "Day: 2026-03-11", "Moved: 2026-03-20"], "{id}");
        assert_eq!(keys(&text, "2026-03-20", "2026-03-21"), ["20260310"], "{id}");
    }
}

#[test]
fn a_moved_instance_is_found_where_it_is_now_and_not_where_it_was() {
    let text = series(&["RECURRENCE-ID:20260310T080000Z\nDTSTART:20260801T120000Z"]);
    assert_eq!(titled(&text, "2026-08-01", "2026-08-02"), ["Moved: 2026-08-01 12:00"]);
    assert_eq!(titled(&text, "2026-03-10", "2026-03-11"), Vec::<String>::new());
}

#[test]
fn an_override_may_turn_a_timed_instance_into_a_whole_day() {
    let text = series(&["RECURRENCE-ID:20260310T080000Z\nDTSTART;VALUE=DATE:20260310"]);
    assert_eq!(
        titled(&text, "2026-01-01", "2027-01-01"),
        ["Daily: 2026-03-09 08:00", "Moved: 2026-03-10", "Daily: 2026-03-11 08:00", "Daily: 2026-03-12 08:00"]
    );
}

#[test]
fn the_sequence_of_an_override_has_nothing_to_do_with_that_of_the_master() {
    for sequence in ["SEQUENCE:0", "SEQUENCE:9", ""] {
        let text = series(&[&format!("RECURRENCE-ID:20260310T080000Z\n{sequence}\nDTSTART;TZID=Europe/Berlin:20260310T150000")]);
        assert_eq!(titled(&text, "2026-01-01", "2027-01-01"), MOVED, "{sequence}");
    }
}

#[test]
fn of_two_overrides_of_one_instance_the_highest_sequence_wins_and_then_the_newest() {
    let text = series(&[
        "RECURRENCE-ID:20260310T080000Z\nSEQUENCE:3\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=Europe/Berlin:20260310T150000",
        "RECURRENCE-ID;TZID=Europe/Berlin:20260310T090000\nSEQUENCE:2\nDTSTAMP:20260301T000000Z\nDTSTART:20260310T200000Z",
    ]);
    assert_eq!(titled(&text, "2026-01-01", "2027-01-01"), MOVED);
    let text = series(&[
        "RECURRENCE-ID:20260310T080000Z\nDTSTAMP:20260301T000000Z\nDTSTART;TZID=Europe/Berlin:20260310T150000",
        "RECURRENCE-ID:20260310T080000Z\nDTSTAMP:20260101T000000Z\nDTSTART:20260310T200000Z",
    ]);
    assert_eq!(titled(&text, "2026-01-01", "2027-01-01"), MOVED);
}

#[test]
fn of_two_masters_with_one_uid_the_newer_revision_wins() {
    let old = "BEGIN:VEVENT\nUID:1\nSEQUENCE:1\nDTSTART:20260309T080000Z\nSUMMARY:Old\nEND:VEVENT\n";
    let new = "BEGIN:VEVENT\nUID:1\nSEQUENCE:2\nDTSTART:20260310T080000Z\nSUMMARY:New\nEND:VEVENT\n";
    for text in [calendar(&format!("{old}{new}")), calendar(&format!("{new}{old}"))] {
        assert_eq!(titled(&text, "2026-01-01", "2027-01-01"), ["New: 2026-03-10 08:00"]);
    }
}

#[test]
fn a_feed_that_gives_one_uid_to_everything_loses_no_event() {
    let one = |day: u8| format!("BEGIN:VEVENT\nUID:same\nDTSTAMP:202601{day:02}T000000Z\nDTSTART;VALUE=DATE:202603{day:02}\nEND:VEVENT\n");
    let all = objects(&calendar(&(1..=4).map(one).collect::<String>()));
    assert_eq!(all.len(), 4);
    let mut uids: Vec<&str> = all.iter().map(|object| object.events[0].uid.as_str()).collect();
    uids.sort_unstable();
    assert_eq!(uids, ["same#20260301", "same#20260302", "same#20260303", "same#20260304"]);
    assert!(all.iter().all(|object| object.warnings.contains(&"duplicate_uid")));
}

#[test]
fn a_cancelled_override_removes_its_instance() {
    let text = series(&["RECURRENCE-ID:20260310T080000Z\nSTATUS:CANCELLED\nDTSTART:20260310T080000Z"]);
    assert_eq!(
        titled(&text, "2026-01-01", "2027-01-01"),
        ["Daily: 2026-03-09 08:00", "Daily: 2026-03-11 08:00", "Daily: 2026-03-12 08:00"]
    );
}

#[test]
fn an_override_without_its_master_stands_alone_under_the_key_of_the_series() {
    let text = calendar(&change("RECURRENCE-ID:20260310T080000Z\nDTSTART;TZID=Europe/Berlin:20260310T150000\nDURATION:PT30M"));
    assert_eq!(spans(&text, "2026-01-01", "2027-01-01"), ["2026-03-10 14:00 to 2026-03-10 14:30"]);
    assert_eq!(keys(&text, "2026-01-01", "2027-01-01"), ["20260310T080000Z"]);
    assert_eq!(object(&text).events[0].kind(), EventKind::Override);
}

#[test]
fn a_cancelled_override_without_its_master_is_no_instance() {
    let text = calendar(&change("RECURRENCE-ID:20260310T080000Z\nSTATUS:CANCELLED\nDTSTART:20260310T080000Z"));
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), Vec::<String>::new());
}

#[test]
fn an_override_of_a_slot_that_the_rule_does_not_have_is_kept_as_an_extra() {
    let text = series(&["RECURRENCE-ID:20260310T113000Z\nDTSTART:20260310T120000Z"]);
    assert_eq!(titled(&text, "2026-03-10", "2026-03-11"), ["Daily: 2026-03-10 08:00", "Moved: 2026-03-10 12:00"]);
}

#[test]
fn an_override_of_a_slot_that_an_exdate_removed_is_kept_as_an_extra() {
    let text = calendar(&(master("EXDATE:20260310T080000Z") + &change("RECURRENCE-ID:20260310T080000Z\nDTSTART:20260310T120000Z")));
    assert_eq!(titled(&text, "2026-03-10", "2026-03-11"), ["Moved: 2026-03-10 12:00"]);
}

#[test]
fn a_rule_that_was_copied_onto_an_override_makes_no_second_series() {
    let text = series(&["RECURRENCE-ID:20260310T080000Z\nRRULE:FREQ=DAILY;COUNT=4\nDTSTART;TZID=Europe/Berlin:20260310T150000"]);
    assert_eq!(titled(&text, "2026-01-01", "2027-01-01"), MOVED);
}

#[test]
fn this_and_future_moves_start_and_length_of_all_that_follow() {
    let text = calendar(
        "BEGIN:VEVENT
        UID:1
        DTSTART;TZID=Europe/Berlin:20260309T090000
        DTEND;TZID=Europe/Berlin:20260309T100000
        RRULE:FREQ=WEEKLY;COUNT=5
        SUMMARY:Old
        END:VEVENT
        BEGIN:VEVENT
        UID:1
        RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260323T090000
        DTSTART;TZID=Europe/Berlin:20260324T140000
        DTEND;TZID=Europe/Berlin:20260324T160000
        SUMMARY:New
        END:VEVENT\n",
    );
    // Mondays at 9:00 become Tuesdays at 14:00 from 24 March, on the wall clock: 13:00 UTC in winter, 12:00 in summer.
    assert_eq!(
        spans(&text, "2026-01-01", "2027-01-01"),
        [
            "2026-03-09 08:00 to 2026-03-09 09:00",
            "2026-03-16 08:00 to 2026-03-16 09:00",
            "2026-03-24 13:00 to 2026-03-24 15:00",
            "2026-03-31 12:00 to 2026-03-31 14:00",
            "2026-04-07 12:00 to 2026-04-07 14:00",
        ]
    );
    assert_eq!(titled(&text, "2026-03-31", "2026-04-01"), ["New: 2026-03-31 12:00"]);
    assert_eq!(keys(&text, "2026-03-31", "2026-04-01"), ["20260330T070000Z"]);
}

#[test]
fn a_single_override_after_this_and_future_stands_by_itself() {
    let text = series(&[
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260310T080000Z\nDTSTART:20260310T100000Z\nDTEND:20260310T110000Z",
        "RECURRENCE-ID:20260311T080000Z\nDTSTART:20260311T200000Z",
    ]);
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09 08:00", "2026-03-10 10:00", "2026-03-11 20:00", "2026-03-12 10:00"]);
}

#[test]
fn a_cancelled_this_and_future_ends_the_series() {
    let text = series(&["RECURRENCE-ID;RANGE=THISANDFUTURE:20260311T080000Z\nSTATUS:CANCELLED\nDTSTART:20260311T080000Z"]);
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09 08:00", "2026-03-10 08:00"]);
}

#[test]
fn a_broken_override_does_not_hide_its_series_and_a_broken_master_does() {
    let text = series(&["RECURRENCE-ID:20260310T080000Z\nDTSTART:whenever"]);
    assert_eq!(expansion(&text, "2026-01-01", "2027-01-01").instances.len(), 4);
    assert_eq!(object(&text).warnings, ["unreadable_part"]);
    let broken = calendar(&format!(
        "BEGIN:VEVENT\nUID:1@example.com\nRRULE:FREQ=DAILY\nEND:VEVENT\n{}",
        change("RECURRENCE-ID:20260310T080000Z\nDTSTART:20260310T120000Z")
    ));
    assert!(matches!(feed(&broken).objects[0].1, Content::Unreadable { reason: "no_start", .. }));
}
