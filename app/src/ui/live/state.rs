//! What a tab knows about the user's syncs: pure, so that it is tested without a browser.
//!
//! Invariants: a snapshot of a job never replaces a newer one; a run is reported once however often the server says it;
//! what a lost stream did not bring is found again in an overview.

use crate::ui::relative_time::words::parse_iso;
use std::collections::VecDeque;
use syncline_domain::ids::JobId;
use syncline_domain::sync::{JobProgress, SyncReport, Trigger};
use syncline_domain::view::{Live, SyncOverview};

/// So many reports are remembered, to know a repetition.
const REMEMBERED: usize = 32;

/// What the page has to do after a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// A run ended, and this tab had not heard of it.
    Completed(SyncReport, Option<Trigger>),
    /// Connections or calendars changed.
    Changed,
    /// A run is not at work any more but its report is not here: ask for it.
    ReportMissing(JobId),
}

/// What a tab knows about the user's syncs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveState {
    /// In order of id. There are a handful at most.
    jobs: Vec<JobProgress>,
    /// Runs that this tab started and has not seen a snapshot of.
    expected: Vec<JobId>,
    reports: VecDeque<SyncReport>,
    ended: VecDeque<JobId>,
    /// The last sync of anything that went well, unix milliseconds.
    pub last_success_at: Option<i64>,
}

impl LiveState {
    /// The state of a page that was just loaded: its last report is known already and is not announced again.
    #[must_use]
    pub fn of(overview: &SyncOverview) -> Self {
        let mut state = Self { last_success_at: overview.last_success_at, ..Self::default() };
        overview.running.iter().for_each(|job| state.put(job.clone()));
        if let Some(report) = &overview.last_report {
            state.remember(report.clone());
        }
        state
    }

    /// The jobs of runs that are at work, in order of id. A job that has ended stays until its whole run has.
    pub fn jobs(&self) -> impl Iterator<Item = &JobProgress> {
        self.jobs.iter()
    }

    /// Whether anything is at work.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.jobs.is_empty() || !self.expected.is_empty()
    }

    /// The last run that ended.
    #[must_use]
    pub fn last_report(&self) -> Option<&SyncReport> {
        self.reports.back()
    }

    /// The report of a run, by the id of any of its jobs.
    #[must_use]
    pub fn report_of(&self, job: &JobId) -> Option<&SyncReport> {
        self.reports.iter().rev().find(|report| report.job_id == *job || report.job_ids.contains(job))
    }

    /// This tab started a run (or was told that one is at work): it counts as running until its report is here.
    pub fn expect(&mut self, run: &JobId) {
        let known = self.jobs.iter().any(|job| job.run_id == *run || job.job_id == *run);
        if !known && self.report_of(run).is_none() && !self.expected.contains(run) {
            self.expected.push(run.clone());
        }
    }

    /// Takes a message of the stream.
    pub fn apply(&mut self, message: Live) -> Option<Happened> {
        match message {
            Live::Progress(job) => {
                self.progress(job);
                None
            }
            Live::Complete(report) => self.complete(report),
            Live::Changed => Some(Happened::Changed),
        }
    }

    /// Takes an overview that was asked for after the stream was lost or (re)opened.
    pub fn reconcile(&mut self, overview: &SyncOverview) -> Vec<Happened> {
        let mut happened = Vec::new();
        for job in &overview.running {
            self.progress(job.clone());
        }
        if let Some(report) = &overview.last_report {
            happened.extend(self.complete(report.clone()));
        }
        let at_work = |run: &JobId| overview.running.iter().any(|job| job.run_id == *run || job.job_id == *run);
        // A job that started after the overview was taken is not missing from it.
        let mut lost: Vec<JobId> = self
            .jobs
            .iter()
            .filter(|job| !at_work(&job.run_id) && job.started_at.is_none_or(|at| at <= overview.now))
            .map(|job| job.run_id.clone())
            .chain(self.expected.iter().filter(|run| !at_work(run)).cloned())
            .collect();
        lost.sort_unstable();
        lost.dedup();
        happened.extend(lost.into_iter().map(Happened::ReportMissing));
        self.last_success_at = self.last_success_at.max(overview.last_success_at);
        happened
    }

    /// A run is neither at work nor does it have a report: forget it.
    pub fn give_up(&mut self, run: &JobId) {
        self.expected.retain(|expected| expected != run);
        self.jobs.retain(|job| job.run_id != *run);
    }

    fn progress(&mut self, job: JobProgress) {
        let stale = self.ended.contains(&job.job_id)
            || self.report_of(&job.job_id).is_some()
            || self.jobs.iter().any(|known| known.job_id == job.job_id && known.seq >= job.seq);
        if !stale {
            self.expected.retain(|expected| *expected != job.run_id && *expected != job.job_id);
            self.put(job);
        }
    }

    /// Takes a snapshot, in place of the one that was there.
    fn put(&mut self, job: JobProgress) {
        match self.jobs.binary_search_by(|known| known.job_id.cmp(&job.job_id)) {
            Ok(at) => self.jobs[at] = job,
            Err(at) => self.jobs.insert(at, job),
        }
    }

    fn complete(&mut self, report: SyncReport) -> Option<Happened> {
        if self.reports.iter().any(|known| known.job_id == report.job_id) {
            return None;
        }
        let of_run = |job: &JobProgress| job.run_id == report.job_id || report.job_ids.contains(&job.job_id);
        let trigger = self.jobs.iter().find(|job| of_run(job)).map(|job| job.trigger);
        let over: Vec<JobId> = self.jobs.iter().filter(|job| of_run(job)).map(|job| job.job_id.clone()).collect();
        for job in over.iter().chain(&report.job_ids) {
            self.jobs.retain(|known| known.job_id != *job);
            self.expected.retain(|expected| expected != job);
            self.ended.push_back(job.clone());
        }
        self.ended.drain(..self.ended.len().saturating_sub(4 * REMEMBERED));
        if report.success {
            self.last_success_at = self.last_success_at.max(parse_iso(&report.timestamp));
        }
        self.remember(report.clone());
        Some(Happened::Completed(report, trigger))
    }

    fn remember(&mut self, report: SyncReport) {
        self.reports.push_back(report);
        self.reports.drain(..self.reports.len().saturating_sub(REMEMBERED));
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
