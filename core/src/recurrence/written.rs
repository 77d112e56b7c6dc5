//! Dates and times as feeds and rules write them (RFC 5545 §3.3.4 and §3.3.5), read liberally.

use super::zone::{offset_seconds, shift};
use jiff::civil::{Date, DateTime, Time};

/// A date or time as it is written, before its zone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// A date.
    Date(Date),
    /// A wall time; a TZID beside it says where.
    Local(DateTime),
    /// With `Z`, or the (illegal) numeric offset.
    Utc(DateTime),
}

/// Reads `20260309`, `20260309T0900`, `20260309T090000Z`, with dashes and colons, and with a numeric offset.
pub(crate) fn written(text: &str) -> Option<Written> {
    let text = text.trim();
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(text[at + 1..].trim())),
        None => (text, None),
    };
    let (year, month, day) = if date.contains('-') {
        let mut parts = date.splitn(3, '-');
        (parts.next()?, parts.next()?, parts.next()?)
    } else {
        (date.get(..4)?, date.get(4..6)?, date.get(6..)?)
    };
    if year.len() != 4 || day.len() != 2 || !date.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let Some(time) = time.filter(|time| !time.is_empty()) else { return Some(Written::Date(date)) };
    let end = time.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(time.len());
    let (digits, suffix) = (time[..end].replace(':', ""), time[end..].trim());
    let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), |two| two.parse::<i8>().ok());
    if digits.len() < 2 {
        return None;
    }
    let (hour, minute, second) = (part(0)?, part(2)?, part(4)?);
    let at = if hour == 24 && minute == 0 && second == 0 {
        date.tomorrow().ok()?.to_datetime(Time::midnight())
    } else {
        date.to_datetime(Time::new(hour, minute, second.min(59), 0).ok()?)
    };
    if suffix.is_empty() {
        return Some(Written::Local(at));
    }
    if suffix.eq_ignore_ascii_case("Z") {
        return Some(Written::Utc(at));
    }
    // Fractions of a second are seen; calendars mean none.
    let suffix = suffix.strip_prefix('.').map_or(suffix, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    if suffix.is_empty() {
        return Some(Written::Local(at));
    }
    if suffix.eq_ignore_ascii_case("Z") {
        return Some(Written::Utc(at));
    }
    let offset = offset_seconds(suffix)?;
    Some(Written::Utc(shift(at, -i64::from(offset) * 1000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime};

    #[test]
    fn dates_and_times_are_read_in_every_spelling_that_was_seen() {
        let nine = datetime(2026, 3, 9, 9, 0, 0, 0);
        for (text, expected) in [
            ("20260309", Written::Date(date(2026, 3, 9))),
            ("2026-03-09", Written::Date(date(2026, 3, 9))),
            ("20260309T090000", Written::Local(nine)),
            ("20260309T0900", Written::Local(nine)),
            ("2026-03-09T09:00:00", Written::Local(nine)),
            ("20260309T090000Z", Written::Utc(nine)),
            ("20260309T090000z", Written::Utc(nine)),
            ("2026-03-09T09:00:00.000Z", Written::Utc(nine)),
            ("20260309T110000+0200", Written::Utc(nine)),
            ("20260308T240000", Written::Local(datetime(2026, 3, 9, 0, 0, 0, 0))),
            ("20260309T090060Z", Written::Utc(datetime(2026, 3, 9, 9, 0, 59, 0))),
        ] {
            assert_eq!(written(text), Some(expected), "{text}");
        }
        for text in ["", "2026", "20260230", "20261301", "tomorrow", "20260309T", "20260309T9", "20260309T250000", "２０２６0309"] {
            assert!(!matches!(written(text), Some(Written::Local(_) | Written::Utc(_))), "{text}");
        }
        assert_eq!(written("20260230"), None);
    }
}
