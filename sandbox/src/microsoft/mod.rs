//! Microsoft Graph v1.0: calendars, events, `calendarView/delta`, subscriptions, batches.
//!
//! Stricter than the real one in this: query options that the stand-in does not have are refused with 501 instead of being ignored, and
//! a delta or next link with anything added to it is refused.

mod act;
mod batch;
mod delta;
mod edit;
mod errors;
mod gate;
mod list;
mod render;
mod store;
mod subscriptions;
mod times;
mod write;
mod zones;

pub use act::MicrosoftDo;
pub(crate) use errors::{crowded, stumble};
pub use subscriptions::Lifecycle;
pub(crate) use subscriptions::Pending;

use crate::hub::Base;
use crate::hub::quota::Quota;
use crate::hub::wire::{Ask, Reply};
use errors::{Fail, Try};
use gate::{Caller, Need};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use store::Mailbox;
use subscriptions::Subscription;

/// What is to be done with a request.
pub(crate) enum Step {
    /// It is answered.
    Done(Reply),
    /// The addresses of a subscription are called before it is made.
    Validate(Pending),
}

/// All mailboxes.
#[derive(Default)]
pub(crate) struct Microsoft {
    mailboxes: BTreeMap<String, Mailbox>,
    subscriptions: Vec<Subscription>,
    quota: Quota,
    at_work: HashMap<String, u32>,
}

impl Microsoft {
    /// The single events of a mailbox's default calendar: id and body.
    pub(crate) fn singles(&self, account: &str) -> Vec<(String, Value)> {
        let Some(mailbox) = self.mailboxes.get(account) else { return Vec::new() };
        let default = mailbox.calendars.iter().find(|(_, calendar)| calendar.default).map(|(id, _)| id.as_str()).unwrap_or_default();
        let events = mailbox.events.truth().all(default, 0).filter(|stored| !stored.shape().is_series());
        events.map(|stored| (stored.immutable.to_string(), stored.value())).collect()
    }

    /// Answers a request; `parts` is the path after `/microsoft`.
    pub(crate) fn handle(&mut self, base: &mut Base, parts: &[String], ask: &Ask) -> Step {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match self.route(base, &parts, ask) {
            Ok(step) => step,
            Err(fail) => Step::Done(fail.reply(base)),
        }
    }

    fn route(&mut self, base: &mut Base, parts: &[&str], ask: &Ask) -> Try<Step> {
        if (ask.method.as_str(), parts) == ("POST", &["subscriptions"]) {
            let caller = self.enter_as(base, ask, Need::Read)?;
            return self.prepare(base, &caller, ask).map(Step::Validate);
        }
        let reply = match (ask.method.as_str(), parts) {
            ("POST", ["$batch"]) => self.batch(base, ask)?,
            (_, ["subscriptions", rest @ ..]) => {
                let caller = self.enter_as(base, ask, Need::Read)?;
                self.subscription(base, &caller, rest, ask)?
            }
            ("GET", ["me"]) => {
                let caller = self.enter_as(base, ask, Need::User)?;
                let mailbox = self.mailbox(&caller.account)?;
                Reply::json(
                    200,
                    &json!({
                        "@odata.context": format!("{}/$metadata#users/$entity", gate::root(base)), "businessPhones": [],
                        "displayName": mailbox.name, "givenName": null, "id": mailbox.user, "jobTitle": null, "mail": caller.account,
                        "mobilePhone": null, "officeLocation": null, "preferredLanguage": null, "surname": null,
                        "userPrincipalName": caller.account,
                    }),
                )
            }
            ("POST", ["me", "revokeSignInSessions"]) => {
                let caller = self.enter_as(base, ask, Need::User)?;
                base.oauth.revoke_account(crate::hub::Provider::Microsoft, &caller.account);
                Reply::json(200, &json!({"@odata.context": format!("{}/$metadata#Edm.Boolean", gate::root(base)), "value": true}))
            }
            ("GET", ["me", rest @ ..]) => {
                let caller = self.enter_as(base, ask, Need::Read)?;
                self.read(base, &caller, rest, ask)?
            }
            ("POST" | "PATCH" | "DELETE", ["me", rest @ ..]) => {
                let caller = self.enter_as(base, ask, Need::Write)?;
                self.write(base, &caller, rest, ask)?
            }
            ("GET", ["users", user, rest @ ..]) => {
                let caller = self.enter_as(base, ask, Need::Read)?;
                if *user != caller.account && self.mailbox(&caller.account)?.user != *user {
                    return Err(Fail::denied());
                }
                self.read(base, &caller, rest, ask)?
            }
            _ => return Err(Fail::bad("BadRequest", "Resource not found for the segment.")),
        };
        Ok(Step::Done(reply))
    }

    fn read(&self, base: &Base, caller: &Caller, parts: &[&str], ask: &Ask) -> Try<Reply> {
        match parts {
            ["calendars"] | ["calendarGroups", _, "calendars"] => self.calendars(base, caller, ask),
            ["calendar"] => self.one_calendar(base, caller, None),
            ["calendars", id] => self.one_calendar(base, caller, Some(id)),
            ["events"] | ["calendar", "events"] => self.events(base, caller, None, ask),
            ["calendars", id, "events"] => self.events(base, caller, Some(id), ask),
            ["calendarView"] | ["calendar", "calendarView"] => self.view(base, caller, None, ask),
            ["calendars", id, "calendarView"] => self.view(base, caller, Some(id), ask),
            ["calendarView", "delta"] | ["calendar", "calendarView", "delta"] => self.delta(base, caller, None, ask),
            ["calendars", id, "calendarView", "delta"] => self.delta(base, caller, Some(id), ask),
            ["events", id] => self.event(base, caller, id, ask),
            ["calendars", _, "events", id] => self.event(base, caller, id, ask),
            ["events", id, "instances"] => self.instances(base, caller, id, ask),
            _ => Err(Fail::bad("BadRequest", "Resource not found for the segment.")),
        }
    }

    fn mailbox(&self, account: &str) -> Try<&Mailbox> {
        self.mailboxes.get(account).ok_or_else(|| {
            let message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
            Fail::new(404, "MailboxNotEnabledForRESTAPI", message)
        })
    }

    /// Counts a request that begins; `false` when the mailbox is busy with as many as it takes.
    pub(crate) fn enter(&mut self, mailbox: &str, most: u32) -> bool {
        let at_work = self.at_work.entry(mailbox.to_owned()).or_default();
        let free = *at_work < most;
        *at_work += u32::from(free);
        free
    }

    /// Counts a request that ends.
    pub(crate) fn leave(&mut self, mailbox: &str) {
        if let Some(at_work) = self.at_work.get_mut(mailbox) {
            *at_work = at_work.saturating_sub(1);
        }
    }
}
