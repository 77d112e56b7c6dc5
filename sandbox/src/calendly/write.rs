//! Booking, cancelling and no-shows through the API.

use super::Calendly;
use super::book::Booking;
use super::errors::{Fail, Try};
use super::gate::utc;
use super::model::uri;
use crate::hub::Base;
use crate::hub::time::micros;
use crate::hub::wire::{Ask, Reply};
use serde_json::{Value, json};

/// The longest reason for a cancellation.
const LONGEST_REASON: usize = 10_000;

impl Calendly {
    pub(super) fn cancel_by_api(&mut self, base: &mut Base, id: &str, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["scheduled_events:write"])?;
        let id = self.seen(&caller, id)?.id.clone();
        let body = if ask.body.is_empty() { json!({}) } else { ask.json().ok_or_else(|| Fail::argument("body", "is no JSON"))? };
        let reason = body["reason"].as_str();
        if reason.is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
            return Err(Fail::argument("reason", "is too long (maximum is 10000 characters)"));
        }
        let cancellation = self.cancel_event(base, &id, &caller.user.name, reason)?;
        Ok(Reply::json(201, &json!({"resource": cancellation})))
    }

    pub(super) fn book_by_api(&mut self, base: &mut Base, ask: &Ask) -> Try<Reply> {
        self.enter(base, ask, &["scheduled_events:write"])?;
        let body = ask.json().ok_or_else(|| Fail::argument("body", "is no JSON"))?;
        let text = |value: &Value, name: &str| value.as_str().map(str::to_owned).ok_or_else(|| Fail::argument(name, "is missing"));
        let invitee = &body["invitee"];
        let start = utc("start_time", &text(&body["start_time"], "start_time")?)?;
        if start <= base.now() {
            return Err(Fail::argument("start_time", "is in the past"));
        }
        let booking = Booking {
            kind: text(&body["event_type"], "event_type")?,
            start,
            email: text(&invitee["email"], "invitee.email")?,
            name: text(&invitee["name"], "invitee.name")?,
            zone: text(&invitee["timezone"], "invitee.timezone")?,
            location: body.get("location").cloned(),
            calendar_event: Value::Null,
            answers: Vec::new(),
            old: None,
        };
        let (event, invitee) = self.book(base, booking)?;
        let event = &self.events[&event];
        let invitee = event.invitees.iter().find(|known| known.id == invitee).ok_or_else(Fail::not_found)?;
        Ok(Reply::json(201, &json!({"resource": event.invitee_value(base, invitee)})))
    }

    pub(super) fn no_shows(&mut self, base: &mut Base, parts: &[&str], ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["scheduled_events:write"])?;
        let invitee = match (ask.method.as_str(), parts) {
            ("POST", []) => {
                let body = ask.json().ok_or_else(|| Fail::argument("body", "is no JSON"))?;
                let invitee = body["invitee"].as_str().ok_or_else(|| Fail::argument("invitee", "is missing"))?;
                let event = self.event_of(invitee)?.id.clone();
                self.seen(&caller, &event)?;
                self.mark_no_show(base, invitee, true)?;
                invitee.to_owned()
            }
            ("GET" | "DELETE", [id]) => {
                let marked = |known: &&super::model::Invitee| known.no_show.as_ref().is_some_and(|(mark, _)| mark == id);
                let invitee = self.events.values().flat_map(|event| &event.invitees).find(marked).ok_or_else(Fail::not_found)?.id.clone();
                let event = self.event_of(&invitee)?.id.clone();
                self.seen(&caller, &event)?;
                if ask.method == "DELETE" {
                    self.mark_no_show(base, &invitee, false)?;
                    return Ok(Reply::empty(204));
                }
                invitee
            }
            _ => return Err(Fail::not_found()),
        };
        let event = self.event_of(&invitee)?;
        let known = event.invitees.iter().find(|known| known.id == super::gate::id_of(&invitee)).ok_or_else(Fail::not_found)?;
        let (mark, at) = known.no_show.clone().ok_or_else(Fail::not_found)?;
        let value = json!({
            "uri": uri(base, &format!("invitee_no_shows/{mark}")), "invitee": event.invitee_value(base, known)["uri"], "created_at": micros(at),
        });
        Ok(Reply::json(if ask.method == "POST" { 201 } else { 200 }, &json!({"resource": value})))
    }
}
