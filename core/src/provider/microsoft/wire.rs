//! Graph's answers, as far as they are read. What is absent is absent: bare occurrences come with nothing but their place.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::HashMap;

/// A page of a list or of a round. Items stay text: each is read for itself, so that a broken one stops no other.
#[derive(Debug, Deserialize)]
pub(super) struct Listing {
    pub(super) value: Vec<Box<RawValue>>,
    #[serde(rename = "@odata.nextLink")]
    pub(super) next_link: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub(super) delta_link: Option<String>,
}

/// `/me`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) mail: Option<String>,
    pub(super) user_principal_name: Option<String>,
}

/// A calendar.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Calendar {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) color: Option<String>,
    pub(super) hex_color: Option<String>,
    #[serde(default)]
    pub(super) is_default_calendar: bool,
    pub(super) can_edit: Option<bool>,
    pub(super) owner: Option<Address>,
}

/// An event: a single one, the master of a series, an exception, or an occurrence (bare in a round).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) id: String,
    #[serde(rename = "@odata.etag")]
    pub(super) etag: Option<String>,
    #[serde(rename = "@removed")]
    pub(super) removed: Option<Removed>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) series_master_id: Option<String>,
    pub(super) original_start: Option<String>,
    pub(super) start: Option<Time>,
    pub(super) end: Option<Time>,
    pub(super) original_start_time_zone: Option<String>,
    #[serde(default)]
    pub(super) is_all_day: Option<bool>,
    pub(super) is_cancelled: Option<bool>,
    pub(super) is_organizer: Option<bool>,
    pub(super) show_as: Option<String>,
    pub(super) sensitivity: Option<String>,
    pub(super) categories: Option<Vec<String>>,
    pub(super) subject: Option<String>,
    pub(super) body: Option<Body>,
    pub(super) location: Option<Location>,
    pub(super) attendees: Option<Vec<Guest>>,
    pub(super) organizer: Option<Recipient>,
    pub(super) response_status: Option<Status>,
    pub(super) recurrence: Option<Recurrence>,
    pub(super) online_meeting: Option<OnlineMeeting>,
    pub(super) online_meeting_url: Option<String>,
    pub(super) web_link: Option<String>,
    pub(super) i_cal_u_id: Option<String>,
    pub(super) uid: Option<String>,
    pub(super) created_date_time: Option<String>,
    pub(super) last_modified_date_time: Option<String>,
    /// Only where it was asked for: the calendar that the event is in, and nothing where it is in none (among the deleted items).
    #[serde(default, deserialize_with = "present")]
    pub(super) calendar: Option<Option<Place>>,
}

impl Item {
    /// The master of a series.
    pub(super) fn is_master(&self) -> bool {
        self.kind.as_deref() == Some("seriesMaster") || (self.series_master_id.is_none() && self.recurrence.is_some())
    }
}

/// Tells `null` from what is absent.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Option<Place>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Why an item is not in the round any more.
#[derive(Debug, Deserialize)]
pub(super) struct Removed {}

/// Where an event is.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    pub(super) id: String,
}

/// `dateTimeTimeZone`: a wall time without offset, and its zone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Time {
    pub(super) date_time: Option<String>,
    pub(super) time_zone: Option<String>,
}

/// `itemBody`.
#[derive(Debug, Deserialize)]
pub(super) struct Body {
    pub(super) content: Option<String>,
}

/// A place in words.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub(super) display_name: Option<String>,
}

/// A name and an address.
#[derive(Debug, Deserialize)]
pub(super) struct Address {
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
}

/// Somebody with an address.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipient {
    pub(super) email_address: Option<Address>,
}

/// Somebody who is invited: `required`, `optional` or `resource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Guest {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) status: Option<Status>,
    pub(super) email_address: Option<Address>,
}

/// `none`, `organizer`, `tentativelyAccepted`, `accepted`, `declined`, `notResponded`.
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) response: Option<String>,
}

/// How to join a call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OnlineMeeting {
    pub(super) join_url: Option<String>,
}

/// `patternedRecurrence`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Recurrence {
    pub(super) pattern: Pattern,
    pub(super) range: Range,
}

/// How often.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pattern {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) interval: Option<u32>,
    pub(super) month: Option<u8>,
    pub(super) day_of_month: Option<u8>,
    pub(super) days_of_week: Option<Vec<String>>,
    pub(super) first_day_of_week: Option<String>,
    pub(super) index: Option<String>,
}

/// How long.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Range {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) end_date: Option<String>,
    pub(super) recurrence_time_zone: Option<String>,
    pub(super) number_of_occurrences: Option<u32>,
}

/// A batch.
#[derive(Debug, Serialize)]
pub(super) struct Batch<'a> {
    pub(super) requests: Vec<BatchRequest<'a>>,
}

/// A request in it.
#[derive(Debug, Serialize)]
pub(super) struct BatchRequest<'a> {
    pub(super) id: String,
    pub(super) method: &'static str,
    /// Relative to the version of the API.
    pub(super) url: String,
    pub(super) headers: HashMap<&'static str, &'a str>,
}

/// The answers, in any order.
#[derive(Debug, Deserialize)]
pub(super) struct BatchAnswers {
    pub(super) responses: Vec<BatchAnswer>,
}

/// The answer to one request of it.
#[derive(Debug, Deserialize)]
pub(super) struct BatchAnswer {
    pub(super) id: String,
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: HashMap<String, serde_json::Value>,
    pub(super) body: Option<Box<RawValue>>,
}

/// The body of an error.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) error: Cause,
}

/// What went wrong; what is more exact is further inside.
#[derive(Debug, Deserialize)]
pub(super) struct Cause {
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default, alias = "innererror", rename = "innerError")]
    pub(super) inner: Option<Box<Self>>,
}

impl Cause {
    /// Its codes, in lower case, from the outside to the inside.
    pub(super) fn codes(&self) -> Vec<String> {
        let mut codes: Vec<String> = self.code.iter().map(|code| code.to_ascii_lowercase()).collect();
        codes.extend(self.inner.iter().flat_map(|inner| inner.codes()));
        codes
    }
}
