//! One RRULE or EXRULE value as data (RFC 5545 §3.3.10, RFC 7529), read liberally.

use super::written::{Written, written};
use jiff::civil::Weekday;

/// How often a rule's period comes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// What becomes of a date that a month does not have (RFC 7529 §4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Skip {
    #[default]
    Omit,
    Backward,
    Forward,
}

/// A rule. Empty lists mean "not given".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) freq: Frequency,
    pub(super) interval: i64,
    pub(super) count: Option<u32>,
    pub(super) until: Option<Written>,
    pub(super) by_month: Vec<i8>,
    pub(super) by_month_day: Vec<i8>,
    pub(super) by_year_day: Vec<i16>,
    pub(super) by_week_no: Vec<i8>,
    /// The weekday, and which one of the month or year (0: every).
    pub(super) by_day: Vec<(i16, Weekday)>,
    pub(super) by_hour: Vec<i8>,
    pub(super) by_minute: Vec<i8>,
    pub(super) by_second: Vec<i8>,
    pub(super) by_set_pos: Vec<i32>,
    pub(super) week_start: Weekday,
    pub(super) skip: Skip,
    /// Another calendar than the Gregorian one (`RSCALE`): not supported.
    pub(super) foreign: bool,
    /// Something in it was not understood and left out.
    pub(super) odd: bool,
}

impl Rule {
    /// A bare rule of a frequency.
    pub(super) fn new(freq: Frequency) -> Self {
        Self {
            freq,
            interval: 1,
            count: None,
            until: None,
            by_month: Vec::new(),
            by_month_day: Vec::new(),
            by_year_day: Vec::new(),
            by_week_no: Vec::new(),
            by_day: Vec::new(),
            by_hour: Vec::new(),
            by_minute: Vec::new(),
            by_second: Vec::new(),
            by_set_pos: Vec::new(),
            week_start: Weekday::Monday,
            skip: Skip::Omit,
            foreign: false,
            odd: false,
        }
    }

    /// Reads a value such as `FREQ=WEEKLY;BYDAY=MO`, with or without the name before it. `None` without a FREQ that is
    /// known; anything else that is wrong is left out and remembered in [`Rule::odd`].
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.split_once(':').map_or(text, |(_, value)| value);
        let parts = || text.split(';').filter_map(|part| part.split_once('=')).map(|(key, value)| (key.trim(), value.trim()));
        let freq = parts().find(|(key, _)| key.eq_ignore_ascii_case("FREQ")).map(|(_, value)| value.to_ascii_uppercase())?;
        let mut rule = Self::new(match freq.as_str() {
            "SECONDLY" => Frequency::Secondly,
            "MINUTELY" => Frequency::Minutely,
            "HOURLY" => Frequency::Hourly,
            "DAILY" => Frequency::Daily,
            "WEEKLY" => Frequency::Weekly,
            "MONTHLY" => Frequency::Monthly,
            "YEARLY" => Frequency::Yearly,
            _ => return None,
        });
        for (key, value) in parts() {
            let mut odd = false;
            match key.to_ascii_uppercase().as_str() {
                "FREQ" => {}
                "INTERVAL" => match value.parse::<i64>() {
                    Ok(interval) if interval > 0 => rule.interval = interval,
                    _ => odd = true,
                },
                // COUNT=0 is not a rule; it means no more than the start.
                "COUNT" => match value.parse::<i64>() {
                    Ok(count) if count >= 0 => {
                        odd = count == 0;
                        rule.count = Some(u32::try_from(count.max(1)).unwrap_or(u32::MAX));
                    }
                    _ => odd = true,
                },
                "UNTIL" => {
                    rule.until = written(value);
                    odd = rule.until.is_none();
                }
                "BYMONTH" => rule.by_month = numbers(value, 1, 12, &mut odd),
                "BYMONTHDAY" => rule.by_month_day = numbers(value, -31, 31, &mut odd),
                "BYYEARDAY" => rule.by_year_day = numbers(value, -366, 366, &mut odd),
                "BYWEEKNO" => rule.by_week_no = numbers(value, -53, 53, &mut odd),
                "BYHOUR" => rule.by_hour = clock(value, 23, &mut odd),
                "BYMINUTE" => rule.by_minute = clock(value, 59, &mut odd),
                "BYSECOND" => rule.by_second = clock(value, 59, &mut odd),
                "BYSETPOS" => rule.by_set_pos = numbers(value, -10_000, 10_000, &mut odd),
                "BYDAY" => rule.by_day = days(value, &mut odd),
                "WKST" => match weekday(value) {
                    Some(day) => rule.week_start = day,
                    None => odd = true,
                },
                "RSCALE" => rule.foreign = !value.eq_ignore_ascii_case("GREGORIAN"),
                "SKIP" => match value.to_ascii_uppercase().as_str() {
                    "OMIT" => {}
                    "BACKWARD" => rule.skip = Skip::Backward,
                    "FORWARD" => rule.skip = Skip::Forward,
                    _ => odd = true,
                },
                _ => odd = true,
            }
            rule.odd |= odd;
        }
        Some(rule)
    }
}

