//! The end of a job: results, lock, schedule, and the word to everybody.

use super::calendar::Line;
use super::job::Claimed;
use super::outcome::{self, Stop};
use super::pass;
use super::retry::random_below;
use super::tracker::Tracker;
use crate::error::StoreError;
use crate::hub::Hub;
use crate::hub::TELLING;
use crate::store::connections::{self, ConnectionRow};
use crate::store::{Tx, calendars, jobs, locks, webhooks};
use std::time::Duration;
use syncline_domain::failure::Problem;
use syncline_domain::sync::{JobProgress, JobStatus, ResultStatus, Trigger};

/// How often the end of a job is tried to be stored before it is left to the clean-up of interrupted jobs.
const TRIES: u32 = 3;
/// Between these tries.
const PAUSE: Duration = Duration::from_secs(1);

/// How a job ended.
struct End {
    lines: Vec<Line>,
    status: JobStatus,
    /// The first problem.
    problem: Option<Problem>,
    /// The server is being stopped.
    closing: bool,
}

impl End {
    /// Milliseconds that the provider wants to be left alone.
    fn asked(&self) -> Option<i64> {
        let asked = self.lines.iter().filter_map(|line| line.outcome.stop.as_ref()?.retry_after()).max()?;
        Some(millis(asked.as_secs() + 1))
    }
}

