//! One pass over one calendar: pages are prepared while the page before is written; the last page is written together with
//! the sweep and the cursor.

use super::batch::{self, Batch, Odd, Stored};
use super::materialize::Budget;
use super::outcome::{Outcome, Stop};
use super::sweep;
use super::tracker::Tracker;
use crate::clock::Clock;
use crate::error::{ProviderError, StoreError};
use crate::provider::{Change, KnownVersions, Meter, Page, Pass, PassEnd, Provider, PullRequest, RemoteCalendar};
use crate::store::apply::{self, Target};
use crate::store::mirror::{Mark, OddRow};
use crate::store::{Db, bulk, calendars, jobs, locks, mirror};
use crate::tasks;
use async_trait::async_trait;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use syncline_domain::failure::{Class, Problem};
use syncline_domain::ids::{ConnectionId, JobId};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Pages that may be ready while one is written.
const AHEAD: usize = 7;
/// Ready pages are written together until there are so many objects.
const TOGETHER: u64 = 4_000;

/// A page (or several that follow each other), ready to be written.
struct Ready {
    batch: Batch,
    /// With the last page.
    end: Option<PassEnd>,
    checkpoint: Option<String>,
}

impl Ready {
    fn append(&mut self, next: Self) {
        self.batch.append(next.batch);
        self.end = next.end;
        self.checkpoint = next.checkpoint;
    }
}

/// Everything that a pass needs.
pub(crate) struct Context<'a> {
    pub(crate) db: &'a Db,
    pub(crate) clock: &'a Clock,
    pub(crate) tracker: &'a Tracker,
    pub(crate) cancel: &'a CancellationToken,
    pub(crate) deadline: Instant,
    pub(crate) provider: &'a dyn Provider,
    pub(crate) connection: &'a ConnectionId,
    pub(crate) job: &'a JobId,
    pub(crate) user: &'a str,
    pub(crate) fence: i64,
    /// A webhook began the job.
    pub(crate) via_webhook: bool,
}

/// The calendar at hand.
pub(crate) struct Subject {
    pub(crate) id: String,
    pub(crate) remote: RemoteCalendar,
    pub(crate) cursor: Option<String>,
    pub(crate) meter: Meter,
}

struct Versions {
    db: Db,
    calendar: String,
    /// What could not be read is to be read again.
    again: bool,
}

#[async_trait]
impl KnownVersions for Versions {
    async fn load(&self) -> Result<HashMap<String, Option<String>>, ProviderError> {
        mirror::versions(&self.db, &self.calendar, self.again)
            .await
            .map_err(|error| ProviderError::new("known versions", Class::Storage, error.problem()).with_source(error))
    }

    async fn raw(&self, ids: &[String]) -> Result<HashMap<String, String>, ProviderError> {
        mirror::raw(&self.db, &self.calendar, ids)
            .await
            .map_err(|error| ProviderError::new("known raw", Class::Storage, error.problem()).with_source(error))
    }
}

/// What has been done so far, over all attempts of a job at a calendar.
#[derive(Default)]
pub(crate) struct Progress {
    /// Counted already.
    counted: Arc<HashSet<String>>,
    /// Live objects now.
    live: u64,
    /// The checkpoint that is stored now.
    checkpoint: Option<String>,
    /// The stored checkpoint belongs to a pass that can not be resumed.
    is_void: bool,
}

impl Progress {
    pub(crate) fn new(live: u64, checkpoint: Option<String>) -> Self {
        Self { counted: Arc::default(), live, checkpoint, is_void: false }
    }

    /// The cursor was refused: what comes next does not resume the pass that asked with it.
    pub(crate) fn begin_anew(&mut self) {
        self.is_void = true;
    }

    /// Live objects, as far as committed.
    pub(crate) fn live(&self) -> u64 {
        self.live
    }
}

