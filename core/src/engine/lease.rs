//! Claiming a connection for a job.

use super::outcome::interrupted;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::store::{Db, Tx, calendars, connections, jobs, locks};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use syncline_domain::ids::{ConnectionId, JobId};
use syncline_domain::sync::{CalendarProgress, CalendarResult, Counts, JobProgress, JobStatus, ResultStatus};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Names a process for the locks that it holds: `host/pid/random`.
#[must_use]
pub(crate) fn owner() -> String {
    let mut random = [0_u8; 8];
    crate::clock::fill_random(&mut random);
    format!("{}/{}/{:016x}", host(), std::process::id(), u64::from_le_bytes(random))
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
}

/// Whether the process that holds a lock has certainly ended: it ran on this host, and its process id is free or is our own
/// under another name. Where that can not be told, the lease has to expire.
fn is_dead(owner: &str, own: &str) -> bool {
    let mut parts = owner.split('/');
    let (Some(host_of), Some(pid), Some(_)) = (parts.next(), parts.next(), parts.next()) else { return false };
    if owner == own || host_of != host() || !Path::new("/proc/self").exists() {
        return false;
    }
    pid == std::process::id().to_string() || !Path::new("/proc").join(pid).exists()
}

/// What became of a claim.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The lock is ours.
    Taken {
        /// Its fencing token.
        fence: i64,
        /// A job before it ended without saying so.
        resumes: bool,
    },
    /// Another job is at work.
    Busy {
        /// That job.
        job: JobId,
    },
}

/// Claims a connection inside the transaction that stores the job. Jobs whose lease is over are closed as interrupted.
///
/// # Errors
/// When the database fails.
pub(crate) async fn claim(tx: &mut Tx, connection: &ConnectionId, job: &JobId, own: &str, now: i64) -> Result<Claim, StoreError> {
    let lock = locks::find(tx, connection).await?;
    if let Some(lock) = &lock
        && lock.expires_at > now
        && !is_dead(&lock.owner, own)
    {
        return Ok(Claim::Busy { job: JobId::trusted(lock.job_id.clone()) });
    }
    let mut resumes = false;
    for open in jobs::all_open_of(tx, connection).await? {
        resumes = true;
        interrupt(tx, &open, now).await?;
    }
    match locks::take(tx, connection, job, own, now, lock.map(|lock| lock.fence)).await? {
        Some(fence) => Ok(Claim::Taken { fence, resumes }),
        // Another transaction was faster; its lock is to be seen now.
        None => Ok(Claim::Busy { job: locks::find(tx, connection).await?.map_or_else(|| job.clone(), |lock| JobId::trusted(lock.job_id)) }),
    }
}

/// Renews the lease every third of its time and listens for a cancellation by another process. Ends only when the lock is lost.
pub(crate) async fn keep(db: &Db, clock: &Clock, connection: &ConnectionId, job: &JobId, fence: i64, cancel: &CancellationToken) {
    const LISTEN: Duration = Duration::from_secs(2);
    let renew = Duration::from_millis(locks::LEASE_MS.unsigned_abs() / 3);
    let mut renewed = Instant::now();
    loop {
        tokio::time::sleep(LISTEN).await;
        if !cancel.is_cancelled() && jobs::cancel_asked(db, job).await.unwrap_or(false) {
            cancel.cancel();
        }
        if renewed.elapsed() < renew {
            continue;
        }
        match renew_once(db, clock, connection, fence).await {
            Ok(true) => renewed = Instant::now(),
            Ok(false) => return,
            // It is tried again with the next look, until the lease is over; then the fence stops every write.
            Err(error) => tracing::warn!(what = error.what, cause = %error.source, "the lease of a sync could not be renewed"),
        }
    }
}

async fn renew_once(db: &Db, clock: &Clock, connection: &ConnectionId, fence: i64) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let ours = locks::check(&mut tx, connection, fence, clock.now()).await?;
    tx.commit().await?;
    Ok(ours)
}

