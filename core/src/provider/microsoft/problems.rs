//! Graph's refusals, classified by their codes, in the user's words.

use super::wire::Failure;
use crate::error::ProviderError;
use crate::net::{retry_after, status_error};
use crate::oauth::bearer::Refusal;
use crate::oauth::problems;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::sync::ProviderKind;
use syncline_domain::time::Millis;

/// Codes that say that a delta link is worth nothing any more, whatever the status.
const LOST: [&str; 7] = [
    "syncstatenotfound",
    "syncstateinvalid",
    "resyncrequired",
    "resyncchangesapplydifferences",
    "resyncchangesuploaddifferences",
    "invaliddeltatoken",
    "fullsyncrequired",
];

/// What an answer that is none means.
pub(super) fn refused(what: &'static str, refusal: &Refusal, now: Millis) -> ProviderError {
    let Refusal { status, host, headers, body } = refusal;
    let codes = serde_json::from_slice::<Failure>(body).map_or_else(|_| Vec::new(), |failure| failure.error.codes());
    let has = |names: &[&str]| codes.iter().any(|code| names.contains(&code.as_str()));
    let make = |class, code: &str, message: &str, action: &str| ProviderError::new(what, class, Problem::new(code, message, action));
    let asked = retry_after(headers, now);
    match status.as_u16() {
        401 => problems::gone(ProviderKind::Microsoft, false),
        400..=499 if has(&LOST) => cursor_lost(what),
        410 => cursor_lost(what),
        429 => make(Class::RateLimited, "rate_limited", "Microsoft asks us to slow down.", "").with_retry_after(asked),
        // Too many requests of a mailbox at once come as 503 as well.
        503 if asked.is_some() => make(Class::RateLimited, "rate_limited", "Microsoft asks us to slow down.", "").with_retry_after(asked),
        403 if has(&["authorization_requestdenied"]) => {
            let message = "Microsoft lets Syncline see only a part: a permission is missing.";
            let action = "Press Reconnect and allow everything that Microsoft's page lists; in a company its administrator may have to.";
            make(Class::Authentication, "scope_missing", message, action)
        }
        403 => make(
            Class::Permanent,
            "forbidden",
            "Microsoft does not allow this account to read the calendar.",
            "It may be one that somebody else shares. Ask its owner to share it again, or switch it off here.",
        ),
        404 if has(&["mailboxnotenabledforrestapi"]) => make(
            Class::Permanent,
            "no_mailbox",
            "This Microsoft account has no mailbox in Outlook, so it has no calendar.",
            "Connect an account that has one, or ask the company's administrator for a licence with Exchange.",
        ),
        404 => make(
            Class::NotFound,
            "calendar_gone",
            "Microsoft has no such calendar for this account any more.",
            "If it is gone for good, switch it off here; its events stay until then.",
        ),
        _ => status_error(what, *status, host, headers, now),
    }
}

/// The delta link does not serve any more: everything is compared.
pub(super) fn cursor_lost(what: &'static str) -> ProviderError {
    let problem = Problem::new("cursor_lost", "Microsoft does not know what changed since the last sync.", "Everything is compared anew.");
    ProviderError::new(what, Class::CursorInvalid, problem)
}

/// A round that began a moment ago can not go on.
pub(super) fn page_lost(what: &'static str) -> ProviderError {
    ProviderError::new(what, Class::Transient, Problem::new("page_lost", "Microsoft does not know the next page any more.", ""))
}

/// An answer that can be read and makes no sense.
pub(super) fn strange(what: &'static str) -> ProviderError {
    let problem = Problem::new("malformed", "Microsoft's answer can not be understood. Nothing was removed.", "");
    ProviderError::new(what, Class::Malformed, problem)
}

/// An answer that can not be read. One that ends in the middle may be whole the next time.
pub(super) fn malformed(what: &'static str, error: serde_json::Error) -> ProviderError {
    if !error.is_eof() {
        return strange(what).with_source(error);
    }
    let problem = Problem::new("ended_early", "Microsoft's answer ended before it was complete. Nothing was removed.", "");
    ProviderError::new(what, Class::Transient, problem).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::RETRY_AFTER;
    use http::{HeaderMap, HeaderValue, StatusCode};

    fn class(status: u16, body: &str, wait: Option<&'static str>) -> (Class, String) {
        let headers = HeaderMap::from_iter(wait.map(|wait| (RETRY_AFTER, HeaderValue::from_static(wait))));
        let status = StatusCode::from_u16(status).unwrap();
        let error = refused("test", &Refusal { status, host: "graph.microsoft.com".to_owned(), headers, body: body.to_owned().into() }, 0);
        (error.class, error.problem.code)
    }

    #[test]
    fn a_refusal_is_classified_by_its_codes() {
        for (status, code, wait, expected, name) in [
            (410, "SyncStateNotFound", None, Class::CursorInvalid, "cursor_lost"),
            (410, "whatever", None, Class::CursorInvalid, "cursor_lost"),
            (400, "SyncStateInvalid", None, Class::CursorInvalid, "cursor_lost"),
            (400, "resyncRequired", None, Class::CursorInvalid, "cursor_lost"),
            (400, "InvalidDeltaToken", None, Class::CursorInvalid, "cursor_lost"),
            (400, "ErrorInvalidParameter", None, Class::Permanent, "unexpected_status"),
            (429, "ApplicationThrottled", Some("7"), Class::RateLimited, "rate_limited"),
            (503, "MailboxConcurrency", Some("7"), Class::RateLimited, "rate_limited"),
            (503, "ServiceUnavailable", None, Class::Transient, "server_error"),
            (403, "ErrorAccessDenied", None, Class::Permanent, "forbidden"),
            (403, "Authorization_RequestDenied", None, Class::Authentication, "scope_missing"),
            (404, "ErrorItemNotFound", None, Class::NotFound, "calendar_gone"),
            (404, "MailboxNotEnabledForRESTAPI", None, Class::Permanent, "no_mailbox"),
            (401, "InvalidAuthenticationToken", None, Class::Authentication, "permission_gone"),
        ] {
            let body = format!(r#"{{"error":{{"code":"{code}","message":"x"}}}}"#);
            assert_eq!(class(status, &body, wait), (expected, name.to_owned()), "{status} {code}");
        }
    }

    #[test]
    fn the_code_that_counts_may_be_further_inside() {
        let body = r#"{"error":{"code":"BadRequest","innerError":{"code":"x","innererror":{"code":"SYNCSTATENOTFOUND"}}}}"#;
        assert_eq!(class(400, body, None).0, Class::CursorInvalid);
    }
}