/// Runs one pass. What was committed is in the outcome, whatever is returned.
pub(crate) async fn run(cx: &Context<'_>, subject: &Subject, pass: Pass, so_far: &mut Progress, outcome: &mut Outcome) -> Result<(), Stop> {
    let request = PullRequest {
        calendar: subject.remote.clone(),
        pass,
        cursor: subject.cursor.clone(),
        checkpoint: so_far.checkpoint.clone().filter(|_| !so_far.is_void),
        known: Arc::new(Versions { db: cx.db.clone(), calendar: subject.id.clone(), again: pass == Pass::Full }),
        meter: subject.meter.clone(),
        now: cx.clock.now(),
    };
    let odd = mirror::odd(cx.db, &subject.id).await?.into_iter().map(|row| (row.remote_id.clone(), row)).collect();
    let odd: Arc<Odd> = Arc::new(odd);
    let blank = pass == Pass::Initial && !mirror::any(cx.db, &subject.id).await?;
    // The producer ends when the receiver is dropped.
    let mut pages = tasks::pages(cx.provider.pull(request));
    let (ready, waiting) = mpsc::channel::<Ready>(AHEAD);
    let written = (AtomicU64::new(0), Notify::new());
    let counted = so_far.counted.clone();
    let budget = Arc::new(Budget::default());

    let prepare = async {
        let ready = ready;
        let mut sent = 0_u64;
        let mut named: HashSet<String> = HashSet::new();
        loop {
            let page = tokio::select! {
                biased;
                () = cx.cancel.cancelled() => return Err(Stop::Cancelled),
                () = tokio::time::sleep_until(cx.deadline) => return Err(Stop::Budget),
                // Writing failed: there is no use in reading on.
                () = ready.closed() => return Ok(()),
                page = pages.recv() => page,
            };
            let Some(page) = page else { return Err(Stop::Provider(ended_early())) };
            let Page { changes, total, checkpoint, end } = page?;
            cx.tracker.read(&subject.id, changes.len() as u64, total);
            // A page that names an object of an earlier page has to see what that one wrote.
            let mut repeats = false;
            for change in &changes {
                repeats |= !named.insert(change.remote_id.clone());
            }
            while repeats && written.0.load(Ordering::Acquire) < sent {
                tokio::select! {
                    () = written.1.notified() => {}
                    () = ready.closed() => return Ok(()),
                }
            }
            // On a calendar with nothing stored only this pass can have stored an object.
            let stored = if blank && !repeats { Stored::default() } else { look_up(cx.db, &subject.id, &changes).await? };
            let job =
                batch::Job { changes, stored, odd: odd.clone(), counted: counted.clone(), budget: budget.clone(), clock: cx.clock.clone() };
            let batch = tasks::blocking("prepare", move || batch::prepare(job)).await?;
            let is_last = end.is_some();
            sent += 1;
            if ready.send(Ready { batch, end, checkpoint }).await.is_err() || is_last {
                return Ok(());
            }
        }
    };

    let mut writer = Writer { odd: &odd, seen: HashSet::new(), removed: HashSet::new(), so_far, outcome };
    // When writing fails the receiver is dropped, which ends the preparation; when the source fails, what is prepared is
    // written before the failure is told.
    let write = async {
        let mut waiting = waiting;
        while let Some(mut page) = waiting.recv().await {
            let mut number = 1;
            // What became ready meanwhile goes along: each commit writes the touched pages of every index once more.
            while page.batch.size < TOGETHER
                && let Ok(next) = waiting.try_recv()
            {
                page.append(next);
                number += 1;
            }
            writer.write_page(cx, subject, page).await?;
            written.0.fetch_add(number, Ordering::Release);
            written.1.notify_one();
        }
        Ok::<(), Stop>(())
    };
    let (prepared, written) = tokio::join!(prepare, write);
    let seen = std::mem::take(&mut writer.seen);
    Arc::make_mut(&mut so_far.counted).extend(seen);
    written.and(prepared)
}

fn ended_early() -> ProviderError {
    ProviderError::new(
        "pull",
        Class::Malformed,
        Problem::new("ended_early", "The answer ended before it was complete. Nothing was removed.", "Sync again in a few minutes."),
    )
}

async fn look_up(db: &Db, calendar: &str, changes: &[Change]) -> Result<Stored, StoreError> {
    use crate::provider::Content;
    let ids: Vec<&str> =
        changes.iter().filter(|change| !matches!(change.content, Content::Same)).map(|change| change.remote_id.as_str()).collect();
    let mirror = mirror::of(db, calendar, &ids).await?;
    let changed = batch::needs_events(changes, &mirror);
    let events = apply::events_of(db, calendar, &changed).await?;
    Ok(Stored { mirror, events })
}

/// The state of a pass, in the hands of its only writer.
struct Writer<'a> {
    odd: &'a Odd,
    /// What the provider has, as far as it was named.
    seen: HashSet<String>,
    /// What the provider named as removed.
    removed: HashSet<String>,
    so_far: &'a mut Progress,
    outcome: &'a mut Outcome,
}

