//! Users, event types, bookings, and how the API writes them.

use crate::hub::time::micros;
use crate::hub::{Base, Provider};
use serde_json::{Value, json};

/// The date of things whose date does not matter.
const LONG_AGO: &str = "2024-01-02T03:04:05.678123Z";

/// An address of a resource.
pub(super) fn uri(base: &Base, path: &str) -> String {
    format!("{}/{path}", base.api(Provider::Calendly))
}

/// What a user may do in the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    User,
    Admin,
    Owner,
}

/// A user.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) account: String,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) organization: String,
    pub(super) role: Role,
}

impl User {
    pub(super) fn uri(&self, base: &Base) -> String {
        uri(base, &format!("users/{}", self.id))
    }

    pub(super) fn organization_uri(&self, base: &Base) -> String {
        uri(base, &format!("organizations/{}", self.organization))
    }

    fn slug(&self) -> String {
        self.account.replace(['@', '.'], "-")
    }

    pub(super) fn value(&self, base: &Base) -> Value {
        json!({
            "uri": self.uri(base), "name": self.name, "slug": self.slug(), "email": self.account, "timezone": self.zone,
            "scheduling_url": format!("https://calendly.com/{}", self.slug()), "avatar_url": null, "created_at": LONG_AGO,
            "updated_at": LONG_AGO, "current_organization": self.organization_uri(base),
        })
    }

    pub(super) fn membership(&self, base: &Base) -> Value {
        let mut user = self.value(base);
        user.as_object_mut().map(|fields| fields.remove("current_organization"));
        let role = match self.role {
            Role::User => "user",
            Role::Admin => "admin",
            Role::Owner => "owner",
        };
        json!({
            "uri": uri(base, &format!("organization_memberships/{}", self.id)), "role": role, "user": user,
            "organization": self.organization_uri(base), "created_at": LONG_AGO, "updated_at": LONG_AGO,
        })
    }
}

/// What can be booked.
#[derive(Debug, Clone)]
pub(super) struct EventType {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) minutes: i64,
    /// Invitees of one event; more than one makes it a group event.
    pub(super) limit: u32,
    pub(super) location: Value,
}

impl EventType {
    pub(super) fn value(&self, base: &Base, owner: &User) -> Value {
        let group = self.limit > 1;
        let slug = self.name.to_lowercase().replace(' ', "-");
        json!({
            "uri": uri(base, &format!("event_types/{}", self.id)), "name": self.name, "active": true, "slug": slug,
            "scheduling_url": format!("https://calendly.com/{}/{slug}", owner.slug()), "duration": self.minutes,
            "kind": if group { "group" } else { "solo" }, "pooling_type": null, "type": "StandardEventType", "color": "#8247f5",
            "created_at": LONG_AGO, "updated_at": LONG_AGO, "internal_note": null, "description_plain": null, "description_html": null,
            "profile": {"type": "User", "name": owner.name, "owner": owner.uri(base)}, "secret": false, "booking_method": "instant",
            "custom_questions": [], "deleted_at": null, "kind_description": if group { "Group" } else { "One-on-One" },
            "admin_managed": false,
        })
    }
}

/// Who booked.
#[derive(Debug, Clone)]
pub(super) struct Invitee {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) canceled: bool,
    pub(super) cancellation: Option<Value>,
    pub(super) rescheduled: bool,
    /// Event and invitee before a change of date.
    pub(super) old: Option<(String, String)>,
    /// Event and invitee after a change of date.
    pub(super) new: Option<(String, String)>,
    pub(super) answers: Vec<(String, String)>,
    pub(super) no_show: Option<(String, i64)>,
    pub(super) created: i64,
    pub(super) updated: i64,
}

/// A booked event.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) location: Value,
    pub(super) limit: u32,
    pub(super) cancellation: Option<Value>,
    pub(super) calendar_event: Value,
    pub(super) invitees: Vec<Invitee>,
    pub(super) created: i64,
    pub(super) updated: i64,
}

fn invitee_uri(base: &Base, event: &str, invitee: &str) -> String {
    uri(base, &format!("scheduled_events/{event}/invitees/{invitee}"))
}

impl Event {
    pub(super) fn uri(&self, base: &Base) -> String {
        uri(base, &format!("scheduled_events/{}", self.id))
    }

    pub(super) fn active(&self) -> usize {
        self.invitees.iter().filter(|invitee| !invitee.canceled).count()
    }

    pub(super) fn value(&self, base: &Base, owner: &User) -> Value {
        let (start, end) = (micros(self.start), micros(self.end));
        let mut value = json!({
            "uri": self.uri(base), "name": self.name, "status": if self.cancellation.is_some() { "canceled" } else { "active" },
            "start_time": start, "end_time": end, "event_type": uri(base, &format!("event_types/{}", self.kind)),
            "location": self.location, "invitees_counter": {"total": self.invitees.len(), "active": self.active(), "limit": self.limit},
            "created_at": micros(self.created), "updated_at": micros(self.updated), "event_guests": [],
            "event_memberships": [{
                "user": owner.uri(base), "user_email": owner.account, "user_name": owner.name, "buffered_start_time": start,
                "buffered_end_time": end,
            }],
            "calendar_event": self.calendar_event, "meeting_notes_plain": null, "meeting_notes_html": null,
        });
        if let Some(cancellation) = &self.cancellation {
            value["cancellation"] = cancellation.clone();
        }
        value
    }

    pub(super) fn invitee_value(&self, base: &Base, invitee: &Invitee) -> Value {
        let link = |other: &Option<(String, String)>| other.as_ref().map(|(event, invitee)| invitee_uri(base, event, invitee));
        let answers = invitee.answers.iter().enumerate();
        let answers: Vec<Value> =
            answers.map(|(at, (question, answer))| json!({"question": question, "answer": answer, "position": at})).collect();
        let no_show = invitee
            .no_show
            .as_ref()
            .map(|(id, at)| json!({"uri": uri(base, &format!("invitee_no_shows/{id}")), "created_at": micros(*at)}));
        let mut value = json!({
            "uri": invitee_uri(base, &self.id, &invitee.id), "event": self.uri(base), "email": invitee.email, "name": invitee.name,
            "first_name": null, "last_name": null, "status": if invitee.canceled { "canceled" } else { "active" },
            "timezone": invitee.zone, "rescheduled": invitee.rescheduled, "old_invitee": link(&invitee.old),
            "new_invitee": link(&invitee.new), "questions_and_answers": answers,
            "tracking": {"utm_campaign": null, "utm_source": null, "utm_medium": null, "utm_content": null, "utm_term": null, "salesforce_uuid": null},
            "text_reminder_number": null, "cancel_url": uri(base, &format!("cancellations/{}", invitee.id)),
            "reschedule_url": uri(base, &format!("reschedulings/{}", invitee.id)), "payment": null, "no_show": no_show,
            "reconfirmation": null, "routing_form_submission": null, "scheduling_method": null, "invitee_scheduled_by": null,
            "created_at": micros(invitee.created), "updated_at": micros(invitee.updated),
        });
        if let Some(cancellation) = &invitee.cancellation {
            value["cancellation"] = cancellation.clone();
        }
        value
    }
}
