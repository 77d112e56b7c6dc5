//! One job: listing, calendars in parallel, results.

use super::outcome::{Outcome, Stop};
use super::pass::{self, Context, Progress, Subject};
use super::tracker::Tracker;
use crate::advice::still_here;
use crate::clock::{Clock, fill_random};
use crate::error::StoreError;
use crate::hub::Hub;
use crate::provider::{KnownCalendar, Meter, Pass, Provider, RemoteCalendar};
use crate::store::calendars::{self, CalendarRow};
use crate::store::connections::{self, ConnectionRow};
use crate::store::{Tx, jobs, locks, mirror};
use futures::StreamExt as _;
use std::collections::BTreeMap;
use std::time::Duration;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::ids::{CalendarId, ConnectionId, JobId, UserId};
use syncline_domain::sync::{CalendarProgress, CalendarResult, Counts, JobProgress, JobStatus, Mode, Phase, ResultStatus};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Tries of a pass or a listing in one job.
const TRIES: u32 = 3;
/// Longer than this no job waits for a provider.
const PATIENCE: Duration = Duration::from_secs(30);

/// A job that holds its lock.
pub(crate) struct Claimed {
    pub(crate) id: JobId,
    pub(crate) user: UserId,
    pub(crate) connection: ConnectionId,
    pub(crate) fence: i64,
    pub(crate) mode: Mode,
    /// Only these calendars; `None`: all that are enabled.
    pub(crate) only: Option<Vec<CalendarId>>,
    pub(crate) progress: JobProgress,
    pub(crate) cancel: CancellationToken,
}

/// Runs a job to its end and stores how it ended. Never fails: what goes wrong is in the results.
pub(crate) async fn run(hub: Hub, job: Claimed) {
    let tracker = Tracker::new(job.progress.clone(), job.user.clone(), hub.bus().clone(), hub.clock().clone());
    let work = work(&hub, &job, &tracker);
    let lines = tokio::select! {
        lines = work => Some(lines),
        () = super::lease::keep(hub.db(), hub.clock(), &job.connection, &job.id, job.fence, &job.cancel) => None,
    };
    match lines {
        Some(lines) => {
            if let Err(error) = finish(&hub, &job, &tracker, lines).await {
                tracing::error!(job = %job.id, source = ?error.source, "sync job {} could not store how it ended", job.id);
            }
        }
        // Whoever took the lock closed the job as interrupted; nothing may be written here any more.
        None => tracing::warn!(job = %job.id, "sync job {} lost its lock and stopped", job.id),
    }
    hub.forget(&job.id);
}

/// A line of the report with what the connection needs to know of it.
struct Line {
    result: CalendarResult,
    outcome: Outcome,
}

#[tracing::instrument(name = "sync.job", skip_all, fields(job = %job.id, connection = %job.connection))]
async fn work(hub: &Hub, job: &Claimed, tracker: &Tracker) -> Vec<Line> {
    let started = Instant::now();
    // Connections beyond what one process should do at once wait here; their lease is kept meanwhile.
    let Ok(_permit) = hub.gate().acquire().await else { return Vec::new() };
    tracker.start(hub.now());
    let deadline = Instant::now() + hub.config().sync_budget;
    match prepare(hub, job, tracker, deadline).await {
        Ok((provider, row, todo)) => {
            let parallel = provider.parallel().max(1);
            let provider = &*provider;
            let row = &row;
            futures::stream::iter(todo)
                .map(|(calendar, remote)| async move {
                    let cx = Context {
                        db: hub.db(),
                        clock: hub.clock(),
                        tracker,
                        cancel: &job.cancel,
                        deadline,
                        provider,
                        connection: &job.connection,
                        job: &job.id,
                        user: job.user.as_str(),
                        fence: job.fence,
                    };
                    let line = calendar_line(&cx, row, calendar, remote, job.mode).await;
                    tracker.end(line.result.calendar_id.as_ref().map_or("", CalendarId::as_str), line.result.clone());
                    line
                })
                .buffered(parallel)
                .collect()
                .await
        }
        Err((stop, row, calendars)) => failed_lines(job, row.as_deref(), &calendars, stop, started),
    }
}

