//! The errors of the core. A [`ProviderError`] is what an operation at a provider met; an [`Error`] is what a call of the
//! facade answers. Both carry a [`Problem`], the only part that a user ever sees; the source chain is for the log.

use std::time::Duration;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::ids::JobId;

/// A failed operation at a provider.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {}", problem.code)]
pub struct ProviderError {
    /// Decides what happens next.
    pub class: Class,
    /// What the user is told. Never holds a secret: no password, no token, no secret feed address.
    /// Boxed, so that results stay small.
    pub problem: Box<Problem>,
    /// The operation, for the log: "caldav.list", "ics.fetch".
    pub what: &'static str,
    /// At least this long, when the provider said so (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// The underlying error, for the log.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ProviderError {
    /// Makes one without a source.
    #[must_use]
    pub fn new(what: &'static str, class: Class, problem: Problem) -> Self {
        Self { class, problem: Box::new(problem), what, retry_after: None, source: None }
    }

    /// Adds the underlying error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds the provider's minimum wait.
    #[must_use]
    pub fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.retry_after = after;
        self
    }
}

/// What a call of the facade answers when it does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is not the user's.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// What was given can not be used; the problem says what to change.
    #[error("invalid input: {}", .0.code)]
    Invalid(Box<Problem>),
    /// Nobody is signed in, or the password is wrong.
    #[error("not authenticated: {}", .0.code)]
    Unauthenticated(Box<Problem>),
    /// The user may not do this.
    #[error("forbidden: {}", .0.code)]
    Forbidden(Box<Problem>),
    /// Too many attempts.
    #[error("throttled")]
    Throttled {
        /// Wait at least so many seconds.
        retry_after_s: u64,
    },
    /// A sync of one of the connections is at work.
    #[error("already in progress: {job}")]
    AlreadyRunning {
        /// The job at work.
        job: JobId,
    },
    /// A provider refused or could not be reached.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// What was given can not be used.
    #[must_use]
    pub fn invalid(code: &str, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self::Invalid(Box::new(Problem::new(code, message, action)))
    }

    /// What the user is told. Internal text stays behind.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::NotFound(what) => Problem::new(
                "not_found",
                format!("There is no such {what}."),
                "It may have been removed in another window. Reload the page.",
            ),
            Self::Invalid(problem) | Self::Unauthenticated(problem) | Self::Forbidden(problem) => (**problem).clone(),
            Self::Throttled { retry_after_s } => {
                Problem::new("too_many_attempts", "There were too many attempts.", format!("Wait {retry_after_s} seconds, then try again."))
            }
            Self::AlreadyRunning { .. } => {
                Problem::new("already_in_progress", "Sync already in progress.", "Watch its progress, or cancel it first.")
            }
            Self::Provider(error) => (*error.problem).clone(),
            Self::Store(error) => error.problem(),
        }
    }
}

/// The database failed.
#[derive(Debug, thiserror::Error)]
#[error("database: {what}")]
pub struct StoreError {
    /// The operation: "jobs.start".
    pub what: &'static str,
    /// What sqlx said.
    #[source]
    pub source: sqlx::Error,
}

impl StoreError {
    /// What the user is told; a full disk is named.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let full = matches!(&self.source, sqlx::Error::Database(error)
            if matches!(error.code().as_deref(), Some("13" | "53100")));
        if full {
            Problem::new("disk_full", "The disk of the Syncline server is full. Nothing was lost.", "Free some space, then sync again.")
        } else {
            Problem::new(
                "database_failed",
                "The database did not do what it should. Nothing was lost.",
                "Try again; if it stays, look at the server's log.",
            )
        }
    }
}
