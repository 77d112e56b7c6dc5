//! What a provider stores, in one form for all providers.

use crate::time::{InstanceKey, Moment, When};
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One event as the provider has it: a single, a series master (with [`Event::recurrence`]) or an override of one
/// instance (with [`Event::instance`]). Equal values mean "nothing changed": what varies on every fetch (DTSTAMP, etag)
/// is not in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The iCalendar UID; shared by a master and its overrides.
    pub uid: String,
    /// For an override: the original start of the instance that it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceKey>,
    /// The override also moves all later instances (`RANGE=THISANDFUTURE`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub this_and_future: bool,
    /// When it takes place; for a master, its first instance.
    pub when: When,
    /// The rules of a series master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// Confirmed, tentative or cancelled.
    #[serde(default)]
    pub status: EventStatus,
    /// Whether it blocks time.
    #[serde(default)]
    pub busy: Busy,
    /// Who may see the details at the provider.
    #[serde(default)]
    pub visibility: Visibility,
    /// The title; empty when the provider gives none.
    #[serde(default)]
    pub title: String,
    /// Plain text, or HTML as the provider gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A place in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// A link that belongs to the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The link that joins the video call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conference_url: Option<String>,
    /// Who invites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer: Option<Person>,
    /// Who is invited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendees: Vec<Attendee>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// `#rrggbb`, when the event has a colour of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// iCalendar SEQUENCE, 0 when absent.
    #[serde(default)]
    pub sequence: i64,
    /// When the provider says it was made, unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    /// When the provider says it was last changed, unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Event {
    /// Which of the three kinds it is.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match (&self.instance, &self.recurrence) {
            (Some(_), _) => EventKind::Override,
            (None, Some(_)) => EventKind::Master,
            (None, None) => EventKind::Single,
        }
    }
}

/// How an event relates to a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Takes place once.
    Single,
    /// Carries the rules of a series.
    Master,
    /// Replaces one instance of a series.
    Override,
}

impl EventKind {
    /// The form in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Master => "master",
            Self::Override => "override",
        }
    }
}

/// The rules of a series (RFC 5545 §3.8.5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// RRULE values as they were written, without the name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// EXRULE values (deprecated, but seen).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except_rules: Vec<String>,
    /// Additional instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<RecurrenceDate>,
    /// Instances that do not take place, named by their original start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except_dates: Vec<DateValue>,
    /// Every instance lasts exactly so many milliseconds (DURATION with time parts only, RFC 5545 §3.3.6). `None`: it
    /// lasts as long on the wall clock as the first one, whatever daylight saving does meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_duration: Option<i64>,
}

/// One RDATE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurrenceDate {
    /// Its start.
    pub start: DateValue,
    /// Its own end (`VALUE=PERIOD`); `None` takes the master's duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<DateValue>,
}

/// A date or time in one of the three forms of RFC 5545 §3.3.4 and §3.3.5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateValue {
    /// A date.
    Date(Date),
    /// A wall time in a zone (UTC included).
    Zoned(Moment),
    /// A wall time without a zone.
    Floating(DateTime),
}

/// iCalendar STATUS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// It takes place.
    #[default]
    Confirmed,
    /// Not yet sure.
    Tentative,
    /// It does not take place.
    Cancelled,
}

impl EventStatus {
    /// The form in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Tentative => "tentative",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Whether an event blocks time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Busy {
    /// Blocks time.
    #[default]
    Busy,
    /// Blocks none (`TRANSP:TRANSPARENT`, "free").
    Free,
    /// Perhaps.
    Tentative,
    /// Out of office.
    OutOfOffice,
}

/// iCalendar CLASS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everyone who sees the calendar.
    #[default]
    Public,
    /// The owner.
    Private,
    /// The owner, and others see only that there is something.
    Confidential,
}

/// A name and an address, either of which may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Display name.
    #[serde(default, skip_serializing_if = "crate::packed::no")]
    pub name: Option<String>,
    /// E-mail address without `mailto:`.
    #[serde(default, skip_serializing_if = "crate::packed::no")]
    pub email: Option<String>,
}

/// Somebody who is invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Who.
    pub person: Person,
    /// What they answered.
    #[serde(default)]
    pub response: Response,
    /// They may stay away (`ROLE=OPT-PARTICIPANT`).
    #[serde(default, skip_serializing_if = "crate::packed::not")]
    pub optional: bool,
    /// It is the owner of the calendar.
    #[serde(default, skip_serializing_if = "crate::packed::not")]
    pub me: bool,
}

/// An answer to an invitation (PARTSTAT).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// None yet.
    #[default]
    NeedsAction,
    /// Yes.
    Accepted,
    /// No.
    Declined,
    /// Perhaps.
    Tentative,
}
