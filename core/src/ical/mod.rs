//! The iCalendar reader: a feed or a CalDAV object becomes [`Object`](crate::provider::Object)s of normalised events.
//!
//! `lex` (content lines) → `file` (components and their place in the text) → `event` with `times`, `people`, `links`,
//! `color` (one VEVENT) → `group` (the VEVENTs of one UID). Everything behind `file` knows nothing of the syntax, so a
//! parser library can take the place of `lex` and `file`. There is one of our own because what had to be exact was the very
//! edge of the syntax: folds inside a code point, Windows-1252 bytes, bare CR, unquoted zone labels with colons, TEXT
//! escapes that must not touch a URI or an RRULE, RRULEs kept as written, and the byte range of each event for round trips.
//!
//! Invariants: no input makes it panic or fail as a whole (but see [`NotACalendar`]); one broken event is
//! [`Content::Unreadable`] and stops no other; equal meaning gives an equal hash, whatever the order of properties, DTSTAMP
//! or PRODID; times are never guessed (a zone that nobody knows gives the default zone *and* a warning).
//!
//! How to read one more property: an arm in `event::Raw::take`.

mod color;
mod event;
mod file;
mod group;
mod lex;
mod links;
mod people;
mod times;
mod zones;

use crate::provider::Content;
use file::File;
use group::Groups;
use sha2::{Digest, Sha256};
use syncline_domain::event::{Event, Recurrence};
use syncline_domain::time::When;
use times::Times;

/// What the reader must be told about the calendar.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The zone for TZIDs that nobody knows, and of Outlook's all-day events in UTC. Floating times stay floating.
    pub default_zone: Option<&'a str>,
    /// The owner's e-mail addresses: they tell which attendee is "me".
    pub my_addresses: &'a [String],
}

/// A feed, as far as it could be read.
#[derive(Debug, Default)]
pub struct Feed {
    /// `X-WR-CALNAME` or `NAME`.
    pub name: Option<String>,
    /// `X-WR-CALDESC` or `DESCRIPTION`.
    pub description: Option<String>,
    /// `X-WR-TIMEZONE` as a zone that Syncline knows.
    pub zone: Option<String>,
    /// `COLOR` or `X-APPLE-CALENDAR-COLOR`, as `#rrggbb`.
    pub color: Option<String>,
    /// `REFRESH-INTERVAL` or `X-PUBLISHED-TTL`, in seconds.
    pub refresh_s: Option<u64>,
    /// Every `BEGIN:VCALENDAR` was closed and the file ends after the last one: nothing was cut off.
    pub complete: bool,
    /// UID and content, in the order of the feed.
    pub objects: Vec<(String, Content)>,
    /// What was odd about the file as a whole: `missing_end`.
    pub warnings: Vec<&'static str>,
}

/// The bytes hold no calendar at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACalendar {
    /// Nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// A web page, such as a sign-in form or an error.
    #[error("the file is a web page, not a calendar")]
    WebPage,
    /// Something else without a `BEGIN:VCALENDAR`.
    #[error("the file has no BEGIN:VCALENDAR")]
    Other,
}

/// Reads a feed: one or more VCALENDARs.
///
/// # Errors
/// [`NotACalendar`] when there is no VCALENDAR. Everything else is told in the [`Feed`].
pub fn read_feed(bytes: &[u8], cx: &Context<'_>) -> Result<Feed, NotACalendar> {
    let text = lex::decode(bytes);
    let file = file::parse(&text);
    if file.calendars == 0 {
        return Err(not_a_calendar(&text));
    }
    let timezones = zones::of(&file);
    let head = |names: [&str; 2]| {
        names.iter().find_map(|name| file.property(name)).map(|line| line.text().trim().to_owned()).filter(|text| !text.is_empty())
    };
    let zone = file.property("X-WR-TIMEZONE").or_else(|| file.property("TIMEZONE-ID")).and_then(|line| {
        let (zone, warning) = timezones.resolve(line.value().trim(), None);
        warning.is_none().then_some(zone.0)
    });
    let refresh =
        file.property("REFRESH-INTERVAL").or_else(|| file.property("X-PUBLISHED-TTL")).and_then(|line| times::duration(line.value()));
    let groups = read_events(&text, &file, &timezones, cx, cx.default_zone.or(zone.as_deref()));
    Ok(Feed {
        name: head(["X-WR-CALNAME", "NAME"]),
        description: head(["X-WR-CALDESC", "DESCRIPTION"]),
        color: head(["COLOR", "X-APPLE-CALENDAR-COLOR"]).and_then(|text| color::hex(&text)),
        refresh_s: refresh
            .and_then(|length| u64::try_from(length.days * 86_400 + length.exact_ms / 1000).ok())
            .filter(|seconds| *seconds > 0),
        complete: file.complete,
        objects: groups.finish(),
        warnings: if file.unclosed > 0 { vec!["missing_end"] } else { Vec::new() },
        zone,
    })
}

