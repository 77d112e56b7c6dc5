//! Failure classes, and what a user is told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of failure an operation at a provider met; it decides what happens next, never the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 5xx, time-outs, connection failures: try again later.
    Transient,
    /// 429 and its relatives: try again not before the time that the provider gave.
    RateLimited,
    /// The password or token is refused: the user has to reconnect.
    Authentication,
    /// The cursor is refused: run a full pass.
    CursorInvalid,
    /// The calendar or feed is gone.
    NotFound,
    /// The answer can not be understood: an HTML page, a truncated body, broken XML.
    Malformed,
    /// The address is refused by our own rules (private network, size, scheme).
    Refused,
    /// Any other refusal that a repetition does not change.
    Permanent,
    /// Our own store failed (disk full, database gone).
    Storage,
    /// The user or a shutdown stopped it.
    Cancelled,
}

impl Class {
    /// Whether the job may try again by itself.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Transient | Self::RateLimited)
    }

    /// The form in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited => "rate_limited",
            Self::Authentication => "authentication",
            Self::CursorInvalid => "cursor_invalid",
            Self::NotFound => "not_found",
            Self::Malformed => "malformed",
            Self::Refused => "refused",
            Self::Permanent => "permanent",
            Self::Storage => "storage",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What went wrong, in the user's words, with the next step. This is the only form of an error that reaches the page,
/// REST and the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Stable and made for machines: `wrong_password`, `private_address`, `feed_is_html`, …
    pub code: String,
    /// What happened: "Fastmail refused the password."
    pub message: String,
    /// What to do: "Use an app password, then Reconnect."
    pub action: String,
}

impl Problem {
    /// Makes one from its three parts.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), action: action.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.message, self.action)
    }
}
