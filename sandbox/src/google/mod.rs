//! Google Calendar API v3: calendar list, events with sync tokens, instances, writing, watch channels.
//!
//! What it refuses follows the discovery document (parameters and scopes of each method are read from `schemas/google.json`) and the
//! documentation. It is stricter in three things: parameters that do not exist are refused instead of ignored, a page size above the
//! maximum is refused instead of lowered, and other parameters with a sync token than those it was made with are refused, where the
//! documentation promises only "undefined behavior".

mod act;
mod calendars;
mod channels;
mod edit;
mod errors;
mod gate;
mod list;
mod list_calendars;
mod render;
mod store;
mod times;
mod write;

pub use act::GoogleDo;
pub use channels::OpenChannel;
pub(crate) use channels::is_webhook_address;
pub(crate) use errors::stumble;

use crate::hub::quota::Quota;
use crate::hub::wire::{Ask, Reply};
use crate::hub::{Base, Provider};
use calendars::{Calendar, List, Role};
use channels::Channel;
use edit::Edit;
use errors::{Fail, Try};
use serde_json::json;
use std::collections::BTreeMap;

/// All of Google's calendars.
#[derive(Default)]
pub(crate) struct Google {
    calendars: BTreeMap<String, Calendar>,
    lists: BTreeMap<String, List>,
    channels: Vec<Channel>,
    quota: Quota,
}

impl Google {
    /// The single events and series of a calendar that are there, in the order of their creation.
    pub(crate) fn live_ids(&self, calendar: &str) -> Vec<String> {
        let Some(calendar) = self.calendars.get(calendar) else { return Vec::new() };
        let live = calendar.events.truth().all(0).filter(|stored| !stored.cancelled && stored.master.is_none());
        live.filter_map(|stored| stored.value()["id"].as_str().map(str::to_owned)).collect()
    }

    /// Answers a request; `parts` is the path after `/google`.
    pub(crate) fn handle(&mut self, base: &mut Base, parts: &[String], ask: &Ask) -> Reply {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let answer = self.route(base, &parts, ask);
        answer.unwrap_or_else(|fail| fail.reply())
    }

