//! What crosses the wire to the page and to scripts.
//!
//! Wall times in here are already in the viewer's zone: the page has no zone tables. Instants are unix milliseconds.

use crate::event::{Attendee, Busy, EventStatus, Person, Visibility};
use crate::failure::Problem;
use crate::ids::{CalendarId, ConnectionId, EventId, HoldId, JobId, TokenId, UserId};
use crate::sync::{HoldSummary, JobProgress, ProviderKind, ResultStatus, SyncReport};
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The signed-in user, as the page needs to know them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// Who.
    pub id: UserId,
    /// Sign-in name.
    pub email: String,
    /// May see the instance's settings.
    pub is_admin: bool,
    /// How times and weeks are shown.
    pub preferences: Preferences,
}

/// How times and weeks are shown. Set once from the browser, settable by the user. What is missing in stored ones is the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// IANA zone; `None` until the browser or the user said one (then UTC is shown).
    pub time_zone: Option<String>,
    /// A second zone in week and day view.
    pub second_zone: Option<String>,
    /// The first day of a week.
    pub week_start: WeekStart,
    /// 12-hour clock (`3:30 pm`) in place of 24-hour (`15:30`).
    pub hour12: bool,
    /// Light, dark or the system's.
    pub theme: Theme,
    /// Months before today in the period that is given where none is asked for.
    pub range_back: u32,
    /// Months after today in it.
    pub range_ahead: u32,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            time_zone: None,
            second_zone: None,
            week_start: WeekStart::Monday,
            hour12: false,
            theme: Theme::System,
            range_back: 3,
            range_ahead: 12,
        }
    }
}

/// The first day of a week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeekStart {
    /// ISO 8601.
    #[default]
    Monday,
    /// As in the Americas.
    Sunday,
    /// As in the Middle East.
    Saturday,
}

/// Colours of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// The last sync went well.
    Ok,
    /// Never synced yet.
    New,
    /// No successful sync for three intervals.
    Stale,
    /// The last sync failed; it is tried again by itself.
    Failing,
    /// The password or token is refused: only the user can mend it.
    NeedsReconnecting,
    /// The user switched it off.
    Disabled,
}

/// A connection with its calendars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The connection.
    pub id: ConnectionId,
    /// Its provider.
    pub provider: ProviderKind,
    /// What the user calls it.
    pub name: String,
    /// The account at the provider: a user name, or the host of a feed. Never a secret address.
    pub account: String,
    /// The server's host, or the name of the uploaded file.
    pub host: String,
    /// How it stands.
    pub state: ConnectionState,
    /// The last sync that went well, unix milliseconds.
    pub last_success_at: Option<i64>,
    /// The last sync that was tried, unix milliseconds.
    pub last_attempt_at: Option<i64>,
    /// When it is synced next by itself; `None` when it is disabled or has no interval.
    pub next_sync_at: Option<i64>,
    /// Seconds between syncs; 0 is "only by hand".
    pub interval_s: u64,
    /// Seconds between syncs as things stand: more than `interval_s` while the provider tells of every change by itself.
    pub pace_s: u64,
    /// What is wrong and what to do.
    pub problem: Option<Problem>,
    /// The job that is at work now.
    pub running_job: Option<JobId>,
    /// An uploaded file: a new upload replaces it, there is nothing to fetch.
    pub is_file: bool,
    /// When the permission ends that the user gave at the provider, where that is known and within a week, unix milliseconds. From then
    /// on only the user can mend the connection.
    pub permission_ends_at: Option<i64>,
    /// Its calendars, by name.
    pub calendars: Vec<Calendar>,
}

/// A calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Calendar {
    /// The calendar.
    pub id: CalendarId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// Display name.
    pub name: String,
    /// One of [`crate::color::NAMES`].
    pub color: String,
    /// The user wants it synced.
    pub enabled: bool,
    /// It is shown in the grid.
    pub visible: bool,
    /// The provider does not list it any more; its events are kept.
    pub vanished: bool,
    /// Live events.
    pub events: u64,
    /// How the last sync of it went.
    pub last_status: Option<ResultStatus>,
    /// The last sync of it that went well, unix milliseconds.
    pub last_success_at: Option<i64>,
    /// What is wrong and what to do.
    pub problem: Option<Problem>,
    /// Deletions that wait for the user.
    pub hold: Option<HoldSummary>,
}

/// One occurrence in the grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridEvent {
    /// The event that gives the content.
    pub id: EventId,
    /// The instance of a series, by its original start; the start itself for a single.
    pub key: String,
    /// Its calendar.
    pub calendar_id: CalendarId,
    /// Title; never empty ("(No title)").
    pub title: String,
    /// Start in the viewer's zone; midnight for all-day events.
    #[serde(with = "crate::civil::date_time")]
    pub start: DateTime,
    /// End (exclusive) in the viewer's zone; midnight for all-day events.
    #[serde(with = "crate::civil::date_time")]
    pub end: DateTime,
    /// Whole days.
    pub all_day: bool,
    /// Confirmed or tentative.
    pub status: EventStatus,
    /// Whether it blocks time.
    pub busy: Busy,
    /// The owner said no.
    pub declined: bool,
    /// One of [`crate::color::NAMES`]: the event's own or its calendar's.
    pub color: String,
    /// A place in words.
    pub location: Option<String>,
    /// It is part of a series.
    pub recurring: bool,
}

/// A zone beside the viewer's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondZone {
    /// IANA name.
    pub zone: String,
    /// Minutes that it is ahead of UTC at noon of the day in the period's middle.
    pub offset: i32,
}

