//! The address of a feed, as people paste it.

use crate::error::ProviderError;
use syncline_domain::failure::{Class, Problem};
use url::Url;

const WHAT: &str = "ics.address";

fn refuse(code: &str, message: &str, action: &str) -> ProviderError {
    ProviderError::new(WHAT, Class::Refused, Problem::new(code, message, action))
}

/// Reads an address: `webcal:`, `webcals:` and a missing scheme become https, a published Outlook page becomes its feed. `http`
/// stays what it is, because the user wrote it.
///
/// # Errors
/// `bad_address` when it is none, `feed_is_page` with the way to the right address when it is a page of a known service.
pub(super) fn parse(text: &str) -> Result<Url, ProviderError> {
    let text = text.trim().trim_matches(['<', '>', '"', '\'', '“', '”']).trim();
    let bad = || {
        refuse("bad_address", "This is not an address.", "Paste the address of the feed; it looks like https://example.org/calendar.ics.")
    };
    if text.is_empty() || text.chars().any(char::is_whitespace) {
        return Err(bad());
    }
    let scheme = text.find("://").map(|at| text[..at].to_ascii_lowercase());
    let whole = match scheme.as_deref() {
        Some("http" | "https") => text.to_owned(),
        Some("webcal" | "webcals") => format!("https{}", &text[text.find("://").unwrap_or(0)..]),
        Some(_) => {
            let message = "An address of this kind can not be read.";
            return Err(refuse("bad_address", message, "Use an address that starts with https:// or webcal://."));
        }
        None => {
            let rest =
                ["webcal:", "webcals:", "https:", "http:"].iter().find_map(|scheme| strip_prefix_any_case(text, scheme)).unwrap_or(text);
            format!("https://{}", rest.trim_start_matches('/'))
        }
    };
    let url = Url::parse(&whole).map_err(|_| bad())?;
    let host = url.host_str().unwrap_or_default();
    if scheme.is_none() && !url.username().is_empty() && url.path() == "/" {
        let action = "For an account with a user name and a password, add a CalDAV account instead.";
        return Err(refuse("bad_address", "This is an e-mail address, not the address of a feed.", action));
    }
    if scheme.is_none() && !host.contains(['.', ':']) && host != "localhost" {
        return Err(bad());
    }
    known_page(url)
}

fn strip_prefix_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Pages that people paste instead of the feed.
fn known_page(mut url: Url) -> Result<Url, ProviderError> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let path = url.path().to_owned();
    let google = matches!(host.as_str(), "calendar.google.com" | "www.google.com" | "google.com") && path.starts_with("/calendar");
    if google && !path.contains("/ical/") {
        let action = "In Google Calendar open Settings, choose the calendar, and copy “Secret address in iCal format”.";
        return Err(refuse("feed_is_page", "This is the web page of Google Calendar, not the feed.", action));
    }
    let outlook = ["outlook.office365.com", "outlook.office.com", "outlook.live.com"].contains(&host.as_str());
    if outlook {
        if let Some(stem) = path.strip_suffix("/calendar.html") {
            url.set_path(&format!("{stem}/calendar.ics"));
            return Ok(url);
        }
        if !path.ends_with(".ics") {
            let action = "In Outlook open Settings → Calendar → Shared calendars, publish the calendar, and copy the ICS link.";
            return Err(refuse("feed_is_page", "This is the web page of Outlook, not the feed.", action));
        }
    }
    if matches!(host.as_str(), "www.icloud.com" | "icloud.com") {
        let action = "In Apple Calendar share it as a public calendar and copy that link; it starts with webcal://.";
        return Err(refuse("feed_is_page", "This is the web page of iCloud, not the feed.", action));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        parse(text).map_or_else(|error| error.problem.code.clone(), String::from)
    }

    #[test]
    fn every_spelling_of_a_feed_address_becomes_https() {
        for text in [
            "https://example.org/a.ics",
            "webcal://example.org/a.ics",
            "webcals://example.org/a.ics",
            "WebCal://example.org/a.ics",
            "webcal:example.org/a.ics",
            "//example.org/a.ics",
            "example.org/a.ics",
            "  <https://example.org/a.ics>\n",
        ] {
            assert_eq!(read(text), "https://example.org/a.ics", "{text}");
        }
        assert_eq!(read("localhost:3000/a.ics"), "https://localhost:3000/a.ics");
        assert_eq!(read("http://example.org/a.ics"), "http://example.org/a.ics", "http was written, so http is meant");
    }

    #[test]
    fn what_is_no_address_is_said_so() {
        for text in ["", "my calendar", "calendar", "ftp://example.org/a.ics", "file:///etc/passwd", "ann@example.org", "https://"] {
            assert_eq!(read(text), "bad_address", "{text}");
        }
    }

    #[test]
    fn pages_of_known_services_come_with_the_way_to_the_feed() {
        for text in [
            "https://calendar.google.com/calendar/u/0/r/month",
            "https://calendar.google.com/calendar/embed?src=ann%40gmail.com",
            "https://www.icloud.com/calendar/",
            "https://outlook.live.com/calendar/0/view/month",
        ] {
            assert_eq!(read(text), "feed_is_page", "{text}");
        }
        let google = "https://calendar.google.com/calendar/ical/ann%40gmail.com/private-0123/basic.ics";
        assert_eq!(read(google), google);
        assert_eq!(
            read("https://outlook.office365.com/owa/calendar/1@x.org/2/calendar.html"),
            "https://outlook.office365.com/owa/calendar/1@x.org/2/calendar.ics"
        );
    }
}
