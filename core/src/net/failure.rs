//! From what went wrong on the wire to what the user reads. Messages name the host, never the path. Actions say what the user can
//! do, not what Syncline does next (see `advice`).

use super::guard::NotPublic;
use crate::error::ProviderError;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use rustls::CertificateError;
use std::error::Error as StdError;
use std::io::ErrorKind;
use std::time::Duration;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::time::Millis;
use url::Url;

pub(super) fn timeout(what: &'static str, host: &str) -> ProviderError {
    let message = format!("{host} did not answer in time.");
    let action = "Check that the address opens in a browser.";
    ProviderError::new(what, Class::Transient, Problem::new("timeout", message, action))
}

pub(super) fn too_large(what: &'static str, host: &str, limit: u64) -> ProviderError {
    let message =
        format!("{host} sent more than {} MB; that is too large to be a calendar, so nothing was taken over.", limit.div_ceil(1024 * 1024));
    let action = "Check that the address leads to a calendar; if it does, ask its owner for a smaller one.";
    ProviderError::new(what, Class::Refused, Problem::new("too_large", message, action))
}

pub(super) fn bad_address(what: &'static str, url: &Url) -> ProviderError {
    let message = format!("An address that starts with “{}:” can not be read.", url.scheme());
    ProviderError::new(what, Class::Refused, Problem::new("bad_address", message, "Use an address that starts with https://."))
}

pub(super) fn private_address(what: &'static str, host: &str) -> ProviderError {
    let message = format!("{host} is in a private network, and this server only reads public addresses.");
    let action = "If it is your own network, start the server with SYNCLINE_ALLOW_PRIVATE_ADDRESSES=true.";
    ProviderError::new(what, Class::Refused, Problem::new("private_address", message, action))
}

fn broken(what: &'static str, host: &str) -> ProviderError {
    let message = format!("The connection to {host} broke before the answer was complete.");
    ProviderError::new(what, Class::Transient, Problem::new("connection_broken", message, ""))
}

pub(super) fn broken_body(what: &'static str, host: &str, error: reqwest::Error) -> ProviderError {
    broken(what, host).with_source(error.without_url())
}

pub(super) fn from_reqwest(what: &'static str, host: &str, error: reqwest::Error) -> ProviderError {
    let error = error.without_url();
    let mapped = if all::<NotPublic>(&error).next().is_some() {
        private_address(what, host)
    } else if let Some(reason) = all::<rustls::Error>(&error).next() {
        tls(what, host, reason)
    } else if error.is_dns() {
        let message = format!("There is no server named {host}, or its name can not be looked up right now.");
        let action = "Check the spelling of the address and this server's own connection to the internet.";
        ProviderError::new(what, Class::Transient, Problem::new("unknown_host", message, action))
    } else if error.is_timeout() {
        timeout(what, host)
    } else if error.is_connect() {
        match all::<std::io::Error>(&error).last().map(std::io::Error::kind) {
            // TCP worked and then the other side hung up: it did not like our TLS greeting.
            Some(ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted) => no_common_tls(what, host),
            Some(ErrorKind::ConnectionRefused) => {
                let message = format!("{host} refused the connection.");
                let action = "Check the address and its port, and that the service is running.";
                ProviderError::new(what, Class::Transient, Problem::new("connection_refused", message, action))
            }
            _ => {
                let message = format!("{host} can not be reached from this server.");
                let action = "Check this server's own connection to the network.";
                ProviderError::new(what, Class::Transient, Problem::new("unreachable", message, action))
            }
        }
    } else {
        broken(what, host)
    };
    mapped.with_source(error)
}

fn no_common_tls(what: &'static str, host: &str) -> ProviderError {
    let message = format!("{host} and this server found no common way to a secure connection.");
    let action = "Check that the port speaks https; if it speaks only http, write http:// in the address.";
    ProviderError::new(what, Class::Permanent, Problem::new("tls_error", message, action))
}

