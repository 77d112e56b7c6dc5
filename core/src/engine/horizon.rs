//! Extends what is materialised: on demand when somebody looks beyond it, and by a task as time goes on.
//!
//! Extending only adds: the part beyond the horizon, in steps, so that a long way costs neither memory nor one long transaction,
//! and so that what was done is not done again when a request is given up. A request adds at most [`ROWS`] occurrences; whoever
//! asks is told whether that was enough.

use super::materialize::{self, AHEAD_MS, Budget, CAP};
use crate::error::Error;
use crate::store::apply::{self, OccurrenceWrite, Target};
use crate::store::horizons::{self, HorizonRow};
use crate::store::{Db, Tx, bulk};
use crate::tasks;
use std::sync::Arc;
use syncline_domain::event::Event;
use syncline_domain::time::{DAY_MS, Millis};

/// Objects that are looked up at once.
const AT_ONCE: i64 = 100;
/// No further than so far from now is anything materialised on demand.
const REACH_MS: Millis = 60 * 366 * DAY_MS;
/// A step further than asked, so that paging on does not extend every time.
const WIDER_MS: Millis = 90 * DAY_MS;
/// So much time is searched at once.
const STEP_MS: Millis = 2 * 366 * DAY_MS;
/// So many occurrences are written in one transaction, give or take a step.
const WRITE: usize = 4_000;
/// So many occurrences one request adds.
const ROWS: usize = 100_000;
/// So many postponed series are taken up in one run of the task.
const TAKEN_UP: i64 = 100;

/// Makes sure that everything of a user between two instants is materialised, and gives whether it is: more than [`ROWS`]
/// occurrences are left to the next request. Cheap when nothing is missing: one query.
///
/// # Errors
/// When the database fails.
pub(crate) async fn ensure(db: &Db, user: &str, from: Millis, until: Millis, now: Millis) -> Result<bool, Error> {
    let asked = (from.max(now - REACH_MS), until.min(now + REACH_MS));
    let wide = (asked.0 - WIDER_MS, asked.1 + WIDER_MS);
    let mut extension = Extension::new(db, now, ROWS);
    let mut after = (String::new(), String::new());
    // Objects that a sync or another request changed are looked at once more.
    let mut again = 2;
    let mut changed = false;
    loop {
        let short = horizons::short_of_user(db, user, asked, &after, AT_ONCE).await?;
        match short.last() {
            Some(last) => after = (last.calendar_id.clone(), last.remote_id.clone()),
            None if changed && again > 0 => {
                (again, changed) = (again - 1, false);
                after = (String::new(), String::new());
            }
            None => return Ok(!changed),
        }
        for row in short {
            match extension.reach(row, wide).await? {
                Reached::There => {}
                Reached::Changed => changed = true,
                Reached::Spent => return Ok(false),
            }
        }
    }
}

/// Makes sure that the instance of an event at an instant is materialised.
///
/// # Errors
/// When the database fails.
pub(crate) async fn ensure_instance(db: &Db, user: &str, event: &str, at: Millis, now: Millis) -> Result<(), Error> {
    if (at - now).abs() > REACH_MS {
        return Ok(());
    }
    if let Some(row) = horizons::of_event(db, user, event).await? {
        Extension::new(db, now, ROWS).reach(row, (at - WIDER_MS, at + WIDER_MS)).await?;
    }
    Ok(())
}

/// Makes sure that series whose content matches a pattern have at least one instance for a search to find.
///
/// # Errors
/// When the database fails.
pub(crate) async fn ensure_seen(db: &Db, user: &str, like: &str, now: Millis) -> Result<(), Error> {
    let mut extension = Extension::new(db, now, ROWS);
    for row in horizons::unseen(db, user, like, AT_ONCE).await? {
        let (_, events) = extension.content(&row).await?;
        let Some(first) = events.iter().filter(|event| event.instance.is_none()).map(start_of).min() else { continue };
        let at = if first >= row.until_at {
            Some(first)
        } else {
            let effort = extension.budget.effort();
            let work = move || (crate::recurrence::last_end_within(&events, &effort), effort.spent());
            tasks::blocking("horizon", work).await?.0.filter(|last| *last <= row.from_at)
        };
        if let Some(at) = at.filter(|at| (at - now).abs() <= REACH_MS) {
            extension.reach(row, (at - WIDER_MS, at + WIDER_MS)).await?;
        }
    }
    Ok(())
}

