//! One job: listing, calendars in parallel, results.

use super::calendar::{Line, calendar_line, failed_lines};
use super::finish::finish;
use super::listing::{list, note_listing};
use super::outcome::Stop;
use super::pass::Context;
use super::tracker::Tracker;
use crate::error::{ProviderError, StoreError};
use crate::hub::Hub;
use crate::provider::{Provider, RemoteCalendar};
use crate::store::calendars::{self, CalendarRow};
use crate::store::connections::{self, ConnectionRow};
use futures::StreamExt as _;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::ids::{CalendarId, ConnectionId, JobId, UserId};
use syncline_domain::sync::{CalendarProgress, JobProgress, Mode, Phase, ProviderKind, Trigger};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A job that holds its lock.
pub(crate) struct Claimed {
    pub(crate) id: JobId,
    pub(crate) user: UserId,
    pub(crate) connection: ConnectionId,
    pub(crate) provider: ProviderKind,
    pub(crate) fence: i64,
    pub(crate) mode: Mode,
    /// Only these calendars; `None`: all that are enabled.
    pub(crate) only: Option<Vec<CalendarId>>,
    pub(crate) progress: JobProgress,
    pub(crate) cancel: CancellationToken,
    /// Secret and settings of the connection when the job began: tells whether the user mended it meanwhile.
    pub(crate) built_from: (Option<String>, String),
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

#[tracing::instrument(name = "sync.job", skip_all, fields(job = %job.id, connection = %job.connection))]
async fn work(hub: &Hub, job: &Claimed, tracker: &Tracker) -> Vec<Line> {
    let started = Instant::now();
    // Connections beyond what one process should do at once wait here; their lease is kept meanwhile.
    let permit = tokio::select! {
        biased;
        () = job.cancel.cancelled() => None,
        permit = hub.gate().acquire() => permit.ok(),
    };
    let Some(_permit) = permit else {
        let row = connections::find(hub.db(), &job.user, &job.connection).await.ok().flatten();
        let calendars = wanted(hub, job).await.unwrap_or_default();
        return failed_lines(job, row.as_ref(), &calendars, Stop::Cancelled, started);
    };
    tracker.start(hub.now());
    let deadline = Instant::now() + hub.config().sync_budget;
    match prepare(hub, job, tracker, deadline).await {
        Ok(Prepared { provider, row, todo, unlisted }) => {
            let parallel = provider.parallel().max(1);
            let provider = &*provider;
            let row = &row;
            let mut lines: Vec<Line> = futures::stream::iter(todo)
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
                        via_webhook: job.progress.trigger == Trigger::Webhook,
                    };
                    let line = calendar_line(&cx, row, calendar, remote, job.mode).await;
                    tracker.end(line.result.calendar_id.as_ref().map_or("", CalendarId::as_str), line.result.clone());
                    line
                })
                .buffered(parallel)
                .collect()
                .await;
            if !unlisted.is_empty() {
                lines.extend(failed_lines(job, Some(row), &unlisted, Stop::Provider(not_listed()), started));
            }
            lines
        }
        Err((stop, row, calendars)) => {
            let lines = failed_lines(job, row.as_deref(), &calendars, stop, started);
            // Who reads the job later reads of its calendars in its progress.
            for (id, result) in lines.iter().filter_map(|line| Some((line.result.calendar_id.as_ref()?, &line.result))) {
                tracker.end(id.as_str(), result.clone());
            }
            lines
        }
    }
}

/// What a job needs for its calendars.
struct Prepared {
    provider: Box<dyn Provider>,
    row: ConnectionRow,
    todo: Vec<(CalendarRow, RemoteCalendar)>,
    /// Asked for, but not there any more.
    unlisted: Vec<CalendarRow>,
}

type Failed = (Stop, Option<Box<ConnectionRow>>, Vec<CalendarRow>);

/// Builds the provider, lists the calendars and stores what is new about them.
async fn prepare(hub: &Hub, job: &Claimed, tracker: &Tracker, deadline: Instant) -> Result<Prepared, Failed> {
    let row = connections::find(hub.db(), &job.user, &job.connection)
        .await
        .map_err(|error| (error.into(), None, Vec::new()))?
        .ok_or_else(|| (Stop::Cancelled, None, Vec::new()))?;
    let known = wanted(hub, job).await.map_err(|error| (error.into(), Some(Box::new(row.clone())), Vec::new()))?;
    let fail = |stop: Stop| (stop, Some(Box::new(row.clone())), known.clone());
    tracker.calendars(known.iter().map(waiting).collect());
    let provider = hub.provider(&row, job.progress.trigger).await.map_err(|error| fail(error.into()))?;
    let all = calendars::of_connection(hub.db(), &job.user, &job.connection).await.map_err(|error| fail(error.into()))?;
    let listed = list(job, &*provider, &all, deadline).await.map_err(fail)?;
    note_listing(hub, job, &listed).await.map_err(fail)?;
    let rows = wanted(hub, job).await.map_err(|error| fail(error.into()))?;
    let (mut todo, mut unlisted) = (Vec::new(), Vec::new());
    for row in rows {
        match listed.iter().find(|remote| remote.remote_id == row.remote_id) {
            Some(remote) => todo.push((row, remote.clone())),
            // One that was asked for by name is answered for; the others are marked as vanished, which is all there is to say.
            None if job.only.is_some() => unlisted.push(row),
            None => {}
        }
    }
    tracker.calendars(todo.iter().map(|(row, _)| row).chain(&unlisted).map(waiting).collect());
    Ok(Prepared { provider, row, todo, unlisted })
}

fn not_listed() -> ProviderError {
    let problem = Problem::new(
        "calendar_not_listed",
        "The provider does not list this calendar any more.",
        "If it is gone for good, switch it off here.",
    );
    ProviderError::new("job.calendars", Class::NotFound, problem)
}

pub(super) fn waiting(row: &CalendarRow) -> CalendarProgress {
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
