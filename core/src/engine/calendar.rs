//! One calendar of a job: its passes, and the line of the report.

use super::job::Claimed;
use super::outcome::{Outcome, Stop};
use super::pass::{self, Context, Progress, Subject};
use super::retry::pause;
use crate::advice::still_here;
use crate::provider::{Meter, Pass, RemoteCalendar};
use crate::store::calendars::CalendarRow;
use crate::store::connections::ConnectionRow;
use crate::store::mirror;
use std::collections::BTreeMap;
use syncline_domain::failure::Class;
use syncline_domain::ids::CalendarId;
use syncline_domain::sync::{CalendarResult, Counts, Mode, ResultStatus};
use tokio::time::Instant;

/// A line of the report with what the connection needs to know of it.
pub(super) struct Line {
    pub(super) result: CalendarResult,
    pub(super) outcome: Outcome,
}

/// Runs the passes of one calendar: usually one; again after a failure that may pass, and from scratch after a refused cursor.
#[tracing::instrument(name = "sync.calendar", skip_all, fields(calendar = %row.id))]
pub(super) async fn calendar_line(
    cx: &Context<'_>,
    connection: &ConnectionRow,
    row: CalendarRow,
    remote: RemoteCalendar,
    mode: Mode,
) -> Line {
    let started = Instant::now();
    cx.tracker.begin(&row.id);
    let live = u64::try_from(row.live_objects).unwrap_or(0);
    let meter = Meter::default();
    let mut outcome = Outcome::default();
    let mut so_far = Progress::new(live, row.checkpoint.clone());
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
        let subject = Subject { id: row.id.clone(), remote: remote.clone(), cursor: cursor.clone(), meter: meter.clone() };
        match pass::run(cx, &subject, pass, &mut so_far, &mut outcome).await {
            Ok(()) => break,
            Err(Stop::Provider(error)) if error.class == Class::CursorInvalid && cursor.is_some() => {
                cursor = None;
                so_far.begin_anew();
            }
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
        unreadable: outcome.unreadable.clone(),
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
pub(super) fn failed_lines(
    job: &Claimed,
    row: Option<&ConnectionRow>,
    calendars: &[CalendarRow],
    stop: Stop,
    started: Instant,
) -> Vec<Line> {
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
        unreadable: Vec::new(),
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
