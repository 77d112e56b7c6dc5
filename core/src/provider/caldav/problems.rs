//! What went wrong, in the user's words. Messages name the host, never a path, a user name or a secret.

use super::wire::WireError;
use crate::error::ProviderError;
use crate::net::{Response, host_of, retry_after, status_error};
use http::header::DATE;
use syncline_domain::failure::{Class, Problem};
use url::Url;

/// What a request was about; it decides what a 404 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Looking for the account.
    Discovery,
    /// The list of calendars.
    Home,
    /// One calendar.
    Calendar,
}

/// The error for an answer that is no answer to our question.
pub(super) fn refusal(what: &'static str, response: &Response, subject: Subject) -> ProviderError {
    let host = response.host();
    let (class, problem) = match (response.status.as_u16(), subject) {
        (401, _) => return wrong_password(what, &response.url),
        (403, _) => (
            Class::Permanent,
            Problem::new(
                "forbidden",
                format!("{host} knows this account but does not let it read these calendars."),
                "Ask the owner of the calendar for access, or check that calendars are switched on for the account.",
            ),
        ),
        (404 | 410, Subject::Calendar) => (
            Class::NotFound,
            Problem::new(
                "calendar_gone",
                format!("The calendar does not exist any more at {host}."),
                "If it was deleted on purpose, switch it off here; what was synced stays until then.",
            ),
        ),
        (404 | 410, Subject::Home) => (
            Class::NotFound,
            Problem::new(
                "home_gone",
                format!("{host} does not know the place of your calendars any more."),
                "Reconnect the account, so that Syncline looks for the calendars again.",
            ),
        ),
        (200..=299 | 300..=399 | 404 | 405 | 410 | 501, _) => return not_caldav(what, &response.url),
        _ => {
            let error = status_error(what, response.status, &host, &response.headers, 0);
            return error.with_retry_after(wait_of(response));
        }
    };
    ProviderError::new(what, class, problem)
}

/// `Retry-After`. A date is compared with the server's own clock (its `Date` header), not with ours.
fn wait_of(response: &Response) -> Option<std::time::Duration> {
    let served = response.header(DATE).and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    let now = served.map_or(i64::MAX / 2, |at| at.timestamp().as_millisecond());
    retry_after(&response.headers, now)
}

/// 401.
pub(super) fn wrong_password(what: &'static str, url: &Url) -> ProviderError {
    let host = host_of(url);
    let name = url.host_str().unwrap_or_default();
    let under = |domain: &str| name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let action = if under("icloud.com") {
        "Apple wants an app-specific password here: make one at account.apple.com under Sign-In and Security."
    } else if under("fastmail.com") {
        "Fastmail wants an app password here: make one in Fastmail under Settings → Privacy & Security, with access to calendars."
    } else if under("yahoo.com") {
        "Yahoo wants an app password here: make one in your Yahoo account under Security."
    } else if under("google.com") || under("googleusercontent.com") {
        "Google takes no passwords here. Add the calendar by its secret iCal address instead (Google Calendar → Settings of the calendar)."
    } else if url.path().contains("/remote.php/") {
        "Check both. With a second factor, Nextcloud wants an app password: make one under Settings → Security."
    } else {
        "Check both. Many services want an app password instead of your usual one."
    };
    let problem = Problem::new("wrong_password", format!("{host} refused the user name or the password."), action);
    ProviderError::new(what, Class::Authentication, problem)
}

/// A web page, a 404, an answer without calendars in it.
pub(super) fn not_caldav(what: &'static str, url: &Url) -> ProviderError {
    let message = format!("{} did not answer like a calendar server.", host_of(url));
    let action =
        "Check the address. Your provider's help names it under “CalDAV”; for a file or a feed that ends in .ics, add it as a feed.";
    ProviderError::new(what, Class::Malformed, Problem::new("not_caldav", message, action))
}

/// The server knows the user but has no calendar for them.
pub(super) fn no_calendars(what: &'static str, url: &Url) -> ProviderError {
    let message = format!("{} accepted the password, but there is no calendar in this account.", host_of(url));
    let problem = Problem::new("no_calendars", message, "Make a calendar there first, then connect again.");
    ProviderError::new(what, Class::NotFound, problem)
}

/// Not an address.
pub(super) fn bad_address(what: &'static str) -> ProviderError {
    let problem = Problem::new(
        "bad_address",
        "This is neither an address nor a domain.",
        "Enter the address of the calendar server (https://…), its domain, or your e-mail address there.",
    );
    ProviderError::new(what, Class::Refused, problem)
}

/// The server sends us somewhere where the password must not go.
pub(super) fn foreign_host(what: &'static str, from: &Url, to: &Url) -> ProviderError {
    let (from, to) = (host_of(from), host_of(to));
    let message = format!("{from} says that the calendars are at {to}. The password was not sent there, because that is another site.");
    let action = format!("If you trust {to}, connect with that address instead.");
    ProviderError::new(what, Class::Refused, Problem::new("foreign_host", message, action))
}

/// From https to http.
pub(super) fn insecure_redirect(what: &'static str, from: &Url, to: &Url) -> ProviderError {
    let message =
        format!("{} leads to an unprotected connection (http://{}). The password was not sent over it.", host_of(from), host_of(to));
    let action = "Ask the operator to redirect to https. Only if it is your own network, connect with the http:// address itself.";
    ProviderError::new(what, Class::Refused, Problem::new("insecure_redirect", message, action))
}

/// Redirects without an end or without an address.
pub(super) fn redirect_loop(what: &'static str, url: &Url) -> ProviderError {
    let message = format!("{} redirects without an end.", host_of(url));
    ProviderError::new(
        what,
        Class::Malformed,
        Problem::new("redirect_loop", message, "Check the address, or ask the operator of the server."),
    )
}

/// An answer whose form is broken.
pub(super) fn unreadable(what: &'static str, url: &Url, error: WireError) -> ProviderError {
    match error {
        WireError::Html | WireError::Unexpected | WireError::Empty => not_caldav(what, url).with_source(error),
        WireError::Truncated | WireError::Xml(_) => {
            let message = format!("The answer of {} broke off or is damaged.", host_of(url));
            ProviderError::new(what, Class::Transient, Problem::new("damaged_answer", message, "")).with_source(error)
        }
    }
}
