//! Starting, watching and cancelling syncs.

use super::Hub;
use crate::clock::new_id;
use crate::engine::job::{self, Claimed};
use crate::engine::lease::{self, Claim};
use crate::error::{Error, StoreError};
use crate::store::connections::{self, ConnectionRow};
use crate::store::{calendars, jobs, locks};
use crate::tasks;
use std::time::Duration;
use syncline_domain::ids::{CalendarId, ConnectionId, JobId, UserId};
use syncline_domain::sync::{CalendarResult, JobProgress, JobStatus, Mode, ProviderKind, SyncReport, Trigger};
use syncline_domain::view::{Job, Live, SyncOverview};
use tokio_util::sync::CancellationToken;

/// What to sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every enabled connection of the user.
    Everything,
    /// These connections, all enabled calendars.
    Connections(Vec<ConnectionId>),
    /// These calendars only.
    Calendars(Vec<CalendarId>),
}

/// How to sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncOptions {
    /// Which pass.
    pub mode: Mode,
    /// What started it.
    pub trigger: Trigger,
}

/// A run that was started: a job for each connection in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The first job; it stands for the run wherever a job id is asked for.
    pub run_id: JobId,
    /// All of them.
    pub job_ids: Vec<JobId>,
}

/// How often a waiter looks at jobs of other processes.
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl Hub {
    /// Starts a run and returns at once; the jobs run on background tasks of this process.
    ///
    /// # Errors
    /// [`Error::AlreadyRunning`] when *every* connection in scope is at work already (those that are not are started);
    /// [`Error::Invalid`] `nothing_to_sync` when the scope is empty or disabled.
    pub async fn start_sync(&self, user: &UserId, scope: Scope, options: SyncOptions) -> Result<Started, Error> {
        let (hub, user) = (self.clone(), user.clone());
        // A request that is given up in the middle must not leave a job behind that nobody carries out.
        tasks::to_the_end("sync.start", async move { hub.start(&user, scope, options).await }).await?
    }

    async fn start(&self, user: &UserId, scope: Scope, options: SyncOptions) -> Result<Started, Error> {
        let targets = self.targets(user, scope).await?;
        let mut started = Vec::new();
        let (mut busy, mut failed, mut run) = (None, None, None);
        for (row, only) in targets {
            let id = JobId::trusted(new_id(self.clock()));
            let run_id = run.clone().unwrap_or_else(|| id.clone());
            // Known as ours before it is in the database, so that the clean-up of lost jobs leaves it alone.
            let cancel = CancellationToken::new();
            self.running().insert(id.clone(), cancel.clone());
            match self.claim(user, &row, only, options, id.clone(), &run_id, cancel).await {
                Ok(Ok(job)) => {
                    run.get_or_insert(run_id);
                    started.push(job);
                    continue;
                }
                Ok(Err(job)) => busy = Some(job),
                Err(error) => failed = Some(error),
            }
            self.forget(&id);
            if failed.is_some() {
                break;
            }
        }
        let job_ids: Vec<JobId> = started.iter().map(|job| job.id.clone()).collect();
        // Only now, so that the run is not over before its last job is known; and also when a claim failed.
        for job in started {
            self.bus().progress(user, self.now(), &job.progress);
            tasks::detach(job::run(self.clone(), job));
        }
        match (failed, run) {
            (Some(error), _) => Err(error),
            (None, Some(run_id)) => Ok(Started { run_id, job_ids }),
            (None, None) => Err(busy.map_or_else(nothing_to_sync, |job| Error::AlreadyRunning { job })),
        }
    }

    /// The connections in scope, each with the calendars asked for.
    async fn targets(&self, user: &UserId, scope: Scope) -> Result<Vec<(ConnectionRow, Option<Vec<CalendarId>>)>, Error> {
        let rows = connections::list(self.db(), user).await?;
        Ok(match scope {
            Scope::Everything => rows.into_iter().filter(|row| row.enabled).map(|row| (row, None)).collect(),
            Scope::Connections(ids) => {
                let mut found = Vec::new();
                for id in ids {
                    let row = rows.iter().find(|row| row.id == id.as_str()).ok_or(Error::NotFound("connection"))?;
                    if !row.enabled {
                        return Err(disabled(&row.name));
                    }
                    found.push((row.clone(), None));
                }
                found
            }
            Scope::Calendars(ids) => {
                let known = calendars::list(self.db(), user).await?;
                let mut found: Vec<(ConnectionRow, Option<Vec<CalendarId>>)> = Vec::new();
                for id in ids {
                    let calendar = known.iter().find(|row| row.id == id.as_str()).ok_or(Error::NotFound("calendar"))?;
                    match found.iter_mut().find(|(row, _)| row.id == calendar.connection_id) {
                        Some((_, Some(only))) => only.push(id),
                        _ => {
                            let row = rows.iter().find(|row| row.id == calendar.connection_id).ok_or(Error::NotFound("connection"))?;
                            if !row.enabled {
                                return Err(disabled(&row.name));
                            }
                            found.push((row.clone(), Some(vec![id])));
                        }
                    }
                }
                found
            }
        })
    }

    /// Stores a job together with its lock; gives the running job when there is one.
    #[expect(clippy::too_many_arguments, reason = "what a job is made of, from its only caller")]
    async fn claim(
        &self,
        user: &UserId,
        row: &ConnectionRow,
        only: Option<Vec<CalendarId>>,
        options: SyncOptions,
        id: JobId,
        run: &JobId,
        cancel: CancellationToken,
    ) -> Result<Result<Claimed, JobId>, Error> {
        let connection = ConnectionId::trusted(row.id.clone());
        let now = self.now();
        let mut tx = self.db().begin().await?;
        let (fence, resumes) = match lease::claim(&mut tx, &connection, &id, self.owner(), now).await? {
            Claim::Taken { fence, resumes } => (fence, resumes),
            Claim::Busy { job } => return Ok(Err(job)),
        };
        let trigger = if resumes && options.trigger == Trigger::Schedule { Trigger::Resume } else { options.trigger };
        let progress = JobProgress {
            job_id: id.clone(),
            run_id: run.clone(),
            connection_id: connection.clone(),
            connection_name: row.name.clone(),
            seq: 1,
            status: JobStatus::Pending,
            trigger,
            started_at: None,
            calendars: Vec::new(),
            error: None,
        };
        let text = serde_json::to_string(&progress).unwrap_or_default();
        let calendars = only.as_ref().and_then(|only| serde_json::to_string(only).ok());
        let new = jobs::NewJob {
            id: &id,
            run,
            user,
            connection: &connection,
            trigger: trigger.as_str(),
            mode: options.mode.as_str(),
            calendars: calendars.as_deref(),
            progress: &text,
            now,
        };
        jobs::insert(&mut tx, &new).await?;
        // Whoever looks for what is due must not find it until a process that died with it would have been noticed.
        connections::postpone(&mut tx, &connection, now + locks::LEASE_MS + 60_000).await?;
        tx.commit().await?;
        let built_from = row.built_from();
        let provider = ProviderKind::parse(&row.provider).unwrap_or(ProviderKind::Ics);
        Ok(Ok(Claimed { id, user: user.clone(), connection, provider, fence, mode: options.mode, only, progress, cancel, built_from }))
    }

    /// Waits until a run has ended and gives its report. Works for runs of other processes on the same database, too.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's.
    pub async fn wait_for(&self, user: &UserId, run: &JobId) -> Result<SyncReport, Error> {
        let mut notes = self.bus().listen();
        loop {
            let jobs = self.run_of(user, run).await?;
            if jobs.iter().all(|job| job.finished_at.is_some()) {
                return Ok(self.report_of(user, &jobs).await?);
            }
            // A message, or the time at which to look at what other processes do.
            let _ = tokio::time::timeout(LOOK_EVERY, async {
                loop {
                    match notes.recv().await {
                        Ok(note) if matches!(&note.live, Live::Complete(report) if report.job_ids.contains(run)) => return,
                        Ok(_) => {}
                        Err(_) => return std::future::pending().await,
                    }
                }
            })
            .await;
        }
    }

    /// Asks a run (or one job) to stop; what it committed stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's, or has ended.
    pub async fn cancel_sync(&self, user: &UserId, job: &JobId) -> Result<(), Error> {
        let mut tx = self.db().begin().await?;
        if jobs::ask_cancel(&mut tx, user, job, self.now()).await? == 0 {
            return Err(Error::NotFound("running sync"));
        }
        tx.commit().await?;
        for row in self.run_of(user, job).await.unwrap_or_default() {
            if let Some(token) = self.running().get(&JobId::trusted(row.id)) {
                token.cancel();
            }
        }
        if let Some(token) = self.running().get(job) {
            token.cancel();
        }
        Ok(())
    }

    /// Running jobs, the last success and the last report.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sync_overview(&self, user: &UserId) -> Result<SyncOverview, Error> {
        let running = jobs::open(self.db(), user).await?.iter().filter_map(progress_of).collect();
        let last_success_at = connections::list(self.db(), user).await?.iter().filter_map(|row| row.last_success_at).max();
        let last_report = match jobs::last_finished(self.db(), user).await? {
            Some(job) => {
                let jobs = self.run_of(user, &JobId::trusted(job.run_id)).await?;
                if jobs.iter().all(|job| job.finished_at.is_some()) { Some(self.report_of(user, &jobs).await?) } else { None }
            }
            None => None,
        };
        Ok(SyncOverview { running, last_success_at, last_report, now: self.now() })
    }

    /// The user's jobs, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn jobs(&self, user: &UserId, limit: u32) -> Result<Vec<Job>, Error> {
        Ok(jobs::list(self.db(), user, i64::from(limit)).await?.iter().filter_map(job_of).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's.
    pub async fn job(&self, user: &UserId, id: &JobId) -> Result<Job, Error> {
        jobs::find(self.db(), user, id).await?.as_ref().and_then(job_of).ok_or(Error::NotFound("sync"))
    }

    /// The report of a run that ended.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's or is at work.
    pub async fn report(&self, user: &UserId, run: &JobId) -> Result<SyncReport, Error> {
        let jobs = self.run_of(user, run).await?;
        if jobs.iter().any(|job| job.finished_at.is_none()) {
            return Err(Error::NotFound("report"));
        }
        Ok(self.report_of(user, &jobs).await?)
    }

    /// The jobs of a run; any of its jobs names it.
    async fn run_of(&self, user: &UserId, run: &JobId) -> Result<Vec<jobs::JobRow>, Error> {
        let mut found = jobs::of_run(self.db(), user, run).await?;
        if found.is_empty() {
            let job = jobs::find(self.db(), user, run).await?.ok_or(Error::NotFound("sync"))?;
            found = jobs::of_run(self.db(), user, &JobId::trusted(job.run_id)).await?;
        }
        Ok(found)
    }

    pub(crate) async fn report_of(&self, user: &UserId, jobs: &[jobs::JobRow]) -> Result<SyncReport, StoreError> {
        let Some(first) = jobs.first() else { return Ok(SyncReport::of(Vec::new(), JobStatus::Failed, Vec::new(), String::new())) };
        let run = JobId::trusted(first.run_id.clone());
        let lines: Vec<CalendarResult> =
            jobs::results_of_run(self.db(), user, &run).await?.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        let ended = jobs.iter().filter_map(|job| job.finished_at).max().unwrap_or_default();
        let statuses: Vec<JobStatus> = jobs.iter().filter_map(|job| JobStatus::parse(&job.status)).collect();
        let timestamp = jiff::Timestamp::from_millisecond(ended).map(|at| at.to_string()).unwrap_or_default();
        let ids = jobs.iter().map(|job| JobId::trusted(job.id.clone())).collect();
        Ok(SyncReport::of(ids, worst(&statuses), lines, timestamp))
    }

    /// Closes jobs of processes that died, of all users, so that nobody waits for them. Gives how many.
    pub(crate) async fn close_lost_jobs(&self) -> Result<usize, StoreError> {
        let is_at_work = |job: &str| self.running().contains_key(&JobId::trusted(job));
        lease::reap(self.db(), self.owner(), is_at_work, self.now()).await
    }

    /// Tells the end of a run once, when its last job has ended.
    pub(crate) async fn tell_end(&self, user: &UserId, run: &JobId) -> Result<(), StoreError> {
        let jobs = jobs::of_run(self.db(), user, run).await?;
        if jobs.is_empty() {
            // Its connection was removed, and the jobs with it.
            return Ok(());
        }
        let Some(ended) = jobs.iter().map(|job| job.finished_at).try_fold(0, |last, at| at.map(|at| last.max(at))) else {
            return Ok(());
        };
        let report = self.report_of(user, &jobs).await?;
        if self.bus().advance(&format!("end {run}"), 1) {
            self.bus().tell(user, ended, Live::Complete(report));
        }
        Ok(())
    }
}

