//! Zones by name, with the two conversions that everything else is built on.
//!
//! A wall time in a gap takes the offset before the gap (02:30 becomes 03:30), one in an overlap is the first of the two
//! (RFC 5545 §3.3.5); rule-made instances are treated alike (see the module documentation of [`super`]).

use super::vtimezone;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use std::cell::RefCell;
use std::collections::HashMap;
use syncline_domain::time::{Millis, Moment, ZoneName, from_naive_ms, naive_ms};

/// Names come from feeds, so the cache has an end; a user's calendars use a handful.
const CACHED: usize = 512;

thread_local! {
    static CACHE: RefCell<HashMap<String, Option<Zone>>> = RefCell::new(HashMap::new());
}

/// A zone that can convert. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone of a stored name: IANA (any case), a fixed offset, or `vtz:…`. `None` for anything else. Lookups are
    /// cached per thread.
    #[must_use]
    pub fn from_name(name: &ZoneName) -> Option<Self> {
        Self::named(&name.0)
    }

    /// [`Zone::from_name`] for a bare text.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        CACHE.with_borrow_mut(|cache| {
            if let Some(known) = cache.get(name) {
                return known.clone();
            }
            if cache.len() >= CACHED {
                cache.clear();
            }
            let zone = load(name).map(Self);
            cache.insert(name.to_owned(), zone.clone());
            zone
        })
    }

    /// The zone in which a moment was written. A name that is unknown (from a later version, say) falls back on the offset
    /// that the moment itself had.
    #[must_use]
    pub fn of(moment: &Moment) -> Self {
        Self::from_name(&moment.zone).unwrap_or_else(|| {
            let offset = (naive_ms(moment.wall) - moment.at) / 1000;
            let offset = i32::try_from(offset).ok().and_then(|s| Offset::from_seconds(s).ok());
            Self(TimeZone::fixed(offset.unwrap_or(Offset::UTC)))
        })
    }

    /// The canonical IANA spelling, for zones that have one.
    #[must_use]
    pub fn iana_name(&self) -> Option<&str> {
        self.0.iana_name()
    }

    /// The instant of a wall time, unix milliseconds. Out of jiff's range (year −9999 to 9999) it is read as UTC.
    #[must_use]
    pub fn to_instant(&self, wall: DateTime) -> Millis {
        match self.0.to_ambiguous_timestamp(wall).compatible() {
            Ok(at) => at.as_millisecond(),
            Err(_) => naive_ms(wall),
        }
    }

    /// What a clock on the wall shows at an instant.
    #[must_use]
    pub fn to_wall(&self, at: Millis) -> DateTime {
        match Timestamp::from_millisecond(at) {
            Ok(at) => self.0.to_datetime(at),
            Err(_) => from_naive_ms(at),
        }
    }

    /// A wall time as a stored moment. In a gap the wall time moves with the instant.
    #[must_use]
    pub fn moment(&self, wall: DateTime, name: &ZoneName) -> Moment {
        let at = self.to_instant(wall);
        Moment { at, wall: self.to_wall(at), zone: name.clone() }
    }

    /// An instant as a stored moment.
    #[must_use]
    pub fn moment_at(&self, at: Millis, name: &ZoneName) -> Moment {
        Moment { at, wall: self.to_wall(at), zone: name.clone() }
    }

    /// What must be added to UTC at an instant, in milliseconds.
    #[must_use]
    pub fn offset_ms(&self, at: Millis) -> Millis {
        naive_ms(self.to_wall(at)) - at
    }
}

fn load(name: &str) -> Option<TimeZone> {
    if name == "UTC" {
        return Some(TimeZone::UTC);
    }
    if let Some(text) = name.strip_prefix(vtimezone::PREFIX) {
        return vtimezone::load(text);
    }
    if let Some(seconds) = offset_seconds(name) {
        return Offset::from_seconds(seconds).ok().map(TimeZone::fixed);
    }
    TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())
}

/// Reads `+02:00`, `+0200`, `+02` and `+020000`.
pub(crate) fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 2 | 4 | 6) {
        return None;
    }
    let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), |two| two.parse::<i32>().ok());
    let (hours, minutes, seconds) = (part(0)?, part(2)?, part(4)?);
    (hours <= 23 && minutes <= 59 && seconds <= 59).then_some(sign * (hours * 3600 + minutes * 60 + seconds))
}

/// Writes the form that [`offset_seconds`] reads and [`ZoneName`] documents.
pub(super) fn offset_name(seconds: i32) -> ZoneName {
    if seconds == 0 {
        return ZoneName::utc();
    }
    let (sign, rest) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let (hours, minutes, left) = (rest / 3600, rest / 60 % 60, rest % 60);
    ZoneName(if left == 0 { format!("{sign}{hours:02}:{minutes:02}") } else { format!("{sign}{hours:02}:{minutes:02}:{left:02}") })
}

/// Adds milliseconds to a wall time, saturating at jiff's bounds.
pub(crate) fn shift(wall: DateTime, by: Millis) -> DateTime {
    wall.saturating_add(SignedDuration::from_millis(by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    fn berlin() -> Zone {
        Zone::named("Europe/Berlin").expect("bundled")
    }

    #[test]
    fn a_wall_time_in_a_gap_takes_the_offset_before_the_gap() {
        // 2026-03-29 02:30 does not exist in Berlin; with +01:00 it is 01:30 UTC, which the wall shows as 03:30.
        let at = berlin().to_instant(datetime(2026, 3, 29, 2, 30, 0, 0));
        assert_eq!(at, naive_ms(datetime(2026, 3, 29, 1, 30, 0, 0)));
        assert_eq!(berlin().to_wall(at), datetime(2026, 3, 29, 3, 30, 0, 0));
    }

    #[test]
    fn a_wall_time_in_an_overlap_is_the_first_of_the_two() {
        let at = berlin().to_instant(datetime(2026, 10, 25, 2, 30, 0, 0));
        assert_eq!(at, naive_ms(datetime(2026, 10, 25, 0, 30, 0, 0)));
    }

    #[test]
    fn names_are_found_in_any_case_and_by_old_links() {
        for name in ["europe/berlin", "US/Pacific", "Asia/Calcutta", "UTC", "+05:30", "-0330"] {
            assert!(Zone::named(name).is_some(), "{name}");
        }
        for name in ["Mars/Olympus", "", "+99:00", "vtz:nonsense", "W. Europe Standard Time"] {
            assert!(Zone::named(name).is_none(), "{name}");
        }
    }

    #[test]
    fn offsets_round_trip_through_their_name() {
        for seconds in [3600, -12600, 20700, 34_200, -1172] {
            assert_eq!(offset_seconds(&offset_name(seconds).0), Some(seconds));
        }
        assert_eq!(offset_name(0).0, "UTC");
    }

    #[test]
    fn a_moment_of_an_unknown_zone_keeps_its_own_offset() {
        let wall = datetime(2026, 5, 1, 9, 0, 0, 0);
        let moment = Moment { at: naive_ms(wall) - 7_200_000, wall, zone: ZoneName("Mars/Olympus".into()) };
        assert_eq!(Zone::of(&moment).to_instant(wall), moment.at);
    }
}
