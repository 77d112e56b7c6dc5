//! The end of a pass: what the provider does not list any more goes through the delete guard, and the cursor is stored.
//!
//! Everything happens in the transaction of the last page, so that a cursor never covers rows that are not there.

use super::outcome::Outcome;
use crate::clock::{Clock, new_id};
use crate::error::StoreError;
use crate::provider::{Coverage, PassEnd};
use crate::store::apply::{self, JournalWrite, Target};
use crate::store::holds::HoldRow;
use crate::store::mirror::{Mark, OddRow};
use crate::store::{Tx, bulk, calendars, holds, mirror};
use std::collections::HashSet;
use syncline_domain::guard::{self, Verdict};
use syncline_domain::ids::HoldId;
use syncline_domain::sync::HoldSummary;

/// What the sweep needs to know of the pass.
pub(crate) struct Pass<'a> {
    pub(crate) target: Target<'a>,
    pub(crate) clock: &'a Clock,
    pub(crate) end: &'a PassEnd,
    /// Everything that the provider listed.
    pub(crate) seen: &'a HashSet<String>,
    /// What was cancelled or unreadable when the pass began, and was not named in it.
    pub(crate) standing: &'a [&'a OddRow],
    /// Live objects, this page included.
    pub(crate) live: u64,
    /// What was counted before this page.
    pub(crate) before: &'a Outcome,
}

/// Sweeps and stores the cursor. Counts go into the outcome of the last page.
///
/// # Errors
/// When the database fails; nothing is written then.
pub(crate) async fn sweep(tx: &mut Tx, pass: &Pass<'_>, outcome: &mut Outcome) -> Result<(), StoreError> {
    let Pass { target, end, seen, standing, live, .. } = *pass;
    let mut source_empty = false;
    if let Coverage::Snapshot { keep_ended_before } = &end.coverage {
        source_empty = seen.is_empty();
        let rows = mirror::live(tx, target.calendar).await?;
        let gone: Vec<&str> = rows
            .iter()
            .filter(|(id, last_end)| {
                let dropped_past = keep_ended_before.zip(*last_end).is_some_and(|(edge, last_end)| last_end <= edge);
                !seen.contains(id) && !dropped_past
            })
            .map(|(id, _)| id.as_str())
            .collect();
        mirror::mark(tx, target.calendar, &gone, Mark::Missing { at: target.now }).await?;
        let absent: Vec<&str> = standing.iter().map(|row| row.remote_id.as_str()).collect();
        mirror::forget(tx, target.calendar, &absent).await?;
    }
    let missing = mirror::missing(tx, target.calendar).await?;
    let number = missing.len() as u64;
    let open = holds::open_of(tx, target.calendar).await?;
    match guard::judge(live, number, source_empty || number == live) {
        Verdict::Let => {
            delete(tx, target, &missing, "removed").await?;
            outcome.counts.deleted += number;
            if let Some(open) = open {
                holds::settle(tx, &open.id, "settled", target.now).await?;
            }
        }
        Verdict::Hold => {
            let id = open.as_ref().map_or_else(|| new_id(pass.clock), |open| open.id.clone());
            let row = HoldRow {
                id: id.clone(),
                user_id: target.user.to_owned(),
                calendar_id: target.calendar.to_owned(),
                job_id: target.job.to_owned(),
                status: "open".to_owned(),
                remote_ids: serde_json::to_string(&missing).unwrap_or_default(),
                would_delete: signed(number),
                remaining: signed(live - number.min(live)),
                live: signed(live),
                created_at: open.map_or(target.now, |open| open.created_at),
            };
            holds::put(tx, &row).await?;
            outcome.hold = Some(HoldSummary { id: HoldId::trusted(id), would_delete: number, remaining: live - number.min(live), live });
        }
    }
    if end.coverage == Coverage::Delta {
        // What a delta does not mention did not change: it is in step, cancelled or unreadable as it was before.
        standing.iter().for_each(|row| outcome.standing(row));
        let counts = &mut outcome.counts;
        let so_far = pass.before.counts;
        let mentioned = so_far.synced + so_far.updated + so_far.unchanged + pass.before.failed_live;
        let mentioned = mentioned + counts.synced + counts.updated + counts.unchanged + outcome.failed_live;
        counts.unchanged += (live - number.min(live)).saturating_sub(mentioned);
    }
    calendars::set_cursor(tx, target.calendar, end.cursor.as_deref()).await
}

/// Deletes objects with their events and occurrences; the journal keeps what they were.
///
/// # Errors
/// When the database fails.
pub(crate) async fn delete(tx: &mut Tx, target: Target<'_>, remote_ids: &[String], reason: &str) -> Result<u64, StoreError> {
    if remote_ids.is_empty() {
        return Ok(0);
    }
    let ids: Vec<&str> = remote_ids.iter().map(String::as_str).collect();
    let events = apply::live_events_of(tx, target.calendar, &ids).await?;
    let journal: Vec<JournalWrite> = events
        .iter()
        .map(|event| JournalWrite { event_id: event.id.as_str().into(), action: "delete", before: Some(event.content.clone()) })
        .collect();
    let marks = tx.marks();
    bulk::run(tx, apply::put_journal(target, marks, journal)).await?;
    apply::clear_horizons(tx, target.calendar, &ids).await?;
    let event_ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    apply::delete_events(tx, target, &event_ids).await?;
    apply::bury(tx, target, &ids, reason).await?;
    calendars::add_live(tx, target.calendar, -signed(ids.len() as u64)).await?;
    Ok(ids.len() as u64)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