/// The state of a run out of those of its jobs.
fn worst(statuses: &[JobStatus]) -> JobStatus {
    let all = |status| statuses.iter().all(|one| *one == status);
    if statuses.contains(&JobStatus::Cancelled) {
        JobStatus::Cancelled
    } else if all(JobStatus::Completed) {
        JobStatus::Completed
    } else if all(JobStatus::Failed) {
        JobStatus::Failed
    } else {
        JobStatus::Partial
    }
}

pub(crate) fn progress_of(row: &jobs::JobRow) -> Option<JobProgress> {
    serde_json::from_str(&row.progress).ok()
}

fn job_of(row: &jobs::JobRow) -> Option<Job> {
    Some(Job { progress: progress_of(row)?, created_at: row.created_at, finished_at: row.finished_at })
}

fn nothing_to_sync() -> Error {
    Error::invalid("nothing_to_sync", "Nothing is connected that could be synced.", "Add a connection, or switch one on.")
}

fn disabled(name: &str) -> Error {
    Error::invalid("connection_disabled", format!("\u{201c}{name}\u{201d} is switched off."), "Switch it on first.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_as_good_as_its_jobs() {
        use JobStatus::{Cancelled, Completed, Failed, Partial};
        assert_eq!(worst(&[Completed, Completed]), Completed);
        assert_eq!(worst(&[Completed, Failed]), Partial);
        assert_eq!(worst(&[Failed, Failed]), Failed);
        assert_eq!(worst(&[Completed, Partial]), Partial);
        assert_eq!(worst(&[Cancelled, Completed]), Cancelled);
    }
}
