//! Webhook subscriptions, and what a webhook says.
//!
//! A webhook carries the whole booking, but it is only taken for a hint which one changed: webhooks come twice, in any order, and
//! older ones carry less. The pull is the truth.

use super::problems;
use super::wire::{Single, id_of};
use super::{Calendly, Hints};
use crate::error::ProviderError;
use crate::provider::Meter;
use serde::Deserialize;
use serde_json::json;
use syncline_domain::failure::Class;

const WHAT: &str = "calendly.hooks";
const PATH: &str = "webhook_subscriptions";
/// What we want to be told.
const EVENTS: [&str; 4] = ["invitee.created", "invitee.canceled", "invitee_no_show.created", "invitee_no_show.deleted"];

#[derive(Deserialize)]
struct Subscription {
    uri: String,
    #[serde(default)]
    state: Option<String>,
}

impl Calendly {
    /// Asks to be told about the bookings of a user at an address. Gives the subscription's id at Calendly.
    ///
    /// # Errors
    /// When Calendly does not: the permission does not reach so far, the plan has no webhooks, the address is no https one.
    pub(crate) async fn subscribe(&self, hints: &Hints, address: &str, key: &str, meter: &Meter) -> Result<String, ProviderError> {
        let body = json!({
            "url": address, "events": EVENTS, "organization": hints.organization, "user": hints.user, "scope": "user", "signing_key": key,
        });
        let body = self.api.post(WHAT, &[PATH], body.to_string(), meter).await?;
        let made: Single<Subscription> = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
        Ok(id_of(&made.resource.uri).to_owned())
    }

    /// Whether Calendly still tells us: it stops for good when our address failed for a day.
    ///
    /// # Errors
    /// When Calendly does not say.
    pub(crate) async fn is_subscribed(&self, id: &str, meter: &Meter) -> Result<bool, ProviderError> {
        match self.api.get(WHAT, &[PATH, id], &[], meter).await {
            Ok(body) => {
                let found: Single<Subscription> = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
                Ok(found.resource.state.as_deref() == Some("active"))
            }
            Err(error) if error.class == Class::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks to be told no more.
    ///
    /// # Errors
    /// When Calendly does not answer; one that is gone already is none.
    pub(crate) async fn unsubscribe(&self, id: &str, meter: &Meter) -> Result<(), ProviderError> {
        match self.api.delete(WHAT, &[PATH, id], meter).await {
            Err(error) if error.class != Class::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The body of a webhook, as far as it is read.
#[derive(Debug, Deserialize)]
pub(crate) struct Body {
    /// `invitee.created`, …
    pub(crate) event: String,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    created_by: Option<String>,
    #[serde(default)]
    payload: Payload,
}

#[derive(Debug, Default, Deserialize)]
struct Payload {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
    /// The address of the event.
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    scheduled_event: Option<Told>,
}

#[derive(Debug, Deserialize)]
struct Told {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    event_memberships: Vec<super::wire::Membership>,
}

impl Body {
    /// Whether it is about bookings.
    pub(crate) fn is_about_bookings(&self) -> bool {
        self.event.starts_with("invitee")
    }

    /// What tells it from others; the same one may come several times.
    pub(crate) fn identity(&self) -> Option<String> {
        let stamp = self.payload.updated_at.as_deref().or(self.created_at.as_deref())?;
        Some(format!("{}\n{}\n{stamp}", self.event, self.payload.uri.as_deref()?))
    }

    /// The id of the event that it is about.
    pub(crate) fn booking(&self) -> Option<&str> {
        let told = self.payload.scheduled_event.as_ref().and_then(|told| told.uri.as_deref());
        let id = id_of(told.or(self.payload.event.as_deref())?);
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_id.then_some(id)
    }

    /// The ids of the users whose bookings these are.
    pub(crate) fn hosts(&self) -> Vec<&str> {
        let members = self.payload.scheduled_event.iter().flat_map(|told| &told.event_memberships);
        let mut hosts: Vec<&str> = members.filter_map(|member| member.user.as_deref()).map(id_of).collect();
        // Older ones do not say more than who owns the subscription.
        if hosts.is_empty() {
            hosts.extend(self.created_by.as_deref().map(id_of));
        }
        hosts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = r#"{"event":"invitee.canceled","created_at":"2026-03-02T11:00:01.000000Z","created_by":"https://api.calendly.com/users/OWNER",
        "payload":{"uri":"https://api.calendly.com/scheduled_events/EVENT/invitees/EVA","updated_at":"2026-03-02T11:00:00.654321Z",
        "event":"https://api.calendly.com/scheduled_events/EVENT","scheduled_event":{"uri":"https://api.calendly.com/scheduled_events/EVENT",
        "event_memberships":[{"user":"https://api.calendly.com/users/HOST"}]}}}"#;
    const OLD: &str = r#"{"event":"invitee.created","created_at":"2026-03-02T11:00:01.000000Z","created_by":"https://api.calendly.com/users/OWNER",
        "payload":{"uri":"https://x/i","event":"https://api.calendly.com/scheduled_events/EVENT"}}"#;

    fn read(text: &str) -> Body {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_webhook_says_which_booking_of_whom_and_which_change() {
        let body = read(NEW);
        assert_eq!((body.booking(), body.hosts()), (Some("EVENT"), vec!["HOST"]));
        assert!(body.is_about_bookings());
        let identity = "invitee.canceled\nhttps://api.calendly.com/scheduled_events/EVENT/invitees/EVA\n2026-03-02T11:00:00.654321Z";
        assert_eq!(body.identity().as_deref(), Some(identity));
    }

    #[test]
    fn an_older_form_is_read_as_far_as_it_goes() {
        let body = read(OLD);
        assert_eq!((body.booking(), body.hosts()), (Some("EVENT"), vec!["OWNER"]));
        assert!(body.identity().unwrap().ends_with("2026-03-02T11:00:01.000000Z"));
        let other = read(r#"{"event":"routing_form_submission.created"}"#);
        assert!(!other.is_about_bookings() && other.booking().is_none() && other.identity().is_none());
    }

    #[test]
    fn an_id_is_only_what_looks_like_one() {
        assert_eq!(read(&OLD.replace("/EVENT", "/%' OR 1=1")).booking(), None);
    }
}