/// Stores the results, frees the lock, moves the schedule, and tells everybody.
pub(super) async fn finish(hub: &Hub, job: &Claimed, tracker: &Tracker, mut lines: Vec<Line>) -> Result<(), StoreError> {
    if lines.iter().any(|line| matches!(line.outcome.stop, Some(Stop::LockLost))) {
        // Whoever took the lock closed the job as interrupted; nothing may be written here any more.
        return hub.tell_end(&job.user, &job.progress.run_id).await;
    }
    let closing = hub.is_closing();
    if closing {
        for line in lines.iter_mut().filter(|line| matches!(line.outcome.stop, Some(Stop::Cancelled))) {
            line.result.error = Some(outcome::interrupted());
            line.outcome.stop = Some(Stop::Interrupted);
        }
    }
    let good = lines.iter().filter(|line| line.result.is_in_step()).count();
    let any = lines.iter().any(|line| matches!(line.result.status, ResultStatus::Partial)) || good > 0;
    let status = if good == lines.len() {
        // Also when it was cancelled: that came too late.
        JobStatus::Completed
    } else if job.cancel.is_cancelled() && !closing {
        JobStatus::Cancelled
    } else if any || closing {
        JobStatus::Partial
    } else {
        JobStatus::Failed
    };
    let problem = lines.iter().find_map(|line| line.result.error.clone());
    let progress = tracker.finish(status, problem.clone());
    let end = End { lines, status, problem, closing };
    let mut tries = 0;
    let is_ours = loop {
        tries += 1;
        match store(hub, job, &progress, &end).await {
            Ok(is_ours) => break is_ours,
            Err(error) if tries >= TRIES => return Err(error),
            Err(error) => {
                tracing::warn!(job = %job.id, cause = %error.source, "the end of sync job {} could not be stored; it is tried again", job.id);
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    if is_ours {
        count(hub, job, &progress, &end);
        hub.bus().progress(&job.user, hub.now(), &progress);
    }
    hub.tell_end(&job.user, &progress.run_id).await
}

/// What is stored is counted.
fn count(hub: &Hub, job: &Claimed, progress: &JobProgress, end: &End) {
    let took = progress.started_at.map_or(0, |started| (hub.now() - started).max(0));
    let took = Duration::from_millis(u64::try_from(took).unwrap_or(0));
    hub.metrics().job(job.provider, job.progress.trigger, end.status, took);
    for line in &end.lines {
        hub.metrics().applied(job.provider, &line.result);
    }
}

/// Stores how a job ended, in one transaction. `false`: the lock is not ours any more, and nothing was written.
async fn store(hub: &Hub, job: &Claimed, progress: &JobProgress, end: &End) -> Result<bool, StoreError> {
    let now = hub.now();
    let mut tx = hub.db().begin().await?;
    if !locks::check(&mut tx, &job.connection, job.fence, now).await? {
        return Ok(false);
    }
    let mut texts = Vec::with_capacity(end.lines.len());
    for Line { result, outcome } in &end.lines {
        let id = result.calendar_id.as_ref().map(|id| id.as_str().to_owned());
        if let Some(id) = &id {
            let text = result.error.as_ref().and_then(|problem| serde_json::to_string(problem).ok());
            calendars::finish(&mut tx, id, now, result.is_in_step(), result.status.as_str(), text.as_deref()).await?;
        }
        if let Some(address) = &outcome.moved_to {
            hub.move_feed(&mut tx, &job.user, &job.connection, address).await?;
        }
        texts.push((id, serde_json::to_string(result).unwrap_or_default()));
    }
    jobs::put_results(&mut tx, &job.id, &texts).await?;
    pass::store_progress(&mut tx, &job.id, progress, now).await?;
    if let Some(row) = connections::find_in(&mut tx, &job.connection).await? {
        reschedule(&mut tx, job, &row, end, now).await?;
    }
    locks::release(&mut tx, &job.connection, job.fence).await?;
    tx.commit().await?;
    hub.pause(&job.connection, end.asked().map(|asked| now + asked));
    Ok(true)
}

async fn reschedule(tx: &mut Tx, job: &Claimed, row: &ConnectionRow, end: &End, now: i64) -> Result<(), StoreError> {
    let stops = || end.lines.iter().filter_map(|line| line.outcome.stop.as_ref());
    // The user gave another password or address meanwhile: what this job found out about the old one is worth nothing.
    let mended = stops().next().is_some() && job.built_from != row.built_from();
    let needs_user = !mended && stops().any(Stop::needs_user);
    let interval = u64::try_from(row.interval_s).unwrap_or(0);
    let is_early = |stop: &Stop| matches!(stop, Stop::Budget | Stop::Cancelled | Stop::Interrupted);
    let early = stops().next().is_some() && stops().all(is_early);
    // What a webhook named was synced, and the rest was not: it is no proof that all is well, and the rest is due when it was.
    let is_part = job.only.is_some() && job.progress.trigger == Trigger::Webhook;
    let is_complete = end.status == JobStatus::Completed;
    let neutral = mended || end.status == JobStatus::Cancelled || early || (is_part && is_complete && row.failures > 0);
    let pace = if is_complete { paced(tx, job, row, end, interval, now).await? } else { interval };
    let next = if needs_user {
        None
    } else if mended || end.closing {
        Some(now)
    } else if early && end.status != JobStatus::Cancelled {
        // It goes on by itself soon, unless the user presses Continue first.
        Some(now + 60_000)
    } else if matches!(end.status, JobStatus::Completed | JobStatus::Cancelled) {
        let sooner = end.lines.iter().filter_map(|line| line.outcome.next_sync_s).filter(|wish| *wish < 300).min();
        let from = if is_part { calendars::oldest_attempt(tx, &job.connection).await?.unwrap_or(now) } else { now };
        Some((from + millis(sooner.map_or_else(|| jittered(pace), |wish| wish.min(pace)))).max(now))
    } else {
        let failures = u32::try_from(row.failures).unwrap_or(0).min(10);
        let backed_off = (60_u64 << failures).min(interval.max(6 * 3600));
        Some(now + millis(jittered(backed_off)).max(end.asked().unwrap_or_default()))
    };
    let text = end.problem.as_ref().and_then(|problem| serde_json::to_string(problem).ok());
    let outcome = connections::Outcome {
        at: now,
        success: is_complete && !neutral,
        neutral,
        needs_user,
        problem: text.as_deref(),
        next_sync_at: next,
        pace_s: is_complete.then(|| i64::try_from(pace).unwrap_or(i64::MAX)),
    };
    connections::finish(tx, &job.connection, &outcome).await
}

/// Seconds until the next sync of a connection that is well. While its provider tells by itself of everything, and is known to reach
/// us, polling is only a net. A poll that finds what nobody told takes that trust away until the next webhook.
async fn paced(tx: &mut Tx, job: &Claimed, row: &ConnectionRow, end: &End, interval: u64, now: i64) -> Result<u64, StoreError> {
    let Some((_, by_calendar)) = TELLING.iter().find(|(provider, _)| provider.as_str() == row.provider) else { return Ok(interval) };
    if !webhooks::is_told(tx, &job.connection, *by_calendar, now).await? {
        return Ok(interval);
    }
    let found = end.lines.iter().any(|Line { result, .. }| result.counts.synced + result.counts.updated + result.counts.deleted > 0);
    if found && job.progress.trigger == Trigger::Schedule && row.last_success_at.is_some() {
        webhooks::doubt(tx, &job.connection).await?;
        return Ok(interval);
    }
    Ok(slower(interval))
}

/// Four times as long, at most six hours; never sooner than was asked for.
fn slower(interval: u64) -> u64 {
    (4 * interval).min(6 * 3600).max(interval)
}

fn millis(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX / 4)
}

/// Within a tenth of it, so that connections that were added together do not stay together.
fn jittered(seconds: u64) -> u64 {
    seconds - seconds / 10 + random_below(seconds / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_told_is_polled_less_often_but_never_sooner_than_asked() {
        let pairs = [(300, 1200), (900, 3600), (7200, 21_600), (21_600, 21_600), (86_400, 86_400)];
        for (interval, expected) in pairs {
            assert_eq!(slower(interval), expected, "{interval}");
        }
    }

    #[test]
    fn the_jitter_stays_within_a_tenth() {
        assert!((0..1000).map(|_| jittered(900)).all(|seconds| (810..=990).contains(&seconds)));
        assert_eq!(jittered(0), 0);
    }
}
