//! Making, changing and deleting events through the API.

use super::Microsoft;
use super::errors::{Fail, Try};
use super::gate::{Caller, options, root};
use super::list::{applied, look};
use super::render::etag;
use super::store::Target;
use crate::hub::Base;
use crate::hub::wire::{Ask, Reply};
use serde_json::{Value, json};

impl Microsoft {
    pub(super) fn write(&mut self, base: &mut Base, caller: &Caller, parts: &[&str], ask: &Ask) -> Try<Reply> {
        options(ask, &[])?;
        let body = || ask.json().ok_or_else(|| Fail::bad("BadRequest", "Unable to read JSON request payload."));
        match (ask.method.as_str(), parts) {
            ("POST", ["events"] | ["calendar", "events"]) => self.post_event(base, caller, None, body()?, ask),
            ("POST", ["calendars", id, "events"]) => self.post_event(base, caller, Some(id), body()?, ask),
            ("PATCH", ["events", id] | ["calendars", _, "events", id]) => {
                let (account, target) = self.editable(base, caller, id, ask)?;
                self.patch(base, &account, target, body()?)?;
                self.answer(base, caller, &account, target, ask, 200)
            }
            ("DELETE", ["events", id] | ["calendars", _, "events", id]) => {
                let (account, target) = self.editable(base, caller, id, ask)?;
                self.remove(base, &account, target)?;
                Ok(Reply::empty(204))
            }
            ("POST", ["events", id, "cancel"]) => {
                let (account, target) = self.editable(base, caller, id, ask)?;
                self.remove(base, &account, target)?;
                Ok(Reply::empty(202))
            }
            ("POST", ["events", id, action @ ("accept" | "decline" | "tentativelyAccept")]) => {
                let (account, target) = self.editable(base, caller, id, ask)?;
                let (Target::Whole(key) | Target::Occurrence(key, _)) = target;
                let mine = self
                    .mailbox(&account)?
                    .events
                    .truth()
                    .get(key)
                    .is_some_and(|stored| stored.value()["organizer"]["emailAddress"]["address"] == account.as_str());
                if mine {
                    let message =
                        "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.";
                    return Err(Fail::bad("ErrorInvalidRequest", message));
                }
                let response = match *action {
                    "accept" => "accepted",
                    "decline" => "declined",
                    _ => "tentativelyAccepted",
                };
                self.respond(base, &account, key, &caller.account, response)?;
                Ok(Reply::empty(202))
            }
            _ => Err(Fail::bad("BadRequest", "Resource not found for the segment.")),
        }
    }

    fn post_event(&mut self, base: &mut Base, caller: &Caller, id: Option<&str>, event: Value, ask: &Ask) -> Try<Reply> {
        let place = self.place(caller, id)?;
        if !place.calendar.can_edit {
            return Err(Fail::denied());
        }
        let (account, calendar) = (place.mailbox.to_owned(), place.id.to_owned());
        // The same transaction again is the same event, not another one.
        let known = event["transactionId"].as_str().and_then(|id| self.mailboxes[&account].events.truth().of_transaction(id));
        let key = match known {
            Some(key) => key,
            None => self.create(base, &account, &calendar, event)?,
        };
        self.answer(base, caller, &account, Target::Whole(key), ask, 201)
    }

    fn answer(&self, base: &Base, caller: &Caller, account: &str, target: Target, ask: &Ask, status: u16) -> Try<Reply> {
        let mailbox = self.mailbox(account)?;
        let look = look(ask, caller)?;
        let (Target::Whole(key) | Target::Occurrence(key, _)) = target;
        let stored = mailbox.events.truth().get(key).ok_or_else(Fail::not_found)?;
        let mut event = match target {
            Target::Whole(_) => look.whole(mailbox, stored),
            Target::Occurrence(_, original) => look.occurrence(mailbox, stored, original),
        };
        event["@odata.context"] = json!(format!("{}/$metadata#users('{}')/events/$entity", root(base), mailbox.user));
        Ok(applied(Reply::json(status, &event), &look))
    }

    /// Where an event is that the caller may change; its version must be the one of `If-Match`.
    fn editable(&self, base: &Base, caller: &Caller, id: &str, ask: &Ask) -> Try<(String, Target)> {
        let (mailbox, target, stored) = self.locate(base, caller, id)?;
        let account = mailbox.account.clone();
        if account != caller.account {
            let shared = self.mailbox(&caller.account)?.calendars.values();
            let source = Some((account.clone(), stored.calendar.clone()));
            if !shared.into_iter().any(|calendar| calendar.source == source && calendar.can_edit) {
                return Err(Fail::denied());
            }
        }
        let version = match target {
            Target::Occurrence(_, original) => stored.exceptions.get(&original).map_or(stored.seq, |exception| exception.version),
            Target::Whole(_) => stored.seq,
        };
        match ask.header("if-match") {
            Some(wanted) if wanted != "*" && wanted != etag(stored.key, version) => Err(Fail::conflict()),
            _ => Ok((account, target)),
        }
    }
}
