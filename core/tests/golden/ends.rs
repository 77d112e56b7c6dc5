//! DTEND and DURATION, and what stands for them (RFC 5545 §3.6.1).

use super::support::{calendar, event, keys, object, spans, starts};
use syncline_domain::time::When;

/// Start, end and warnings of a single event.
fn ends(lines: &str) -> (String, Vec<&'static str>) {
    let text = event(lines);
    let spans = spans(&text, "2026-01-01", "2027-01-01");
    assert_eq!(spans.len(), 1, "{lines}");
    (spans[0].clone(), object(&text).warnings)
}

#[test]
fn a_date_without_an_end_is_one_day() {
    assert_eq!(ends("DTSTART;VALUE=DATE:20260327"), ("2026-03-27 to 2026-03-28".into(), vec![]));
}

#[test]
fn a_date_without_its_value_parameter_is_a_date_all_the_same() {
    assert_eq!(ends("DTSTART:20260515"), ("2026-05-15 to 2026-05-16".into(), vec![]));
    assert_eq!(ends("DTSTART;VALUE=DATE:20260515T000000"), ("2026-05-15 to 2026-05-16".into(), vec![]));
}

#[test]
fn a_time_without_an_end_has_no_length() {
    assert_eq!(ends("DTSTART:20260327T080000Z"), ("2026-03-27 08:00 to 2026-03-27 08:00".into(), vec![]));
}

#[test]
fn the_end_is_exclusive() {
    let text = event("DTSTART:20260327T080000Z\nDTEND:20260327T090000Z");
    assert_eq!(starts(&text, "2026-03-28", "2026-03-29"), Vec::<String>::new());
    let midnight = event("DTSTART:20260327T230000Z\nDTEND:20260328T000000Z");
    assert_eq!(starts(&midnight, "2026-03-28", "2026-03-29"), Vec::<String>::new());
    assert_eq!(starts(&midnight, "2026-03-27", "2026-03-28").len(), 1);
}

#[test]
fn something_without_length_belongs_to_the_window_in_which_it_starts() {
    let text = event("DTSTART:20260328T000000Z");
    assert_eq!(starts(&text, "2026-03-28", "2026-03-29").len(), 1);
    assert_eq!(starts(&text, "2026-03-27", "2026-03-28").len(), 0);
}

#[test]
fn an_all_day_event_that_ends_where_it_begins_is_one_day() {
    assert_eq!(ends("DTSTART;VALUE=DATE:20260327\nDTEND;VALUE=DATE:20260327"), ("2026-03-27 to 2026-03-28".into(), vec![]));
    assert_eq!(ends("DTSTART;VALUE=DATE:20260327\nDURATION:PT0S"), ("2026-03-27 to 2026-03-28".into(), vec![]));
}

#[test]
fn an_end_before_the_start_is_no_length_and_a_warning() {
    assert_eq!(
        ends("DTSTART:20260327T080000Z\nDTEND:20260327T070000Z"),
        ("2026-03-27 08:00 to 2026-03-27 08:00".into(), vec!["end_before_start"])
    );
    assert_eq!(
        ends("DTSTART;VALUE=DATE:20260327\nDTEND;VALUE=DATE:20260320"),
        ("2026-03-27 to 2026-03-28".into(), vec!["end_before_start"])
    );
    assert_eq!(ends("DTSTART:20260327T080000Z\nDURATION:-PT1H"), ("2026-03-27 08:00 to 2026-03-27 08:00".into(), vec!["end_before_start"]));
}

#[test]
fn a_duration_ends_a_date_and_a_time() {
    assert_eq!(ends("DTSTART;VALUE=DATE:20260327\nDURATION:P3D").0, "2026-03-27 to 2026-03-30");
    assert_eq!(ends("DTSTART;VALUE=DATE:20260327\nDURATION:P1W").0, "2026-03-27 to 2026-04-03");
    assert_eq!(ends("DTSTART;VALUE=DATE:20260327\nDURATION:PT24H").0, "2026-03-27 to 2026-03-28");
    assert_eq!(ends("DTSTART:20260327T080000Z\nDURATION:PT1H30M").0, "2026-03-27 08:00 to 2026-03-27 09:30");
}

