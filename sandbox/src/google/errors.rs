//! Errors in Google's form.

use crate::hub::wire::Reply;
use crate::hub::{Refusal, Trouble};
use serde_json::{Value, json};

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fail {
    pub(super) status: u16,
    domain: &'static str,
    reason: String,
    message: String,
    location: Option<Box<(&'static str, String)>>,
    details: Option<&'static str>,
}

pub(super) type Try<T> = Result<T, Fail>;

impl Fail {
    pub(super) fn new(status: u16, domain: &'static str, reason: &str, message: &str) -> Self {
        let (reason, message) = (reason.to_owned(), message.to_owned());
        Self { status, domain, reason, message, location: None, details: None }
    }

    fn at(self, kind: &'static str, name: &str) -> Self {
        Self { location: Some(Box::new((kind, name.to_owned()))), ..self }
    }

    /// 400 about a query parameter.
    pub(super) fn parameter(reason: &str, message: &str, name: &str) -> Self {
        Self::new(400, "global", reason, message).at("parameter", name)
    }

    /// 400 about the body.
    pub(super) fn body(message: &str) -> Self {
        Self::new(400, "global", "invalid", message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "global", "notFound", "Not Found")
    }

    pub(super) fn credentials() -> Self {
        Self::new(401, "global", "authError", "Invalid Credentials").at("header", "Authorization")
    }

    pub(super) fn scopes() -> Self {
        let message = "Request had insufficient authentication scopes.";
        Self { details: Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), ..Self::new(403, "global", "insufficientPermissions", message) }
    }

    pub(super) fn not_enabled() -> Self {
        let message = "Google Calendar API has not been used in project 123456789012 before or it is disabled. Enable it by visiting \
                       https://console.developers.google.com/apis/api/calendar-json.googleapis.com/overview?project=123456789012 then retry.";
        Self { details: Some("SERVICE_DISABLED"), ..Self::new(403, "usageLimits", "accessNotConfigured", message) }
    }

    pub(super) fn full_sync() -> Self {
        Self::new(410, "calendar", "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
            .at("parameter", "syncToken")
    }

    pub(super) fn if_match() -> Self {
        Self::new(412, "global", "conditionNotMet", "Precondition Failed").at("header", "If-Match")
    }

    pub(super) fn limited(status: u16) -> Self {
        Self::new(status, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded")
    }

    fn value(&self) -> Value {
        let mut entry = json!({"domain": self.domain, "reason": self.reason, "message": self.message});
        if let Some((kind, name)) = self.location.as_deref() {
            entry["locationType"] = json!(kind);
            entry["location"] = json!(name);
        }
        let mut error = json!({"errors": [entry], "code": self.status, "message": self.message});
        if let Some(reason) = self.details {
            error["status"] = json!("PERMISSION_DENIED");
            let kind = "type.googleapis.com/google.rpc.ErrorInfo";
            error["details"] = json!([{"@type": kind, "reason": reason, "domain": "googleapis.com"}]);
        } else if self.status == 401 {
            error["status"] = json!("UNAUTHENTICATED");
        }
        json!({"error": error})
    }

    /// The answer. A 400 counts as a request that no correct client sends.
    pub(super) fn reply(&self) -> Reply {
        let reply = Reply::json(self.status, &self.value());
        let reply = match self.status {
            401 => reply.with("www-authenticate", "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\""),
            _ => reply,
        };
        if self.status == 400 { reply.because(format!("{}: {}", self.reason, self.message)) } else { reply }
    }
}

impl From<Fail> for Refusal {
    fn from(fail: Fail) -> Self {
        Self(format!("{} {}: {}", fail.status, fail.reason, fail.message))
    }
}

/// What an armed trouble looks like here.
pub(crate) fn stumble(trouble: &Trouble) -> Reply {
    match trouble {
        Trouble::Unauthorized => Fail::credentials().reply(),
        Trouble::Forbidden { reason } => match reason.as_str() {
            "accessNotConfigured" => Fail::not_enabled().reply(),
            "insufficientPermissions" => Fail::scopes().reply(),
            "quotaExceeded" => Fail::new(403, "usageLimits", reason, "Calendar usage limits exceeded.").reply(),
            "userRateLimitExceeded" => Fail::new(403, "usageLimits", reason, "User Rate Limit Exceeded").reply(),
            "rateLimitExceeded" => Fail::limited(403).reply(),
            other => Fail::new(403, "global", other, "Forbidden").reply(),
        },
        Trouble::RateLimited { status, retry_after } => {
            let reply = Fail::limited(status.unwrap_or(429)).reply();
            retry_after.iter().fold(reply, |reply, seconds| reply.with("retry-after", seconds.to_string()))
        }
        Trouble::CursorLost => Fail::full_sync().reply(),
        Trouble::ServerError { status } => Fail::new(*status, "global", "backendError", "Backend Error").reply(),
        _ => Reply::empty(500),
    }
}
