//! Dates and times in words.

use jiff::civil::{Date, DateTime, Time};

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// "November".
#[must_use]
pub fn month_name(day: Date) -> &'static str {
    MONTHS[usize::from(day.month().unsigned_abs().clamp(1, 12)) - 1]
}

/// "Nov".
#[must_use]
pub fn month_short(day: Date) -> &'static str {
    &month_name(day)[..3]
}

/// "Friday".
#[must_use]
pub fn weekday_name(day: Date) -> &'static str {
    WEEKDAYS[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs()) % 7]
}

/// "Fri".
#[must_use]
pub fn weekday_short(day: Date) -> &'static str {
    &weekday_name(day)[..3]
}

/// "Friday, 20 November 2026".
#[must_use]
pub fn day_long(day: Date) -> String {
    format!("{}, {} {} {}", weekday_name(day), day.day(), month_name(day), day.year())
}

/// "20 Nov 2026".
#[must_use]
pub fn day_short(day: Date) -> String {
    format!("{} {} {}", day.day(), month_short(day), day.year())
}

/// "15:30", or "3:30 pm" and "3 pm" on the 12-hour clock.
#[must_use]
pub fn time(at: Time, hour12: bool) -> String {
    if hour12 {
        let hour = (at.hour() + 11) % 12 + 1;
        let half = if at.hour() < 12 { "am" } else { "pm" };
        if at.minute() == 0 { format!("{hour} {half}") } else { format!("{hour}:{:02} {half}", at.minute()) }
    } else {
        format!("{:02}:{:02}", at.hour(), at.minute())
    }
}

/// "09:00 – 10:30", "9 – 10:30 am", "11:30 am – 1 pm"; the start alone when there is no length.
#[must_use]
pub fn time_range(start: DateTime, end: DateTime, hour12: bool) -> String {
    if start == end {
        return time(start.time(), hour12);
    }
    let (from, to) = (time(start.time(), hour12), time(end.time(), hour12));
    let same_half = hour12 && start.date() == end.date() && (start.hour() < 12) == (end.hour() < 12);
    let from = if same_half { from.trim_end_matches(" am").trim_end_matches(" pm").to_owned() } else { from };
    format!("{from} – {to}")
}

/// A minute of the day as a time, round the clock: 540 is "09:00" or "9 am", -30 is "23:30".
#[must_use]
pub fn minute(minute: i32, hour12: bool) -> String {
    let minute = minute.rem_euclid(1440);
    let part = |value: i32| i8::try_from(value).unwrap_or(0);
    Time::new(part(minute / 60), part(minute % 60), 0, 0).map_or_else(|_| String::new(), |at| time(at, hour12))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time as at};

    #[test]
    fn times_are_said_by_both_clocks() {
        for (time_of, by24, by12) in [
            (at(0, 0, 0, 0), "00:00", "12 am"),
            (at(0, 5, 0, 0), "00:05", "12:05 am"),
            (at(9, 0, 0, 0), "09:00", "9 am"),
            (at(12, 0, 0, 0), "12:00", "12 pm"),
            (at(15, 30, 0, 0), "15:30", "3:30 pm"),
        ] {
            assert_eq!(time(time_of, false), by24);
            assert_eq!(time(time_of, true), by12);
        }
    }

    #[test]
    fn a_range_says_am_or_pm_once_where_that_is_enough() {
        let day = date(2026, 11, 20);
        let range = |from: (i8, i8), to: (i8, i8), hour12| time_range(day.at(from.0, from.1, 0, 0), day.at(to.0, to.1, 0, 0), hour12);
        assert_eq!(range((9, 0), (10, 30), false), "09:00 – 10:30");
        assert_eq!(range((9, 0), (10, 30), true), "9 – 10:30 am");
        assert_eq!(range((11, 30), (13, 0), true), "11:30 am – 1 pm");
        assert_eq!(range((9, 0), (9, 0), true), "9 am");
    }

    #[test]
    fn minutes_go_round_the_clock() {
        assert_eq!(minute(540, false), "09:00");
        assert_eq!(minute(540, true), "9 am");
        assert_eq!(minute(-30, false), "23:30");
        assert_eq!(minute(1440 + 330, true), "5:30 am");
    }

    #[test]
    fn days_are_said_in_full() {
        assert_eq!(day_long(date(2026, 11, 20)), "Friday, 20 November 2026");
        assert_eq!(day_short(date(2026, 5, 3)), "3 May 2026");
    }
}
