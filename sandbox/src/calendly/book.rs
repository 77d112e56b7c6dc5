//! Booking, cancelling, moving: whoever does it.

use super::Calendly;
use super::errors::{Fail, Try};
use super::gate::id_of;
use super::model::{Event, Invitee};
use crate::hub::Base;
use crate::hub::time::MINUTE;
use serde_json::{Value, json};

/// Letters of ids.
pub(super) const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What is booked.
pub(super) struct Booking {
    pub(super) kind: String,
    pub(super) start: i64,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) location: Option<Value>,
    pub(super) calendar_event: Value,
    pub(super) answers: Vec<(String, String)>,
    pub(super) old: Option<(String, String)>,
}

impl Calendly {
    /// Books, and returns event and invitee. A group event that is there already takes one more invitee.
    pub(super) fn book(&mut self, base: &mut Base, booking: Booking) -> Try<(String, String)> {
        let now = base.now();
        let kind =
            self.types.iter().find(|kind| kind.id == id_of(&booking.kind)).ok_or_else(|| Fail::argument("event_type", "is not known"))?;
        let invitee = Invitee {
            id: base.seal.id(LETTERS, 16),
            email: booking.email,
            name: booking.name,
            zone: booking.zone,
            canceled: false,
            cancellation: None,
            rescheduled: false,
            old: booking.old,
            new: None,
            answers: booking.answers,
            no_show: None,
            created: now,
            updated: now,
        };
        let same = |event: &&mut Event| event.kind == kind.id && event.start == booking.start && event.cancellation.is_none();
        let ids = match self.events.values_mut().find(same) {
            Some(event) if event.active() >= usize::try_from(event.limit).unwrap_or(usize::MAX) => {
                return Err(Fail::argument("start_time", "is not available"));
            }
            Some(event) => {
                event.updated = now;
                event.invitees.push(invitee);
                (event.id.clone(), event.invitees[event.invitees.len() - 1].id.clone())
            }
            None => {
                let id = base.seal.id(LETTERS, 16);
                let ids = (id.clone(), invitee.id.clone());
                let event = Event {
                    id: id.clone(),
                    owner: kind.owner.clone(),
                    name: kind.name.clone(),
                    kind: kind.id.clone(),
                    start: booking.start,
                    end: booking.start + kind.minutes * MINUTE,
                    location: booking.location.unwrap_or_else(|| kind.location.clone()),
                    limit: kind.limit,
                    cancellation: None,
                    calendar_event: booking.calendar_event,
                    invitees: vec![invitee],
                    created: now,
                    updated: now,
                };
                self.events.insert(id, event);
                ids
            }
        };
        self.tell(base, "invitee.created", &ids.0, &ids.1);
        Ok(ids)
    }

    /// The host cancels a whole event.
    pub(super) fn cancel_event(&mut self, base: &mut Base, id: &str, by: &str, reason: Option<&str>) -> Try<Value> {
        let event = self.events.get(id).ok_or_else(Fail::not_found)?;
        if event.cancellation.is_some() {
            return Err(Fail::denied("Event is already canceled"));
        }
        if event.end <= base.now() {
            return Err(Fail::denied("Event in the past"));
        }
        let invitees: Vec<String> = event.invitees.iter().filter(|invitee| !invitee.canceled).map(|invitee| invitee.id.clone()).collect();
        let cancellation = json!({"canceled_by": by, "reason": reason, "canceler_type": "host"});
        for invitee in invitees {
            self.cancel(base, id, &invitee, &cancellation, None)?;
        }
        Ok(cancellation)
    }

    /// An invitee cancels. The event is canceled with its last invitee.
    pub(super) fn cancel_invitee(&mut self, base: &mut Base, invitee: &str, reason: Option<&str>) -> Try<()> {
        let event = self.event_of(invitee)?;
        let (id, ended) = (event.id.clone(), event.end <= base.now());
        let known = event.invitees.iter().find(|known| known.id == id_of(invitee)).ok_or_else(Fail::not_found)?;
        if known.canceled || ended {
            return Err(Fail::denied(if ended { "Event in the past" } else { "Event is already canceled" }));
        }
        let cancellation = json!({"canceled_by": known.name, "reason": reason, "canceler_type": "invitee"});
        let invitee = known.id.clone();
        self.cancel(base, &id, &invitee, &cancellation, None)
    }

    /// An invitee takes another time: the old booking is canceled, and a new one names it.
    pub(super) fn reschedule(&mut self, base: &mut Base, invitee: &str, start: i64) -> Try<(String, String)> {
        let event = self.event_of(invitee)?.clone();
        let known = event.invitees.iter().find(|known| known.id == id_of(invitee)).ok_or_else(Fail::not_found)?.clone();
        if known.canceled {
            return Err(Fail::denied("Event is already canceled"));
        }
        let old = (event.id.clone(), known.id.clone());
        let booking = Booking {
            kind: event.kind,
            start,
            email: known.email,
            name: known.name.clone(),
            zone: known.zone,
            location: Some(event.location),
            // The copy in the linked calendar is made anew, later.
            calendar_event: Value::Null,
            answers: known.answers,
            old: Some(old.clone()),
        };
        let new = self.book(base, booking)?;
        let cancellation = json!({"canceled_by": known.name, "reason": null, "canceler_type": "invitee"});
        self.cancel(base, &old.0, &old.1, &cancellation, Some(new.clone()))?;
        Ok(new)
    }

    fn cancel(&mut self, base: &mut Base, id: &str, invitee: &str, cancellation: &Value, new: Option<(String, String)>) -> Try<()> {
        let now = base.now();
        let event = self.events.get_mut(id).ok_or_else(Fail::not_found)?;
        let known = event.invitees.iter_mut().find(|known| known.id == invitee).ok_or_else(Fail::not_found)?;
        known.canceled = true;
        known.cancellation = Some(cancellation.clone());
        known.rescheduled = new.is_some();
        known.new = new;
        known.updated = now;
        event.updated = now;
        if event.active() == 0 {
            event.cancellation = Some(cancellation.clone());
        }
        self.tell(base, "invitee.canceled", id, invitee);
        Ok(())
    }

    /// Marks an invitee who did not come, or takes the mark away.
    pub(super) fn mark_no_show(&mut self, base: &mut Base, invitee: &str, absent: bool) -> Try<String> {
        let (now, event) = (base.now(), self.event_of(invitee)?.id.clone());
        let mark = base.seal.id(LETTERS, 16);
        let known = self.events.get_mut(&event).and_then(|event| event.invitees.iter_mut().find(|known| known.id == id_of(invitee)));
        let known = known.ok_or_else(Fail::not_found)?;
        if known.no_show.is_some() == absent {
            return Err(Fail::argument("invitee", if absent { "is marked already" } else { "is not marked" }));
        }
        known.no_show = absent.then(|| (mark.clone(), now));
        known.updated = now;
        let invitee = known.id.clone();
        self.tell(base, if absent { "invitee_no_show.created" } else { "invitee_no_show.deleted" }, &event, &invitee);
        Ok(mark)
    }
}