type Todo = Vec<(CalendarRow, RemoteCalendar)>;
type Failed = (Stop, Option<Box<ConnectionRow>>, Vec<CalendarRow>);

/// Builds the provider, lists the calendars and stores what is new about them.
async fn prepare(
    hub: &Hub,
    job: &Claimed,
    tracker: &Tracker,
    deadline: Instant,
) -> Result<(Box<dyn Provider>, ConnectionRow, Todo), Failed> {
    let row = connections::find(hub.db(), &job.user, &job.connection)
        .await
        .map_err(|error| (error.into(), None, Vec::new()))?
        .ok_or_else(|| (Stop::Cancelled, None, Vec::new()))?;
    let known = wanted(hub, job).await.map_err(|error| (error.into(), Some(Box::new(row.clone())), Vec::new()))?;
    let fail = |stop: Stop| (stop, Some(Box::new(row.clone())), known.clone());
    let provider = hub.provider(&row).await.map_err(|error| fail(error.into()))?;
    let lines = |rows: &[CalendarRow]| rows.iter().map(waiting).collect::<Vec<_>>();
    tracker.calendars(lines(&known));
    let listed = list(job, &*provider, &known, deadline).await.map_err(fail)?;
    note_listing(hub, job, &listed).await.map_err(|error| fail(error.into()))?;
    let rows = wanted(hub, job).await.map_err(|error| fail(error.into()))?;
    let todo: Todo = rows
        .into_iter()
        .filter_map(|row| listed.iter().find(|remote| remote.remote_id == row.remote_id).cloned().map(|remote| (row, remote)))
        .collect();
    tracker.calendars(todo.iter().map(|(row, _)| waiting(row)).collect());
    Ok((provider, row, todo))
}

fn waiting(row: &CalendarRow) -> CalendarProgress {
    CalendarProgress {
        calendar_id: CalendarId::trusted(row.id.clone()),
        name: row.name.clone(),
        phase: Phase::Waiting,
        read: 0,
        saved: 0,
        total: None,
        result: None,
    }
}

/// The calendars that the job is about.
async fn wanted(hub: &Hub, job: &Claimed) -> Result<Vec<CalendarRow>, StoreError> {
    let mut rows = calendars::of_connection(hub.db(), &job.user, &job.connection).await?;
    rows.retain(|row| match &job.only {
        Some(only) => only.iter().any(|id| id.as_str() == row.id),
        None => row.enabled,
    });
    Ok(rows)
}

async fn list(job: &Claimed, provider: &dyn Provider, rows: &[CalendarRow], deadline: Instant) -> Result<Vec<RemoteCalendar>, Stop> {
    let known: Vec<KnownCalendar> = rows
        .iter()
        .map(|row| KnownCalendar {
            remote_id: row.remote_id.clone(),
            cursor: if job.mode == Mode::Full { None } else { row.cursor.clone() },
            hints: row.hints.clone(),
            enabled: row.enabled,
        })
        .collect();
    let meter = Meter::default();
    let mut tries = 0;
    loop {
        tries += 1;
        let result = tokio::select! {
            biased;
            () = job.cancel.cancelled() => return Err(Stop::Cancelled),
            () = tokio::time::sleep_until(deadline) => return Err(Stop::Budget),
            result = provider.list(&known, &meter) => result,
        };
        match result {
            Ok(listed) => return Ok(listed),
            Err(error) => pause(Stop::Provider(error), tries, &job.cancel, deadline).await?,
        }
    }
}

/// Waits before the next try; gives the failure back when there should be none.
async fn pause(stop: Stop, tries: u32, cancel: &CancellationToken, deadline: Instant) -> Result<(), Stop> {
    let wait = stop.retry_after().unwrap_or_default().max(backoff(tries));
    if tries >= TRIES || !stop.is_retryable() || wait > PATIENCE || Instant::now() + wait >= deadline {
        return Err(stop);
    }
    tokio::select! {
        () = cancel.cancelled() => Err(Stop::Cancelled),
        () = tokio::time::sleep(wait) => Ok(()),
    }
}

