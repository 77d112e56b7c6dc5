//! Google's answers, as far as they are read. What is absent is absent: private events come without their details.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A page of `events.list`. Items stay text: each is read for itself, so that a broken one stops no other.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Events {
    #[serde(default)]
    pub(super) items: Vec<Box<RawValue>>,
    pub(super) next_page_token: Option<String>,
    pub(super) next_sync_token: Option<String>,
    pub(super) time_zone: Option<String>,
}

/// A page of `calendarList.list`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CalendarList {
    #[serde(default)]
    pub(super) items: Vec<Entry>,
    pub(super) next_page_token: Option<String>,
    pub(super) next_sync_token: Option<String>,
}

/// A line of the calendar list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) summary: Option<String>,
    pub(super) summary_override: Option<String>,
    pub(super) time_zone: Option<String>,
    pub(super) background_color: Option<String>,
    pub(super) access_role: Option<String>,
    #[serde(default)]
    pub(super) primary: bool,
    #[serde(default)]
    pub(super) hidden: bool,
    #[serde(default)]
    pub(super) deleted: bool,
}

/// An event: a single one, the master of a series, or an instance that differs from it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) etag: Option<String>,
    pub(super) status: Option<String>,
    pub(super) html_link: Option<String>,
    pub(super) created: Option<String>,
    pub(super) updated: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) description: Option<String>,
    pub(super) location: Option<String>,
    pub(super) color_id: Option<String>,
    pub(super) organizer: Option<Who>,
    pub(super) start: Option<Time>,
    pub(super) end: Option<Time>,
    #[serde(default)]
    pub(super) recurrence: Vec<String>,
    pub(super) recurring_event_id: Option<String>,
    pub(super) original_start_time: Option<Time>,
    pub(super) transparency: Option<String>,
    pub(super) visibility: Option<String>,
    #[serde(rename = "iCalUID")]
    pub(super) ical_uid: Option<String>,
    pub(super) sequence: Option<i64>,
    #[serde(default)]
    pub(super) attendees: Vec<Who>,
    pub(super) hangout_link: Option<String>,
    pub(super) conference_data: Option<Conference>,
    pub(super) source: Option<Source>,
    pub(super) event_type: Option<String>,
}

impl Item {
    pub(super) fn is_cancelled(&self) -> bool {
        self.status.as_deref() == Some("cancelled")
    }
}

/// A person, as organizer or guest.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Who {
    pub(super) email: Option<String>,
    pub(super) display_name: Option<String>,
    #[serde(default, rename = "self")]
    pub(super) me: bool,
    #[serde(default)]
    pub(super) organizer: bool,
    #[serde(default)]
    pub(super) optional: bool,
    pub(super) response_status: Option<String>,
}

/// `EventDateTime`: a date, or a time.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Time {
    pub(super) date: Option<String>,
    pub(super) date_time: Option<String>,
    pub(super) time_zone: Option<String>,
}

/// How to join a call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Conference {
    #[serde(default)]
    pub(super) entry_points: Vec<EntryPoint>,
}

/// One way to join.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryPoint {
    pub(super) entry_point_type: Option<String>,
    pub(super) uri: Option<String>,
}

/// Where an event was made.
#[derive(Debug, Deserialize)]
pub(super) struct Source {
    pub(super) url: Option<String>,
}

/// The body of an error.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) error: FailureBody,
}

/// What is inside.
#[derive(Debug, Deserialize)]
pub(super) struct FailureBody {
    #[serde(default)]
    pub(super) errors: Vec<Reason>,
    #[serde(default)]
    pub(super) details: Vec<Reason>,
}

/// One reason.
#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) location: String,
}
