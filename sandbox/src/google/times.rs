//! `EventDateTime`, series, and their instances.

use super::errors::{Fail, Try};
use crate::series::{End, Rule};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde_json::{Value, json};

/// A start or an end.
#[derive(Debug, Clone)]
pub(super) enum When {
    Day(Date),
    Time(Zoned, String),
}

impl When {
    /// Reads an `EventDateTime`; times without a zone get the calendar's.
    pub(super) fn read(value: &Value, calendar_zone: &str) -> Try<Self> {
        match (value.get("date").and_then(Value::as_str), value.get("dateTime").and_then(Value::as_str)) {
            (Some(day), None) => day.parse().map(Self::Day).map_err(|_| Fail::body("Invalid value for date")),
            (None, Some(text)) => {
                let named = value.get("timeZone").and_then(Value::as_str);
                let name = named.unwrap_or(calendar_zone);
                let zone = TimeZone::get(name).map_err(|_| Fail::body("Invalid time zone definition"))?;
                let zoned = match (text.parse::<Timestamp>(), text.parse::<DateTime>(), named) {
                    (Ok(at), _, _) => at.to_zoned(zone),
                    (_, Ok(local), Some(_)) => local.to_zoned(zone).map_err(|_| Fail::body("Invalid value for dateTime"))?,
                    _ => return Err(Fail::body("Missing time zone definition for start time.")),
                };
                Ok(Self::Time(zoned, name.to_owned()))
            }
            _ => Err(Fail::body("Either date or dateTime must be given")),
        }
    }

