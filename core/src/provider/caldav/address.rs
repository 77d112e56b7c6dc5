//! Addresses: what a user types, what a server writes, and which hosts may see a password. Pure.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use url::{Host, Url};

/// What is escaped in a path of ours: whatever could be taken for something else. The rest of RFC 3986's `pchar` stays.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What the user typed, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// A full address; it is asked before anything else.
    Address(Url),
    /// A bare domain, or the domain of an e-mail address: DNS is asked first (RFC 6764 §6).
    Domain(String),
}

/// Reads what a user typed: a full address (`caldav://` and `caldavs://` too), a host with a path or a port, a bare
/// domain or an e-mail address. `None` when it is none of these.
pub(super) fn parse(text: &str) -> Option<Typed> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    for (prefix, scheme) in [("https://", "https"), ("http://", "http"), ("caldavs://", "https"), ("caldav://", "https")] {
        if lower.starts_with(prefix) {
            return full(&format!("{scheme}://{}", &text[prefix.len()..])).map(Typed::Address);
        }
    }
    if text.contains("://") || text.contains(char::is_whitespace) || text.is_empty() {
        return None;
    }
    if let Some((user, domain)) = text.rsplit_once('@') {
        let fits = !user.is_empty() && !domain.contains(['/', ':']);
        return full(&format!("https://{domain}/")).filter(|_| fits).map(|url| Typed::Domain(url.host_str().unwrap_or(domain).to_owned()));
    }
    let url = full(&format!("https://{text}"))?;
    let bare = matches!(url.host(), Some(Host::Domain(name)) if name.contains('.')) && url.port().is_none() && url.path() == "/";
    Some(if bare { Typed::Domain(url.host_str()?.to_owned()) } else { Typed::Address(url) })
}

fn full(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    url.set_fragment(None);
    // A password belongs into its own field, not into an address that is shown everywhere.
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.has_host().then_some(url)
}

/// Whether the password for one address may also go to another: the same host (any port), or a host of the same site.
pub(super) fn same_site(one: &Url, other: &Url) -> bool {
    match (one.host(), other.host()) {
        (Some(Host::Domain(one)), Some(Host::Domain(other))) => one == other || (site(one).is_some() && site(one) == site(other)),
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// The part of a name that one owner registers: its last two labels, three where the second is a short one under a
/// country (`co.uk`, `com.au`). Errs towards "another site", which only costs the user a question.
fn site(host: &str) -> Option<&str> {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (last, second) = (dots.next()?, dots.next());
    let Some(second) = second else { return Some(host) };
    let country = host.len() - last - 1 == 2;
    let short = last - second - 1 <= 3;
    if !(country && short) {
        return Some(&host[second + 1..]);
    }
    match dots.next() {
        Some(third) => Some(&host[third + 1..]),
        None => Some(host),
    }
}

/// The path of an href as the server spelt it, absolute: hrefs may be full addresses, paths or (wrongly) relative names.
/// The host of a full address is left out on purpose: behind a proxy it is often one that nobody can reach.
pub(super) fn raw_path(href: &str, base: &Url) -> String {
    let href = href.trim();
    let scheme_end = href.find("://").filter(|at| href[..*at].eq_ignore_ascii_case("http") || href[..*at].eq_ignore_ascii_case("https"));
    let path = match scheme_end {
        Some(at) => {
            let rest = &href[at + 3..];
            rest.find('/').map_or("/", |slash| &rest[slash..])
        }
        None => href,
    };
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    if path.starts_with('/') {
        return format!("/{}", path.trim_start_matches('/'));
    }
    let directory = &base.path()[..=base.path().rfind('/').unwrap_or(0)];
    format!("{directory}{path}")
}

/// The decoded form of a path, which is what is compared and stored. Bytes that are not UTF-8 stay escaped.
pub(super) fn decode(path: &str) -> String {
    if !path.contains('%') {
        return path.to_owned();
    }
    let bytes: Vec<u8> = percent_decode(path.as_bytes()).collect();
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The canonical spelling of a decoded path.
pub(super) fn encode(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// The decoded path of a collection, always with a slash at its end.
pub(super) fn collection_path(href: &str, base: &Url) -> String {
    let mut path = decode(&raw_path(href, base));
    if !path.ends_with('/') {
        path.push('/');
    }
    path
}

/// The address at which a path from an answer of `base` is asked for.
pub(super) fn at(base: &Url, raw_path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(raw_path);
    url.set_query(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn what_users_type_is_understood() {
        let address = |text: &str| Some(Typed::Address(url(text)));
        let domain = |text: &str| Some(Typed::Domain(text.to_owned()));
        assert_eq!(parse(" https://dav.example.org/cal/ "), address("https://dav.example.org/cal/"));
        assert_eq!(parse("HTTP://nas:5232"), address("http://nas:5232/"));
        assert_eq!(parse("caldavs://example.org/x"), address("https://example.org/x"));
        assert_eq!(parse("cloud.example.org/remote.php/dav"), address("https://cloud.example.org/remote.php/dav"));
        assert_eq!(parse("example.org:8443"), address("https://example.org:8443/"));
        assert_eq!(parse("localhost"), address("https://localhost/"));
        assert_eq!(parse("192.168.1.7"), address("https://192.168.1.7/"));
        assert_eq!(parse("https://u:p@example.org/"), address("https://example.org/"));
        assert_eq!(parse("Example.org"), domain("example.org"));
        assert_eq!(parse("me@fastmail.com"), domain("fastmail.com"));
        for bad in ["", "ftp://x", "two words", "@", "me@", "me@host:1", "https://"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_password_stays_within_one_site() {
        let same = |one: &str, other: &str| same_site(&url(one), &url(other));
        assert!(same("https://caldav.icloud.com/", "https://p42-caldav.icloud.com:443/x"));
        assert!(same("http://127.0.0.1:1/", "http://127.0.0.1:2/"));
        assert!(same("https://example.org/", "https://dav.example.org/"));
        assert!(same("https://a.firm.co.uk/", "https://firm.co.uk/"));
        assert!(!same("https://a.co.uk/", "https://b.co.uk/"));
        assert!(!same("https://example.org/", "https://example.org.evil.net/"));
        assert!(!same("https://example.org/", "https://badexample.org/"));
        assert!(!same("http://127.0.0.1/", "http://localhost/"));
        assert!(!same("http://10.0.0.1/", "http://10.0.0.2/"));
    }

    #[test]
    fn hrefs_in_any_spelling_are_one_path() {
        let base = url("https://example.org/cal/u/office/");
        for href in [
            "/cal/u/office/a%20b@%c3%bc.ics",
            "https://internal:8443/cal/u/office/a%20b%40%C3%BC.ics",
            "a%20b@%C3%BC.ics",
            "//cal/u/office/a b@ü.ics",
        ] {
            assert_eq!(decode(&raw_path(href, &base)), "/cal/u/office/a b@ü.ics", "{href}");
        }
        assert_eq!(encode("/cal/a b@ü%.ics"), "/cal/a%20b@%C3%BC%25.ics");
        assert_eq!(decode(&encode("/c/100% #1?.ics")), "/c/100% #1?.ics");
        assert_eq!(decode("/c/%e9.ics"), "/c/%E9.ics");
        assert_eq!(collection_path("/cal/u/office", &base), "/cal/u/office/");
        assert_eq!(at(&base, "/c/%e9%20.ics").as_str(), "https://example.org/c/%e9%20.ics");
    }
}
