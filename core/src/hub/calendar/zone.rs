//! The zone that somebody looks from: between the stored milliseconds and wall times.

use crate::error::Error;
use crate::hub::accounts::unknown_zone;
use crate::store::occurrences::Span;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use syncline_domain::time::{Millis, TimeKind, from_naive_ms, naive_ms};

/// A zone by its IANA name, with its rules.
pub(in crate::hub) struct ViewZone {
    pub(super) name: String,
    rules: TimeZone,
}

impl ViewZone {
    /// Coordinated Universal Time.
    pub(super) fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    /// The zone of a name in whatever case.
    pub(super) fn named(name: &str) -> Result<Self, Error> {
        let rules = TimeZone::get(name.trim()).ok().filter(|zone| !zone.is_unknown()).ok_or_else(|| unknown_zone(name))?;
        let name = rules.iana_name().ok_or_else(|| unknown_zone(name))?.to_owned();
        Ok(Self { name, rules })
    }

    /// What the clock on the wall shows. Instants out of jiff's range are read as UTC.
    pub(in crate::hub) fn wall(&self, at: Millis) -> DateTime {
        Timestamp::from_millisecond(at).map_or_else(|_| from_naive_ms(at), |at| self.rules.to_datetime(at))
    }

    /// The instant of a wall time: in a gap the time after it, in an overlap the first of the two (RFC 5545 §3.3.5).
    pub(super) fn instant(&self, wall: DateTime) -> Millis {
        self.rules.to_ambiguous_timestamp(wall).compatible().map_or_else(|_| naive_ms(wall), Timestamp::as_millisecond)
    }

    /// Minutes that the zone is ahead of UTC at noon of a day.
    pub(super) fn offset_on(&self, day: Date) -> i32 {
        let noon = self.instant(day.at(12, 0, 0, 0));
        i32::try_from((naive_ms(self.wall(noon)) - noon) / 60_000).unwrap_or(0)
    }

    /// RFC 3339 with the offset that holds here at an instant.
    pub(super) fn rfc3339(&self, at: Millis) -> String {
        Timestamp::from_millisecond(at)
            .map_or_else(|_| format!("{}+00:00", from_naive_ms(at)), |at| at.display_with_offset(self.rules.to_offset(at)).to_string())
    }

    /// Start and end of an occurrence as the wall shows them. An end that the clock's turning back puts before the start
    /// (02:45 to 02:15 in the doubled hour) is moved to keep the length.
    pub(super) fn walls(&self, time: TimeKind, start_at: Millis, end_at: Millis) -> (DateTime, DateTime) {
        match time {
            TimeKind::AllDay | TimeKind::Floating => (from_naive_ms(start_at), from_naive_ms(end_at.max(start_at))),
            TimeKind::Timed => {
                let (start, end) = (self.wall(start_at), self.wall(end_at));
                let length = SignedDuration::from_millis(end_at.saturating_sub(start_at).max(0));
                (start, if end < start { start.saturating_add(length) } else { end })
            }
        }
    }

    /// The period from the beginning of one day to the beginning of another.
    pub(super) fn span(&self, from: Date, to: Date) -> Span {
        let (from, to) = (from.at(0, 0, 0, 0), to.at(0, 0, 0, 0));
        Span { timed: (self.instant(from), self.instant(to)), naive: (naive_ms(from), naive_ms(to)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime};
    use syncline_domain::time::DAY_MS;

    #[test]
    fn a_zone_is_ahead_of_utc_by_what_holds_on_the_day() {
        let on = |zone: &str, day| ViewZone::named(zone).unwrap().offset_on(day);
        assert_eq!(on("Europe/Berlin", date(2026, 7, 1)), 120);
        assert_eq!(on("Europe/Berlin", date(2026, 3, 29)), 120, "the clock was set in the night");
        assert_eq!(on("America/St_Johns", date(2026, 1, 1)), -210);
        assert_eq!(ViewZone::utc().offset_on(date(2026, 1, 1)), 0);
    }

    #[test]
    fn a_day_is_as_long_as_the_zone_makes_it() {
        let berlin = ViewZone::named("europe/berlin").unwrap();
        assert_eq!(berlin.name, "Europe/Berlin");
        let length = |from, to| {
            let span = berlin.span(from, to);
            assert_eq!(span.naive.1 - span.naive.0, DAY_MS);
            (span.timed.1 - span.timed.0) / 3_600_000
        };
        assert_eq!(length(date(2026, 3, 28), date(2026, 3, 29)), 24);
        assert_eq!(length(date(2026, 3, 29), date(2026, 3, 30)), 23);
        assert_eq!(length(date(2026, 10, 25), date(2026, 10, 26)), 25);
        // In Beirut the clock jumps at midnight: 29 March 2026 begins at 01:00.
        let beirut = ViewZone::named("Asia/Beirut").unwrap();
        assert_eq!(beirut.wall(beirut.span(date(2026, 3, 29), date(2026, 3, 30)).timed.0), datetime(2026, 3, 29, 1, 0, 0, 0));
    }

    #[test]
    fn offsets_follow_the_summer_time() {
        let berlin = ViewZone::named("Europe/Berlin").unwrap();
        assert_eq!(berlin.rfc3339(berlin.instant(datetime(2026, 3, 28, 9, 0, 0, 0))), "2026-03-28T09:00:00+01:00");
        assert_eq!(berlin.rfc3339(berlin.instant(datetime(2026, 3, 30, 9, 0, 0, 0))), "2026-03-30T09:00:00+02:00");
        assert_eq!(berlin.rfc3339(berlin.instant(datetime(2026, 3, 29, 2, 30, 0, 0))), "2026-03-29T03:30:00+02:00");
        assert_eq!(ViewZone::utc().rfc3339(0), "1970-01-01T00:00:00+00:00");
        assert!(ViewZone::named("Mars/Olympus").is_err());
    }

    #[test]
    fn an_end_is_never_before_its_start_in_the_doubled_hour() {
        let berlin = ViewZone::named("Europe/Berlin").unwrap();
        let start_at = berlin.instant(datetime(2026, 10, 25, 2, 45, 0, 0));
        let (start, end) = berlin.walls(TimeKind::Timed, start_at, start_at + 30 * 60_000);
        assert_eq!((start, end), (datetime(2026, 10, 25, 2, 45, 0, 0), datetime(2026, 10, 25, 3, 15, 0, 0)));
    }
}
