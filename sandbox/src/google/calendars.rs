//! Calendars, and which of them stand in whose list.

use super::store::Events;
use crate::hub::lagging::Lagging;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What an account may do with a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    FreeBusyReader,
    Reader,
    WriterWithoutPrivateAccess,
    Writer,
    Owner,
}

impl Role {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "freeBusyReader" => Self::FreeBusyReader,
            "reader" => Self::Reader,
            "writerWithoutPrivateAccess" => Self::WriterWithoutPrivateAccess,
            "writer" => Self::Writer,
            "owner" => Self::Owner,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FreeBusyReader => "freeBusyReader",
            Self::Reader => "reader",
            Self::WriterWithoutPrivateAccess => "writerWithoutPrivateAccess",
            Self::Writer => "writer",
            Self::Owner => "owner",
        }
    }
}

/// A calendar.
pub(super) struct Calendar {
    pub(super) summary: String,
    pub(super) description: Option<String>,
    pub(super) zone: String,
    pub(super) owner: String,
    pub(super) events: Lagging<Events>,
    /// Sync tokens of an older epoch are lost.
    pub(super) epoch: u64,
}

/// A line of an account's list.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) ord: u64,
    pub(super) role: Role,
    pub(super) color: u8,
    /// A colour of the user's own instead of the palette's.
    pub(super) background: Option<String>,
    pub(super) selected: bool,
    pub(super) hidden: bool,
    pub(super) deleted: bool,
    pub(super) primary: bool,
    pub(super) name: Option<String>,
}

/// An account's list.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    pub(super) seq: u64,
    pub(super) epoch: u64,
    pub(super) entries: BTreeMap<String, Entry>,
}

impl List {
    /// Changes or makes a line.
    pub(super) fn change(&mut self, calendar: &str, how: impl FnOnce(&mut Entry)) {
        self.seq += 1;
        let ord = self.entries.len() as u64 + 1;
        let color = u8::try_from(ord % 24 + 1).unwrap_or(1);
        let entry = self.entries.entry(calendar.to_owned()).or_insert(Entry {
            seq: 0,
            ord,
            role: Role::Owner,
            color,
            background: None,
            selected: true,
            hidden: false,
            deleted: false,
            primary: false,
            name: None,
        });
        how(entry);
        entry.seq = self.seq;
    }
}

/// The 24 colours of calendars.
const COLORS: [&str; 24] = [
    "#ac725e", "#d06b64", "#f83a22", "#fa573c", "#ff7537", "#ffad46", "#42d692", "#16a765", "#7bd148", "#b3dc6c", "#fbe983", "#fad165",
    "#92e1c0", "#9fe1e7", "#9fc6e7", "#4986e7", "#9a9cff", "#b99aff", "#c2c2c2", "#cabdbf", "#cca6ac", "#f691b2", "#cd74e6", "#a47ae2",
];
/// The 11 colours of events.
const EVENT_COLORS: [&str; 11] =
    ["#a4bdfc", "#7ae7bf", "#dbadff", "#ff887c", "#fbd75b", "#ffb878", "#46d6db", "#e1e1e1", "#5484ed", "#51b749", "#dc2127"];

pub(super) fn is_color(number: u8) -> bool {
    (1..=24).contains(&number)
}

/// `GET /colors`.
pub(super) fn palette() -> Value {
    let colors = |list: &[&str]| -> Value {
        let entries = list.iter().enumerate();
        entries.map(|(at, color)| ((at + 1).to_string(), json!({"background": color, "foreground": "#1d1d1d"}))).collect()
    };
    json!({"kind": "calendar#colors", "updated": "2012-02-14T00:00:00.000Z", "calendar": colors(&COLORS), "event": colors(&EVENT_COLORS)})
}

/// A line of the list as the API writes it. A deleted one has nothing but its id.
pub(super) fn entry(id: &str, entry: &Entry, calendar: Option<&Calendar>) -> Value {
    let etag = format!("\"{:016}\"", 1_700_000_000_000_000 + entry.seq);
    let Some(calendar) = calendar.filter(|_| !entry.deleted) else {
        return json!({"kind": "calendar#calendarListEntry", "etag": etag, "id": id, "deleted": true});
    };
    let color = COLORS[usize::from(entry.color.clamp(1, 24)) - 1];
    let mut value = json!({
        "kind": "calendar#calendarListEntry", "etag": etag, "id": id, "summary": calendar.summary, "timeZone": calendar.zone,
        "colorId": entry.color.to_string(), "backgroundColor": entry.background.as_deref().unwrap_or(color), "foregroundColor": "#000000",
        "accessRole": entry.role.name(), "defaultReminders": [], "dataOwner": calendar.owner,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    });
    // As the real one does, what is false is left out.
    for (name, set) in [("selected", entry.selected), ("hidden", entry.hidden), ("primary", entry.primary)] {
        if set {
            value[name] = json!(true);
        }
    }
    if let Some(name) = &entry.name {
        value["summaryOverride"] = json!(name);
    }
    if let Some(text) = &calendar.description {
        value["description"] = json!(text);
    }
    value
}
