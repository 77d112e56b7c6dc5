//! Calendly's refusals, classified, in the user's words.

use super::transport::RESET;
use super::wire::Failure;
use crate::error::ProviderError;
use crate::net::{retry_after, status_error};
use crate::oauth::bearer::Refusal;
use crate::oauth::problems;
use http::HeaderMap;
use std::time::Duration;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::sync::ProviderKind;
use syncline_domain::time::Millis;

const SCOPE_MISSING: &str = "scope_missing";

/// What an answer that is none means.
pub(super) fn refused(what: &'static str, refusal: &Refusal, now: Millis) -> ProviderError {
    let Refusal { status, host, headers, body } = refusal;
    let make = |class, code: &str, message: &str, action: &str| ProviderError::new(what, class, Problem::new(code, message, action));
    let is_about = |name: &str| {
        let failure = serde_json::from_slice::<Failure>(body).map(|failure| failure.details).unwrap_or_default();
        failure.iter().any(|detail| detail.parameter == name)
    };
    match status.as_u16() {
        401 => problems::gone(ProviderKind::Calendly, false),
        400 if is_about("page_token") => make(Class::Transient, "page_lost", "Calendly does not know the next page any more.", ""),
        403 => {
            let message = "Calendly does not let Syncline read the bookings: a permission is missing.";
            let action = "Press Reconnect and allow everything that is asked for; a personal access token needs users:read and \
                          scheduled_events:read.";
            make(Class::Authentication, SCOPE_MISSING, message, action)
        }
        429 => make(Class::RateLimited, "rate_limited", "Calendly asks us to slow down.", "").with_retry_after(wait(headers, now)),
        _ => status_error(what, *status, host, headers, now),
    }
}

/// One event, or its invitees, can not be seen (any more): erased, or handed to another host. That the token may read bookings at all
/// was seen by the list.
pub(super) fn is_out_of_sight(error: &ProviderError) -> bool {
    error.class == Class::NotFound || error.problem.code == SCOPE_MISSING
}

/// The seconds until the quota is whole again, which Calendly says with every answer, and `Retry-After`, which it may add.
fn wait(headers: &HeaderMap, now: Millis) -> Option<Duration> {
    let reset = headers.get(&RESET).and_then(|value| value.to_str().ok()?.trim().parse().ok()).map(Duration::from_secs);
    reset.max(retry_after(headers, now))
}

/// What is stored of the calendar does not say whose it is, or how far it was read: everything is compared.
pub(super) fn cursor_lost(what: &'static str) -> ProviderError {
    let problem = Problem::new("cursor_lost", "It is not known how far the bookings were read.", "Everything is compared anew.");
    ProviderError::new(what, Class::CursorInvalid, problem)
}

/// An answer that can not be read. One that ends in the middle may be whole the next time.
pub(super) fn malformed(what: &'static str, error: serde_json::Error) -> ProviderError {
    let (class, code, message) = if error.is_eof() {
        (Class::Transient, "ended_early", "Calendly's answer ended before it was complete. Nothing was removed.")
    } else {
        (Class::Malformed, "malformed", "Calendly's answer can not be understood. Nothing was removed.")
    };
    ProviderError::new(what, class, Problem::new(code, message, "")).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, StatusCode};

    fn error(status: u16, parameter: &str, reset: &'static str) -> ProviderError {
        let body = format!(r#"{{"title":"x","message":"x","details":[{{"parameter":"{parameter}","message":"is invalid"}}]}}"#);
        let headers = HeaderMap::from_iter([(RESET, HeaderValue::from_static(reset))]);
        refused(
            "test",
            &Refusal {
                status: StatusCode::from_u16(status).unwrap(),
                host: "api.calendly.com".to_owned(),
                headers,
                body: body.to_owned().into(),
            },
            0,
        )
    }

    #[test]
    fn a_refusal_is_classified() {
        for (status, parameter, class, code) in [
            (401, "", Class::Authentication, "permission_gone"),
            (403, "", Class::Authentication, "scope_missing"),
            (400, "page_token", Class::Transient, "page_lost"),
            (400, "user", Class::Permanent, "unexpected_status"),
            (404, "", Class::NotFound, "not_found"),
            (429, "", Class::RateLimited, "rate_limited"),
            (500, "", Class::Transient, "server_error"),
        ] {
            let error = error(status, parameter, "7");
            assert_eq!((error.class, error.problem.code.as_str()), (class, code), "{status} {parameter}");
        }
    }

    #[test]
    fn a_limit_lasts_until_the_quota_is_whole_again() {
        assert_eq!(error(429, "", "42").retry_after, Some(Duration::from_secs(42)));
        let headers =
            HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static("90")), (RESET, HeaderValue::from_static("42"))]);
        assert_eq!(wait(&headers, 0), Some(Duration::from_secs(90)), "the longer of the two");
    }

    #[test]
    fn half_an_answer_may_be_whole_the_next_time() {
        let error = |text: &str| malformed("test", serde_json::from_str::<Vec<u8>>(text).unwrap_err()).class;
        assert_eq!(error("[1, 2"), Class::Transient);
        assert_eq!(error("<html>"), Class::Malformed);
    }
}
