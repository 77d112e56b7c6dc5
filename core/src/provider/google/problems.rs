//! Google's refusals, classified by their reason, in the user's words.

use super::wire::Failure;
use crate::error::ProviderError;
use crate::net::{retry_after, status_error};
use crate::oauth::bearer::Refusal;
use crate::oauth::problems;
use crate::provider::PUSH_UNSUPPORTED;
use std::time::Duration;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::sync::ProviderKind;
use syncline_domain::time::Millis;

/// A day's quota is used up: asking every minute helps nobody.
const QUOTA_PAUSE: Duration = Duration::from_secs(15 * 60);

/// What an answer that is none means.
pub(super) fn refused(what: &'static str, refusal: &Refusal, now: Millis) -> ProviderError {
    let Refusal { status, host, headers, body } = refusal;
    let reasons = serde_json::from_slice::<Failure>(body).map_or_else(
        |_| Vec::new(),
        |failure| failure.error.errors.into_iter().chain(failure.error.details).map(|one| (one.reason, one.location)).collect::<Vec<_>>(),
    );
    let has = |name: &str| reasons.iter().any(|(reason, _)| reason == name);
    // About channels, some reasons are told with their domain in front.
    let has_push = |name: &str| reasons.iter().any(|(reason, _)| reason.strip_prefix("push.").unwrap_or(reason) == name);
    let make = |class, code: &str, message: &str, action: &str| ProviderError::new(what, class, Problem::new(code, message, action));
    let asked = retry_after(headers, now);
    match status.as_u16() {
        _ if has_push("pushNotSupportedForRequestedResource") => {
            let message = "Google does not tell by itself about this calendar.";
            make(Class::Permanent, PUSH_UNSUPPORTED, message, "Nothing needs to be done: it is asked again and again.")
        }
        400 | 401 if has_push("webhookUrlNotHttps") || has_push("webhookUrlUnauthorized") => make(
            Class::Permanent,
            "push_address_refused",
            "Google does not call the public address of this server.",
            "Whoever runs the server sets SYNCLINE_PUBLIC_URL to an https address with a certificate that everybody trusts.",
        ),
        401 => problems::gone(ProviderKind::Google, false),
        400 if reasons.iter().any(|(_, location)| location == "syncToken") => cursor_lost(what),
        400 if reasons.iter().any(|(_, location)| location == "pageToken") => {
            make(Class::Transient, "page_lost", "Google does not know the next page any more.", "")
        }
        403 | 429 if has("quotaExceeded") || has("dailyLimitExceeded") => {
            let message = "Google's quota for this server's project is used up for now.";
            let action = "If it happens often, whoever runs the server asks Google for a higher quota.";
            make(Class::RateLimited, "quota_exceeded", message, action).with_retry_after(Some(asked.unwrap_or_default().max(QUOTA_PAUSE)))
        }
        429 => make(Class::RateLimited, "rate_limited", "Google asks us to slow down.", "").with_retry_after(asked),
        403 if has("rateLimitExceeded") || has("userRateLimitExceeded") => {
            make(Class::RateLimited, "rate_limited", "Google asks us to slow down.", "").with_retry_after(asked)
        }
        403 if has("accessNotConfigured") || has("SERVICE_DISABLED") => {
            ProviderError::new(what, Class::Permanent, problems::of(ProviderKind::Google, "api_not_enabled"))
        }
        403 if has("insufficientPermissions") || has("ACCESS_TOKEN_SCOPE_INSUFFICIENT") => {
            let message = "Google lets Syncline see only a part: a permission is missing.";
            let action = "Press Reconnect, and leave every box ticked on Google's page.";
            make(Class::Authentication, "scope_missing", message, action)
        }
        403 => make(
            Class::Permanent,
            "forbidden",
            "Google does not allow this account to read the calendar.",
            "Ask its owner to share it again, or switch it off here.",
        ),
        404 => make(
            Class::NotFound,
            "calendar_gone",
            "Google has no such calendar for this account any more.",
            "If it is gone for good, switch it off here; its events stay until then.",
        ),
        410 => cursor_lost(what),
        _ => status_error(what, *status, host, headers, now),
    }
}

/// The sync token does not serve any more: everything is compared.
pub(super) fn cursor_lost(what: &'static str) -> ProviderError {
    let problem = Problem::new("cursor_lost", "Google does not know what changed since the last sync.", "Everything is compared anew.");
    ProviderError::new(what, Class::CursorInvalid, problem)
}

/// An answer that can not be read. One that ends in the middle may be whole the next time.
pub(super) fn malformed(what: &'static str, error: serde_json::Error) -> ProviderError {
    let (class, code, message) = if error.is_eof() {
        (Class::Transient, "ended_early", "Google's answer ended before it was complete. Nothing was removed.")
    } else {
        (Class::Malformed, "malformed", "Google's answer can not be understood. Nothing was removed.")
    };
    ProviderError::new(what, class, Problem::new(code, message, "")).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};

    fn class(status: u16, reason: &str, location: &str) -> (Class, String) {
        let body = format!(r#"{{"error":{{"errors":[{{"reason":"{reason}","location":"{location}"}}],"code":{status}}}}}"#);
        let status = StatusCode::from_u16(status).unwrap();
        let error = refused(
            "test",
            &Refusal { status, host: "www.googleapis.com".to_owned(), headers: HeaderMap::new(), body: body.to_owned().into() },
            0,
        );
        (error.class, error.problem.code)
    }

    #[test]
    fn a_refusal_is_classified_by_its_reason() {
        for (status, reason, location, expected, code) in [
            (403, "userRateLimitExceeded", "", Class::RateLimited, "rate_limited"),
            (403, "rateLimitExceeded", "", Class::RateLimited, "rate_limited"),
            (429, "rateLimitExceeded", "", Class::RateLimited, "rate_limited"),
            (403, "quotaExceeded", "", Class::RateLimited, "quota_exceeded"),
            (403, "accessNotConfigured", "", Class::Permanent, "api_not_enabled"),
            (403, "insufficientPermissions", "", Class::Authentication, "scope_missing"),
            (403, "forbidden", "", Class::Permanent, "forbidden"),
            (404, "notFound", "", Class::NotFound, "calendar_gone"),
            (410, "fullSyncRequired", "syncToken", Class::CursorInvalid, "cursor_lost"),
            (400, "invalid", "syncToken", Class::CursorInvalid, "cursor_lost"),
            (400, "invalid", "pageToken", Class::Transient, "page_lost"),
            (400, "timeRangeEmpty", "timeMax", Class::Permanent, "unexpected_status"),
            (400, "pushNotSupportedForRequestedResource", "", Class::Permanent, "push_unsupported"),
            (400, "push.webhookUrlNotHttps", "", Class::Permanent, "push_address_refused"),
            (401, "push.webhookUrlUnauthorized", "", Class::Permanent, "push_address_refused"),
            (503, "backendError", "", Class::Transient, "server_error"),
        ] {
            assert_eq!(class(status, reason, location), (expected, code.to_owned()), "{status} {reason}");
        }
    }

    #[test]
    fn half_an_answer_may_be_whole_the_next_time() {
        let error = |text: &str| malformed("test", serde_json::from_str::<Vec<u8>>(text).unwrap_err()).class;
        assert_eq!(error("[1, 2"), Class::Transient);
        assert_eq!(error("<html>"), Class::Malformed);
    }
}
