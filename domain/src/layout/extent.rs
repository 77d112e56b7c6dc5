//! Which days an event touches, and whether it is a bar over days or a block in one.

use super::days::number;
use crate::view::GridEvent;
use jiff::civil::Time;

/// What ends before this hour belongs to the night before: a party until two is no second day.
const NIGHT_ENDS: i8 = 6;

/// First and last day that an event touches, as day numbers, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The first day.
    pub first: i32,
    /// The last day; never before the first.
    pub last: i32,
}

impl Extent {
    /// How many days.
    #[must_use]
    pub fn len(self) -> i32 {
        self.last - self.first + 1
    }

    /// Never: an event touches at least one day.
    #[must_use]
    pub fn is_empty(self) -> bool {
        false
    }
}

/// The days that an event touches. Its end is exclusive, so midnight does not touch the day that it begins; an event
/// without length (or one whose end lies before its start) touches the day of its start.
#[must_use]
pub fn days(event: &GridEvent) -> Extent {
    let first = number(event.start.date());
    let end = number(event.end.date());
    let last = if event.end.time() == Time::midnight() { end - 1 } else { end };
    Extent { first, last: last.max(first) }
}

/// The days that an event takes in a month: as [`days`], but a night that ends early belongs to the day before.
#[must_use]
pub fn days_in_month(event: &GridEvent) -> Extent {
    let extent = days(event);
    if !event.all_day && extent.last == extent.first + 1 && event.end.time().hour() < NIGHT_ENDS {
        Extent { first: extent.first, last: extent.first }
    } else {
        extent
    }
}

/// In a month: whether it is drawn as a bar.
#[must_use]
pub fn is_bar_in_month(event: &GridEvent) -> bool {
    event.all_day || days_in_month(event).len() > 1
}

/// In week and day view: whether it is in the lane above the hours. Timed events of a whole day and more are.
#[must_use]
pub fn is_in_lane(event: &GridEvent) -> bool {
    if event.all_day {
        return true;
    }
    let whole_days = number(event.end.date()) - number(event.start.date());
    whole_days > 1 || (whole_days == 1 && event.end.time() >= event.start.time())
}

/// The part of a timed event that lies in one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Minutes after midnight, 0 to 1439.
    pub from: u16,
    /// Minutes after midnight, exclusive, at most 1440; not before `from`.
    pub to: u16,
    /// It began on a day before.
    pub before: bool,
    /// It goes on on a day after.
    pub after: bool,
}

/// The part of an event in the day with this number; `None` when it does not touch it.
#[must_use]
pub fn part_in(event: &GridEvent, day: i32) -> Option<Part> {
    let extent = days(event);
    if day < extent.first || day > extent.last {
        return None;
    }
    let before = extent.first < day;
    let after = extent.last > day;
    let from = if before { 0 } else { minutes(event.start.time()) };
    let ends_here = number(event.end.date()) == day;
    let to = if ends_here {
        minutes(event.end.time())
    } else if event.end < event.start {
        from
    } else {
        1440
    };
    Some(Part { from, to: to.max(from), before, after })
}