fn start_of(event: &Event) -> Millis {
    use syncline_domain::time::{When, naive_ms};
    match &event.when {
        When::Timed { start, .. } => start.at,
        When::Floating { start, .. } => naive_ms(*start),
        When::AllDay { start, .. } => naive_ms(start.at(0, 0, 0, 0)),
    }
}

/// Extends what ends within the next 12 months to 18 months ahead, for all users, and takes up some of what was postponed. Gives how
/// many objects were looked at.
///
/// # Errors
/// When the database fails.
pub(crate) async fn roll(db: &Db, now: Millis) -> Result<usize, Error> {
    let mut looked_at = take_up(db, now).await?;
    let mut extension = Extension::new(db, now, usize::MAX);
    let mut after = (String::new(), String::new());
    loop {
        // Series with thousands of instances in that time are left to whoever looks at them.
        let short = horizons::ending_before(db, now + AHEAD_MS - 183 * DAY_MS, &after, AT_ONCE).await?;
        let Some(last) = short.last() else { return Ok(looked_at) };
        after = (last.calendar_id.clone(), last.remote_id.clone());
        looked_at += short.len();
        for row in short {
            let from = row.from_at;
            extension.reach(row, (from, now + AHEAD_MS)).await?;
        }
    }
}

/// Materialises postponed series with all the effort that they need.
async fn take_up(db: &Db, now: Millis) -> Result<usize, Error> {
    let postponed = horizons::postponed(db, TAKEN_UP).await?;
    let number = postponed.len();
    let extension = Extension::new(db, now, usize::MAX);
    for row in postponed {
        let (ids, events) = extension.content(&row).await?;
        let made = {
            let ids = ids.clone();
            tasks::blocking("horizon", move || materialize::around(&events, &ids, now, &crate::recurrence::Effort::full())).await?
        };
        let mut tx = db.begin().await?;
        let is_same = match made.horizon {
            Some((from, until)) => horizons::move_if_same(&mut tx, &row, from, until).await?,
            None => horizons::forget_if_same(&mut tx, &row).await?,
        };
        if is_same {
            put(&mut tx, &row, made.rows, now).await?;
        }
        tx.commit().await?;
    }
    Ok(number)
}

async fn put(tx: &mut Tx, row: &HorizonRow, rows: Vec<OccurrenceWrite>, now: Millis) -> Result<(), Error> {
    let target = Target { user: &row.user_id, calendar: &row.calendar_id, job: "", now, via_webhook: false };
    let marks = tx.marks();
    Ok(bulk::run(tx, apply::put_occurrences(target, marks, rows)).await?)
}

/// The extension of some objects, with what may be spent on all of them.
struct Extension<'a> {
    db: &'a Db,
    now: Millis,
    /// Occurrences that may still be added.
    left: usize,
    budget: Arc<Budget>,
}

/// How far an object was extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// As far as asked, or as far as can be.
    There,
    /// Somebody else changed it meanwhile.
    Changed,
    /// Nothing more may be added.
    Spent,
}

/// What a step found.
struct Found {
    rows: Vec<OccurrenceWrite>,
    /// There is more in the step than was found.
    is_full: bool,
    /// The search led nowhere.
    is_given_up: bool,
    /// It was not given the time that it needs.
    is_cut: bool,
}

impl<'a> Extension<'a> {
    fn new(db: &'a Db, now: Millis, left: usize) -> Self {
        Self { db, now, left, budget: Arc::default() }
    }

