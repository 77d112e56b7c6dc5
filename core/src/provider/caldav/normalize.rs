//! One object as the server sent it → what became of it.

use crate::ical::{self, Context};
use crate::provider::Content;

/// What the reader needs to know about the calendar, owned so that it can go to another thread.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    pub(super) zone: Option<String>,
    pub(super) addresses: Vec<String>,
}

/// Reads the data of one row. `None`: it holds no event at all (a task, a journal) and is not ours.
pub(super) fn content(data: Option<&str>, reading: &Reading) -> Option<Content> {
    let data = data.unwrap_or_default();
    if data.trim().is_empty() {
        let detail = "the server listed the object but sent no data for it".to_owned();
        return Some(Content::Unreadable { reason: "empty_body", detail });
    }
    if is_something_else(data) {
        return None;
    }
    Some(ical::read_object(data.as_bytes(), &Context { default_zone: reading.zone.as_deref(), my_addresses: &reading.addresses }))
}

/// A calendar object without an event in it.
fn is_something_else(data: &str) -> bool {
    let mut others = false;
    for line in data.lines() {
        let line = line.trim_ascii_end();
        let Some((name, value)) = line.split_once(':') else { continue };
        if !name.eq_ignore_ascii_case("BEGIN") {
            continue;
        }
        if value.eq_ignore_ascii_case("VEVENT") {
            return false;
        }
        others |= ["VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY", "VPOLL"].iter().any(|other| value.eq_ignore_ascii_case(other));
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_not_ours_and_an_empty_body_is_unreadable() {
        let reading = Reading::default();
        assert!(content(Some("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"), &reading).is_none());
        for empty in [None, Some(""), Some(" \r\n")] {
            assert!(matches!(content(empty, &reading), Some(Content::Unreadable { reason: "empty_body", .. })), "{empty:?}");
        }
        assert!(matches!(content(Some("<html></html>"), &reading), Some(Content::Unreadable { .. })));
    }
}
