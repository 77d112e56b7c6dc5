//! One pass over one calendar: pages are prepared while the page before is written; the last page is written together with
//! the sweep and the cursor.

use super::batch::{self, Batch, Stored};
use super::outcome::{Outcome, Stop};
use super::sweep;
use super::tracker::Tracker;
use crate::clock::Clock;
use crate::error::{ProviderError, StoreError};
use crate::provider::{Change, KnownVersions, Meter, Page, Pass, PassEnd, Provider, PullRequest, RemoteCalendar};
use crate::store::apply::{self, Target};
use crate::store::mirror::Mark;
use crate::store::{Db, calendars, jobs, locks, mirror};
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
}

/// The calendar at hand.
pub(crate) struct Subject {
    pub(crate) id: String,
    pub(crate) remote: RemoteCalendar,
    pub(crate) cursor: Option<String>,
    pub(crate) checkpoint: Option<String>,
    pub(crate) meter: Meter,
}

struct Versions {
    db: Db,
    calendar: String,
}

#[async_trait]
impl KnownVersions for Versions {
    async fn load(&self) -> Result<HashMap<String, Option<String>>, ProviderError> {
        mirror::versions(&self.db, &self.calendar)
            .await
            .map_err(|error| ProviderError::new("known versions", Class::Storage, error.problem()).with_source(error))
    }
}

/// What has been done so far, over all attempts of a job at a calendar.
#[derive(Default)]
pub(crate) struct Progress {
    /// Counted already.
    counted: Arc<HashSet<String>>,
    /// Live objects now.
    live: u64,
}

impl Progress {
    pub(crate) fn new(live: u64) -> Self {
        Self { counted: Arc::default(), live }
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
        checkpoint: subject.checkpoint.clone(),
        known: Arc::new(Versions { db: cx.db.clone(), calendar: subject.id.clone() }),
        meter: subject.meter.clone(),
        now: cx.clock.now(),
    };
    let marked = Arc::new(mirror::marked(cx.db, &subject.id).await?.into_iter().collect::<HashSet<_>>());
    let blank = pass == Pass::Initial && !mirror::any(cx.db, &subject.id).await?;
    // The producer ends when the receiver is dropped.
    let mut pages = tasks::pages(cx.provider.pull(request));
    let (ready, waiting) = mpsc::channel::<(Batch, Option<PassEnd>, Option<String>)>(1);
    let written = (AtomicU64::new(0), Notify::new());
    let counted = so_far.counted.clone();

    let prepare = async {
        let ready = ready;
        let mut sent = 0_u64;
        let mut named: HashSet<String> = HashSet::new();
        loop {
            let page = tokio::select! {
                biased;
                () = cx.cancel.cancelled() => return Err(Stop::Cancelled),
                () = tokio::time::sleep_until(cx.deadline) => return Err(Stop::Budget),
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
                written.1.notified().await;
            }
            // On a calendar with nothing stored only this pass can have stored an object.
            let stored = if blank && !repeats { Stored::default() } else { look_up(cx.db, &subject.id, &changes).await? };
            let job = batch::Job { changes, stored, marked: marked.clone(), counted: counted.clone(), clock: cx.clock.clone() };
            let batch = tasks::blocking("prepare", move || batch::prepare(job)).await?;
            let is_last = end.is_some();
            sent += 1;
            if ready.send((batch, end, checkpoint)).await.is_err() || is_last {
                return Ok(());
            }
        }
    };

    let mut seen: HashSet<String> = HashSet::new();
    // When writing fails the receiver is dropped, which ends the preparation; when the source fails, what is prepared is
    // written before the failure is told.
    let write = async {
        let mut waiting = waiting;
        while let Some((batch, end, checkpoint)) = waiting.recv().await {
            write_page(cx, subject, batch, end, checkpoint, &mut seen, so_far, outcome).await?;
            written.0.fetch_add(1, Ordering::Release);
            written.1.notify_one();
        }
        Ok::<(), Stop>(())
    };
    let (prepared, written) = tokio::join!(prepare, write);
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

/// Writes one page in one transaction; the last one together with the sweep.
#[expect(clippy::too_many_arguments, reason = "the state of a pass, threaded through its only writer")]
async fn write_page(
    cx: &Context<'_>,
    subject: &Subject,
    batch: Batch,
    end: Option<PassEnd>,
    checkpoint: Option<String>,
    seen: &mut HashSet<String>,
    so_far: &mut Progress,
    outcome: &mut Outcome,
) -> Result<(), Stop> {
    let now = cx.clock.now();
    let target = Target { user: cx.user, calendar: &subject.id, job: cx.job.as_str(), now };
    let mut tx = cx.db.begin().await?;
    if !locks::check(&mut tx, cx.connection, cx.fence, now).await? {
        return Err(Stop::LockLost);
    }
    apply::put_mirror(&mut tx, target, &batch.mirror).await?;
    apply::touch_mirror(&mut tx, target, &batch.touched).await?;
    apply::put_events(&mut tx, target, &batch.events).await?;
    apply::delete_events(&mut tx, target, &strs(&batch.deleted_events)).await?;
    apply::clear_occurrences(&mut tx, &strs(&batch.rewritten)).await?;
    apply::put_occurrences(&mut tx, target, &batch.occurrences).await?;
    apply::clear_horizons(&mut tx, target.calendar, &strs(&batch.no_horizon)).await?;
    apply::put_horizons(&mut tx, target.calendar, &batch.horizons).await?;
    apply::put_journal(&mut tx, target, &batch.journal).await?;
    mirror::mark(&mut tx, target.calendar, &strs(&batch.listed), Mark::Listed).await?;
    mirror::mark(&mut tx, target.calendar, &strs(&batch.missing), Mark::Missing { at: now }).await?;
    if batch.live_delta != 0 || checkpoint != subject.checkpoint {
        calendars::advance(&mut tx, target.calendar, batch.live_delta, checkpoint.as_deref()).await?;
    }
    let live = so_far.live.saturating_add_signed(batch.live_delta);
    // The outcome of the page is taken over only once it is committed.
    let mut counts = Outcome { counts: outcome.counts, failed_live: outcome.failed_live + batch.failed_live, ..Outcome::default() };
    counts.counts += batch.counts;
    let mut all_seen = std::mem::take(seen);
    all_seen.extend(batch.seen);
    let swept = match &end {
        Some(end) => {
            let pass = sweep::Pass { target, clock: cx.clock, end, seen: &all_seen, live };
            sweep::sweep(&mut tx, &pass, &mut counts).await
        }
        None => Ok(()),
    };
    *seen = all_seen;
    swept?;
    cx.tracker.saved(&subject.id, batch.size);
    let snapshot = cx.tracker.snapshot();
    store_progress(&mut tx, cx.job, &snapshot, now).await?;
    tx.commit().await?;
    so_far.live = live;
    outcome.counts = counts.counts;
    outcome.failed_live = counts.failed_live;
    outcome.hold = counts.hold.or(outcome.hold.take());
    for (reason, number) in batch.reasons {
        if number > 0 {
            *outcome.reasons.entry(reason).or_default() += number;
        }
    }
    for (warning, number) in batch.warnings {
        *outcome.warnings.entry(warning).or_default() += number;
    }
    if let Some(end) = end {
        outcome.next_sync_s = end.next_sync_s;
        outcome.moved_to = end.moved_to;
    }
    cx.tracker.tell();
    Ok(())
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
