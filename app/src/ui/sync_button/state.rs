//! The five states of a sync button: pure.
//!
//! The component feeds it what happens (a click, an answer, a message of the stream, a timer) and does what it says. A button
//! that did not start a sync follows it all the same: it looks the same in every tab.

use super::target::SyncTarget;
use syncline_domain::ids::JobId;
use syncline_domain::sync::{Counts, JobProgress, JobStatus, ResultStatus, SyncReport};

/// A success is shown so long, in milliseconds.
pub const SUCCESS_MS: u32 = 3_000;
/// A failure is shown so long, in milliseconds.
pub const ERROR_MS: u32 = 5_000;
/// What a second click, or another tab, is told.
pub const ALREADY: &str = "Sync already in progress";

/// What the button shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Face {
    /// "Sync".
    #[default]
    Idle,
    /// A spinner and how far it is.
    Syncing {
        /// It was asked for once more: say so.
        already: bool,
    },
    /// "Synced!" and what changed.
    Success(Counts),
    /// "Failed" and why.
    Error(String),
    /// "Continue": it stopped early and goes on where it stopped.
    Partial(String),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// It was pressed.
    Click,
    /// The server started the run.
    Started(JobId),
    /// The server said that this job is at work already.
    AlreadyRunning(JobId),
    /// The server refused, in these words.
    Refused(String),
    /// Whether a job works on the target, as the stream says.
    Running(bool),
    /// A run ended.
    Finished(&'a SyncReport),
    /// The timer with this number ran out.
    Timeout(u32),
}

/// What the component has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Ask the server to start.
    Start {
        /// Continue what stopped early.
        resume: bool,
    },
    /// Send [`Event::Timeout`] with the number after so many milliseconds.
    After {
        /// Milliseconds.
        ms: u32,
        /// The number.
        number: u32,
    },
}

/// A button's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    target: SyncTarget,
    face: Face,
    /// The run that it follows because the server named it.
    run: Option<JobId>,
    /// It asked, and the answer is not here.
    asked: bool,
    /// The stream has shown it at work.
    seen: bool,
    /// The job whose end it has shown already, before the whole run ended.
    shown: Option<JobId>,
    timer: u32,
}

impl Machine {
    /// A button that rests, or one whose target is being synced as the page is loaded.
    #[must_use]
    pub fn new(target: SyncTarget, running: bool) -> Self {
        let face = if running { Face::Syncing { already: false } } else { Face::Idle };
        Self { target, face, run: None, asked: false, seen: running, shown: None, timer: 0 }
    }

    /// The same when the page is loaded after a run that stopped early: it still offers to continue.
    #[must_use]
    pub fn after(mut self, last: Option<&SyncReport>) -> Self {
        let about = last.filter(|report| report.results.iter().any(|line| self.target.is_in(line)));
        if let Some(face @ Face::Partial(_)) = about.filter(|_| self.face == Face::Idle).map(|report| outcome(&self.target, report)) {
            self.face = face;
        }
        self
    }

    /// What it shows.
    #[must_use]
    pub fn face(&self) -> &Face {
        &self.face
    }

    /// Takes what happened.
    pub fn on(&mut self, event: Event<'_>) -> Option<Effect> {
        match event {
            Event::Click => self.click(),
            Event::Started(run) => {
                self.follow(run, false);
                None
            }
            Event::AlreadyRunning(job) => {
                self.follow(job, true);
                None
            }
            Event::Refused(message) => {
                self.rest();
                self.show_for(Face::Error(message), ERROR_MS)
            }
            Event::Running(running) => {
                self.running(running);
                None
            }
            Event::Finished(report) => self.finished(report),
            Event::Timeout(number) => {
                if number == self.timer && matches!(self.face, Face::Success(_) | Face::Error(_)) {
                    self.face = Face::Idle;
                }
                None
            }
        }
    }