    /// The live events of an object with their ids.
    async fn content(&self, row: &HorizonRow) -> Result<(Vec<Arc<str>>, Vec<Event>), Error> {
        let mut stored = apply::events_of(self.db, &row.calendar_id, &[row.remote_id.as_str()]).await?;
        let live = stored.remove(&row.remote_id).unwrap_or_default().into_iter().filter(|event| !event.deleted);
        Ok(live.filter_map(|event| Some((event.id.into(), serde_json::from_str(&event.content).ok()?))).unzip())
    }

    /// Extends an object until it is materialised from an instant to another.
    async fn reach(&mut self, mut row: HorizonRow, (from, until): (Millis, Millis)) -> Result<Reached, Error> {
        let (ids, events) = self.content(&row).await?;
        let (ids, events) = (Arc::new(ids), Arc::new(events));
        let mut rows: Vec<OccurrenceWrite> = Vec::new();
        let (mut begin, mut end) = (row.from_at, row.until_at);
        let mut step = STEP_MS;
        while begin > from || end < until {
            if self.left == 0 {
                return Ok(Reached::Spent);
            }
            let ahead = end < until;
            let window = if ahead { (end, until.min(end + step)) } else { (from.max(begin - step), begin) };
            let found = self.search(&ids, &events, window).await?;
            if found.is_given_up && !found.is_cut {
                self.forget(&row).await?;
                return Ok(Reached::There);
            }
            if found.is_cut {
                // It is stored with a warning as it is; the next request may have more time.
                return Ok(Reached::There);
            }
            if found.is_full && !ahead {
                // What was found are the earliest, which leaves a gap: less at once.
                step /= 4;
                if step < 3_600_000 {
                    return Ok(Reached::There);
                }
                continue;
            }
            if ahead {
                let reached = found.rows.last().filter(|_| found.is_full).map_or(window.1, |last| last.start_at);
                if reached <= end {
                    // More at one instant than can be stored.
                    return Ok(Reached::There);
                }
                end = reached;
            } else {
                begin = window.0;
            }
            self.left = self.left.saturating_sub(found.rows.len());
            rows.extend(found.rows);
            let is_done = (begin <= from && end >= until) || self.left == 0;
            if (is_done || rows.len() >= WRITE) && !self.store(&mut row, (begin, end), &mut rows).await? {
                return Ok(Reached::Changed);
            }
        }
        Ok(Reached::There)
    }

    async fn search(&self, ids: &Arc<Vec<Arc<str>>>, events: &Arc<Vec<Event>>, window: (Millis, Millis)) -> Result<Found, Error> {
        let (ids, events, budget) = (ids.clone(), events.clone(), self.budget.clone());
        let search = move || {
            let effort = budget.effort();
            let (made, _) = materialize::part(&events, &ids, window, CAP, &effort);
            budget.spend(&effort);
            let is_given_up = materialize::is_given_up(&made);
            Found { is_full: made.rows.len() >= CAP, is_given_up, is_cut: effort.is_cut(), rows: made.rows }
        };
        Ok(tasks::blocking("horizon", search).await?)
    }

    /// Adds occurrences and moves the horizon. `false`: the object changed meanwhile, and nothing was written.
    async fn store(&self, row: &mut HorizonRow, (from, until): (Millis, Millis), rows: &mut Vec<OccurrenceWrite>) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let is_same = horizons::move_if_same(&mut tx, row, from, until).await?;
        if is_same {
            put(&mut tx, row, std::mem::take(rows), self.now).await?;
            tx.commit().await?;
            (row.from_at, row.until_at) = (from, until);
        }
        Ok(is_same)
    }

    /// The object is not extended any more, until it changes.
    async fn forget(&self, row: &HorizonRow) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        horizons::forget_if_same(&mut tx, row).await?;
        tx.commit().await?;
        Ok(())
    }
}
