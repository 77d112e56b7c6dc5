//! Arithmetic on dates as day numbers since 1970-01-01.

use crate::view::WeekStart;
use jiff::civil::{Date, Weekday};

/// The first and last year that an address may name.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// The number of a date: days since 1970-01-01.
///
/// The years are shifted to begin in March, so that the leap day is the last of a year and a month's first day is a
/// linear formula.
#[must_use]
pub fn number(date: Date) -> i32 {
    let (year, month, day) = (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a [`number`]. Numbers out of jiff's range become its bounds.
#[must_use]
pub fn date(number: i32) -> Date {
    let shifted = number.saturating_add(719_468);
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    let (Ok(year), Ok(month), Ok(day)) = (i16::try_from(year), i8::try_from(month), i8::try_from(day)) else {
        return if number < 0 { Date::MIN } else { Date::MAX };
    };
    Date::new(year, month, day).unwrap_or(if number < 0 { Date::MIN } else { Date::MAX })
}

/// The date `days` later (or earlier, when negative).
#[must_use]
pub fn add(day: Date, days: i32) -> Date {
    date(number(day).saturating_add(days))
}

/// The same day `months` later; the last of the month where that day does not exist.
#[must_use]
pub fn add_months(day: Date, months: i32) -> Date {
    let count = i32::from(day.year()) * 12 + i32::from(day.month()) - 1 + months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    let (Ok(year), Ok(month)) = (i16::try_from(year), i8::try_from(month)) else { return day };
    (28..=day.day()).rev().chain([day.day()]).find_map(|day| Date::new(year, month, day).ok()).unwrap_or(day)
}

/// The first day of the week that a day is in.
#[must_use]
pub fn week_of(day: Date, start: WeekStart) -> Date {
    let back = i32::from(day.weekday().since(first_weekday(start)));
    add(day, -back)
}

/// The weekday that a week begins with.
#[must_use]
pub fn first_weekday(start: WeekStart) -> Weekday {
    match start {
        WeekStart::Monday => Weekday::Monday,
        WeekStart::Sunday => Weekday::Sunday,
        WeekStart::Saturday => Weekday::Saturday,
    }
}

/// The ISO 8601 number of the week whose first day is given: that of the Thursday in it, whatever day it begins with.
#[must_use]
pub fn week_number(first_day: Date) -> u8 {
    let to_thursday = i32::from(Weekday::Thursday.since(first_day.weekday()));
    let thursday = add(first_day, to_thursday);
    u8::try_from((thursday.day_of_year() - 1) / 7 + 1).unwrap_or(1)
}

/// The first of the month that a day is in.
#[must_use]
pub fn month_of(day: Date) -> Date {
    day.first_of_month()
}

/// A date as addresses have it: `2026-11-20`, between the years 1900 and 2199.
#[must_use]
pub fn parse(text: &str) -> Option<Date> {
    crate::civil::parse_date(text).filter(|day| YEARS.contains(&day.year()))
}

/// Bit `n` is set when the `n`th day from `first` has something, of at most 64 days.
#[must_use]
pub fn busy(events: &[crate::view::GridEvent], first: Date) -> u64 {
    let first = number(first);
    events.iter().fold(0, |bits, event| {
        let extent = super::extent::days(event);
        (extent.first.max(first)..=extent.last.min(first + 63)).fold(bits, |bits, day| bits | 1 << (day - first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn numbers_and_dates_agree_over_the_years_and_step_by_one() {
        let mut expected = day(1899, 12, 31);
        let first = number(expected);
        for at in first..first + 110_000 {
            assert_eq!(date(at), expected);
            assert_eq!(number(expected), at);
            expected = expected.tomorrow().unwrap();
        }
        assert_eq!(number(day(1970, 1, 1)), 0);
        assert_eq!(date(i32::MAX), Date::MAX);
        assert_eq!(date(i32::MIN), Date::MIN);
    }

    #[test]
    fn months_are_added_without_running_into_the_next_one() {
        for (from, months, to) in [
            (day(2026, 1, 31), 1, day(2026, 2, 28)),
            (day(2028, 1, 31), 1, day(2028, 2, 29)),
            (day(2026, 12, 15), 1, day(2027, 1, 15)),
            (day(2026, 1, 15), -1, day(2025, 12, 15)),
            (day(2026, 3, 31), -13, day(2025, 2, 28)),
            (day(2026, 5, 31), 1, day(2026, 6, 30)),
        ] {
            assert_eq!(add_months(from, months), to, "{from} {months:+}");
        }
    }

    #[test]
    fn a_week_begins_with_the_chosen_day() {
        // 2026-11-20 is a Friday.
        for (start, first) in
            [(WeekStart::Monday, day(2026, 11, 16)), (WeekStart::Sunday, day(2026, 11, 15)), (WeekStart::Saturday, day(2026, 11, 14))]
        {
            assert_eq!(week_of(day(2026, 11, 20), start), first);
            assert_eq!(week_of(first, start), first);
            assert_eq!(week_of(add(first, 6), start), first);
        }
    }

    #[test]
    fn week_numbers_are_those_of_iso_8601_at_the_turn_of_the_year() {
        for (monday, number) in [
            (day(2025, 12, 29), 1),
            (day(2026, 12, 28), 53),
            (day(2027, 1, 4), 1),
            (day(2020, 12, 28), 53),
            (day(2024, 12, 30), 1),
            (day(2026, 11, 16), 47),
        ] {
            assert_eq!(week_number(monday), number, "{monday}");
            assert_eq!(week_number(add(monday, -1)), number, "a week from Sunday");
            assert_eq!(i16::from(week_number(monday)), i16::from(monday.iso_week_date().week()), "{monday}");
        }
    }

    #[test]
    fn only_real_dates_in_the_one_form_are_read() {
        assert_eq!(parse("2026-11-20"), Some(day(2026, 11, 20)));
        assert_eq!(parse("2028-02-29"), Some(day(2028, 2, 29)));
        for bad in [
            "",
            "2026-11",
            "2026-13-01",
            "2026-02-30",
            "26-11-20",
            "2026-11-20T00:00",
            "2026/11/20",
            "1500-01-01",
            "+026-01-01",
            "２０２６-1",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