/// Minutes after midnight.
#[must_use]
pub fn minutes(time: Time) -> u16 {
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

/// Whether the event has ended.
#[must_use]
pub fn is_past(event: &GridEvent, now: jiff::civil::DateTime) -> bool {
    event.end <= now && event.start < now
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::event::{Busy, EventStatus};
    use crate::ids::{CalendarId, EventId};
    use jiff::civil::{DateTime, date};

    /// A timed event `2026-11-20T09:00 / 2026-11-20T10:00`, or an all-day one `2026-11-20 / 2026-11-22` (end exclusive).
    pub(crate) fn event(text: &str) -> GridEvent {
        let (start, end) = text.split_once(" / ").expect("start / end");
        let all_day = !start.contains('T');
        let at = |text: &str| -> DateTime {
            if all_day { text.parse::<jiff::civil::Date>().unwrap().to_datetime(Time::midnight()) } else { text.parse().unwrap() }
        };
        GridEvent {
            id: EventId::trusted("e"),
            key: text.to_owned(),
            calendar_id: CalendarId::trusted("c"),
            title: text.to_owned(),
            start: at(start),
            end: at(end),
            all_day,
            status: EventStatus::Confirmed,
            busy: Busy::Busy,
            declined: false,
            color: "blue".to_owned(),
            location: None,
            recurring: false,
        }
    }

    #[test]
    fn an_event_touches_the_days_between_its_start_and_its_exclusive_end() {
        for (text, all, in_month, bar, lane) in [
            ("2026-11-20T09:00 / 2026-11-20T10:00", 1, 1, false, false),
            ("2026-11-20T22:00 / 2026-11-21T00:00", 1, 1, false, false),
            ("2026-11-20T22:00 / 2026-11-21T02:00", 2, 1, false, false),
            ("2026-11-20T20:00 / 2026-11-21T14:00", 2, 2, true, false),
            ("2026-11-20T09:00 / 2026-11-21T09:00", 2, 2, true, true),
            ("2026-11-20T09:00 / 2026-11-21T08:59", 2, 2, true, false),
            ("2026-11-20T09:00 / 2026-11-23T08:00", 4, 4, true, true),
            ("2026-11-20T00:00 / 2026-11-21T00:00", 1, 1, false, true),
            ("2026-11-20 / 2026-11-21", 1, 1, true, true),
            ("2026-11-20 / 2026-11-23", 3, 3, true, true),
            ("2026-11-20 / 2026-11-20", 1, 1, true, true),
            ("2026-11-20T09:00 / 2026-11-20T09:00", 1, 1, false, false),
            ("2026-11-20T09:00 / 2026-11-19T09:00", 1, 1, false, false),
        ] {
            let event = event(text);
            assert_eq!(days(&event).len(), all, "{text}");
            assert_eq!(days_in_month(&event).len(), in_month, "{text} in the month");
            assert_eq!(is_bar_in_month(&event), bar, "{text} as a bar");
            assert_eq!(is_in_lane(&event), lane, "{text} in the lane");
        }
    }

    #[test]
    fn a_night_is_cut_at_midnight_into_two_parts() {
        let night = event("2026-11-20T22:30 / 2026-11-21T02:15");
        let day = number(date(2026, 11, 20));
        assert_eq!(part_in(&night, day), Some(Part { from: 22 * 60 + 30, to: 1440, before: false, after: true }));
        assert_eq!(part_in(&night, day + 1), Some(Part { from: 0, to: 135, before: true, after: false }));
        assert_eq!(part_in(&night, day + 2), None);
        let until_midnight = event("2026-11-20T22:00 / 2026-11-21T00:00");
        assert_eq!(part_in(&until_midnight, day), Some(Part { from: 1320, to: 1440, before: false, after: false }));
        assert_eq!(part_in(&until_midnight, day + 1), None);
    }

    #[test]
    fn an_event_that_ends_before_it_starts_has_no_length() {
        let odd = event("2026-11-20T09:00 / 2026-11-19T10:00");
        let day = number(date(2026, 11, 20));
        assert_eq!(part_in(&odd, day), Some(Part { from: 540, to: 540, before: false, after: false }));
        assert_eq!(part_in(&odd, day - 1), None);
    }

    #[test]
    fn an_event_is_past_once_its_end_is_reached() {
        let nine_to_ten = event("2026-11-20T09:00 / 2026-11-20T10:00");
        let at = |hour, minute| date(2026, 11, 20).at(hour, minute, 0, 0);
        assert!(!is_past(&nine_to_ten, at(9, 59)));
        assert!(is_past(&nine_to_ten, at(10, 0)));
        let instant = event("2026-11-20T09:00 / 2026-11-20T09:00");
        assert!(!is_past(&instant, at(9, 0)));
    }
}