    fn click(&mut self) -> Option<Effect> {
        if let Face::Syncing { already } = &mut self.face {
            *already = true;
            return None;
        }
        let resume = matches!(self.face, Face::Partial(_));
        self.face = Face::Syncing { already: false };
        self.asked = true;
        Some(Effect::Start { resume })
    }

    fn follow(&mut self, run: JobId, already: bool) {
        // The report may have come before the answer: then it is over.
        if matches!(self.face, Face::Syncing { .. }) {
            self.face = Face::Syncing { already };
            self.asked = false;
            self.run = Some(run);
        }
    }

    fn running(&mut self, running: bool) {
        if running {
            self.seen = true;
            if !matches!(self.face, Face::Syncing { .. }) {
                self.face = Face::Syncing { already: false };
            }
        } else if self.seen && !self.asked && matches!(self.face, Face::Syncing { .. }) {
            // It ended and no report named it: nothing to boast of, nothing to complain about.
            self.rest();
            self.face = Face::Idle;
        }
    }

    fn finished(&mut self, report: &SyncReport) -> Option<Effect> {
        if self.shown.as_ref().is_some_and(|job| report.job_ids.contains(job)) {
            return None;
        }
        let mine = self.run.as_ref().is_some_and(|run| report.job_id == *run || report.job_ids.contains(run));
        let named = report.results.iter().any(|line| self.target.is_in(line)) || self.target == SyncTarget::Everything;
        if !mine && !named {
            return None;
        }
        self.rest();
        self.shown = report.job_ids.first().filter(|_| report.job_ids.len() == 1).cloned();
        match outcome(&self.target, report) {
            Face::Idle => {
                self.face = Face::Idle;
                None
            }
            face @ Face::Success(_) => self.show_for(face, SUCCESS_MS),
            face @ Face::Error(_) => self.show_for(face, ERROR_MS),
            face => {
                self.face = face;
                None
            }
        }
    }

    fn rest(&mut self) {
        self.run = None;
        self.asked = false;
        self.seen = false;
    }

    fn show_for(&mut self, face: Face, ms: u32) -> Option<Effect> {
        self.face = face;
        self.timer = self.timer.wrapping_add(1);
        Some(Effect::After { ms, number: self.timer })
    }
}

/// The report of one job that has ended while others of its run are still at work, for the button of its connection.
#[must_use]
pub fn report_of_job(job: &JobProgress) -> SyncReport {
    let lines = job.calendars.iter().filter_map(|line| line.result.clone()).collect();
    let mut report = SyncReport::of(vec![job.job_id.clone()], job.status, lines, String::new());
    if let Some(problem) = &job.error {
        report.message = problem.to_string();
    }
    report
}

/// What a report means for a target. Lines of other calendars count only where the report names none of the target's.
fn outcome(target: &SyncTarget, report: &SyncReport) -> Face {
    let about = |line: &&_| target.is_in(line);
    let all = !report.results.iter().any(|line| target.is_in(line));
    let lines: Vec<_> = report.results.iter().filter(|line| all || about(line)).collect();
    if report.status == JobStatus::Cancelled {
        return Face::Idle;
    }
    // A pass that read everything but for some unreadable objects has no problem, and nothing to continue.
    if let Some(stopped) = lines.iter().find(|line| line.status == ResultStatus::Partial && line.error.is_some()) {
        let why = stopped.error.as_ref().map_or_else(|| report.message.clone(), |problem| problem.message.clone());
        return Face::Partial(why);
    }
    if let Some(failed) = lines.iter().find(|line| line.status == ResultStatus::Error) {
        return Face::Error(failed.error.as_ref().map_or_else(|| report.message.clone(), ToString::to_string));
    }
    if lines.is_empty() && !report.success {
        return Face::Error(report.message.clone());
    }
    let mut counts = Counts::default();
    for line in lines {
        counts += line.counts;
    }
    Face::Success(counts)
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
