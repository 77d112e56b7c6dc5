//! The end of a job: results, lock, schedule, and the word to everybody.

use super::calendar::Line;
use super::job::Claimed;
use super::outcome::Stop;
use super::pass;
use super::retry::random_below;
use super::tracker::Tracker;
use crate::error::StoreError;
use crate::hub::Hub;
use crate::store::{Tx, calendars, connections, jobs, locks};
use syncline_domain::failure::Problem;
use syncline_domain::sync::{JobStatus, ResultStatus};

/// Stores the results, frees the lock, moves the schedule, and tells everybody.
pub(super) async fn finish(hub: &Hub, job: &Claimed, tracker: &Tracker, lines: Vec<Line>) -> Result<(), StoreError> {
    let good = lines.iter().filter(|line| line.result.is_in_step()).count();
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
                    calendars::finish(&mut tx, id.as_str(), now, result.is_in_step(), result.status.as_str(), text.as_deref()).await?;
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
    let is_wrong = |line: &Line| !matches!(line.outcome.stop, None | Some(Stop::Budget | Stop::Cancelled));
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
