//! Links in an event: its URL, and the one that joins the video call.

use super::file::Component;
use std::borrow::Cow;

/// Where calls take place: a host (or its tail) and how the path of a meeting begins.
const MEETINGS: [(&str, &str); 22] = [
    ("teams.microsoft.com", "/l/meetup-join/"),
    ("teams.microsoft.com", "/meet/"),
    ("teams.live.com", "/meet/"),
    ("meet.google.com", "/"),
    ("hangouts.google.com", "/"),
    ("zoom.us", "/j/"),
    ("zoom.us", "/my/"),
    ("zoom.us", "/w/"),
    ("zoom.us", "/s/"),
    ("zoomgov.com", "/j/"),
    ("webex.com", "/"),
    ("meet.jit.si", "/"),
    ("whereby.com", "/"),
    ("gotomeeting.com", "/join/"),
    ("gotomeet.me", "/"),
    ("meet.goto.com", "/"),
    ("bluejeans.com", "/"),
    ("chime.aws", "/"),
    ("facetime.apple.com", "/join"),
    ("join.skype.com", "/"),
    ("meet.lync.com", "/"),
    ("meetings.ringcentral.com", "/j/"),
];

/// A link that a page may offer: `http`, `https`, `mailto` and `tel` only.
pub(super) fn safe(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['<', '>']);
    let scheme = text.split_once(':')?.0;
    let known = ["https", "http", "mailto", "tel"].iter().any(|good| scheme.eq_ignore_ascii_case(good));
    (known && !text.contains(|c: char| c.is_control() || c.is_whitespace())).then(|| text.to_owned())
}

fn web(text: &str) -> Option<String> {
    safe(text).filter(|url| url.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http")))
}

/// The link that joins the call: what the event declares, else a known meeting address in LOCATION, URL or DESCRIPTION.
pub(super) fn conference(event: &Component<'_>) -> Option<String> {
    let mut declared: Option<(u8, String)> = None;
    for line in &event.lines {
        let name = line.name();
        let rank = if name.eq_ignore_ascii_case("CONFERENCE") {
            if line.param("FEATURE").is_none_or(|feature| feature.eq_ignore_ascii_case("VIDEO")) { 0 } else { 3 }
        } else if name.eq_ignore_ascii_case("X-GOOGLE-CONFERENCE") {
            1
        } else if name.eq_ignore_ascii_case("X-MICROSOFT-SKYPETEAMSMEETINGURL")
            || name.eq_ignore_ascii_case("X-MICROSOFT-ONLINEMEETINGCONFLINK")
        {
            2
        } else {
            continue;
        };
        if let Some(url) = web(line.value())
            && declared.as_ref().is_none_or(|(best, _)| rank < *best)
        {
            declared = Some((rank, url));
        }
    }
    declared
        .map(|(_, url)| url)
        .or_else(|| ["LOCATION", "URL", "DESCRIPTION"].iter().find_map(|name| event.line(name).and_then(|line| meeting_in(&line.text()))))
}

/// The first known meeting address in a text.
pub(super) fn meeting_in(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(found) = rest.find("://") {
        let scheme = if rest[..found].ends_with("https") { 5 } else { 4 };
        let start = found.saturating_sub(scheme);
        let candidate = rest.get(start..).unwrap_or_default();
        let end = candidate.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"'|\\^`{}".contains(c)).unwrap_or(candidate.len());
        let url = candidate[..end].trim_end_matches(['.', ',', ';', ')', ']', '!']);
        if is_meeting(url) {
            let url = if url.contains("&amp;") { Cow::Owned(url.replace("&amp;", "&")) } else { Cow::Borrowed(url) };
            return web(&url);
        }
        rest = &rest[found + 3..];
    }
    None
}

fn is_meeting(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else { return false };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = host.to_ascii_lowercase();
    MEETINGS.iter().any(|(wanted, start)| {
        let tail = host.strip_suffix(wanted);
        tail.is_some_and(|tail| tail.is_empty() || tail.ends_with('.')) && path.len() > 1 && path.starts_with(start)
    })
}

#[cfg(test)]
mod tests {
    use super::super::file::parse;
    use super::*;

    fn of(lines: &str) -> Option<String> {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
        conference(&parse(&text).events[0])
    }

    #[test]
    fn a_declared_conference_comes_before_one_in_the_text() {
        assert_eq!(
            of("LOCATION:https://zoom.us/j/1\nCONFERENCE;VALUE=URI;FEATURE=PHONE:tel:+1\nX-GOOGLE-CONFERENCE:https://meet.google.com/abc")
                .as_deref(),
            Some("https://meet.google.com/abc")
        );
        assert_eq!(of("CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:https://example.com/call").as_deref(), Some("https://example.com/call"));
        assert_eq!(
            of("X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.microsoft.com/l/meetup-join/x").as_deref(),
            Some("https://teams.microsoft.com/l/meetup-join/x")
        );
    }

    #[test]
    fn a_meeting_address_is_found_in_text_and_html() {
        assert_eq!(
            of(r"DESCRIPTION:Agenda: see https://example.com/a\, join <https://us02web.zoom.us/j/123?pwd=a>.").as_deref(),
            Some("https://us02web.zoom.us/j/123?pwd=a")
        );
        assert_eq!(
            of(r#"DESCRIPTION:<a href="https://teams.microsoft.com/l/meetup-join/x?a=1&amp;b=2">Join</a>"#).as_deref(),
            Some("https://teams.microsoft.com/l/meetup-join/x?a=1&b=2")
        );
        assert_eq!(of("LOCATION:meet.google.com"), None);
        assert_eq!(of("LOCATION:https://evilzoom.us/j/1 https://zoom.us/pricing"), None);
    }

    #[test]
    fn only_harmless_schemes_are_links() {
        assert_eq!(safe("HTTPS://example.com/a,b"), Some("HTTPS://example.com/a,b".to_owned()));
        for text in ["javascript:alert(1)", "data:text/html,x", "example.com", "https://a b", ""] {
            assert_eq!(safe(text), None, "{text}");
        }
        assert_eq!(of("CONFERENCE:javascript:alert(1)"), None);
    }
}