/// Half a second, then two, then eight; each between half of that and the whole.
fn backoff(tries: u32) -> Duration {
    let whole = 500_u64 << (2 * tries.saturating_sub(1)).min(10);
    Duration::from_millis(whole / 2 + random_below(whole / 2 + 1))
}

/// A random number below `bound`.
pub(crate) fn random_below(bound: u64) -> u64 {
    let mut bytes = [0; 8];
    fill_random(&mut bytes);
    u64::from_le_bytes(bytes) % bound.max(1)
}

/// New calendars appear, known ones are brought up to date, vanished ones are marked.
async fn note_listing(hub: &Hub, job: &Claimed, listed: &[RemoteCalendar]) -> Result<(), StoreError> {
    let known = calendars::of_connection(hub.db(), &job.user, &job.connection).await?;
    let now = hub.now();
    let changed = |remote: &RemoteCalendar, row: &CalendarRow| {
        row.name != remote.name
            || row.zone != remote.zone
            || row.read_only != remote.read_only
            || row.vanished_at.is_some()
            || (remote.hints.is_some() && row.hints != remote.hints)
            || (!row.color_chosen && color(remote).is_some_and(|color| color != row.color))
    };
    let mut tx = hub.db().begin().await?;
    let mut written = false;
    for (index, remote) in listed.iter().enumerate() {
        match known.iter().find(|row| row.remote_id == remote.remote_id) {
            None => {
                store_calendar(&mut tx, &job.user, &job.connection, remote, known.len() + index, hub.clock()).await?;
                written = true;
            }
            Some(row) if changed(remote, row) => {
                calendars::refresh(&mut tx, &row.id, remote, color(remote)).await?;
                written = true;
            }
            Some(_) => {}
        }
    }
    for row in known.iter().filter(|row| row.vanished_at.is_none()) {
        if !listed.iter().any(|remote| remote.remote_id == row.remote_id) {
            calendars::vanish(&mut tx, &row.id, now).await?;
            written = true;
        }
    }
    if written { tx.commit().await } else { Ok(()) }
}

fn color(remote: &RemoteCalendar) -> Option<&'static str> {
    remote.color.as_deref().and_then(syncline_domain::color::nearest)
}

/// Stores a calendar that was not known before.
///
/// # Errors
/// When the database fails.
pub(crate) async fn store_calendar(
    tx: &mut Tx,
    user: &UserId,
    connection: &ConnectionId,
    remote: &RemoteCalendar,
    index: usize,
    clock: &Clock,
) -> Result<(), StoreError> {
    let id = CalendarId::trusted(crate::clock::new_id(clock));
    let color = color(remote).unwrap_or_else(|| syncline_domain::color::by_index(index));
    calendars::insert(tx, user, connection, &id, remote, color, clock.now()).await
}

