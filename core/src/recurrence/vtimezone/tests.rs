use super::*;
use crate::recurrence::zone::Zone;
use jiff::civil::datetime;

const HOUR: i32 = 3600;

fn part(daylight: bool, start: DateTime, (from, to): (i32, i32), rules: &[&str]) -> Observance {
    let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
    Observance { start, offset_from: from * HOUR, offset_to: to * HOUR, daylight, rules, dates: Vec::new() }
}

fn named(observances: Vec<Observance>) -> String {
    let zone = VTimezone { tzid: "Test".into(), location: None, observances };
    evaluate(&zone).expect("a zone").0
}

/// Offset in hours at noon UTC of a day.
fn hours(name: &str, year: i16, month: i8, day: i8) -> i64 {
    let zone = Zone::named(name).expect("a zone");
    zone.offset_ms(naive_ms(datetime(year, month, day, 12, 0, 0, 0))) / 3_600_000
}

#[test]
fn exchange_rules_from_1601_become_posix_rules() {
    let name = named(vec![
        part(false, datetime(1601, 1, 1, 3, 0, 0, 0), (2, 1), &["FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10"]),
        part(true, datetime(1601, 1, 1, 2, 0, 0, 0), (1, 2), &["FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3"]),
    ]);
    assert_eq!(name, "vtz:STD-1DST-2,M3.5.0/2,M10.5.0/3#Test");
    assert_eq!(
        [hours(&name, 2026, 3, 28), hours(&name, 2026, 3, 29), hours(&name, 2026, 10, 24), hours(&name, 2026, 10, 25)],
        [1, 2, 2, 1]
    );
}

#[test]
fn seven_days_and_a_weekday_are_the_week_that_they_mean() {
    let name = named(vec![
        part(false, datetime(2007, 11, 4, 2, 0, 0, 0), (-4, -5), &["FREQ=YEARLY;BYMONTH=11;BYDAY=SU;BYMONTHDAY=1,2,3,4,5,6,7"]),
        part(true, datetime(2007, 3, 11, 2, 0, 0, 0), (-5, -4), &["FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14"]),
    ]);
    assert_eq!(name, "vtz:STD5DST4,M3.2.0/2,M11.1.0/2#Test");
}

#[test]
fn rules_that_changed_in_the_past_keep_their_past() {
    // The United States before and after 2007.
    let name = named(vec![
        part(true, datetime(1987, 4, 5, 2, 0, 0, 0), (-5, -4), &["FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z"]),
        part(false, datetime(1967, 10, 29, 2, 0, 0, 0), (-4, -5), &["FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z"]),
        part(true, datetime(2007, 3, 11, 2, 0, 0, 0), (-5, -4), &["FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"]),
        part(false, datetime(2007, 11, 4, 2, 0, 0, 0), (-4, -5), &["FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"]),
    ]);
    // 2006: first Sunday of April (2nd) to last of October (29th). 2008: 9 March to 2 November.
    let days = [
        (2006, 4, 1, -5),
        (2006, 4, 2, -4),
        (2006, 10, 28, -4),
        (2006, 10, 29, -5),
        (2008, 3, 8, -5),
        (2008, 3, 9, -4),
        (2008, 11, 1, -4),
        (2008, 11, 2, -5),
        (2050, 7, 1, -4),
        (2050, 1, 1, -5),
    ];
    for (year, month, day, expected) in days {
        assert_eq!(hours(&name, year, month, day), expected, "{year}-{month}-{day} {name}");
    }
}

#[test]
fn an_endless_old_rule_ends_where_the_next_of_its_kind_begins() {
    let name = named(vec![
        part(true, datetime(1987, 4, 5, 2, 0, 0, 0), (-5, -4), &["FREQ=YEARLY;BYMONTH=4;BYDAY=1SU"]),
        part(false, datetime(1987, 10, 25, 2, 0, 0, 0), (-4, -5), &["FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"]),
        part(true, datetime(2007, 3, 11, 2, 0, 0, 0), (-5, -4), &["FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"]),
        part(false, datetime(2007, 11, 4, 2, 0, 0, 0), (-4, -5), &["FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"]),
    ]);
    assert_eq!([hours(&name, 2006, 3, 20), hours(&name, 2026, 3, 20), hours(&name, 2026, 11, 3)], [-5, -4, -5]);
}

#[test]
fn changes_that_are_listed_one_by_one_are_followed_by_standard_time() {
    let mut daylight = part(true, datetime(2025, 3, 30, 2, 0, 0, 0), (1, 2), &[]);
    daylight.dates = vec![datetime(2026, 3, 29, 2, 0, 0, 0)];
    let mut standard = part(false, datetime(2025, 10, 26, 3, 0, 0, 0), (2, 1), &[]);
    standard.dates = vec![datetime(2026, 10, 25, 3, 0, 0, 0)];
    let name = named(vec![daylight, standard]);
    let found =
        [hours(&name, 2024, 7, 1), hours(&name, 2025, 7, 1), hours(&name, 2025, 12, 1), hours(&name, 2026, 7, 1), hours(&name, 2027, 7, 1)];
    assert_eq!(found, [1, 2, 1, 2, 1], "{name}");
}

#[test]
fn rules_that_posix_can_not_say_are_written_out() {
    // The Friday before the last Sunday.
    let name = named(vec![
        part(true, datetime(2000, 3, 24, 2, 0, 0, 0), (2, 3), &["FREQ=YEARLY;BYMONTH=3;BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29"]),
        part(false, datetime(2000, 10, 29, 2, 0, 0, 0), (3, 2), &["FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"]),
    ]);
    assert_eq!(
        [hours(&name, 2026, 3, 26), hours(&name, 2026, 3, 27), hours(&name, 2026, 10, 24), hours(&name, 2026, 10, 25)],
        [2, 3, 3, 2],
        "{name}"
    );
}

#[test]
fn a_zone_without_daylight_saving_is_a_fixed_one_and_an_empty_one_is_none() {
    assert_eq!(named(vec![part(false, datetime(1601, 1, 1, 0, 0, 0, 0), (3, 3), &[])]), "vtz:STD-3#Test");
    let odd = Observance { offset_to: 20_700, ..part(false, datetime(1986, 1, 1, 0, 0, 0, 0), (5, 5), &[]) };
    assert_eq!(named(vec![odd]), "vtz:STD-5:45#Test");
    assert_eq!(evaluate(&VTimezone::default()), None);
}

#[test]
fn the_evaluated_rules_of_berlin_agree_with_berlin() {
    let name = named(vec![
        part(false, datetime(1996, 10, 27, 3, 0, 0, 0), (2, 1), &["FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"]),
        part(true, datetime(1981, 3, 29, 2, 0, 0, 0), (1, 2), &["FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"]),
    ]);
    let (own, berlin) = (Zone::named(&name).expect("own"), Zone::named("Europe/Berlin").expect("bundled"));
    let mut at = naive_ms(datetime(1996, 11, 1, 0, 0, 0, 0));
    while at < naive_ms(datetime(2045, 1, 1, 0, 0, 0, 0)) {
        assert_eq!(own.offset_ms(at), berlin.offset_ms(at), "{at}");
        at += 1_800_000 * 7;
    }
}