impl Writer<'_> {
    /// What was cancelled or unreadable before, and was named neither by this pass nor by an earlier attempt of the job.
    fn standing(&self) -> Vec<&OddRow> {
        let is_named = |id: &String| self.seen.contains(id) || self.removed.contains(id) || self.so_far.counted.contains(id);
        self.odd.values().filter(|row| row.is_unstored() && !is_named(&row.remote_id)).collect()
    }

    /// Writes what is ready in one transaction; the last page together with the sweep.
    async fn write_page(&mut self, cx: &Context<'_>, subject: &Subject, ready: Ready) -> Result<(), Stop> {
        let Ready { batch, end, checkpoint } = ready;
        let now = cx.clock.now();
        let target = Target { user: cx.user, calendar: &subject.id, job: cx.job.as_str(), now, via_webhook: cx.via_webhook };
        let mut tx = cx.db.begin().await?;
        if !locks::check(&mut tx, cx.connection, cx.fence, now).await? {
            return Err(Stop::LockLost);
        }
        let marks = tx.marks();
        mirror::put_unreadable(&mut tx, target.calendar, now, &batch.unreadable).await?;
        mirror::forget(&mut tx, target.calendar, &strs(&batch.forgotten)).await?;
        // Horizons before occurrences, as everybody does who touches both: on PostgreSQL their rows keep the others out.
        apply::clear_horizons(&mut tx, target.calendar, &strs(&batch.no_horizon)).await?;
        let horizons = apply::put_horizons(target, marks, batch.horizons);
        let rows = apply::put_mirror(target, marks, batch.mirror)
            .chain(apply::touch_mirror(target, marks, batch.touched))
            .chain(apply::put_events(target, marks, batch.events))
            .chain(apply::put_journal(target, marks, batch.journal));
        bulk::run(&mut tx, horizons.chain(rows)).await?;
        apply::delete_events(&mut tx, target, &strs(&batch.deleted_events)).await?;
        apply::clear_occurrences(&mut tx, &strs(&batch.rewritten)).await?;
        bulk::run(&mut tx, apply::put_occurrences(target, marks, batch.occurrences)).await?;
        // Removed by an earlier page of this pass, and there after all.
        let back = batch.seen.iter().filter(|id| self.removed.contains(*id));
        let listed: Vec<&str> = batch.listed.iter().chain(back).map(String::as_str).collect();
        mirror::mark(&mut tx, target.calendar, &listed, Mark::Listed).await?;
        mirror::mark(&mut tx, target.calendar, &strs(&batch.missing), Mark::Missing { at: now }).await?;
        if batch.live_delta != 0 || checkpoint != self.so_far.checkpoint {
            calendars::advance(&mut tx, target.calendar, batch.live_delta, checkpoint.as_deref()).await?;
        }
        let live = self.so_far.live.saturating_add_signed(batch.live_delta);
        // The outcome of the page is taken over only once it is committed.
        let mut page = batch.outcome;
        self.seen.extend(batch.seen);
        self.removed.extend(batch.missing.into_iter().chain(batch.forgotten));
        if let Some(end) = &end {
            let standing = self.standing();
            let before = &*self.outcome;
            let pass = sweep::Pass { target, clock: cx.clock, end, seen: &self.seen, standing: &standing, live, before };
            sweep::sweep(&mut tx, &pass, &mut page).await?;
        }
        let turn = cx.tracker.turn().await;
        let snapshot = cx.tracker.snapshot_with(&subject.id, batch.size);
        store_progress(&mut tx, cx.job, &snapshot, now).await?;
        tx.commit().await?;
        cx.tracker.saved(&subject.id, batch.size);
        drop(turn);
        self.so_far.live = live;
        // The sweep of the last page has cleared it.
        self.so_far.checkpoint = checkpoint.filter(|_| end.is_none());
        self.so_far.is_void = false;
        self.outcome.add(page);
        if let Some(end) = end {
            self.outcome.next_sync_s = end.next_sync_s;
            self.outcome.moved_to = end.moved_to;
        }
        Ok(())
    }
}

/// Stores a snapshot of a job that is at work.
///
/// # Errors
/// When the database fails.
pub(crate) async fn store_progress(
    tx: &mut crate::store::Tx,
    job: &JobId,
    snapshot: &syncline_domain::sync::JobProgress,
    now: i64,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(snapshot).unwrap_or_default();
    let seq = i64::try_from(snapshot.seq).unwrap_or(i64::MAX);
    jobs::update(tx, job, snapshot.status.as_str(), seq, &text, now, snapshot.status.is_final()).await
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