#[test]
fn an_end_wins_over_a_duration() {
    assert_eq!(ends("DTSTART:20260327T080000Z\nDURATION:PT5H\nDTEND:20260327T090000Z").0, "2026-03-27 08:00 to 2026-03-27 09:00");
}

#[test]
fn an_end_of_another_type_than_the_start_is_understood() {
    assert_eq!(ends("DTSTART;VALUE=DATE:20260327\nDTEND:20260329T000000").0, "2026-03-27 to 2026-03-29");
    assert_eq!(ends("DTSTART;TZID=Europe/Berlin:20260327T200000\nDTEND:20260327T210000").0, "2026-03-27 19:00 to 2026-03-27 20:00");
}

#[test]
fn an_outlook_all_day_event_is_whole_days_and_not_midnights() {
    let outlook = |times: &str| event(&format!("{times}\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE"));
    let zoned = outlook("DTSTART;TZID=W. Europe Standard Time:20260327T000000\nDTEND;TZID=W. Europe Standard Time:20260330T000000");
    assert_eq!(spans(&zoned, "2026-01-01", "2027-01-01"), ["2026-03-27 to 2026-03-30"]);
    let floating = outlook("DTSTART:20260327T000000\nDTEND:20260328T000000");
    assert_eq!(spans(&floating, "2026-01-01", "2027-01-01"), ["2026-03-27 to 2026-03-28"]);
    // In UTC they are the midnights of the calendar's zone.
    let utc = outlook("DTSTART:20260326T230000Z\nDTEND:20260327T230000Z").replace("PRODID", "X-WR-TIMEZONE:Europe/Berlin\r\nPRODID");
    assert_eq!(spans(&utc, "2026-01-01", "2027-01-01"), ["2026-03-27 to 2026-03-28"]);
    // A meeting is none, whatever the property says.
    let meeting = outlook("DTSTART:20260326T230000Z\nDTEND:20260327T010000Z");
    assert!(matches!(object(&meeting).events[0].when, When::Timed { .. }));
}

#[test]
fn the_exceptions_of_an_outlook_all_day_series_are_days_too() {
    let text = calendar(
        "BEGIN:VEVENT
        UID:1
        DTSTART;TZID=Europe/Berlin:20260327T000000
        DTEND;TZID=Europe/Berlin:20260328T000000
        RRULE:FREQ=DAILY;COUNT=4
        EXDATE;TZID=Europe/Berlin:20260328T000000
        X-MICROSOFT-CDO-ALLDAYEVENT:TRUE
        END:VEVENT
        BEGIN:VEVENT
        UID:1
        RECURRENCE-ID:20260328T230000Z
        DTSTART;TZID=Europe/Berlin:20260402T000000
        DTEND;TZID=Europe/Berlin:20260403T000000
        X-MICROSOFT-CDO-ALLDAYEVENT:TRUE
        END:VEVENT\n",
    );
    // 23:00 UTC on 28 March is midnight of the 29th in Berlin.
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-27", "2026-03-30", "2026-04-02"]);
    assert_eq!(keys(&text, "2026-04-02", "2026-04-03"), ["20260329"]);
}

#[test]
fn the_until_and_exdate_of_an_outlook_all_day_series_in_utc_name_the_days_of_its_zone() {
    // 22:00 UTC on 29 March is midnight of the 30th in Berlin, 23:00 UTC on the 27th that of the 28th.
    let text = event(
        "DTSTART;TZID=Europe/Berlin:20260327T000000
        DTEND;TZID=Europe/Berlin:20260328T000000
        RRULE:FREQ=DAILY;UNTIL=20260329T220000Z
        EXDATE:20260327T230000Z
        X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
    );
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-27", "2026-03-29", "2026-03-30"]);
}
