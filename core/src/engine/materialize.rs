//! Turns the events of one remote object into occurrences.
//!
//! Singles and short finite series are materialised as a whole; of longer and endless ones only the part within the horizon
//! (12 months back, 18 ahead; less for series with thousands of instances in that time), which `horizon` extends when somebody
//! looks beyond it.
//!
//! A rule that leads nowhere (30 February, ten times) costs as much as a search may. Hundreds of them in one feed would hold up a
//! pass for minutes, so a pass has a [`Budget`]: when it is used up, what costs much is *postponed*. Such a series is stored with
//! what is known without a search (its start, added dates, overrides) and with a horizon that is empty; the task that extends
//! horizons takes it up, some at a time.

use crate::recurrence::{self, Effort};
use crate::store::apply::OccurrenceWrite;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use syncline_domain::event::{Event, EventKind};
use syncline_domain::time::{DAY_MS, Millis};

/// How far back series are materialised.
pub(crate) const BACK_MS: Millis = 366 * DAY_MS;
/// How far ahead series are materialised.
pub(crate) const AHEAD_MS: Millis = 548 * DAY_MS;
/// Back and ahead, for series that have more than [`CAP`] instances in the horizon before.
const AROUND: [(Millis, Millis); 4] = [(BACK_MS, AHEAD_MS), (31 * DAY_MS, 92 * DAY_MS), (2 * DAY_MS, 7 * DAY_MS), (3_600_000, DAY_MS / 2)];
/// A finite series of at most so many instances is materialised as a whole.
const WHOLE: usize = 750;
/// More occurrences of one object than this are not stored at once.
pub(crate) const CAP: usize = 20_000;
/// The range of instants that are ever materialised: the years 1 to 9998, with a day to spare for any zone.
const MIN: Millis = -62_135_510_400_000;
const MAX: Millis = 253_370_764_800_000;
/// The horizon of a series that is postponed; see [`crate::store::horizons`].
pub(crate) const POSTPONED: (Millis, Millis) = (0, 0);
/// The warning of a rule that is given up.
const GIVEN_UP: &str = "rule_too_frequent";

/// An object may cost so much ([`Effort`]) without anybody minding: an hourly series within the horizon.
const FREE: u64 = 250_000;
/// So much beyond that a pass spends with patience: about a second. After it a search may cost [`FREE`], and after three times as
/// much only [`HASTY`].
const PATIENCE: u64 = 100_000_000;
const HASTY: u64 = 25_000;

/// What a pass may spend on rules that cost more than they should. Shared by its pages.
#[derive(Debug)]
pub(crate) struct Budget {
    patience: u64,
    /// What was spent, less what is free.
    wasted: AtomicU64,
    spent: AtomicU64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { patience: PATIENCE, wasted: AtomicU64::new(0), spent: AtomicU64::new(0) }
    }
}

impl Budget {
    /// The effort for the next object.
    pub(crate) fn effort(&self) -> Effort {
        let wasted = self.wasted.load(Ordering::Relaxed);
        if wasted < self.patience { Effort::full() } else { Effort::at_most(if wasted < 3 * self.patience { FREE } else { HASTY }) }
    }

    /// What everything has cost together.
    #[cfg(test)]
    pub(crate) fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// Counts what an object has cost.
    pub(crate) fn spend(&self, effort: &Effort) {
        self.spent.fetch_add(effort.spent(), Ordering::Relaxed);
        self.wasted.fetch_add(effort.spent().saturating_sub(FREE), Ordering::Relaxed);
    }
}

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
pub(crate) fn materialize(events: &[Event], ids: &[Arc<str>], now: Millis, budget: &Budget) -> Materialized {
    let effort = budget.effort();
    let made = with_effort(events, ids, now, &effort);
    budget.spend(&effort);
    if effort.is_cut() { postponed(events, ids, now) } else { made }
}

fn with_effort(events: &[Event], ids: &[Arc<str>], now: Millis, effort: &Effort) -> Materialized {
    let last_end = recurrence::last_end_within(events, effort);
    let is_series = events.iter().any(|event| event.kind() == EventKind::Master);
    if !is_series {
        return Materialized { last_end, ..part(events, ids, (MIN, MAX), CAP, effort).0 };
    }
    if effort.is_cut() {
        return Materialized::default();
    }
    if last_end.is_some() {
        let (whole, truncated) = part(events, ids, (MIN, MAX), WHOLE, effort);
        if !truncated {
            return Materialized { last_end, ..whole };
        }
    }
    Materialized { last_end, ..around(events, ids, now, effort) }
}

/// Materialises a long series around an instant.
#[must_use]
pub(crate) fn around(events: &[Event], ids: &[Arc<str>], now: Millis, effort: &Effort) -> Materialized {
    let mut windows = AROUND.into_iter().peekable();
    loop {
        let (back, ahead) = windows.next().unwrap_or(AROUND[AROUND.len() - 1]);
        let (mut made, _) = part(events, ids, (now - back, now + ahead), CAP, effort);
        let is_full = made.rows.len() >= CAP;
        if is_full && windows.peek().is_some() && !effort.is_cut() {
            continue;
        }
        let until = made.rows.last().filter(|_| is_full).map_or(now + ahead, |last| last.start_at.max(now - back + 1));
        // A search that led nowhere is not begun again until the object changes.
        made.horizon = (!is_given_up(&made)).then_some((now - back, until));
        return made;
    }
}

/// Whether a search of a rule was given up.
#[must_use]
pub(crate) fn is_given_up(made: &Materialized) -> bool {
    made.warnings.contains(&GIVEN_UP)
}

/// Materialises what lies between two instants, at most `cap` instances, the earliest. Whether that is not all comes with it.
#[must_use]
pub(crate) fn part(
    events: &[Event],
    ids: &[Arc<str>],
    (from, until): (Millis, Millis),
    cap: usize,
    effort: &Effort,
) -> (Materialized, bool) {
    let expansion = recurrence::expand_within(events, from, until, cap, effort);
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
    (Materialized { rows, last_end: None, horizon: None, warnings: expansion.warnings }, expansion.truncated)
}

/// What is known of a series without a search.
fn postponed(events: &[Event], ids: &[Arc<str>], now: Millis) -> Materialized {
    let (known, _) = part(events, ids, (now - BACK_MS, now + AHEAD_MS), CAP, &Effort::at_most(0));
    Materialized { horizon: Some(POSTPONED), warnings: vec!["rule_postponed"], ..known }
}

#[cfg(all(test, feature = "test-support"))]
#[path = "materialize_tests.rs"]
mod tests;
