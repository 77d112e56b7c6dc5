//! `insert`, `import`, `patch`, `update`, `delete` and `move` of the API.

use super::Google;
use super::calendars::Role;
use super::edit::find;
use super::errors::{Fail, Try};
use super::gate::Caller;
use crate::hub::Base;
use crate::hub::wire::{Ask, Reply};
use serde_json::{Value, json};

impl Google {
    pub(super) fn write(&mut self, base: &mut Base, caller: &Caller, id: &str, event: &str, method: &str, ask: &Ask) -> Try<Reply> {
        let (id, calendar, _) = self.calendar(caller, id, Role::WriterWithoutPrivateAccess)?;
        if let Some(wanted) = ask.header("if-match") {
            let old = find(calendar.events.truth(), event, &calendar.zone)?;
            if wanted != "*" && old["etag"] != wanted {
                return Err(Fail::if_match());
            }
        }
        let body = || ask.json().filter(Value::is_object).ok_or_else(|| Fail::body("Parse Error"));
        let written = match method {
            "events.insert" => {
                let mut body = body()?;
                // Who inserts is the organizer; only an import has a foreign one.
                for name in ["organizer", "creator"] {
                    body.as_object_mut().map(|fields| fields.remove(name));
                }
                if body.get("conferenceData").is_some() && ask.query("conferenceDataVersion") != Some("1") {
                    return Err(Fail::body("conferenceData needs conferenceDataVersion=1"));
                }
                if body.get("id").is_some() && body.get("iCalUID").is_some() {
                    return Err(Fail::body("Only one of id and iCalUID may be given."));
                }
                self.edit(base, &id, |edit| edit.insert(body))?
            }
            "events.import" => {
                let body = body()?;
                if body.get("iCalUID").and_then(Value::as_str).is_none() || body.get("id").is_some() {
                    return Err(Fail::body("An import needs an iCalUID and no id."));
                }
                self.edit(base, &id, |edit| edit.insert(body))?
            }
            "events.patch" | "events.update" => {
                let (body, replace) = (body()?, method == "events.update");
                let old = find(calendar.events.truth(), event, &calendar.zone)?;
                // Guests change nothing but their own answer.
                let foreign =
                    old["organizer"]["self"] != true && body.as_object().is_some_and(|body| body.keys().any(|name| name != "attendees"));
                if foreign {
                    return Err(Fail::new(
                        403,
                        "calendar",
                        "forbiddenForNonOrganizer",
                        "Shared properties can only be changed by the organizer of the event.",
                    ));
                }
                self.edit(base, &id, |edit| edit.change(event, &body, replace))?
            }
            "events.delete" => {
                self.edit(base, &id, |edit| edit.delete(event))?;
                return Ok(Reply::empty(204));
            }
            _ => {
                let to = ask.query("destination").unwrap_or_default();
                let (to, ..) = self.calendar(caller, to, Role::WriterWithoutPrivateAccess)?;
                self.move_event(base, &id, event, &to)?
            }
        };
        Ok(Reply::json(200, &written))
    }

    /// Moves an event to another calendar: there it is new, here it is cancelled.
    pub(super) fn move_event(&mut self, base: &mut Base, from: &str, event: &str, to: &str) -> Try<Value> {
        let calendar = self.calendars.get(from).ok_or_else(Fail::not_found)?;
        let whole = find(calendar.events.truth(), event, &calendar.zone)?;
        if whole.get("recurringEventId").is_some() {
            return Err(Fail::new(400, "calendar", "cannotChangeOrganizerOfInstance", "Cannot change the organizer of an instance."));
        }
        let (now, lag) = (base.now(), base.habits.lag);
        let target = self.calendars.get_mut(to).ok_or_else(Fail::not_found)?;
        let mut copy = whole;
        copy["organizer"] = json!({"email": target.owner, "self": true});
        let copy = target.events.change(now, lag).put(copy, now);
        self.tell(base, Some(to), None);
        self.edit(base, from, |edit| edit.delete(event))?;
        Ok(copy)
    }
}
