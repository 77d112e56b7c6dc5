//! Text in, instances out, in a form that is easy to write by hand.

use jiff::civil::Date;
use syncline_core::ical::{Context, Feed, read_feed};
use syncline_core::provider::{Content, Object};
use syncline_core::recurrence::{Expansion, expand};
use syncline_domain::time::{TimeKind, from_naive_ms, naive_ms};

/// A feed around some components.
pub(crate) fn calendar(components: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{}END:VCALENDAR\r\n", crlf(components))
}

/// A feed with one event from its properties.
pub(crate) fn event(properties: &str) -> String {
    let uid = if properties.contains("UID:") { "" } else { "UID:1@example.com\n" };
    calendar(&format!("BEGIN:VEVENT\n{uid}{}\nEND:VEVENT\n", properties.trim()))
}

/// Lines as a test writes them: indented and ended by LF.
fn crlf(text: &str) -> String {
    text.lines().map(|line| line.trim_start()).filter(|line| !line.is_empty()).map(|line| format!("{line}\r\n")).collect()
}

pub(crate) fn feed(text: &str) -> Feed {
    read_feed(text.as_bytes(), &Context::default()).expect("a calendar")
}

pub(crate) fn objects(text: &str) -> Vec<Object> {
    let present = feed(text).objects.into_iter().map(|(uid, content)| match content {
        Content::Present(object) => object,
        other => panic!("{uid}: {other:?}"),
    });
    present.collect()
}

pub(crate) fn object(text: &str) -> Object {
    let mut all = objects(text);
    assert_eq!(all.len(), 1, "one object");
    all.remove(0)
}

fn midnight(date: &str) -> i64 {
    naive_ms(date.parse::<Date>().expect("a date").at(0, 0, 0, 0))
}

/// The expansion of the one object of a feed between two dates (UTC midnights).
pub(crate) fn expansion(text: &str, from: &str, to: &str) -> Expansion {
    expand(&object(text).events, midnight(from), midnight(to), 1_000)
}

/// All starts between two dates: `2026-03-09 08:00` (UTC) when timed, `2026-03-09` when all-day, `2026-03-09 09:00 local`
/// when floating.
pub(crate) fn starts(text: &str, from: &str, to: &str) -> Vec<String> {
    expansion(text, from, to).instances.iter().map(|instance| point(instance.kind, instance.start_ms)).collect()
}

/// Like [`starts`], with ` to ` and the end.
pub(crate) fn spans(text: &str, from: &str, to: &str) -> Vec<String> {
    let all = expansion(text, from, to);
    all.instances
        .iter()
        .map(|instance| format!("{} to {}", point(instance.kind, instance.start_ms), point(instance.kind, instance.end_ms)))
        .collect()
}

/// Like [`starts`], with the title before the start.
pub(crate) fn titled(text: &str, from: &str, to: &str) -> Vec<String> {
    let object = object(text);
    let all = expand(&object.events, midnight(from), midnight(to), 1_000);
    all.instances
        .iter()
        .map(|instance| format!("{}: {}", object.events[instance.event].title, point(instance.kind, instance.start_ms)))
        .collect()
}

pub(crate) fn keys(text: &str, from: &str, to: &str) -> Vec<String> {
    expansion(text, from, to).instances.into_iter().map(|instance| instance.key.0).collect()
}

fn point(kind: TimeKind, ms: i64) -> String {
    let at = from_naive_ms(ms);
    match kind {
        TimeKind::Timed => at.strftime("%Y-%m-%d %H:%M").to_string(),
        TimeKind::AllDay => at.strftime("%Y-%m-%d").to_string(),
        TimeKind::Floating => at.strftime("%Y-%m-%d %H:%M local").to_string(),
    }
}