    fn route(&mut self, base: &mut Base, parts: &[&str], ask: &Ask) -> Try<Reply> {
        let enter = |google: &mut Self, base: &mut Base, method: &'static str| google.enter(base, ask, method);
        match (ask.method.as_str(), parts) {
            ("GET", ["users", "me", "calendarList"]) => {
                let caller = enter(self, base, "calendarList.list")?;
                self.list_calendars(base, &caller, ask)
            }
            ("POST", ["users", "me", "calendarList", "watch"]) => {
                let caller = enter(self, base, "calendarList.watch")?;
                self.watch(base, &caller, None, ask)
            }
            ("GET", ["users", "me", "calendarList", id]) => {
                let caller = enter(self, base, "calendarList.get")?;
                let id = caller.resolve(id);
                let entry = self.lists.get(&caller.account).and_then(|list| list.entries.get(&id)).filter(|entry| !entry.deleted);
                let entry = entry.ok_or_else(Fail::not_found)?;
                Ok(Reply::json(200, &calendars::entry(&id, entry, self.calendars.get(&id))))
            }
            ("GET", ["colors"]) => enter(self, base, "colors.get").map(|_| Reply::json(200, &calendars::palette())),
            ("POST", ["channels", "stop"]) => {
                let caller = enter(self, base, "channels.stop")?;
                self.stop(base, &caller, ask)
            }
            ("GET", ["calendars", id]) => {
                let caller = enter(self, base, "calendars.get")?;
                let (id, calendar, _) = self.calendar(&caller, id, Role::Reader)?;
                let etag = format!("\"{:016}\"", 1_600_000_000_000_000 + calendar.epoch);
                Ok(Reply::json(
                    200,
                    &json!({
                        "kind": "calendar#calendar", "etag": etag, "id": id, "summary": calendar.summary, "timeZone": calendar.zone,
                        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]}, "dataOwner": calendar.owner,
                    }),
                ))
            }
            ("GET", ["calendars", id, "events"]) => {
                let caller = enter(self, base, "events.list")?;
                self.list_events(base, &caller, id, ask)
            }
            ("POST", ["calendars", id, "events", "watch"]) => {
                let caller = enter(self, base, "events.watch")?;
                let (id, ..) = self.calendar(&caller, id, Role::Reader)?;
                self.watch(base, &caller, Some(&id), ask)
            }
            ("GET", ["calendars", id, "events", event]) => {
                let caller = enter(self, base, "events.get")?;
                self.get_event(base, &caller, id, event, ask)
            }
            ("GET", ["calendars", id, "events", event, "instances"]) => {
                let caller = enter(self, base, "events.instances")?;
                self.instances(base, &caller, id, event, ask)
            }
            (_, ["calendars", id, "events", rest @ ..]) => {
                let method = match (ask.method.as_str(), rest) {
                    ("POST", []) => "events.insert",
                    ("POST", ["import"]) => "events.import",
                    ("PATCH", [_]) => "events.patch",
                    ("PUT", [_]) => "events.update",
                    ("DELETE", [_]) => "events.delete",
                    ("POST", [_, "move"]) => "events.move",
                    _ => return Err(Fail::not_found()),
                };
                let caller = enter(self, base, method)?;
                self.write(base, &caller, id, rest.first().copied().unwrap_or_default(), method, ask)
            }
            _ => Err(Fail::not_found()),
        }
    }

    /// A calendar that the caller may use so; to anybody else it does not exist.
    fn calendar(&self, caller: &gate::Caller, id: &str, least: Role) -> Try<(String, &Calendar, Role)> {
        let id = caller.resolve(id);
        let entry = self.lists.get(&caller.account).and_then(|list| list.entries.get(&id)).filter(|entry| !entry.deleted);
        let (Some(calendar), Some(entry)) = (self.calendars.get(&id), entry) else { return Err(Fail::not_found()) };
        if !caller.foreign && calendar.owner != caller.account {
            return Err(Fail::scopes());
        }
        // Lists and single events are told to who sees only free and busy, but stripped.
        if entry.role < least && least > Role::Reader {
            return Err(Fail::new(403, "calendar", "requiredAccessLevel", "You need to have writer access to this calendar."));
        }
        Ok((id, calendar, entry.role))
    }

    /// Changes the events of a calendar and tells the channels.
    fn edit<T>(&mut self, base: &mut Base, id: &str, how: impl FnOnce(&mut Edit<'_>) -> Try<T>) -> Try<T> {
        let (now, lag) = (base.now(), base.habits.lag);
        let calendar = self.calendars.get_mut(id).ok_or_else(Fail::not_found)?;
        let before = calendar.events.truth().seq;
        let events = calendar.events.change(now, lag);
        let mut edit = Edit { events, calendar: id, owner: &calendar.owner, zone: &calendar.zone, now, seal: &mut base.seal };
        let made = how(&mut edit);
        if calendar.events.truth().seq > before {
            self.tell(base, Some(id), None);
        }
        made
    }

    /// Changes an account's list and tells the channels.
    fn edit_list(&mut self, base: &mut Base, account: &str, calendar: &str, how: impl FnOnce(&mut calendars::Entry)) {
        self.lists.entry(account.to_owned()).or_default().change(calendar, how);
        self.tell(base, None, Some(account));
    }

    fn add_account(&mut self, base: &mut Base, account: &str, name: &str, zone: &str) {
        base.oauth.add_person(Provider::Google, account, name);
        self.add_calendar(base, account, account, account, zone);
        self.edit_list(base, account, account, |entry| entry.primary = true);
    }

    fn add_calendar(&mut self, base: &mut Base, id: &str, owner: &str, summary: &str, zone: &str) {
        let calendar = Calendar {
            summary: summary.to_owned(),
            description: None,
            zone: zone.to_owned(),
            owner: owner.to_owned(),
            events: Default::default(),
            epoch: 0,
        };
        self.calendars.insert(id.to_owned(), calendar);
        self.edit_list(base, owner, id, |_| ());
    }
}
