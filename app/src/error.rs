//! The closed error of every server function.

use leptos::prelude::*;
use leptos::server_fn::codec::PostcardEncoding;
use leptos::server_fn::error::ServerFnErrorErr;
use serde::{Deserialize, Serialize};
use syncline_domain::failure::Problem;
use syncline_domain::ids::JobId;

/// What a server function answers when it does not do what it was asked. Nothing internal is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{problem}")]
pub struct WireError {
    /// What the user is told.
    pub problem: Problem,
    /// What the page does about it.
    pub kind: WireKind,
}

/// What the page does about an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireKind {
    /// Nobody is signed in, or the password is wrong.
    Unauthenticated,
    /// The user may not do this.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// What was typed has to change; shown beside the field.
    Invalid,
    /// Too many attempts.
    Throttled {
        /// Wait at least so many seconds.
        retry_after_s: u64,
    },
    /// A sync is at work: follow this job.
    AlreadyRunning {
        /// The job at work.
        job: JobId,
    },
    /// A provider refused or could not be reached.
    Provider,
    /// The server failed.
    Server,
    /// The server was not reached; trying again may help.
    Connection,
}

impl WireError {
    /// Makes one from its parts.
    #[must_use]
    pub fn new(kind: WireKind, problem: Problem) -> Self {
        Self { problem, kind }
    }

    /// What came over the wire can not be read.
    #[must_use]
    pub fn unreadable() -> Self {
        let problem =
            Problem::new("unexpected_answer", "The server gave an answer that this page does not understand.", "Reload the page.");
        Self::new(WireKind::Server, problem)
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn signed_out() -> Self {
        Self::new(WireKind::Unauthenticated, Problem::new("not_signed_in", "You are signed out.", "Sign in again."))
    }
}

impl FromServerFnError for WireError {
    type Encoder = PostcardEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        match value {
            ServerFnErrorErr::Request(_) => Self::new(
                WireKind::Connection,
                Problem::new("no_connection", "The Syncline server was not reached.", "Check your connection, then try again."),
            ),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::new(
                WireKind::Invalid,
                Problem::new("invalid_input", "Something in the form can not be used.", "Check what you typed, then try again."),
            ),
            _ => Self::unreadable(),
        }
    }
}

#[cfg(feature = "ssr")]
impl From<syncline_core::error::Error> for WireError {
    fn from(error: syncline_core::error::Error) -> Self {
        use syncline_core::error::Error;
        let kind = match &error {
            Error::NotFound(_) => WireKind::NotFound,
            Error::Invalid(_) => WireKind::Invalid,
            Error::Unauthenticated(_) => WireKind::Unauthenticated,
            Error::Forbidden(_) => WireKind::Forbidden,
            Error::Throttled { retry_after_s } => WireKind::Throttled { retry_after_s: *retry_after_s },
            Error::AlreadyRunning { job } => WireKind::AlreadyRunning { job: job.clone() },
            Error::Provider(_) => WireKind::Provider,
            Error::Store(_) => WireKind::Server,
        };
        if kind == WireKind::Server {
            tracing::error!(error = &error as &dyn std::error::Error, "a server function failed");
        }
        Self::new(kind, error.problem())
    }
}
