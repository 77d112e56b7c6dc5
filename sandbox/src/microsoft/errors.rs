//! Errors in Graph's form.

use crate::hub::time::ticks;
use crate::hub::wire::Reply;
use crate::hub::{Base, Refusal, Trouble};
use serde_json::json;

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fail {
    pub(super) status: u16,
    code: String,
    message: String,
    /// A header that belongs to it.
    header: Option<Box<(&'static str, String)>>,
}

pub(super) type Try<T> = Result<T, Fail>;

impl Fail {
    pub(super) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned(), header: None }
    }

    pub(super) fn bad(code: &str, message: &str) -> Self {
        Self::new(400, code, message)
    }

    pub(super) fn with(self, name: &'static str, value: String) -> Self {
        Self { header: Some(Box::new((name, value))), ..self }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(super) fn credentials() -> Self {
        Self::new(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
            .with("www-authenticate", "Bearer realm=\"\", error=\"invalid_token\"".to_owned())
    }

    pub(super) fn denied() -> Self {
        Self::new(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    }

    pub(super) fn conflict() -> Self {
        Self::new(
            412,
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.",
        )
    }

    pub(super) fn throttled(status: u16, message: &str) -> Self {
        Self::new(status, "ApplicationThrottled", message)
    }

    /// The cursor is lost; the fresh start is in `Location` when it is known.
    pub(super) fn resync(location: Option<String>) -> Self {
        let fail = Self::new(410, "SyncStateNotFound", "The sync state generation is not found; generation=149;[highest=157].");
        match location {
            Some(location) => fail.with("location", location),
            None => fail,
        }
    }

    /// The answer. A 400 counts as a request that no correct client sends.
    pub(super) fn reply(&self, base: &mut Base) -> Reply {
        let hex = base.seal.id(b"0123456789abcdef", 32);
        let id = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        let date = ticks(base.now())[..19].to_owned();
        let inner = json!({"date": date, "request-id": id, "client-request-id": id});
        let mut reply = Reply::json(self.status, &json!({"error": {"code": self.code, "message": self.message, "innerError": inner}}))
            .with("request-id", &id)
            .with("client-request-id", &id);
        if let Some((name, value)) = self.header.as_deref() {
            reply = reply.with(name, value);
        }
        if self.status == 400 { reply.because(format!("{}: {}", self.code, self.message)) } else { reply }
    }
}

impl From<Fail> for Refusal {
    fn from(fail: Fail) -> Self {
        Self(format!("{} {}: {}", fail.status, fail.code, fail.message))
    }
}

/// What an armed trouble looks like here.
pub(crate) fn stumble(base: &mut Base, trouble: &Trouble) -> Reply {
    let fail = match trouble {
        Trouble::Unauthorized => Fail::credentials(),
        Trouble::Forbidden { reason } if reason == "ErrorAccessDenied" => Fail::denied(),
        Trouble::Forbidden { reason } => Fail::new(403, reason, "Forbidden"),
        Trouble::RateLimited { status, retry_after } => {
            let fail = Fail::throttled(status.unwrap_or(429), "Application is over its request limit.");
            match retry_after {
                Some(seconds) => fail.with("retry-after", seconds.to_string()),
                None => fail,
            }
        }
        Trouble::CursorLost => Fail::resync(None),
        Trouble::ServerError { status: 503 } => Fail::new(503, "ServiceUnavailable", "The service is temporarily unavailable."),
        Trouble::ServerError { status: 504 } => Fail::new(504, "GatewayTimeout", "The gateway timed out."),
        Trouble::ServerError { status } => {
            Fail::new(*status, "ErrorInternalServerError", "An internal server error occurred. The operation failed.")
        }
        _ => return Reply::empty(500),
    };
    fail.reply(base)
}

/// Too many requests of a mailbox at once.
pub(crate) fn crowded(base: &mut Base) -> Reply {
    Fail::throttled(429, "Application is over its MailboxConcurrency limit.").with("retry-after", "1".to_owned()).reply(base)
}