/// The occurrences of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    #[serde(with = "crate::civil::date")]
    pub from: Date,
    /// Day after the last.
    #[serde(with = "crate::civil::date")]
    pub to: Date,
    /// The zone that the wall times are in.
    pub zone: String,
    /// Minutes that the zone is ahead of UTC at noon of the day in the middle.
    pub offset: i32,
    /// The second zone that the user wants beside the hours.
    pub second: Option<SecondZone>,
    /// "Now" in that zone, when the answer was made.
    #[serde(with = "crate::civil::date_time")]
    pub now: DateTime,
    /// In order of start, longer ones first. Events of calendars that are not visible are left out.
    pub events: Vec<GridEvent>,
    /// There were more than the limit; the period shows the first ones.
    pub truncated: bool,
}

/// Everything about one occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDetails {
    /// The line in the grid.
    pub event: GridEvent,
    /// iCalendar UID.
    pub uid: String,
    /// "Tuesday, 10 March 2026, 09:00 – 09:45" in the viewer's zone.
    pub when: String,
    /// The same in the event's own zone, when that is another one: "03:00 – 03:45 (America/New_York)".
    pub when_own_zone: Option<String>,
    /// Recurrence in words: "Every Monday until 29 June 2026".
    pub recurrence: Option<String>,
    /// The text; HTML is reduced to plain text.
    pub description: Option<String>,
    /// A link that belongs to the event (http and https only).
    pub url: Option<String>,
    /// The link that joins the call (http and https only).
    pub conference_url: Option<String>,
    /// Who invites.
    pub organizer: Option<Person>,
    /// Who is invited.
    pub attendees: Vec<Attendee>,
    /// Labels.
    pub categories: Vec<String>,
    /// Who may see the details at the provider.
    pub visibility: Visibility,
    /// Name of the calendar.
    pub calendar_name: String,
    /// Name of the connection.
    pub connection_name: String,
    /// The provider.
    pub provider: ProviderKind,
    /// When a sync last changed it here, unix milliseconds.
    pub synced_at: i64,
    /// When the provider says it was last changed, unix milliseconds.
    pub updated_at: Option<i64>,
}

/// One occurrence as REST and `events --json` give it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Occurrence {
    /// iCalendar UID.
    pub uid: String,
    /// The original start of an instance of a series (`20260316T080000Z`, `20260316`, `20260316T090000`); null for a single event.
    pub recurrence_id: Option<String>,
    /// Title.
    pub summary: String,
    /// RFC 3339 with offset when timed, `YYYY-MM-DD` when all-day.
    pub start: String,
    /// Exclusive; RFC 3339 with offset when timed, `YYYY-MM-DD` when all-day.
    pub end: String,
    /// Whole days.
    pub all_day: bool,
    /// The event's own zone; null for all-day and floating events.
    pub timezone: Option<String>,
    /// `confirmed` or `tentative`.
    pub status: EventStatus,
    /// A place in words.
    pub location: Option<String>,
    /// The text as the provider gave it.
    pub description: Option<String>,
    /// Its calendar.
    pub calendar_id: CalendarId,
    /// Name of the calendar.
    pub calendar_name: String,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// The provider.
    pub provider: ProviderKind,
}

/// How the user's syncs stand: what the sync buttons and the toolbar show before the live stream is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncOverview {
    /// Jobs at work.
    pub running: Vec<JobProgress>,
    /// The last sync of anything that went well, unix milliseconds.
    pub last_success_at: Option<i64>,
    /// The last run that ended.
    pub last_report: Option<SyncReport>,
    /// "Now" of the server, unix milliseconds.
    pub now: i64,
}

/// A set of deletions that waits for the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The hold.
    pub id: HoldId,
    /// Its calendar.
    pub calendar_id: CalendarId,
    /// Name of the calendar.
    pub calendar_name: String,
    /// Name of the connection.
    pub connection_name: String,
    /// When it was made, unix milliseconds.
    pub created_at: i64,
    /// How many objects would go.
    pub would_delete: u64,
    /// How many the provider still lists.
    pub remaining: u64,
    /// How many are stored.
    pub live: u64,
    /// The objects that would go, at most 500 of them, in order of start.
    pub events: Vec<HeldEvent>,
}

/// One object of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldEvent {
    /// Title.
    pub title: String,
    /// Its (first) start: `2026-03-10 09:00` in the viewer's zone or `2026-03-10`.
    pub start: String,
    /// It is a series.
    pub recurring: bool,
}

/// What the user decides about a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldDecision {
    /// Remove the objects, as the provider says.
    Approve,
    /// Keep all of them; the same situation does not ask again.
    Reject,
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    /// The token.
    pub id: TokenId,
    /// What the user calls it.
    pub name: String,
    /// The first characters of the secret, to recognise it: `syn_a1b2`.
    pub prefix: String,
    /// When it was made, unix milliseconds.
    pub created_at: i64,
    /// When it was last used (to the minute), unix milliseconds.
    pub last_used_at: Option<i64>,
}

/// One job in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// How far it is or how it ended.
    pub progress: JobProgress,
    /// When it was asked for, unix milliseconds.
    pub created_at: i64,
    /// When it ended, unix milliseconds.
    pub finished_at: Option<i64>,
}

/// A message of the live stream (SSE, one JSON value per `data:`; the event name is the tag).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Live {
    /// A job moved on.
    Progress(JobProgress),
    /// A run ended; the page sends `calendarSyncComplete`.
    Complete(SyncReport),
    /// Connections or calendars were added, changed or removed.
    Changed,
}
