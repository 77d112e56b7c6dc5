//! The errors of the core. A [`ProviderError`] is what an operation at a provider met; an [`Error`] is what a call of the
//! facade answers. Both carry a [`Problem`], the only part that a user ever sees; the source chain is for the log.

use std::time::Duration;
use syncline_domain::failure::{Class, Problem};

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
