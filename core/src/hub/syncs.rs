//! Starting, watching and cancelling syncs.

use super::{Hub, pending};
use crate::error::Error;
use syncline_domain::ids::{CalendarId, ConnectionId, JobId, UserId};
use syncline_domain::sync::{Mode, SyncReport, Trigger};
use syncline_domain::view::{Job, SyncOverview};

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

impl Hub {
    /// Starts a run and returns at once; the jobs run on background tasks of this process.
    ///
    /// # Errors
    /// [`Error::AlreadyRunning`] when *every* connection in scope is at work already (those that are not are started);
    /// [`Error::Invalid`] `nothing_to_sync` when the scope is empty or disabled.
    pub async fn start_sync(&self, _user: &UserId, _scope: Scope, _options: SyncOptions) -> Result<Started, Error> {
        pending()
    }

    /// Waits until a run has ended and gives its report. Works for runs of other processes on the same database, too.
    pub async fn wait_for(&self, _user: &UserId, _run: &JobId) -> Result<SyncReport, Error> {
        pending()
    }

    /// Asks a run (or one job) to stop; what it committed stays.
    pub async fn cancel_sync(&self, _user: &UserId, _job: &JobId) -> Result<(), Error> {
        pending()
    }

    /// Running jobs, the last success and the last report.
    pub async fn sync_overview(&self, _user: &UserId) -> Result<SyncOverview, Error> {
        pending()
    }

    /// The user's jobs, newest first.
    pub async fn jobs(&self, _user: &UserId, _limit: u32) -> Result<Vec<Job>, Error> {
        pending()
    }

    /// One of them.
    pub async fn job(&self, _user: &UserId, _id: &JobId) -> Result<Job, Error> {
        pending()
    }

    /// The report of a run that ended.
    pub async fn report(&self, _user: &UserId, _run: &JobId) -> Result<SyncReport, Error> {
        pending()
    }
}
