//! Times as calendars mean them.
//!
//! A timed event keeps its instant, its wall time and its zone; an all-day event is a pair of dates and is never shifted
//! by a zone; a floating event is a wall time without a zone and stays one.

use crate::layout::days;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An instant in unix milliseconds.
pub type Millis = i64;

/// Milliseconds in a day of 24 hours.
pub const DAY_MS: Millis = 86_400_000;

/// The name of a zone as Syncline stores it.
///
/// One of: an IANA name (`Europe/Berlin`, `UTC`), a fixed offset (`+02:00`), or the private form that
/// `syncline-core::recurrence` writes for a zone that only its VTIMEZONE describes (`vtz:…`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneName(pub String);

impl ZoneName {
    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A point in time that was written in a zone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// The instant.
    pub at: Millis,
    /// What a clock on the wall of [`Moment::zone`] shows.
    pub wall: DateTime,
    /// Where that clock hangs.
    pub zone: ZoneName,
}

/// When an event takes place. The end is exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum When {
    /// Whole days, never shifted by a zone.
    AllDay {
        /// The first day.
        start: Date,
        /// The day after the last.
        end: Date,
    },
    /// An instant with its wall time and zone.
    Timed {
        /// The start.
        start: Moment,
        /// The end; its zone may be another one.
        end: Moment,
    },
    /// A wall time that is the same in every zone.
    Floating {
        /// The start.
        start: DateTime,
        /// The end.
        end: DateTime,
    },
}

impl When {
    /// Which of the three it is.
    #[must_use]
    pub fn kind(&self) -> TimeKind {
        match self {
            Self::AllDay { .. } => TimeKind::AllDay,
            Self::Timed { .. } => TimeKind::Timed,
            Self::Floating { .. } => TimeKind::Floating,
        }
    }
}

/// How the milliseconds of a materialised occurrence are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeKind {
    /// Real instants.
    Timed,
    /// Midnights of the dates, as if they were in UTC.
    AllDay,
    /// The wall time, as if it were in UTC.
    Floating,
}

impl TimeKind {
    /// The form in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timed => "timed",
            Self::AllDay => "all_day",
            Self::Floating => "floating",
        }
    }

    /// Reads [`TimeKind::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "timed" => Self::Timed,
            "all_day" => Self::AllDay,
            "floating" => Self::Floating,
            _ => return None,
        })
    }
}

/// Names one instance of a series by its *original* start: `20260316T080000Z` for a timed series, `20260316` for an
/// all-day one, `20260316T090000` for a floating one (RFC 5545 §3.8.4.4, normalised to the type of the master's start).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceKey(pub String);

impl InstanceKey {
    /// The key of an instance that starts at an instant; the civil time must be in UTC.
    #[must_use]
    pub fn utc(at: DateTime) -> Self {
        Self(format!("{}Z", stamp(at)))
    }

    /// The key of an all-day instance.
    #[must_use]
    pub fn date(on: Date) -> Self {
        Self(format!("{:04}{:02}{:02}", on.year(), on.month(), on.day()))
    }

    /// The key of a floating instance.
    #[must_use]
    pub fn floating(at: DateTime) -> Self {
        Self(stamp(at))
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn stamp(at: DateTime) -> String {
    format!("{:04}{:02}{:02}T{:02}{:02}{:02}", at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second())
}

/// The milliseconds of a wall time, read as if it were in UTC. Pairs with [`from_naive_ms`].
#[must_use]
pub fn naive_ms(at: DateTime) -> Millis {
    let minutes = Millis::from(at.hour()) * 60 + Millis::from(at.minute());
    let in_day = (minutes * 60 + Millis::from(at.second())) * 1_000 + Millis::from(at.subsec_nanosecond() / 1_000_000);
    Millis::from(days::number(at.date())) * DAY_MS + in_day
}

/// The wall time of milliseconds that were made by [`naive_ms`]. Values out of jiff's range become its bounds.
#[must_use]
pub fn from_naive_ms(ms: Millis) -> DateTime {
    // Not with jiff's spans: their errors alone would be a tenth of the page's WASM.
    let Ok(day) = i32::try_from(ms.div_euclid(DAY_MS)) else { return if ms < 0 { DateTime::MIN } else { DateTime::MAX } };
    let date = days::date(day);
    if days::number(date) != day {
        return if ms < 0 { DateTime::MIN } else { DateTime::MAX };
    }
    let in_day = ms.rem_euclid(DAY_MS);
    let part = |unit: Millis, of: Millis| i8::try_from(in_day / unit % of).unwrap_or_default();
    let nanoseconds = i32::try_from(in_day % 1_000 * 1_000_000).unwrap_or_default();
    date.at(part(3_600_000, 24), part(60_000, 60), part(1_000, 60), nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime};

    #[test]
    fn naive_milliseconds_round_trip_on_both_sides_of_the_epoch() {
        for at in [datetime(2026, 3, 29, 2, 30, 0, 0), datetime(1601, 1, 1, 0, 0, 0, 0), datetime(1969, 12, 31, 23, 59, 59, 0)] {
            assert_eq!(from_naive_ms(naive_ms(at)), at);
        }
        assert_eq!(naive_ms(datetime(1970, 1, 2, 0, 0, 1, 0)), DAY_MS + 1_000);
        assert_eq!(from_naive_ms(-1), datetime(1969, 12, 31, 23, 59, 59, 999_000_000));
        for (ms, bound) in [(i64::MIN, DateTime::MIN), (i64::MAX, DateTime::MAX), (naive_ms(DateTime::MAX) + 1, DateTime::MAX)] {
            assert_eq!(from_naive_ms(ms), bound, "{ms}");
        }
        // The same as jiff's own arithmetic.
        let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        for ms in (-70_000_000_000_000_i64..250_000_000_000_000).step_by(7_777_777_777_777) {
            assert_eq!(from_naive_ms(ms), epoch.saturating_add(jiff::SignedDuration::from_millis(ms)), "{ms}");
        }
    }

    #[test]
    fn instance_keys_have_the_form_of_their_type() {
        assert_eq!(InstanceKey::utc(datetime(2026, 3, 16, 8, 0, 0, 0)).as_str(), "20260316T080000Z");
        assert_eq!(InstanceKey::date(date(2026, 3, 16)).as_str(), "20260316");
        assert_eq!(InstanceKey::floating(datetime(2026, 3, 16, 9, 0, 0, 0)).as_str(), "20260316T090000");
    }
}
