//! `patternedRecurrence` as RRULE. Pure.

use super::wire::{Pattern, Range, Recurrence};
use crate::recurrence::Zone;
use jiff::civil::Date;
use syncline_domain::time::from_naive_ms;

/// The rule, for a series whose times run in a zone; `None` for whole days. An error is what is odd, for the log.
pub(super) fn rule(recurrence: &Recurrence, zone: Option<&Zone>) -> Result<String, String> {
    let Recurrence { pattern, range } = recurrence;
    let interval = pattern.interval.unwrap_or(1).max(1);
    let mut rule = match pattern.kind.as_str() {
        "daily" => format!("FREQ=DAILY;INTERVAL={interval}"),
        "weekly" => {
            let week_start = pattern.first_day_of_week.as_deref().and_then(day).unwrap_or("SU");
            format!("FREQ=WEEKLY;INTERVAL={interval};BYDAY={};WKST={week_start}", days(pattern)?.join(","))
        }
        "absoluteMonthly" => format!("FREQ=MONTHLY;INTERVAL={interval};{}", month_day(pattern)?),
        "relativeMonthly" => format!("FREQ=MONTHLY;INTERVAL={interval};{}", nth_day(pattern)?),
        "absoluteYearly" => format!("FREQ=YEARLY;INTERVAL={interval};BYMONTH={};{}", month(pattern)?, month_day(pattern)?),
        "relativeYearly" => format!("FREQ=YEARLY;INTERVAL={interval};BYMONTH={};{}", month(pattern)?, nth_day(pattern)?),
        other => return Err(format!("a pattern of the kind {other}")),
    };
    rule.push_str(&end(range, zone)?);
    Ok(rule)
}

fn end(range: &Range, zone: Option<&Zone>) -> Result<String, String> {
    match range.kind.as_str() {
        "noEnd" => Ok(String::new()),
        "numbered" => {
            let count = range.number_of_occurrences.filter(|count| *count > 0);
            count.map(|count| format!(";COUNT={count}")).ok_or_else(|| "a range without a number".to_owned())
        }
        "endDate" => {
            let text = range.end_date.as_deref().and_then(|text| text.get(..10)).unwrap_or_default();
            let last: Date = text.parse().map_err(|_| format!("a range that ends on {text:?}"))?;
            // The date counts as a whole, in the zone of the series.
            Ok(match zone {
                None => format!(";UNTIL={}", last.strftime("%Y%m%d")),
                Some(zone) => {
                    let until = from_naive_ms(zone.to_instant(last.at(23, 59, 59, 0)));
                    format!(";UNTIL={}", until.strftime("%Y%m%dT%H%M%SZ"))
                }
            })
        }
        other => Err(format!("a range of the kind {other}")),
    }
}

/// A day of the month. In a month that is too short, Outlook takes its last day.
fn month_day(pattern: &Pattern) -> Result<String, String> {
    let wanted = pattern.day_of_month.filter(|day| (1..=31).contains(day)).ok_or_else(|| "a pattern without a day".to_owned())?;
    if wanted <= 28 {
        return Ok(format!("BYMONTHDAY={wanted}"));
    }
    let days: Vec<String> = (28..=wanted).map(|day| day.to_string()).collect();
    Ok(format!("BYMONTHDAY={};BYSETPOS=-1", days.join(",")))
}

/// The first, second, … or last of some weekdays.
fn nth_day(pattern: &Pattern) -> Result<String, String> {
    let index = match pattern.index.as_deref().unwrap_or("first") {
        "first" => 1,
        "second" => 2,
        "third" => 3,
        "fourth" => 4,
        "last" => -1,
        other => return Err(format!("an index {other}")),
    };
    Ok(match days(pattern)?.as_slice() {
        [day] => format!("BYDAY={index}{day}"),
        // Of several, the n-th day that is any of them.
        several => format!("BYDAY={};BYSETPOS={index}", several.join(",")),
    })
}

fn month(pattern: &Pattern) -> Result<u8, String> {
    pattern.month.filter(|month| (1..=12).contains(month)).ok_or_else(|| "a pattern without a month".to_owned())
}

