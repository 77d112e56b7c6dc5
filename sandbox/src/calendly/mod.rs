//! Calendly API v2: users, event types, scheduled events with their invitees, webhooks, cancelling and booking.
//!
//! Stricter than the real one in this: parameters that do not exist are refused instead of ignored, and a page token is refused with
//! any other query than its own.

mod act;
mod book;
mod errors;
mod gate;
mod hooks;
mod model;
mod pages;
mod read;
mod write;

pub use act::{CalendlyBooking, CalendlyDo};
pub(crate) use errors::stumble;

use crate::hub::Base;
use crate::hub::quota::Quota;
use crate::hub::wire::{Ask, Reply};
use errors::{Fail, Try};
use hooks::Hook;
use model::{Event, EventType, User};
use serde_json::json;
use std::collections::BTreeMap;

/// All of Calendly.
#[derive(Default)]
pub(crate) struct Calendly {
    users: BTreeMap<String, User>,
    types: Vec<EventType>,
    events: BTreeMap<String, Event>,
    hooks: Vec<Hook>,
    /// The signing keys of OAuth applications, by client id.
    keys: BTreeMap<String, String>,
    quota: Quota,
}

impl Calendly {
    /// Answers a request; `parts` is the path after `/calendly`.
    pub(crate) fn handle(&mut self, base: &mut Base, parts: &[String], ask: &Ask) -> Reply {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if let [page @ ("cancellations" | "reschedulings"), invitee] = parts.as_slice() {
            return self.page(base, page, invitee, ask);
        }
        let standing = self.count(base, ask);
        let reply = match &standing {
            Some(standing) if standing.over => Fail::limited().reply(),
            _ => self.route(base, &parts, ask).unwrap_or_else(|fail| fail.reply()),
        };
        match standing {
            Some(standing) => gate::metered(base, standing, reply),
            None => reply,
        }
    }

    fn route(&mut self, base: &mut Base, parts: &[&str], ask: &Ask) -> Try<Reply> {
        match (ask.method.as_str(), parts) {
            ("GET", ["users", id]) => {
                let caller = self.enter(base, ask, &["users:read"])?;
                let fits = |user: &&User| user.id == *id && user.organization == caller.user.organization;
                let user = if *id == "me" { Some(&caller.user) } else { self.users.values().find(fits) };
                Ok(Reply::json(200, &json!({"resource": user.ok_or_else(Fail::not_found)?.value(base)})))
            }
            ("GET", ["organization_memberships"]) => self.memberships(base, ask),
            ("GET", ["event_types"]) => self.event_types(base, ask),
            ("GET", ["event_types", id]) => self.event_type(base, id, ask),
            ("GET", ["scheduled_events"]) => self.scheduled_events(base, ask),
            ("GET", ["scheduled_events", id]) => self.scheduled_event(base, id, ask),
            ("GET", ["scheduled_events", id, "invitees"]) => self.invitees(base, id, ask),
            ("GET", ["scheduled_events", id, "invitees", invitee]) => self.invitee(base, id, invitee, ask),
            ("GET", ["user_busy_times"]) => self.busy_times(base, ask),
            ("GET", ["sample_webhook_data"]) => self.sample(base, ask),
            ("POST", ["scheduled_events", id, "cancellation"]) => self.cancel_by_api(base, id, ask),
            ("POST", ["invitees"]) => self.book_by_api(base, ask),
            (_, ["invitee_no_shows", rest @ ..]) => self.no_shows(base, rest, ask),
            (_, ["webhook_subscriptions", rest @ ..]) => self.subscriptions(base, rest, ask),
            _ => Err(Fail::not_found()),
        }
    }

    /// The address of an account's user.
    pub(crate) fn user_uri(&self, base: &Base, account: &str) -> String {
        self.users.get(account).map(|user| user.uri(base)).unwrap_or_default()
    }

    /// The address of an account's organization.
    pub(crate) fn organization_uri(&self, base: &Base, account: &str) -> String {
        self.users.get(account).map(|user| user.organization_uri(base)).unwrap_or_default()
    }
}
