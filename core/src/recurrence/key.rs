//! Names of instances: RECURRENCE-ID, EXDATE and RDATE in any form, brought to the form of the master's start
//! (RFC 5545 §3.8.4.4).

use super::written::{Written, written};
use super::zone::Zone;
use jiff::civil::{Date, DateTime, Time};
use syncline_domain::event::DateValue;
use syncline_domain::time::{InstanceKey, Millis, When, from_naive_ms, naive_ms};

/// The place of an instance on the axis of its master: an instant for a timed series, else the wall time as milliseconds.
pub(super) type Place = Millis;

/// What an EXDATE or RECURRENCE-ID names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// One start.
    Place(Place),
    /// Whatever starts on a day of the master's wall clock: a date, where the series has times.
    Day(Date),
}

/// Where a value lies on the master's axis. Zoned values compare as instants, floating ones are read in the master's zone,
/// and against whole days only the written date counts.
pub(super) fn named(value: &DateValue, master: &When) -> Named {
    match (master, value) {
        (When::AllDay { .. }, value) => Named::Place(naive_ms(wall(value).date().to_datetime(Time::midnight()))),
        (_, DateValue::Date(date)) => Named::Day(*date),
        (When::Timed { .. }, DateValue::Zoned(moment)) => Named::Place(moment.at),
        (When::Timed { start, .. }, DateValue::Floating(at)) => Named::Place(Zone::of(start).to_instant(*at)),
        (When::Floating { .. }, value) => Named::Place(naive_ms(wall(value))),
    }
}

/// [`named`], with a date taken as that day's instance.
pub(super) fn place(value: &DateValue, master: &When) -> Place {
    match (named(value, master), master) {
        (Named::Place(place), _) => place,
        (Named::Day(date), When::Timed { start, .. }) => Zone::of(start).to_instant(date.to_datetime(start.wall.time())),
        (Named::Day(date), When::Floating { start, .. }) => naive_ms(date.to_datetime(start.time())),
        (Named::Day(date), When::AllDay { .. }) => naive_ms(date.to_datetime(Time::midnight())),
    }
}

/// The name of an instance in the form of the master's start.
///
/// ```
/// # use syncline_core::recurrence::instance_key;
/// # use syncline_domain::event::DateValue;
/// # use syncline_domain::time::When;
/// # use jiff::civil::date;
/// let master = When::AllDay { start: date(2026, 3, 9), end: date(2026, 3, 10) };
/// assert_eq!(instance_key(&DateValue::Date(date(2026, 3, 16)), &master).as_str(), "20260316");
/// ```
#[must_use]
pub fn instance_key(value: &DateValue, master: &When) -> InstanceKey {
    key_at(place(value, master), master)
}

pub(super) fn key_at(place: Place, master: &When) -> InstanceKey {
    let at = from_naive_ms(place);
    match master {
        When::AllDay { .. } => InstanceKey::date(at.date()),
        When::Timed { .. } => InstanceKey::utc(at),
        When::Floating { .. } => InstanceKey::floating(at),
    }
}

/// The place that a stored key names. Keys of another form than the master's (an override that came before its master) are
/// brought to it.
pub(super) fn place_of_key(key: &InstanceKey, master: &When) -> Option<Place> {
    let value = match written(key.as_str())? {
        Written::Date(date) => DateValue::Date(date),
        Written::Local(at) => DateValue::Floating(at),
        Written::Utc(at) => {
            let utc = Zone::utc();
            let name = syncline_domain::time::ZoneName::utc();
            DateValue::Zoned(utc.moment_at(naive_ms(at), &name))
        }
    };
    Some(place(&value, master))
}

/// About when an instance starts that a key names, as an instant; within a day, for a key may be a date or a wall time.
pub(crate) fn instant_of_key(key: &str) -> Option<Millis> {
    Some(match written(key)? {
        Written::Date(date) => naive_ms(date.to_datetime(Time::midnight())),
        Written::Local(at) | Written::Utc(at) => naive_ms(at),
    })
}

pub(super) fn wall(value: &DateValue) -> DateTime {
    match value {
        DateValue::Date(date) => date.to_datetime(Time::midnight()),
        DateValue::Floating(at) => *at,
        DateValue::Zoned(moment) => moment.wall,
    }
}

/// The wall time of a place on the master's axis.
pub(super) fn wall_at(place: Place, master: &When) -> DateTime {
    match master {
        When::Timed { start, .. } => Zone::of(start).to_wall(place),
        _ => from_naive_ms(place),
    }
}

pub(super) fn start_wall(when: &When) -> DateTime {
    match when {
        When::Timed { start, .. } => start.wall,
        When::AllDay { start, .. } => start.to_datetime(Time::midnight()),
        When::Floating { start, .. } => *start,
    }
}