fn days(pattern: &Pattern) -> Result<Vec<&'static str>, String> {
    let names = pattern.days_of_week.as_deref().unwrap_or_default();
    let days: Option<Vec<_>> = names.iter().map(|name| day(name)).collect();
    days.filter(|days| !days.is_empty()).ok_or_else(|| format!("days {names:?}"))
}

fn day(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "monday" => "MO",
        "tuesday" => "TU",
        "wednesday" => "WE",
        "thursday" => "TH",
        "friday" => "FR",
        "saturday" => "SA",
        "sunday" => "SU",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str, range: &str, zone: Option<&str>) -> Result<String, String> {
        let text = format!(r#"{{"pattern":{pattern},"range":{range}}}"#);
        let zone = zone.map(|name| Zone::named(name).unwrap());
        rule(&serde_json::from_str(&text).unwrap(), zone.as_ref())
    }

    const FOR_EVER: &str = r#"{"type":"noEnd"}"#;

    #[test]
    fn every_documented_pattern_has_its_rule() {
        for (pattern, expected) in [
            (r#"{"type":"daily","interval":3}"#, "FREQ=DAILY;INTERVAL=3"),
            (
                r#"{"type":"weekly","interval":2,"daysOfWeek":["monday","friday"],"firstDayOfWeek":"monday"}"#,
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=MO",
            ),
            (r#"{"type":"absoluteMonthly","interval":1,"dayOfMonth":15}"#, "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=15"),
            (r#"{"type":"absoluteMonthly","interval":1,"dayOfMonth":31}"#, "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
            (r#"{"type":"relativeMonthly","interval":1,"daysOfWeek":["thursday"],"index":"second"}"#, "FREQ=MONTHLY;INTERVAL=1;BYDAY=2TH"),
            (
                r#"{"type":"relativeMonthly","interval":1,"daysOfWeek":["tuesday","thursday"],"index":"last"}"#,
                "FREQ=MONTHLY;INTERVAL=1;BYDAY=TU,TH;BYSETPOS=-1",
            ),
            (r#"{"type":"absoluteYearly","interval":1,"dayOfMonth":24,"month":12}"#, "FREQ=YEARLY;INTERVAL=1;BYMONTH=12;BYMONTHDAY=24"),
            (
                r#"{"type":"relativeYearly","interval":1,"daysOfWeek":["sunday"],"month":3,"index":"last"}"#,
                "FREQ=YEARLY;INTERVAL=1;BYMONTH=3;BYDAY=-1SU",
            ),
        ] {
            assert_eq!(of(pattern, FOR_EVER, None).as_deref(), Ok(expected), "{pattern}");
        }
    }

    #[test]
    fn a_range_ends_with_the_whole_last_day_in_the_zone_of_the_series() {
        let daily = r#"{"type":"daily","interval":1}"#;
        let until = r#"{"type":"endDate","endDate":"2026-06-29"}"#;
        assert_eq!(of(daily, until, None).unwrap(), "FREQ=DAILY;INTERVAL=1;UNTIL=20260629");
        assert_eq!(of(daily, until, Some("Europe/Berlin")).unwrap(), "FREQ=DAILY;INTERVAL=1;UNTIL=20260629T215959Z");
        assert_eq!(of(daily, until, Some("America/New_York")).unwrap(), "FREQ=DAILY;INTERVAL=1;UNTIL=20260630T035959Z");
        assert_eq!(of(daily, r#"{"type":"numbered","numberOfOccurrences":4}"#, None).unwrap(), "FREQ=DAILY;INTERVAL=1;COUNT=4");
    }

    #[test]
    fn what_nobody_knows_is_no_rule() {
        for (pattern, range) in [
            (r#"{"type":"hourly","interval":1}"#, FOR_EVER),
            (r#"{"type":"weekly","interval":1,"daysOfWeek":[]}"#, FOR_EVER),
            (r#"{"type":"absoluteMonthly","interval":1,"dayOfMonth":0}"#, FOR_EVER),
            (r#"{"type":"daily","interval":1}"#, r#"{"type":"endDate","endDate":"soon"}"#),
            (r#"{"type":"daily","interval":1}"#, r#"{"type":"numbered","numberOfOccurrences":0}"#),
        ] {
            assert!(of(pattern, range, None).is_err(), "{pattern} {range}");
        }
    }
}
