//! Times and series of Graph.

use super::errors::{Fail, Try};
use super::zones::zone;
use crate::series::{End, Frequency, Rule};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Reads a `dateTimeTimeZone`: the wall time, its zone and the zone's name.
pub(super) fn read(value: &Value) -> Try<(DateTime, TimeZone, String)> {
    let bad = |message: &str| Fail::bad("ErrorPropertyValidationFailure", message);
    let text = value["dateTime"].as_str().ok_or_else(|| bad("dateTime is missing."))?;
    let name = value["timeZone"].as_str().unwrap_or("UTC");
    let found = zone(name).ok_or_else(|| {
        Fail::bad(
            "TimeZoneNotSupportedException",
            &format!("A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."),
        )
    })?;
    match (text.parse::<Timestamp>(), text.parse::<DateTime>()) {
        // An offset is taken into the zone.
        (Ok(at), _) => Ok((at.to_zoned(found.clone()).datetime(), found, name.to_owned())),
        (_, Ok(local)) => Ok((local, found, name.to_owned())),
        _ => Err(bad("dateTime is no time.")),
    }
}

pub(super) fn instant(local: DateTime, zone: &TimeZone) -> i64 {
    zone.to_ambiguous_zoned(local).compatible().map_or(0, |at| at.timestamp().as_millisecond())
}

/// `2026-03-10T09:00:00.0000000`.
pub(super) fn wall(local: DateTime) -> String {
    format!("{}.0000000", local.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// An instant in a zone.
pub(super) fn shown(at: i64, zone: &TimeZone, name: &str) -> Value {
    let local = Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(zone.clone()).datetime();
    json!({"dateTime": wall(local), "timeZone": name})
}

/// Reads a bound of a window; no offset means UTC.
pub(super) fn bound(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return Some(instant(local, &TimeZone::UTC));
    }
    None
}

/// Start, end and series of an event, in the zone where it was made.
pub(super) struct Shape {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) local: DateTime,
    pub(super) zone: TimeZone,
    pub(super) zone_name: String,
    pub(super) all_day: bool,
    rule: Option<Rule>,
}

impl Shape {
    pub(super) fn of(event: &Value) -> Try<Self> {
        let (local, start_zone, name) = read(&event["start"])?;
        let (end, end_zone, end_name) = read(&event["end"])?;
        let all_day = event["isAllDay"] == true;
        let midnight = |time: DateTime| time.time() == jiff::civil::Time::midnight();
        if all_day && !(midnight(local) && midnight(end) && name == end_name && end > local) {
            let message =
                "The Event.Start and Event.End of an all-day event must be at midnight of the same time zone, a day apart at least.";
            return Err(Fail::bad("ErrorPropertyValidationFailure", message));
        }
        let (from, to) = (instant(local, &start_zone), instant(end, &end_zone));
        if to < from {
            return Err(Fail::bad("ErrorPropertyValidationFailure", "The end of an event cannot be before its start."));
        }
        let rule = match &event["recurrence"] {
            Value::Null => None,
            recurrence => Some(rule(recurrence, local.date())?),
        };
        Ok(Self { start: from, end: to, local, zone: start_zone, zone_name: name, all_day, rule })
    }

    pub(super) fn is_series(&self) -> bool {
        self.rule.is_some()
    }

    /// The starts of the occurrences up to an instant.
    pub(super) fn starts(&self, last: i64) -> Vec<i64> {
        match &self.rule {
            Some(rule) => rule.starts(self.local, &self.zone, last).into_iter().map(|(_, at)| at).collect(),
            None => vec![self.start],
        }
    }

    pub(super) fn length(&self) -> i64 {
        self.end - self.start
    }
}