fn tls(what: &'static str, host: &str, reason: &rustls::Error) -> ProviderError {
    let rustls::Error::InvalidCertificate(reason) = reason else {
        return no_common_tls(what, host);
    };
    let (said, action) = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => ("has expired", "Ask its operator to renew it."),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("is not valid yet", "Check the clock of this server and of the other one.")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ("belongs to another name", "Use the very name that the certificate was made for.")
        }
        CertificateError::Revoked => ("was revoked", "Ask its operator for a new one."),
        _ => (
            "is not trusted (it may be self-signed)",
            "If it is your own server, add its certificate to the trusted ones of the machine that Syncline runs on.",
        ),
    };
    let message = format!("The certificate of {host} {said}, so the connection would not be safe.");
    ProviderError::new(what, Class::Permanent, Problem::new("tls_error", message, action))
}

/// The errors of a chain that are of one type, the outermost first.
fn all<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a E> {
    std::iter::successors(Some(error), |error| cause(*error)).filter_map(|error| error.downcast_ref::<E>())
}

/// The next error of a chain. `io::Error` hides its content from `source()`, hence the special step.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// `Retry-After` as a wait: seconds, or an HTTP date that is compared with `now` (RFC 9110 §10.2.3).
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Millis) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
    Some(Duration::from_millis(u64::try_from(at - now).unwrap_or(0)))
}

/// Classifies an answer whose status says that it is none. A provider maps the statuses that mean something special to
/// it before it comes here.
#[must_use]
pub fn status_error(what: &'static str, status: StatusCode, host: &str, headers: &HeaderMap, now: Millis) -> ProviderError {
    let number = status.as_u16();
    let (class, code, message, action) = match number {
        401 => (
            Class::Authentication,
            "unauthorized",
            format!("{host} refused the user name or the password."),
            "Check both. Many services want an app password instead of your usual one.",
        ),
        403 => (
            Class::Permanent,
            "forbidden",
            format!("{host} does not allow this account to read that."),
            "Check at the provider that the account may read the calendar.",
        ),
        404 => (Class::NotFound, "not_found", format!("{host} has nothing at this address."), "Check the address."),
        410 => (Class::NotFound, "gone", format!("{host} says that this was removed for good."), "Get the new address from its owner."),
        408 => (Class::Transient, "timeout", format!("{host} did not get our request in time."), ""),
        429 => (Class::RateLimited, "rate_limited", format!("{host} asks us to slow down."), ""),
        500..=599 => (Class::Transient, "server_error", format!("{host} has a problem of its own (error {number})."), ""),
        _ => (
            Class::Permanent,
            "unexpected_status",
            format!("{host} gave an answer that Syncline does not understand (status {number})."),
            "Check the address.",
        ),
    };
    ProviderError::new(what, class, Problem::new(code, message, action)).with_retry_after(retry_after(headers, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))])
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        assert_eq!(retry_after(&headers("120"), 0), Some(Duration::from_secs(120)));
        let now = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT
        assert_eq!(retry_after(&headers("Sun, 06 Nov 1994 08:50:37 GMT"), now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after(&headers("Sun, 06 Nov 1994 08:00:00 GMT"), now), Some(Duration::ZERO), "a date in the past");
        assert_eq!(retry_after(&headers("soon"), now), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn a_status_is_classified_by_what_helps() {
        let class = |status: u16| status_error("test", StatusCode::from_u16(status).unwrap(), "example.org", &HeaderMap::new(), 0).class;
        assert_eq!(class(401), Class::Authentication);
        assert_eq!(class(403), Class::Permanent);
        assert_eq!((class(404), class(410)), (Class::NotFound, Class::NotFound));
        assert_eq!((class(408), class(500), class(503)), (Class::Transient, Class::Transient, Class::Transient));
        assert_eq!(class(429), Class::RateLimited);
        assert_eq!((class(400), class(302)), (Class::Permanent, Class::Permanent));
        let error = status_error("test", StatusCode::SERVICE_UNAVAILABLE, "example.org", &headers("7"), 0);
        assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    }
}
