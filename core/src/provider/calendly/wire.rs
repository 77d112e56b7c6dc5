//! Calendly's answers, as far as they are read.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The envelope of lists. Items stay text: each is read for itself, so that a broken one stops no other.
#[derive(Debug, Deserialize)]
pub(super) struct List {
    pub(super) collection: Vec<Box<RawValue>>,
    #[serde(default)]
    pub(super) pagination: Pagination,
}

/// Where a list goes on.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pagination {
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

/// The envelope of one resource.
#[derive(Debug, Deserialize)]
pub(super) struct Single<T> {
    pub(super) resource: T,
}

/// `GET /users/me`.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) uri: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) email: String,
    #[serde(default)]
    pub(super) timezone: Option<String>,
    #[serde(default)]
    pub(super) current_organization: Option<String>,
}

/// A scheduled event.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Scheduled {
    pub(super) uri: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) start_time: Option<String>,
    #[serde(default)]
    pub(super) end_time: Option<String>,
    #[serde(default)]
    pub(super) location: Option<Location>,
    #[serde(default)]
    pub(super) invitees_counter: Option<Counter>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) event_memberships: Vec<Membership>,
    #[serde(default)]
    pub(super) event_guests: Vec<Guest>,
    #[serde(default)]
    pub(super) calendar_event: Option<Copy>,
    #[serde(default)]
    pub(super) meeting_notes_plain: Option<String>,
}

impl Scheduled {
    /// Its id: the last part of its address.
    pub(super) fn id(&self) -> &str {
        id_of(&self.uri)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.status.as_deref() == Some("canceled")
    }

    /// Made for several invitees: one of them may go while the event stays.
    pub(super) fn is_group(&self) -> bool {
        self.invitees_counter.as_ref().and_then(|counter| counter.limit).is_some_and(|limit| limit > 1)
    }
}

/// Where it takes place. The type is one of a dozen words; what else is there depends on it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Location {
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) location: Option<String>,
    #[serde(default)]
    pub(super) additional_info: Option<String>,
    #[serde(default)]
    pub(super) join_url: Option<String>,
}

/// How many invitees there may be.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Counter {
    #[serde(default)]
    pub(super) limit: Option<u64>,
}

/// A host.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Membership {
    #[serde(default)]
    pub(super) user: Option<String>,
    #[serde(default)]
    pub(super) user_email: Option<String>,
    #[serde(default)]
    pub(super) user_name: Option<String>,
}

/// Somebody whom an invitee brought along.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Guest {
    pub(super) email: String,
}

/// The copy in a linked calendar.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Copy {
    #[serde(default)]
    pub(super) external_id: Option<String>,
}

/// Somebody who booked.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Invitee {
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) timezone: Option<String>,
    #[serde(default)]
    pub(super) rescheduled: bool,
    /// The address of the same person's invitee before they took another time.
    #[serde(default)]
    pub(super) old_invitee: Option<String>,
    /// The same, after.
    #[serde(default)]
    pub(super) new_invitee: Option<String>,
    #[serde(default)]
    pub(super) questions_and_answers: Vec<Answer>,
    #[serde(default)]
    pub(super) text_reminder_number: Option<String>,
    #[serde(default)]
    pub(super) cancel_url: Option<String>,
    #[serde(default)]
    pub(super) reschedule_url: Option<String>,
    #[serde(default)]
    pub(super) no_show: Option<serde_json::Value>,
}

impl Invitee {
    pub(super) fn is_cancelled(&self) -> bool {
        self.status.as_deref() == Some("canceled")
    }
}

/// What an invitee said.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) question: String,
    #[serde(default)]
    pub(super) answer: String,
}

/// The body of an error.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    #[serde(default)]
    pub(super) details: Vec<Detail>,
}

/// One parameter that is wrong.
#[derive(Debug, Deserialize)]
pub(super) struct Detail {
    #[serde(default)]
    pub(super) parameter: String,
}

/// What is kept of a booking as Calendly sent it.
#[derive(Debug, Serialize)]
pub(super) struct Raw<'a> {
    pub(super) event: &'a RawValue,
    pub(super) invitees: &'a [Box<RawValue>],
}

/// The last part of an address: the id of what is there.
pub(super) fn id_of(uri: &str) -> &str {
    uri.trim_end_matches('/').rsplit('/').next().unwrap_or(uri)
}

/// The event of an invitee's address, `…/scheduled_events/{event}/invitees/{invitee}`.
pub(super) fn event_of(invitee: &str) -> Option<&str> {
    invitee.split_once("/scheduled_events/")?.1.split('/').next().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitees_address_names_its_event() {
        assert_eq!(event_of("https://api.calendly.com/scheduled_events/GBGB/invitees/BBBB"), Some("GBGB"));
        assert_eq!(event_of("https://api.calendly.com/users/GBGB"), None);
        assert_eq!(id_of("https://api.calendly.com/scheduled_events/GBGB"), "GBGB");
    }
}
