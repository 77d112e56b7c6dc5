//! The bodies of requests.

use quick_xml::escape::escape;

macro_rules! document {
    ($($part:literal),*) => { concat!(r#"<?xml version="1.0" encoding="utf-8"?>"#, $($part),*) };
}

/// Who we are and where our calendars live; also what the address itself is (Depth 0).
pub(crate) const PRINCIPAL: &str = document!(
    r#"<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop>"#,
    r"<d:current-user-principal/><c:calendar-home-set/><c:calendar-user-address-set/><d:resourcetype/><d:displayname/>",
    r"</d:prop></d:propfind>"
);

/// The state of one calendar (Depth 0).
pub(crate) const STATE: &str = document!(
    r#"<d:propfind xmlns:d="DAV:" xmlns:cs="http://calendarserver.org/ns/"><d:prop><d:sync-token/><cs:getctag/></d:prop></d:propfind>"#
);

/// The members of a calendar with their versions (Depth 1).
pub(crate) const MEMBERS: &str =
    document!(r#"<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:getcontenttype/><d:resourcetype/></d:prop></d:propfind>"#);

/// Every event of a calendar with its data, in one answer (RFC 4791 §7.8).
pub(crate) const ALL_WITH_DATA: &str = document!(
    r#"<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop>"#,
    r#"<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"/></c:comp-filter></c:filter></c:calendar-query>"#
);

/// How much a listing of calendars asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listing {
    /// Without sync token and CTag: on Radicale each of these costs nearly as much as a sync.
    Plain,
    /// With the token.
    Token,
    /// With the CTag too, for servers without tokens.
    TokenAndCtag,
}

/// The calendars of a home (Depth 1) or one calendar (Depth 0).
pub(crate) fn list_properties(listing: Listing) -> &'static str {
    macro_rules! list {
        ($state:literal) => {
            document!(
                r#"<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/" "#,
                r#"xmlns:ic="http://apple.com/ns/ical/"><d:prop><d:resourcetype/><d:displayname/><c:supported-calendar-component-set/>"#,
                r"<d:current-user-privilege-set/><c:calendar-timezone/><c:calendar-timezone-id/>",
                r"<ic:calendar-color/><ic:calendar-order/>",
                $state,
                "</d:prop></d:propfind>"
            )
        };
    }
    match listing {
        Listing::Plain => list!(""),
        Listing::Token => list!("<d:sync-token/>"),
        Listing::TokenAndCtag => list!("<d:sync-token/><cs:getctag/>"),
    }
}

/// What changed since a token (RFC 6578 §3.2); everything when there is none. Asks for versions only: some servers leave
/// the data out here whatever one asks for. No `limit`: some servers then lose the rest for good.
pub(crate) fn sync_collection(token: Option<&str>) -> String {
    let token = escape(token.unwrap_or_default());
    format!(
        concat!(
            document!(r#"<d:sync-collection xmlns:d="DAV:"><d:sync-token>{}</d:sync-token>"#),
            "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
        ),
        token
    )
}

/// The data of some objects together with the version that belongs to it (RFC 4791 §7.9). The hrefs stay in the server's
/// own spelling.
pub(crate) fn calendar_multiget<'a>(hrefs: impl Iterator<Item = &'a str>) -> String {
    let mut body = String::from(document!(
        r#"<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop>"#
    ));
    for href in hrefs {
        body.push_str("<d:href>");
        body.push_str(&escape(href));
        body.push_str("</d:href>");
    }
    body.push_str("</c:calendar-multiget>");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_hrefs_are_escaped() {
        assert!(sync_collection(Some("a<b&c")).contains("<d:sync-token>a&lt;b&amp;c</d:sync-token>"));
        assert!(sync_collection(None).contains("<d:sync-token></d:sync-token>"));
        let body = calendar_multiget(["/c/a&b.ics", "/c/x.ics"].into_iter());
        assert!(body.contains("<d:href>/c/a&amp;b.ics</d:href><d:href>/c/x.ics</d:href></c:calendar-multiget>"), "{body}");
    }

    #[test]
    fn a_listing_asks_for_the_state_only_when_it_is_needed() {
        assert!(!list_properties(Listing::Plain).contains("sync-token"));
        let token = list_properties(Listing::Token);
        assert!(token.contains("<d:sync-token/>") && !token.contains("getctag"));
        assert!(list_properties(Listing::TokenAndCtag).contains("<d:sync-token/><cs:getctag/>"));
    }
}
