//! VTIMEZONE rules as a POSIX TZ string.

use super::Observance;
use crate::recurrence::rule::{Frequency, Rule};
use jiff::civil::Weekday;

/// A zone that never changes.
pub(super) fn fixed(offset_s: i32) -> String {
    format!("STD{}", offset(offset_s))
}

/// A zone that changes twice a year; `None` where POSIX has no words for the rules.
pub(super) fn pair(standard: &Observance, daylight: &Observance) -> Option<String> {
    let joined = standard.offset_from == daylight.offset_to && daylight.offset_from == standard.offset_to;
    if !joined {
        return None;
    }
    let (start, end) = (change(daylight)?, change(standard)?);
    Some(format!("STD{}DST{},{start},{end}", offset(standard.offset_to), offset(daylight.offset_to)))
}

/// POSIX counts west of Greenwich as positive.
fn offset(seconds: i32) -> String {
    let (sign, rest) = if seconds > 0 { ("-", seconds) } else { ("", -seconds) };
    let (hours, minutes, left) = (rest / 3600, rest / 60 % 60, rest % 60);
    match (minutes, left) {
        (0, 0) => format!("{sign}{hours}"),
        (_, 0) => format!("{sign}{hours}:{minutes:02}"),
        _ => format!("{sign}{hours}:{minutes:02}:{left:02}"),
    }
}

/// The day and time of a yearly change: `M3.5.0/2` or `J60/2`.
fn change(part: &Observance) -> Option<String> {
    let [text] = part.rules.as_slice() else { return None };
    let rule = Rule::parse(text)?;
    let yearly = rule.freq == Frequency::Yearly || (rule.freq == Frequency::Monthly && !rule.by_month.is_empty());
    let plain = rule.interval == 1 && rule.by_year_day.is_empty() && rule.by_week_no.is_empty() && part.dates.is_empty();
    // Some writers repeat the time of DTSTART in the rule.
    let own = |given: &[i8], start: i8| given.is_empty() || given == [start];
    let same_time =
        own(&rule.by_hour, part.start.hour()) && own(&rule.by_minute, part.start.minute()) && own(&rule.by_second, part.start.second());
    if !yearly || !plain || !same_time || rule.by_month.len() > 1 {
        return None;
    }
    let month = rule.by_month.first().copied().unwrap_or(part.start.month());
    let day = match (rule.by_day.as_slice(), rule.by_month_day.as_slice(), rule.by_set_pos.as_slice()) {
        ([(number, weekday)], [], []) => by_weekday(month, *number, *weekday)?,
        ([(0, weekday)], [], [position]) => by_weekday(month, i16::try_from(*position).ok()?, *weekday)?,
        ([(0, weekday)], days, []) => by_weekday(month, week_of(month, days)?, *weekday)?,
        ([], [], []) => julian(month, part.start.day())?,
        ([], [day], []) => julian(month, *day)?,
        _ => return None,
    };
    let (hour, minute, second) = (part.start.hour(), part.start.minute(), part.start.second());
    let time = match (minute, second) {
        (0, 0) => format!("{hour}"),
        (_, 0) => format!("{hour}:{minute:02}"),
        _ => format!("{hour}:{minute:02}:{second:02}"),
    };
    Some(format!("{day}/{time}"))
}

fn by_weekday(month: i8, number: i16, weekday: Weekday) -> Option<String> {
    let week = match number {
        1..=4 => number,
        -1 => 5,
        _ => return None,
    };
    Some(format!("M{month}.{week}.{}", weekday.to_sunday_zero_offset()))
}

/// Which week seven days in a row stand for (`BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14` is the second Sunday).
fn week_of(month: i8, days: &[i8]) -> Option<i16> {
    let first = *days.first()?;
    if days.len() != 7 || days.windows(2).any(|pair| pair[1] != pair[0] + 1) {
        return None;
    }
    let length = match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    match first {
        1 | 8 | 15 | 22 => Some(i16::from(first) / 7 + 1),
        _ if first == length - 6 && month != 2 => Some(-1),
        _ => None,
    }
}

fn julian(month: i8, day: i8) -> Option<String> {
    const BEFORE: [i16; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap_day = month == 2 && day == 29;
    (day > 0 && !leap_day).then(|| format!("J{}", BEFORE[usize::try_from(month - 1).unwrap_or(0)] + i16::from(day)))
}
