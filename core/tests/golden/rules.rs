//! Rules: the examples of RFC 5545 §3.8.5.3 and the corners that engines get wrong.

use super::support::{event, expansion, starts};

/// The dates of a rule that starts at 9:00 in New York, as `MM-DD`, for as long as `until` says.
fn dates(start: &str, rule: &str, to: &str) -> Vec<String> {
    let text = event(&format!("DTSTART;TZID=America/New_York:{start}T090000\nRRULE:{rule}"));
    starts(&text, "1990-01-01", to).iter().map(|at| at[..10].to_owned()).collect()
}

fn same_year(start: &str, rule: &str, to: &str) -> String {
    dates(start, rule, to).iter().map(|date| date[5..].to_owned()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_rfc_example_every_other_week_on_tuesday_and_thursday() {
    assert_eq!(
        same_year("19970902", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "1998-01-01"),
        "09-02 09-04 09-16 09-18 09-30 10-02 10-14 10-16"
    );
}

#[test]
fn the_week_start_decides_which_weeks_are_skipped() {
    assert_eq!(same_year("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1998-01-01"), "08-05 08-10 08-19 08-24");
    assert_eq!(same_year("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1998-01-01"), "08-05 08-17 08-19 08-31");
}

#[test]
fn the_rfc_example_first_friday_of_ten_months() {
    assert_eq!(same_year("19970905", "FREQ=MONTHLY;COUNT=4;BYDAY=1FR", "1998-01-01"), "09-05 10-03 11-07 12-05");
}

#[test]
fn the_rfc_example_second_to_last_monday() {
    assert_eq!(
        dates("19970922", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1999-01-01"),
        ["1997-09-22", "1997-10-20", "1997-11-17", "1997-12-22", "1998-01-19", "1998-02-16"]
    );
}

#[test]
fn days_are_counted_from_the_end_of_the_month() {
    assert_eq!(
        dates("19970928", "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=6", "1999-01-01"),
        ["1997-09-28", "1997-10-29", "1997-11-28", "1997-12-29", "1998-01-29", "1998-02-26"]
    );
    assert_eq!(same_year("20260131", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=4", "2027-01-01"), "01-31 02-28 03-31 04-30");
}

#[test]
fn the_thirty_first_skips_short_months() {
    assert_eq!(same_year("20260131", "FREQ=MONTHLY;COUNT=4", "2027-01-01"), "01-31 03-31 05-31 07-31");
    assert_eq!(same_year("20260131", "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=4", "2027-01-01"), "01-31 03-31 05-31 07-31");
    assert_eq!(same_year("20260130", "FREQ=MONTHLY;COUNT=3", "2027-01-01"), "01-30 03-30 04-30");
}

#[test]
fn a_leap_day_comes_every_four_years() {
    assert_eq!(dates("20240229", "FREQ=YEARLY;COUNT=3", "2040-01-01"), ["2024-02-29", "2028-02-29", "2032-02-29"]);
    // 2100 is no leap year.
    assert_eq!(dates("20920229", "FREQ=YEARLY;COUNT=3", "2110-01-01"), ["2092-02-29", "2096-02-29", "2104-02-29"]);
}

#[test]
fn the_rfc_example_every_day_in_january() {
    assert_eq!(dates("19980101", "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", "2001-01-01").len(), 93);
    assert_eq!(dates("19980101", "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", "2001-01-01").len(), 93);
}

#[test]
fn the_rfc_example_days_of_the_year() {
    assert_eq!(
        dates("19970101", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "2010-01-01"),
        [
            "1997-01-01",
            "1997-04-10",
            "1997-07-19",
            "2000-01-01",
            "2000-04-09",
            "2000-07-18",
            "2003-01-01",
            "2003-04-10",
            "2003-07-19",
            "2006-01-01"
        ]
    );
    assert_eq!(dates("19971231", "FREQ=YEARLY;BYYEARDAY=-1;COUNT=3", "2010-01-01"), ["1997-12-31", "1998-12-31", "1999-12-31"]);
}

#[test]
fn the_rfc_example_twentieth_monday_of_the_year() {
    assert_eq!(dates("19970519", "FREQ=YEARLY;BYDAY=20MO;COUNT=3", "2010-01-01"), ["1997-05-19", "1998-05-18", "1999-05-17"]);
}

#[test]
fn the_rfc_example_monday_of_week_twenty() {
    assert_eq!(dates("19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", "2010-01-01"), ["1997-05-12", "1998-05-11", "1999-05-17"]);
}

#[test]
fn a_week_number_without_a_day_takes_the_day_of_the_start() {
    assert_eq!(dates("19970515", "FREQ=YEARLY;BYWEEKNO=20;COUNT=2", "2010-01-01"), ["1997-05-15", "1998-05-14"]);
}

#[test]
fn week_one_may_begin_in_december_and_the_last_may_end_in_january() {
    // Week 1 of 2026 begins on Monday, 29 December 2025; that of 2027 on 4 January 2027.
    assert_eq!(dates("20251229", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;COUNT=2", "2030-01-01"), ["2025-12-29", "2027-01-04"]);
    // 2026 has a week 53; its Friday is 1 January 2027.
    assert_eq!(dates("20261228", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO,FR;COUNT=2", "2030-01-01"), ["2026-12-28", "2027-01-01"]);
}

#[test]
fn the_week_start_moves_week_one() {
    // 1 January 2023 is a Sunday. Weeks from Sunday: week 1 is 1 to 7 January. Weeks from Monday: 2 to 8 January.
    assert_eq!(same_year("20230101", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU;WKST=SU;COUNT=1", "2023-12-31"), "01-01");
    assert_eq!(same_year("20230108", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU;WKST=MO;COUNT=1", "2023-12-31"), "01-08");
}

#[test]
fn the_rfc_example_friday_the_thirteenth() {
    let text = event(
        "DTSTART;TZID=America/New_York:19970902T090000\nEXDATE;TZID=America/New_York:19970902T090000\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    );
    assert_eq!(
        starts(&text, "1997-01-01", "2001-01-01"),
        ["1998-02-13 14:00", "1998-03-13 14:00", "1998-11-13 14:00", "1999-08-13 13:00", "2000-10-13 13:00"]
    );
}

#[test]
fn the_rfc_example_election_day() {
    assert_eq!(
        dates("19961105", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3", "2010-01-01"),
        ["1996-11-05", "2000-11-07", "2004-11-02"]
    );
}

#[test]
fn a_position_picks_from_the_whole_set() {
    // The third of Tuesday, Wednesday and Thursday; the second to last working day.
    assert_eq!(same_year("19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1998-01-01"), "09-04 10-07 11-06");
    assert_eq!(
        dates("19970929", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=4", "1999-01-01"),
        ["1997-09-29", "1997-10-30", "1997-11-27", "1997-12-30"]
    );
}

#[test]
fn a_position_picks_among_times_of_day_as_well() {
    let text = event("DTSTART:20260309T080000Z\nRRULE:FREQ=DAILY;BYHOUR=8,12,18;BYSETPOS=1,-1;COUNT=4");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09 08:00", "2026-03-09 18:00", "2026-03-10 08:00", "2026-03-10 18:00"]);
}

#[test]
fn numbered_and_plain_weekdays_are_united() {
    // The first Monday and every Friday of March 2026.
    assert_eq!(same_year("20260302", "FREQ=MONTHLY;BYDAY=1MO,FR;COUNT=5", "2026-12-31"), "03-02 03-06 03-13 03-20 03-27");
}

#[test]
fn the_rfc_example_every_twenty_minutes_in_working_hours() {
    let rules = ["FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16"];
    for rule in rules {
        let text = event(&format!("DTSTART;TZID=America/New_York:19970902T090000\nRRULE:{rule}"));
        let day = starts(&text, "1997-09-03", "1997-09-04");
        assert_eq!((day.len(), day[0].as_str(), day[23].as_str()), (24, "1997-09-03 13:00", "1997-09-03 20:40"), "{rule}");
    }
}

#[test]
fn the_rfc_example_every_three_hours_of_a_day() {
    let text = event("DTSTART;TZID=America/New_York:19970902T090000\nRRULE:FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z");
    assert_eq!(starts(&text, "1997-09-01", "1997-09-05"), ["1997-09-02 13:00", "1997-09-02 16:00", "1997-09-02 19:00"]);
}

#[test]
fn a_skip_moves_days_that_a_month_does_not_have() {
    assert_eq!(same_year("20260131", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;COUNT=4", "2027-01-01"), "01-31 02-28 03-31 04-30");
    assert_eq!(same_year("20260131", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;COUNT=4", "2027-01-01"), "01-31 03-01 03-31 05-01");
    assert_eq!(same_year("20260131", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT;COUNT=3", "2027-01-01"), "01-31 03-31 05-31");
    assert_eq!(
        dates("20240229", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD;COUNT=3", "2030-01-01"),
        ["2024-02-29", "2025-03-01", "2026-03-01"]
    );
}

#[test]
fn another_calendar_gives_the_start_alone_and_a_warning() {
    let text = event("DTSTART;VALUE=DATE:20260217\nRRULE:RSCALE=CHINESE;FREQ=YEARLY");
    let all = expansion(&text, "2026-01-01", "2036-01-01");
    assert_eq!((all.instances.len(), all.warnings), (1, vec!["unsupported_calendar"]));
}

#[test]
fn times_of_day_mean_nothing_in_an_all_day_series() {
    let text = event("DTSTART;VALUE=DATE:20260309\nRRULE:FREQ=DAILY;BYHOUR=9,10;BYMINUTE=30;COUNT=2");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09", "2026-03-10"]);
}

#[test]
fn a_series_reaches_back_before_1970_and_far_ahead() {
    assert_eq!(dates("16010101", "FREQ=YEARLY;INTERVAL=100", "1990-12-31"), Vec::<String>::new());
    let text = event("DTSTART;VALUE=DATE:19040229\nRRULE:FREQ=YEARLY");
    assert_eq!(starts(&text, "2023-01-01", "2030-01-01"), ["2024-02-29", "2028-02-29"]);
    assert_eq!(starts(&text, "1900-01-01", "1910-01-01"), ["1904-02-29", "1908-02-29"]);
}

#[test]
fn an_interval_keeps_its_phase_however_far_the_window_is() {
    // Every third month from January 1995, seen in 2026.
    assert_eq!(
        starts(&event("DTSTART;VALUE=DATE:19950131\nRRULE:FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1"), "2026-01-01", "2027-01-01"),
        ["2026-01-31", "2026-04-30", "2026-07-31", "2026-10-31"]
    );
    // Every other week from 5 January 1970; 2 and 16 March 2026 lie a multiple of two weeks later.
    assert_eq!(
        starts(&event("DTSTART;VALUE=DATE:19700105\nRRULE:FREQ=WEEKLY;INTERVAL=2"), "2026-03-01", "2026-03-31"),
        ["2026-03-02", "2026-03-16", "2026-03-30"]
    );
}