/// Reads one CalDAV resource: the events of one UID, with their VTIMEZONEs. Should it hold several UIDs, all are kept in
/// the one object.
#[must_use]
pub fn read_object(bytes: &[u8], cx: &Context<'_>) -> Content {
    let text = lex::decode(bytes);
    if text.trim().is_empty() {
        return Content::Unreadable { reason: "empty_body", detail: "the server sent an empty object".to_owned() };
    }
    let file = file::parse(&text);
    if file.calendars == 0 && file.events.is_empty() {
        return Content::Unreadable { reason: "not_a_calendar", detail: not_a_calendar(&text).to_string() };
    }
    let timezones = zones::of(&file);
    let groups = read_events(&text, &file, &timezones, cx, cx.default_zone);
    groups.into_one(&text).unwrap_or_else(|| Content::Unreadable { reason: "no_event", detail: "the object holds no event".to_owned() })
}

fn read_events<'t>(
    text: &'t str,
    file: &File<'_>,
    timezones: &crate::recurrence::Timezones,
    cx: &Context<'_>,
    default_zone: Option<&str>,
) -> Groups<'t> {
    let cancelled: Vec<usize> = file
        .head
        .iter()
        .filter(|(_, line)| line.name().eq_ignore_ascii_case("METHOD") && line.value().trim().eq_ignore_ascii_case("CANCEL"))
        .map(|(calendar, _)| *calendar)
        .collect();
    let mut times = Times { zones: timezones, default_zone, warnings: Vec::new() };
    let mut groups = Groups::default();
    for component in &file.events {
        let draft = event::read(component, &mut times, cx.my_addresses, cancelled.contains(&component.calendar));
        let block = &text[component.span.0..component.span.1];
        let uid = match (&draft, event::uid(component)) {
            (Ok(draft), _) => draft.event.uid.clone(),
            (Err(_), Some(uid)) => uid,
            (Err(_), None) => format!("nouid-{}", hex(&Sha256::digest(block.as_bytes()))),
        };
        groups.add(uid, block, draft, component.line("RECURRENCE-ID").is_some());
    }
    groups
}

/// An identity for an event whose UID is missing, or changes with every fetch: from its start, end and title.
#[must_use]
pub fn fallback_uid(event: &Event) -> String {
    let (start, end) = match &event.when {
        When::AllDay { start, end } => (start.to_string(), end.to_string()),
        When::Timed { start, end } => (start.at.to_string(), end.at.to_string()),
        When::Floating { start, end } => (start.to_string(), end.to_string()),
    };
    let instance = event.instance.as_ref().map_or("", |key| key.as_str());
    format!("nouid-{}", hex(&Sha256::digest(format!("{start}\n{end}\n{instance}\n{}", event.title))))
}

/// SHA-256 (hex) over what a user could see of the events. CREATED and LAST-MODIFIED do not count: many feeds write the
/// time of the fetch into them.
#[must_use]
pub fn content_hash(events: &mut [Event]) -> String {
    let mut text = Vec::with_capacity(512 * events.len());
    for event in events {
        let stamps = (event.created_at.take(), event.updated_at.take());
        serde_json::to_writer(&mut text, event).expect("events have only string keys, and a Vec takes every write");
        text.push(b'\n');
        (event.created_at, event.updated_at) = stamps;
    }
    hex(&Sha256::digest(&text))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// The first known meeting address in a text.
pub(crate) fn meeting_link(text: &str) -> Option<String> {
    links::meeting_in(text)
}

/// A link that a page may offer.
pub(crate) fn safe_link(text: &str) -> Option<String> {
    links::safe(text)
}

/// The recurrence lines of an event that is not iCalendar otherwise (Google's `recurrence`), with what was odd about them.
pub(crate) fn recurrence(lines: &[String], default_zone: Option<&str>) -> (Recurrence, Vec<&'static str>) {
    let zones = crate::recurrence::Timezones::default();
    let mut times = Times { zones: &zones, default_zone, warnings: Vec::new() };
    let mut found = Recurrence::default();
    for text in lines {
        let line = lex::Line::new(text.trim().into());
        let (name, value) = (line.name().to_ascii_uppercase(), line.value().trim());
        match name.as_str() {
            "RRULE" if !value.is_empty() => found.rules.push(value.to_owned()),
            "EXRULE" if !value.is_empty() => found.except_rules.push(value.to_owned()),
            "RDATE" => found.dates.extend(times.dates(&line)),
            "EXDATE" => found.except_dates.extend(times.list(&line)),
            _ => times.warn("bad_rule"),
        }
    }
    (found, times.warnings)
}

fn not_a_calendar(text: &str) -> NotACalendar {
    let start: String = text.trim_start().chars().take(1024).collect::<String>().to_ascii_lowercase();
    if start.is_empty() {
        NotACalendar::Empty
    } else if start.starts_with("<!doctype html") || start.contains("<html") || start.contains("<head") || start.contains("<body") {
        NotACalendar::WebPage
    } else {
        NotACalendar::Other
    }
}