    pub(super) fn write(&self) -> Value {
        match self {
            Self::Day(day) => json!({"date": day.to_string()}),
            Self::Time(at, name) => {
                json!({"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().replace("+00:00", "Z"), "timeZone": name})
            }
        }
    }

    /// The instant; days begin at midnight UTC.
    pub(super) fn at(&self) -> i64 {
        match self {
            Self::Day(day) => day.to_zoned(TimeZone::UTC).map_or(0, |at| at.timestamp().as_millisecond()),
            Self::Time(at, _) => at.timestamp().as_millisecond(),
        }
    }
}

/// Start and end of an event.
pub(super) fn span(event: &Value, zone: &str) -> Try<(When, When)> {
    let start = When::read(event.get("start").unwrap_or(&Value::Null), zone)?;
    let end = When::read(event.get("end").unwrap_or(&Value::Null), zone)?;
    let ordered = match (&start, &end) {
        (When::Day(start), When::Day(end)) => end > start,
        (When::Time(..), When::Time(..)) => end.at() >= start.at(),
        _ => return Err(Fail::body("Invalid start time.")),
    };
    if ordered { Ok((start, end)) } else { Err(Fail::new(400, "calendar", "timeRangeEmpty", "The specified time range is empty.")) }
}

/// A master's series.
pub(super) struct Series {
    start: When,
    end: When,
    rule: Option<Rule>,
    extra: Vec<i64>,
    excluded: Vec<i64>,
}

impl Series {
    /// The series of an event with `recurrence`.
    pub(super) fn of(master: &Value, zone: &str) -> Try<Self> {
        let (start, end) = span(master, zone)?;
        if let When::Time(..) = start
            && master.get("start").and_then(|start| start.get("timeZone")).is_none()
        {
            return Err(Fail::body("Missing time zone definition for start time."));
        }
        let bad = || Fail::body("Invalid recurrence rule.");
        let mut series = Self { start, end, rule: None, extra: Vec::new(), excluded: Vec::new() };
        for line in master.get("recurrence").and_then(Value::as_array).into_iter().flatten() {
            let (name, value) = line.as_str().and_then(|line| line.split_once(':')).ok_or_else(bad)?;
            match name.split(';').next() {
                Some("RRULE") if series.rule.is_none() => series.rule = Some(Rule::parse(value).ok_or_else(bad)?),
                Some("RDATE") => series.extra.extend(series.list(name, value).ok_or_else(bad)?),
                Some("EXDATE") => series.excluded.extend(series.list(name, value).ok_or_else(bad)?),
                _ => return Err(bad()),
            }
        }
        // UNTIL is of the type of the start.
        let end = series.rule.as_ref().map(|rule| rule.end);
        let misfit = matches!((&series.start, end), (When::Day(_), Some(End::Until(_))) | (When::Time(..), Some(End::UntilDay(_))));
        if misfit { Err(bad()) } else { Ok(series) }
    }

    fn list(&self, name: &str, values: &str) -> Option<Vec<i64>> {
        let zone = name.split(';').find_map(|part| part.strip_prefix("TZID="));
        let read = |text: &str| {
            if let Ok(day) = Date::strptime("%Y%m%d", text) {
                return Some(When::Day(day).at());
            }
            let (text, zone) = match text.strip_suffix('Z') {
                Some(text) => (text, TimeZone::UTC),
                None => (text, TimeZone::get(zone?).ok()?),
            };
            let local = DateTime::strptime("%Y%m%dT%H%M%S", text).ok()?;
            local.to_zoned(zone).ok().map(|at| at.timestamp().as_millisecond())
        };
        values.split(',').map(read).collect()
    }

    /// The instances that start at or before an instant, in order.
    pub(super) fn instances(&self, last: i64) -> Vec<When> {
        let (first, zone) = match &self.start {
            When::Day(day) => (day.to_datetime(jiff::civil::Time::midnight()), TimeZone::UTC),
            When::Time(at, _) => (at.datetime(), at.time_zone().clone()),
        };
        let mut starts: Vec<i64> = match &self.rule {
            Some(rule) => rule.starts(first, &zone, last).into_iter().map(|(_, at)| at).collect(),
            None => vec![self.start.at()],
        };
        starts.extend(self.extra.iter().copied().filter(|at| *at <= last));
        starts.sort_unstable();
        starts.dedup();
        starts.retain(|at| !self.excluded.contains(at));
        starts.into_iter().filter_map(|at| self.when(at)).collect()
    }

    fn when(&self, at: i64) -> Option<When> {
        let stamp = Timestamp::from_millisecond(at).ok()?;
        Some(match &self.start {
            When::Day(_) => When::Day(stamp.to_zoned(TimeZone::UTC).date()),
            When::Time(first, name) => When::Time(stamp.to_zoned(first.time_zone().clone()), name.clone()),
        })
    }

    /// The end of an instance.
    pub(super) fn end_of(&self, start: &When) -> When {
        match (start, &self.start, &self.end) {
            (When::Day(day), When::Day(first), When::Day(end)) => {
                let days = first.until(*end).map_or(1, |span| span.get_days());
                When::Day(day.checked_add(days.days()).unwrap_or(*day))
            }
            (When::Time(at, _), _, When::Time(_, name)) => {
                let length = SignedDuration::from_millis(self.end.at() - self.start.at());
                When::Time(at.checked_add(length).unwrap_or_else(|_| at.clone()), name.clone())
            }
            _ => start.clone(),
        }
    }

    /// True when the series has an instance that begins at this instant.
    pub(super) fn has(&self, at: i64) -> bool {
        self.instances(at).last().is_some_and(|last| last.at() == at)
    }

    pub(super) fn is_endless(&self) -> bool {
        self.rule.as_ref().is_some_and(|rule| rule.end == End::Never)
    }
}

/// The id of an instance: `<master>_20260316T080000Z` or `<master>_20260316`.
pub(super) fn instance_id(master: &str, original: &When) -> String {
    match original {
        When::Day(day) => format!("{master}_{}", day.strftime("%Y%m%d")),
        When::Time(at, _) => format!("{master}_{}", at.with_time_zone(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ")),
    }
}

/// Takes an instance's id apart: the master's id, and the instant of the original start.
pub(super) fn instance_of(id: &str) -> Option<(&str, i64)> {
    let (master, stamp) = id.rsplit_once('_')?;
    if let Ok(day) = Date::strptime("%Y%m%d", stamp) {
        return Some((master, When::Day(day).at()));
    }
    let local = DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    Some((master, local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()))
}