/// A list of numbers from −`max`… to `max` without zero; those out of range are left out.
fn numbers<N: TryFrom<i64> + Ord + Copy>(value: &str, min: i64, max: i64, odd: &mut bool) -> Vec<N> {
    list(value, odd, |text| {
        let number = text.strip_prefix('+').unwrap_or(text).parse::<i64>().ok()?;
        ((min..=max).contains(&number) && number != 0).then_some(number).and_then(|number| N::try_from(number).ok())
    })
}

/// A list of hours, minutes or seconds.
fn clock(value: &str, max: i8, odd: &mut bool) -> Vec<i8> {
    list(value, odd, |text| text.parse::<i8>().ok().filter(|number| (0..=max).contains(number)))
}

fn list<N: Ord>(value: &str, odd: &mut bool, read: impl Fn(&str) -> Option<N>) -> Vec<N> {
    let mut found = Vec::new();
    for text in value.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        match read(text) {
            Some(number) => found.push(number),
            None => *odd = true,
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn days(value: &str, odd: &mut bool) -> Vec<(i16, Weekday)> {
    let mut found = Vec::new();
    for text in value.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        let split = text.len().saturating_sub(2);
        let (number, day) = (text.get(..split).unwrap_or("x"), text.get(split..).unwrap_or(""));
        let number = if number.is_empty() {
            Some(0)
        } else {
            number.strip_prefix('+').unwrap_or(number).parse::<i16>().ok().filter(|n| (1..=53).contains(&n.abs()))
        };
        match (number, weekday(day)) {
            (Some(number), Some(day)) => found.push((number, day)),
            _ => *odd = true,
        }
    }
    found.sort_unstable_by_key(|(number, day)| (day.to_monday_zero_offset(), *number));
    found.dedup();
    found
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_in_any_case_and_order_with_or_without_its_name() {
        let rule = Rule::parse("RRULE:byday=-1fr,+2MO,SU;FREQ=monthly;INTERVAL=2;COUNT=10;WKST=SU").expect("a rule");
        assert_eq!(rule.by_day, [(2, Weekday::Monday), (-1, Weekday::Friday), (0, Weekday::Sunday)]);
        assert!(
            rule.freq == Frequency::Monthly
                && rule.interval == 2
                && rule.count == Some(10)
                && rule.week_start == Weekday::Sunday
                && !rule.odd
        );
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_remembered() {
        for (text, expected) in [
            ("FREQ=DAILY;INTERVAL=0", Rule { odd: true, ..Rule::new(Frequency::Daily) }),
            ("FREQ=DAILY;COUNT=0", Rule { odd: true, count: Some(1), ..Rule::new(Frequency::Daily) }),
            ("FREQ=DAILY;UNTIL=soon", Rule { odd: true, ..Rule::new(Frequency::Daily) }),
            ("FREQ=DAILY;BYHOUR=9,24", Rule { odd: true, by_hour: vec![9], ..Rule::new(Frequency::Daily) }),
            ("FREQ=MONTHLY;BYMONTHDAY=0,32,31", Rule { odd: true, by_month_day: vec![31], ..Rule::new(Frequency::Monthly) }),
            ("FREQ=WEEKLY;X-PART=1", Rule { odd: true, ..Rule::new(Frequency::Weekly) }),
            ("FREQ=WEEKLY;;BYDAY=MO,", Rule { by_day: vec![(0, Weekday::Monday)], ..Rule::new(Frequency::Weekly) }),
        ] {
            assert_eq!(Rule::parse(text), Some(expected), "{text}");
        }
        for text in ["", "INTERVAL=2", "FREQ=FORTNIGHTLY", "é"] {
            assert_eq!(Rule::parse(text), None, "{text}");
        }
    }
}
