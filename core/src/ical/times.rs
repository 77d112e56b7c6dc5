//! Dates, times, durations and lists of them (RFC 5545 §3.3.4 to §3.3.9), read liberally.

use super::lex::Line;
use crate::recurrence::{Timezones, Written, Zone, shift, written};
use jiff::civil::Time;
use syncline_domain::event::{DateValue, RecurrenceDate};
use syncline_domain::time::{DAY_MS, Millis, ZoneName};

/// A duration in its nominal and its exact part (RFC 5545 §3.3.6): weeks and days follow the wall clock, hours do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duration {
    pub(super) days: i64,
    pub(super) exact_ms: Millis,
}

/// Resolves the zones of one file and collects what was odd.
pub(super) struct Times<'a> {
    pub(super) zones: &'a Timezones,
    pub(super) default_zone: Option<&'a str>,
    pub(super) warnings: Vec<&'static str>,
}

impl Times<'_> {
    /// The single value of DTSTART, DTEND, RECURRENCE-ID.
    pub(super) fn value(&mut self, line: &Line<'_>) -> Option<DateValue> {
        let zone = self.zone(line);
        self.read(line.value().trim(), is_date(line), zone.as_ref())
    }

    /// The values of EXDATE; what can not be read is left out with a warning.
    pub(super) fn list(&mut self, line: &Line<'_>) -> Vec<DateValue> {
        self.dates(line).into_iter().map(|date| date.start).collect()
    }

    /// The values of RDATE, periods included.
    pub(super) fn dates(&mut self, line: &Line<'_>) -> Vec<RecurrenceDate> {
        let (zone, date_only) = (self.zone(line), is_date(line));
        let mut values = Vec::new();
        for text in line.value().split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let (start, end) = text.split_once('/').map_or((text, None), |(start, end)| (start, Some(end)));
            let Some(start) = self.read(start, date_only, zone.as_ref()) else {
                self.warn("bad_date");
                continue;
            };
            let end = end.and_then(|end| match duration(end) {
                Some(length) => Some(add(&start, length)),
                None => self.read(end, date_only, zone.as_ref()),
            });
            values.push(RecurrenceDate { start, end });
        }
        values
    }

    pub(super) fn warn(&mut self, warning: &'static str) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn zone(&mut self, line: &Line<'_>) -> Option<ZoneName> {
        let tzid = line.param("TZID").filter(|tzid| !tzid.trim().is_empty())?;
        let (zone, warning) = self.zones.resolve(&tzid, self.default_zone);
        if let Some(warning) = warning {
            self.warn(warning);
        }
        Some(zone)
    }

    fn read(&self, text: &str, date_only: bool, zone: Option<&ZoneName>) -> Option<DateValue> {
        let utc = ZoneName::utc();
        Some(match (written(text)?, zone) {
            (Written::Date(date), _) => DateValue::Date(date),
            (Written::Local(at) | Written::Utc(at), _) if date_only => DateValue::Date(at.date()),
            (Written::Local(at), None) => DateValue::Floating(at),
            (Written::Local(at), Some(name)) => {
                let zone = Zone::from_name(name).unwrap_or_else(Zone::utc);
                DateValue::Zoned(zone.moment(at, name))
            }
            // Z wins over a TZID, but the zone says in which one a series repeats, so it is kept.
            (Written::Utc(at), name) => {
                let instant = Zone::utc().to_instant(at);
                let name = name.unwrap_or(&utc);
                let zone = Zone::from_name(name).unwrap_or_else(Zone::utc);
                DateValue::Zoned(zone.moment_at(instant, name))
            }
        })
    }
}

fn is_date(line: &Line<'_>) -> bool {
    line.param("VALUE").is_some_and(|value| value.eq_ignore_ascii_case("DATE"))
}

/// Reads an instant such as LAST-MODIFIED; one without a zone is taken as UTC.
pub(super) fn instant(text: &str) -> Option<Millis> {
    Some(match written(text)? {
        Written::Date(date) => Zone::utc().to_instant(date.to_datetime(Time::midnight())),
        Written::Local(at) | Written::Utc(at) => Zone::utc().to_instant(at),
    })
}

/// Reads `P1DT2H30M`, `PT15M`, `P2W`, with a sign.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let rest = rest.strip_prefix(['P', 'p'])?;
    let mut length = Duration { days: 0, exact_ms: 0 };
    let (mut number, mut in_time, mut parts) = (None::<i64>, false, 0);
    for c in rest.chars() {
        if let Some(digit) = c.to_digit(10) {
            // Ten thousand years is more than a calendar knows; saturate there.
            number = Some((number.unwrap_or(0) * 10 + i64::from(digit)).min(400_000_000_000));
            continue;
        }
        if matches!(c, 'T' | 't') {
            in_time = true;
            continue;
        }
        let value = number.take()?;
        parts += 1;
        match (c.to_ascii_uppercase(), in_time) {
            ('W', false) => length.days += value.min(500_000) * 7,
            ('D', false) => length.days += value.min(3_600_000),
            ('H', true) => length.exact_ms += value.min(90_000_000) * 3_600_000,
            ('M', true) => length.exact_ms += value.min(5_000_000_000) * 60_000,
            ('S', true) => length.exact_ms += value.min(300_000_000_000) * 1_000,
            _ => return None,
        }
    }
    (number.is_none() && parts > 0).then_some(Duration { days: sign * length.days, exact_ms: sign * length.exact_ms })
}

/// A start plus a duration: days on the wall clock first, then exact time.
pub(super) fn add(start: &DateValue, length: Duration) -> DateValue {
    let days = length.days.saturating_mul(DAY_MS);
    match start {
        DateValue::Date(date) => {
            let at = shift(date.to_datetime(Time::midnight()), days.saturating_add(length.exact_ms));
            DateValue::Date(at.date())
        }
        DateValue::Floating(at) => DateValue::Floating(shift(shift(*at, days), length.exact_ms)),
        DateValue::Zoned(moment) => {
            let zone = Zone::of(moment);
            let at = if days == 0 { moment.at } else { zone.to_instant(shift(moment.wall, days)) };
            DateValue::Zoned(zone.moment_at(at.saturating_add(length.exact_ms), &moment.zone))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_days_and_exact_time_apart() {
        let hour = 3_600_000;
        for (text, days, exact_ms) in [
            ("PT1H", 0, hour),
            ("P1D", 1, 0),
            ("PT24H", 0, 24 * hour),
            ("P1DT2H30M", 1, 2 * hour + hour / 2),
            ("P2W", 14, 0),
            ("-PT15M", 0, -hour / 4),
            ("+P1D", 1, 0),
            ("PT0S", 0, 0),
        ] {
            assert_eq!(duration(text), Some(Duration { days, exact_ms }), "{text}");
        }
        for text in ["", "P", "PT", "1H", "PT1", "P1H", "PT1D", "PX", "P99999999999999999999999999D1"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