/// Runs the passes of one calendar: usually one; again after a failure that may pass, and from scratch after a refused cursor.
#[tracing::instrument(name = "sync.calendar", skip_all, fields(calendar = %row.id))]
async fn calendar_line(cx: &Context<'_>, connection: &ConnectionRow, row: CalendarRow, remote: RemoteCalendar, mode: Mode) -> Line {
    let started = Instant::now();
    let live = u64::try_from(row.live_objects).unwrap_or(0);
    let meter = Meter::default();
    let mut outcome = Outcome::default();
    let mut so_far = Progress::new(live);
    let mut cursor = if mode == Mode::Full { None } else { row.cursor.clone() };
    let mut tries = 0;
    loop {
        tries += 1;
        let pass = match (&cursor, mirror::any(cx.db, &row.id).await) {
            (Some(_), _) => Pass::Incremental,
            (None, Ok(false)) => Pass::Initial,
            (None, Ok(true)) => Pass::Full,
            (None, Err(error)) => {
                outcome.stop = Some(error.into());
                break;
            }
        };
        let subject = Subject {
            id: row.id.clone(),
            remote: remote.clone(),
            cursor: cursor.clone(),
            checkpoint: row.checkpoint.clone(),
            meter: meter.clone(),
        };
        match pass::run(cx, &subject, pass, &mut so_far, &mut outcome).await {
            Ok(()) => break,
            Err(Stop::Provider(error)) if error.class == Class::CursorInvalid && cursor.is_some() => cursor = None,
            Err(stop) => {
                if let Err(stop) = pause(stop, tries, cx.cancel, cx.deadline).await {
                    outcome.stop = Some(stop);
                    break;
                }
            }
        }
    }
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let error = outcome.stop.as_ref().map(|stop| still_here(stop.problem(), so_far.live()));
    let result = CalendarResult {
        connection_id: cx.connection.clone(),
        calendar_id: Some(CalendarId::trusted(row.id)),
        email: connection.account.clone(),
        calendar_name: row.name,
        status: outcome.status(),
        counts: outcome.counts,
        total: outcome.counts.total(),
        skipped_reasons: outcome.reasons.clone(),
        warnings: outcome.warnings.clone(),
        error,
        hold: outcome.hold.clone(),
        duration_ms: millis,
        requests: meter.requests(),
        bytes: meter.received(),
    };
    log_stop(&outcome);
    Line { result, outcome }
}

fn log_stop(outcome: &Outcome) {
    match &outcome.stop {
        Some(Stop::Provider(error)) => {
            let cause = error.source.as_ref().map(ToString::to_string);
            tracing::warn!(code = %error.problem.code, what = error.what, cause, "sync stopped: {}", error.problem.code);
        }
        Some(Stop::Store(error)) => tracing::error!(what = error.what, cause = %error.source, "sync stopped: the database failed"),
        _ => {}
    }
}

/// The lines of a job that failed before its first calendar.
fn failed_lines(job: &Claimed, row: Option<&ConnectionRow>, calendars: &[CalendarRow], stop: Stop, started: Instant) -> Vec<Line> {
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let line = |calendar: Option<&CalendarRow>| CalendarResult {
        connection_id: job.connection.clone(),
        calendar_id: calendar.map(|row| CalendarId::trusted(row.id.clone())),
        email: row.map_or_else(String::new, |row| row.account.clone()),
        calendar_name: calendar.map_or_else(|| row.map_or_else(String::new, |row| row.name.clone()), |calendar| calendar.name.clone()),
        status: ResultStatus::Error,
        counts: Counts::default(),
        total: 0,
        skipped_reasons: BTreeMap::new(),
        warnings: BTreeMap::new(),
        error: Some(still_here(stop.problem(), calendar.map_or(0, |row| u64::try_from(row.live_objects).unwrap_or(0)))),
        hold: None,
        duration_ms: millis,
        requests: 0,
        bytes: 0,
    };
    let mut results: Vec<CalendarResult> = calendars.iter().map(|row| line(Some(row))).collect();
    if results.is_empty() {
        results.push(line(None));
    }
    let outcome = Outcome { stop: Some(stop), ..Outcome::default() };
    log_stop(&outcome);
    let mut outcomes = vec![outcome];
    outcomes.resize_with(results.len(), Outcome::default);
    results.into_iter().zip(outcomes).map(|(result, outcome)| Line { result, outcome }).collect()
}

