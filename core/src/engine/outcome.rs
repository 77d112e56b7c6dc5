//! The line of a report for one calendar.

use crate::advice;
use crate::error::{Error, ProviderError, StoreError};
use crate::store::mirror::OddRow;
use std::collections::BTreeMap;
use std::time::Duration;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::plan::SkipReason;
use syncline_domain::sync::{Counts, HoldSummary, ResultStatus, Unreadable};

/// Why a pass did not come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The provider failed.
    Provider(ProviderError),
    /// Our store failed.
    Store(StoreError),
    /// Another worker took the lock over.
    LockLost,
    /// The user cancelled, or the server shuts down.
    Cancelled,
    /// Syncline was stopped, by hand or by a crash.
    Interrupted,
    /// The time budget ran out.
    Budget,
}

impl From<ProviderError> for Stop {
    fn from(error: ProviderError) -> Self {
        if error.class == Class::Cancelled { Self::Cancelled } else { Self::Provider(error) }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Provider(error) => error.into(),
            Error::Store(error) => Self::Store(error),
            other => Self::Provider(ProviderError::new("job", Class::Permanent, other.problem())),
        }
    }
}

/// What the user is told about a job whose process ended.
pub(crate) fn interrupted() -> Problem {
    Problem::new(
        "interrupted",
        "Syncline stopped while this sync was at work. What was saved is safe.",
        "Sync again: it continues where it stopped.",
    )
}

impl Stop {
    /// What the user is told.
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Provider(error) => advice::while_syncing(error),
            Self::Store(error) => error.problem(),
            Self::LockLost => {
                Problem::new("lock_lost", "Another Syncline process took this sync over.", "Nothing to do: it goes on there.")
            }
            Self::Cancelled => Problem::new("cancelled", "The sync was cancelled. What was saved stays.", "Sync again whenever you like."),
            Self::Interrupted => interrupted(),
            Self::Budget => Problem::new(
                "time_budget",
                "The sync took longer than it may at once. What was saved stays.",
                "Press Continue: it goes on where it stopped.",
            ),
        }
    }

    /// How long the provider wants to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Provider(error) => error.retry_after,
            _ => None,
        }
    }

    /// Whether only the user can mend it.
    pub(crate) fn needs_user(&self) -> bool {
        matches!(self, Self::Provider(error) if error.class == Class::Authentication)
    }

    /// Whether the job should try again by itself. A time-out has cost enough already.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::Provider(error) if error.class.is_retryable() && error.problem.code != "timeout")
    }
}

/// What became of one calendar.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What was done.
    pub(crate) counts: Counts,
    /// Reason → number.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// The first of what could not be read.
    pub(crate) unreadable: Vec<Unreadable>,
    /// Oddity → number of objects that were stored all the same.
    pub(crate) warnings: BTreeMap<String, u64>,
    /// Live objects that could not be read this time.
    pub(crate) failed_live: u64,
    /// Deletions that wait.
    pub(crate) hold: Option<HoldSummary>,
    /// Why it did not come to its end.
    pub(crate) stop: Option<Stop>,
    /// The provider wants the next sync within so many seconds.
    pub(crate) next_sync_s: Option<u64>,
    /// The feed moved for good.
    pub(crate) moved_to: Option<String>,
}

/// So many objects that could not be read are named.
const NAMED: usize = 20;

impl Outcome {
    /// Counts an object that was skipped.
    pub(crate) fn skip(&mut self, reason: &str) {
        self.counts.skipped += 1;
        *self.reasons.entry(reason.to_owned()).or_default() += 1;
    }

    /// Counts and names an object that could not be read; `live`: an older version of it is stored.
    pub(crate) fn fail(&mut self, remote_id: &str, reason: &str, live: bool) {
        self.counts.errors += 1;
        self.failed_live += u64::from(live);
        *self.reasons.entry(reason.to_owned()).or_default() += 1;
        if self.unreadable.len() < NAMED {
            self.unreadable.push(Unreadable { object: remote_id.to_owned(), reason: reason.to_owned() });
        }
    }

    /// Counts an object that is as it was: cancelled, or unreadable in the version that the provider still has.
    pub(crate) fn standing(&mut self, row: &OddRow) {
        match &row.unreadable {
            Some(reason) => self.fail(&row.remote_id, reason, row.live),
            None => self.skip(SkipReason::Cancelled.as_str()),
        }
    }

    /// Takes over what a page and the sweep behind it did, once that is committed.
    pub(crate) fn add(&mut self, page: Self) {
        self.counts += page.counts;
        self.failed_live += page.failed_live;
        for (reason, number) in page.reasons {
            *self.reasons.entry(reason).or_default() += number;
        }
        for (warning, number) in page.warnings {
            *self.warnings.entry(warning).or_default() += number;
        }
        self.unreadable.extend(page.unreadable);
        self.unreadable.truncate(NAMED);
        self.hold = page.hold.or(self.hold.take());
    }

    /// The status of the line.
    pub(crate) fn status(&self) -> ResultStatus {
        match &self.stop {
            Some(Stop::Budget | Stop::Cancelled | Stop::Interrupted) => ResultStatus::Partial,
            Some(_) if self.counts.changed() => ResultStatus::Partial,
            Some(_) => ResultStatus::Error,
            None if self.hold.is_some() => ResultStatus::Held,
            None if self.counts.errors > 0 => ResultStatus::Partial,
            None => ResultStatus::Success,
        }
    }
}
