//! Errors in Calendly's form.

use crate::hub::wire::Reply;
use crate::hub::{Refusal, Trouble};
use serde_json::{Value, json};

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fail {
    status: u16,
    title: &'static str,
    message: String,
    details: Vec<(String, String)>,
}

pub(super) type Try<T> = Result<T, Fail>;

impl Fail {
    fn new(status: u16, title: &'static str, message: &str) -> Self {
        Self { status, title, message: message.to_owned(), details: Vec::new() }
    }

    /// 400 about a parameter or a field.
    pub(super) fn argument(name: &str, message: &str) -> Self {
        let details = vec![(name.to_owned(), message.to_owned())];
        Self { details, ..Self::new(400, "Invalid Argument", "The supplied parameters are invalid.") }
    }

    pub(super) fn token() -> Self {
        Self::new(401, "Unauthenticated", "The access token is invalid")
    }

    pub(super) fn denied(message: &str) -> Self {
        Self::new(403, "Permission Denied", message)
    }

    pub(super) fn access() -> Self {
        Self::denied("You do not have permission to access this resource.")
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Resource Not Found", "The server could not find the requested resource.")
    }

    pub(super) fn exists() -> Self {
        Self::new(409, "Already Exists", "Hook with this url already exists")
    }

    pub(super) fn limited() -> Self {
        Self::new(429, "Too Many Requests", "You have exceeded the rate limit.")
    }

    /// The answer. A 400 counts as a request that no correct client sends.
    pub(super) fn reply(&self) -> Reply {
        let mut body = json!({"title": self.title, "message": self.message});
        if !self.details.is_empty() {
            let details: Vec<Value> = self.details.iter().map(|(name, why)| json!({"parameter": name, "message": why})).collect();
            body["details"] = json!(details);
        }
        let reply = Reply::json(self.status, &body);
        match (self.status, self.details.first()) {
            (400, Some((name, why))) => reply.because(format!("{name}: {why}")),
            _ => reply,
        }
    }
}

impl From<Fail> for Refusal {
    fn from(fail: Fail) -> Self {
        let details: Vec<String> = fail.details.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        Self(format!("{} {} {}", fail.status, fail.message, details.join(", ")))
    }
}

/// What an armed trouble looks like here.
pub(crate) fn stumble(trouble: &Trouble) -> Reply {
    match trouble {
        Trouble::Unauthorized => Fail::token().reply(),
        Trouble::Forbidden { reason } => Fail::denied(reason).reply(),
        Trouble::RateLimited { status, retry_after } => {
            let fail = Fail { status: status.unwrap_or(429), ..Fail::limited() };
            let reset = retry_after.unwrap_or(60).to_string();
            let reply = fail.reply().with("x-ratelimit-limit", "500").with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", reset);
            retry_after.iter().fold(reply, |reply, seconds| reply.with("retry-after", seconds.to_string()))
        }
        Trouble::ServerError { status } => {
            let message = "The server encountered an unexpected condition that prevented it from fulfilling the request.";
            Fail::new(*status, "Internal Server Error", message).reply()
        }
        _ => Reply::empty(500),
    }
}