/// Stores the results, frees the lock, moves the schedule, and tells everybody.
async fn finish(hub: &Hub, job: &Claimed, tracker: &Tracker, lines: Vec<Line>) -> Result<(), StoreError> {
    let good = lines.iter().filter(|line| matches!(line.result.status, ResultStatus::Success | ResultStatus::Held)).count();
    let any = lines.iter().any(|line| matches!(line.result.status, ResultStatus::Partial)) || good > 0;
    let lost = lines.iter().any(|line| matches!(line.outcome.stop, Some(Stop::LockLost)));
    let status = if job.cancel.is_cancelled() {
        JobStatus::Cancelled
    } else if good == lines.len() {
        JobStatus::Completed
    } else if any {
        JobStatus::Partial
    } else {
        JobStatus::Failed
    };
    let problem = lines.iter().find_map(|line| line.result.error.clone());
    let progress = tracker.finish(status, problem.clone());
    let now = hub.now();
    if !lost {
        let mut tx = hub.db().begin().await?;
        if locks::check(&mut tx, &job.connection, job.fence, now).await? {
            for Line { result, outcome } in &lines {
                if let Some(id) = &result.calendar_id {
                    let text = result.error.as_ref().and_then(|problem| serde_json::to_string(problem).ok());
                    let success = matches!(result.status, ResultStatus::Success | ResultStatus::Held);
                    calendars::finish(&mut tx, id.as_str(), now, success, result.status.as_str(), text.as_deref()).await?;
                }
                if let Some(address) = &outcome.moved_to {
                    hub.move_feed(&mut tx, &job.user, &job.connection, address).await?;
                }
            }
            let texts: Vec<(Option<String>, String)> = lines
                .iter()
                .map(|line| {
                    let id = line.result.calendar_id.as_ref().map(|id| id.as_str().to_owned());
                    (id, serde_json::to_string(&line.result).unwrap_or_default())
                })
                .collect();
            jobs::put_results(&mut tx, &job.id, &texts).await?;
            pass::store_progress(&mut tx, &job.id, &progress, now).await?;
            reschedule(hub, &mut tx, job, &lines, status, problem.as_ref()).await?;
            locks::release(&mut tx, &job.connection, job.fence).await?;
        } else {
            pass::store_progress(&mut tx, &job.id, &progress, now).await?;
        }
        tx.commit().await?;
    }
    hub.bus().progress(&job.user, now, &progress);
    hub.tell_end(&job.user, &progress.run_id).await
}

async fn reschedule(
    hub: &Hub,
    tx: &mut Tx,
    job: &Claimed,
    lines: &[Line],
    status: JobStatus,
    problem: Option<&Problem>,
) -> Result<(), StoreError> {
    let Some(row) = connections::find_in(tx, &job.connection).await? else { return Ok(()) };
    let now = hub.now();
    let needs_user = lines.iter().any(|line| line.outcome.stop.as_ref().is_some_and(Stop::needs_user));
    let interval = u64::try_from(row.interval_s).unwrap_or(0);
    let out_of_time = lines.iter().any(|line| matches!(line.outcome.stop, Some(Stop::Budget)));
    let is_wrong =
        |line: &Line| !matches!(line.outcome.stop, None | Some(Stop::Budget | Stop::Cancelled)) || line.outcome.counts.errors > 0;
    let neutral = status == JobStatus::Cancelled || (out_of_time && !lines.iter().any(is_wrong));
    let next = if needs_user {
        None
    } else if neutral && out_of_time {
        // It goes on by itself soon, unless the user presses Continue first.
        Some(now + 60_000)
    } else if matches!(status, JobStatus::Completed | JobStatus::Cancelled) {
        let sooner = lines.iter().filter_map(|line| line.outcome.next_sync_s).filter(|wish| *wish < 300).min();
        Some(now + millis(sooner.map_or_else(|| jittered(interval), |wish| wish.min(interval))))
    } else {
        let failures = u32::try_from(row.failures).unwrap_or(0).min(10);
        let backed_off = (60_u64 << failures).min(interval.max(6 * 3600));
        let asked = lines.iter().filter_map(|line| line.outcome.stop.as_ref()?.retry_after()).max().unwrap_or_default();
        Some(now + millis(jittered(backed_off).max(asked.as_secs() + 1)))
    };
    let text = problem.and_then(|problem| serde_json::to_string(problem).ok());
    let outcome = connections::Outcome {
        at: now,
        success: status == JobStatus::Completed,
        neutral,
        needs_user,
        problem: text.as_deref(),
        next_sync_at: next,
    };
    connections::finish(tx, &job.connection, &outcome).await
}

fn millis(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX / 4)
}

/// Within a tenth of it, so that connections that were added together do not stay together.
fn jittered(seconds: u64) -> u64 {
    seconds - seconds / 10 + random_below(seconds / 5 + 1)
}