fn day(name: &str) -> Option<Weekday> {
    Some(match name {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// The rule of a `patternedRecurrence`.
fn rule(recurrence: &Value, first: Date) -> Try<Rule> {
    let bad = || Fail::bad("ErrorPropertyValidationFailure", "The recurrence pattern is not valid.");
    let (pattern, range) = (&recurrence["pattern"], &recurrence["range"]);
    let kind = pattern["type"].as_str().ok_or_else(bad)?;
    let number = |name: &str| pattern[name].as_i64().and_then(|number| i8::try_from(number).ok()).filter(|number| *number > 0);
    let days: Vec<Weekday> = pattern["daysOfWeek"].as_array().into_iter().flatten().filter_map(|name| day(name.as_str()?)).collect();
    let mut rule = Rule::new(match kind {
        "daily" => Frequency::Daily,
        "weekly" => Frequency::Weekly,
        "absoluteMonthly" | "relativeMonthly" => Frequency::Monthly,
        _ => Frequency::Yearly,
    });
    rule.interval =
        pattern["interval"].as_i64().and_then(|interval| i32::try_from(interval).ok()).filter(|interval| *interval > 0).ok_or_else(bad)?;
    rule.week_start = pattern["firstDayOfWeek"].as_str().and_then(day).unwrap_or(Weekday::Sunday);
    if kind.ends_with("Yearly") {
        rule.months = vec![number("month").ok_or_else(bad)?];
    }
    match kind {
        "daily" => {}
        "weekly" if !days.is_empty() => rule.days = days.into_iter().map(|day| (0, day)).collect(),
        "absoluteMonthly" | "absoluteYearly" => {
            let wanted = number("dayOfMonth").filter(|day| *day <= 31).ok_or_else(bad)?;
            // In a month that is too short, Outlook takes its last day.
            rule.month_days = if wanted > 28 { (28..=wanted).collect() } else { vec![wanted] };
            rule.position = (wanted > 28).then_some(-1);
        }
        "relativeMonthly" | "relativeYearly" if !days.is_empty() => {
            let index = match pattern["index"].as_str().unwrap_or("first") {
                "first" => 1,
                "second" => 2,
                "third" => 3,
                "fourth" => 4,
                "last" => -1,
                _ => return Err(bad()),
            };
            if let [day] = days.as_slice() {
                rule.days = vec![(index, *day)];
            } else {
                rule.days = days.into_iter().map(|day| (0, day)).collect();
                rule.position = Some(index);
            }
        }
        _ => return Err(bad()),
    }
    let date = |name: &str| range[name].as_str().and_then(|text| text.parse::<Date>().ok());
    if date("startDate").is_none_or(|start| start != first) {
        let message = "The recurrence range's startDate must be the date of the event's start.";
        return Err(Fail::bad("ErrorPropertyValidationFailure", message));
    }
    rule.end = match range["type"].as_str() {
        Some("noEnd") => End::Never,
        Some("endDate") => End::UntilDay(date("endDate").ok_or_else(bad)?),
        Some("numbered") => {
            let count = range["numberOfOccurrences"].as_u64().and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0);
            End::Count(count.ok_or_else(bad)?)
        }
        _ => return Err(bad()),
    };
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use super::{Shape, wall};
    use serde_json::json;

    #[test]
    fn a_monthly_series_on_the_31st_takes_the_last_day_of_short_months() {
        let shape = Shape::of(&json!({
            "start": {"dateTime": "2026-01-31T09:00:00", "timeZone": "W. Europe Standard Time"},
            "end": {"dateTime": "2026-01-31T10:00:00", "timeZone": "W. Europe Standard Time"},
            "recurrence": {"pattern": {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
                "range": {"type": "numbered", "startDate": "2026-01-31", "numberOfOccurrences": 3}},
        }))
        .unwrap();
        let days: Vec<String> =
            shape.starts(i64::MAX / 2_000_000).iter().map(|at| jiff::Timestamp::from_millisecond(*at).unwrap().to_string()).collect();
        assert_eq!(days, ["2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z", "2026-03-31T07:00:00Z"]);
        assert_eq!(wall(shape.local), "2026-01-31T09:00:00.0000000");
    }
}
