//! Turns the events of one remote object into occurrences.
//!
//! Singles and short finite series are materialised as a whole; of longer and endless ones only the part within the horizon
//! (12 months back, 18 ahead), which `horizon` extends when somebody looks beyond it.

use crate::recurrence;
use crate::store::apply::OccurrenceWrite;
use syncline_domain::event::{Event, EventKind};
use syncline_domain::time::{DAY_MS, Millis};

/// How far back series are materialised.
pub(crate) const BACK_MS: Millis = 366 * DAY_MS;
/// How far ahead series are materialised.
pub(crate) const AHEAD_MS: Millis = 548 * DAY_MS;
/// A finite series of at most so many instances is materialised as a whole.
const WHOLE: usize = 750;
/// More occurrences of one object than this are not stored for one horizon.
const CAP: usize = 20_000;
/// The range of instants that are ever materialised: the years 1 to 9998, with a day to spare for any zone.
const MIN: Millis = -62_135_510_400_000;
const MAX: Millis = 253_370_764_800_000;

/// The occurrences of one object.
#[derive(Debug, Default)]
pub(crate) struct Materialized {
    /// The rows.
    pub(crate) rows: Vec<OccurrenceWrite>,
    /// When the last instance ends; `None`: never.
    pub(crate) last_end: Option<Millis>,
    /// Materialised from and until, when there is more beyond.
    pub(crate) horizon: Option<(Millis, Millis)>,
    /// What was odd.
    pub(crate) warnings: Vec<&'static str>,
}

/// Materialises an object around `now`. `ids` are the ids of its events, in the same order.
#[must_use]
pub(crate) fn materialize(events: &[Event], ids: &[String], now: Millis) -> Materialized {
    let last_end = recurrence::last_end(events);
    let is_series = events.iter().any(|event| event.kind() == EventKind::Master);
    if !is_series {
        return rows(events, ids, MIN, MAX, CAP, last_end).0;
    }
    if last_end.is_some() {
        let (whole, truncated) = rows(events, ids, MIN, MAX, WHOLE, last_end);
        if !truncated {
            return whole;
        }
    }
    window(events, ids, now - BACK_MS, now + AHEAD_MS)
}

/// Materialises a long series between two instants.
#[must_use]
pub(crate) fn window(events: &[Event], ids: &[String], from: Millis, until: Millis) -> Materialized {
    let last_end = recurrence::last_end(events);
    let (mut made, _) = rows(events, ids, from, until, CAP, last_end);
    made.horizon = Some((from, until));
    made
}

fn rows(events: &[Event], ids: &[String], from: Millis, until: Millis, cap: usize, last_end: Option<Millis>) -> (Materialized, bool) {
    let expansion = recurrence::expand(events, from, until, cap);
    let rows = expansion
        .instances
        .into_iter()
        .filter_map(|instance| {
            Some(OccurrenceWrite {
                event_id: ids.get(instance.event)?.clone(),
                instance: instance.key.0,
                kind: instance.kind.as_str(),
                start_at: instance.start_ms,
                end_at: instance.end_ms,
            })
        })
        .collect();
    (Materialized { rows, last_end, horizon: None, warnings: expansion.warnings }, expansion.truncated)
}