/// Closes the jobs whose process is gone, of all users, and frees their connections. `is_at_work` knows the jobs of this process.
/// Gives how many were closed.
///
/// # Errors
/// When the database fails.
pub(crate) async fn reap(db: &Db, own: &str, is_at_work: impl Fn(&str) -> bool, now: i64) -> Result<usize, StoreError> {
    let mut closed = 0;
    for connection in jobs::open_connections(db).await? {
        let connection = ConnectionId::trusted(connection);
        let mut tx = db.begin().await?;
        let lock = locks::find(&mut tx, &connection).await?;
        let holder = lock.as_ref().filter(|lock| {
            let is_ours = lock.owner == own;
            lock.expires_at > now && if is_ours { is_at_work(&lock.job_id) } else { !is_dead(&lock.owner, own) }
        });
        // What the lock does not belong to has lost it.
        let lost: Vec<_> = jobs::all_open_of(&mut tx, &connection)
            .await?
            .into_iter()
            .filter(|open| holder.is_none_or(|lock| lock.job_id != open.id) && !is_at_work(&open.id))
            .collect();
        if lost.is_empty() {
            continue;
        }
        closed += lost.len();
        for open in &lost {
            interrupt(&mut tx, open, now).await?;
        }
        if let (None, Some(lock)) = (holder, &lock) {
            locks::release(&mut tx, &connection, lock.fence).await?;
        }
        tx.commit().await?;
    }
    Ok(closed)
}

/// Closes a job whose process is gone. What its calendars had come to is its result; those that were not done are named as
/// interrupted.
async fn interrupt(tx: &mut Tx, open: &jobs::JobRow, now: i64) -> Result<(), StoreError> {
    let id = JobId::trusted(open.id.clone());
    let seq = open.seq + 1;
    let mut text = open.progress.clone();
    if let Ok(mut progress) = serde_json::from_str::<JobProgress>(&open.progress) {
        let account = connections::find_in(tx, &progress.connection_id).await?.map_or_else(String::new, |row| row.account);
        let mut lines = Vec::with_capacity(progress.calendars.len());
        for calendar in &progress.calendars {
            let line = calendar.result.clone().unwrap_or_else(|| stopped(&progress, calendar, account.clone()));
            let problem = line.error.as_ref().and_then(|problem| serde_json::to_string(problem).ok());
            let id = calendar.calendar_id.as_str();
            calendars::finish(tx, id, now, line.is_in_step(), line.status.as_str(), problem.as_deref()).await?;
            lines.push((Some(id.to_owned()), serde_json::to_string(&line).unwrap_or_default()));
        }
        jobs::put_results(tx, &id, &lines).await?;
        progress.seq = u64::try_from(seq).unwrap_or(u64::MAX);
        progress.status = JobStatus::Partial;
        progress.error = Some(interrupted());
        text = serde_json::to_string(&progress).unwrap_or(text);
    }
    jobs::update(tx, &id, JobStatus::Partial.as_str(), seq, &text, now, true).await
}

/// The line of a calendar that was not done when its process ended.
fn stopped(progress: &JobProgress, calendar: &CalendarProgress, account: String) -> CalendarResult {
    CalendarResult {
        connection_id: progress.connection_id.clone(),
        calendar_id: Some(calendar.calendar_id.clone()),
        email: account,
        calendar_name: calendar.name.clone(),
        status: ResultStatus::Partial,
        counts: Counts::default(),
        total: 0,
        skipped_reasons: BTreeMap::new(),
        unreadable: Vec::new(),
        warnings: BTreeMap::new(),
        error: Some(interrupted()),
        hold: None,
        duration_ms: 0,
        requests: 0,
        bytes: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_host_that_is_gone_counts_as_dead() {
        let own = owner();
        assert!(!is_dead(&own, &own));
        assert!(is_dead(&format!("{}/{}/ffff", host(), std::process::id()), &own), "our own process id under another name");
        assert!(is_dead(&format!("{}/4194999/ffff", host()), &own), "a process id that nobody has");
        assert!(!is_dead(&format!("{}/1/ffff", host()), &own), "a process that runs");
        assert!(!is_dead("elsewhere/4194999/ffff", &own), "another host");
        assert!(!is_dead("nonsense", &own));
    }
}
