//! Lists and single resources.

use super::Calendly;
use super::errors::{Fail, Try};
use super::gate::{Caller, choice, id_of, page, parameters, utc};
use super::model::{Event, Invitee, Role, User};
use crate::hub::Base;
use crate::hub::time::{DAY, micros};
use crate::hub::wire::{Ask, Reply};
use serde_json::{Value, json};

impl Calendly {
    pub(super) fn owner(&self, account: &str) -> Try<&User> {
        self.users.get(account).ok_or_else(Fail::not_found)
    }

    /// An event that the caller may see: the caller's own, or any of the organization for its admins.
    pub(super) fn seen(&self, caller: &Caller, id: &str) -> Try<&Event> {
        let event = self.events.get(id).ok_or_else(Fail::not_found)?;
        let owner = self.owner(&event.owner)?;
        let own = owner.id == caller.user.id || (owner.organization == caller.user.organization && caller.user.role >= Role::Admin);
        if own { Ok(event) } else { Err(Fail::access()) }
    }

    /// The user of a `user` parameter in the caller's organization.
    pub(super) fn colleague(&self, base: &Base, caller: &Caller, uri: &str) -> Try<&User> {
        let fits = |user: &&User| user.uri(base) == uri && user.organization == caller.user.organization;
        self.users.values().find(fits).ok_or_else(|| Fail::denied("This user is not in your organization"))
    }

    /// The accounts that `user`, `organization` and `group` ask for.
    fn scope(&self, base: &Base, caller: &Caller, ask: &Ask) -> Try<Vec<String>> {
        let admin = caller.user.role >= Role::Admin;
        match (ask.query("user"), ask.query("organization")) {
            (None, None) => Err(Fail::argument("user", "one of user, organization and group is required")),
            (Some(user), None) if user == caller.user.uri(base) => Ok(vec![caller.user.account.clone()]),
            (Some(user), None) => {
                let known = self.users.values().any(|known| known.uri(base) == user);
                let message = if known {
                    "Please also specify organization when requesting events for a user within your organization."
                } else {
                    "This user is not in your organization"
                };
                Err(Fail::denied(message))
            }
            (_, Some(organization)) if organization != caller.user.organization_uri(base) => Err(Fail::access()),
            (Some(user), Some(_)) => {
                let user = self.colleague(base, caller, user)?;
                if user.id != caller.user.id && !admin {
                    return Err(Fail::denied("You do not have permission"));
                }
                Ok(vec![user.account.clone()])
            }
            (None, Some(_)) if !admin => Err(Fail::access()),
            (None, Some(_)) => {
                let all = self.users.values().filter(|user| user.organization == caller.user.organization);
                Ok(all.map(|user| user.account.clone()).collect())
            }
        }
    }

    pub(super) fn scheduled_events(&self, base: &Base, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["scheduled_events:read"])?;
        let known = ["user", "organization", "invitee_email", "status", "sort", "min_start_time", "max_start_time", "count", "page_token"];
        parameters(ask, &known)?;
        let accounts = self.scope(base, &caller, ask)?;
        let status = choice(ask, "status", &["active", "canceled"])?;
        let sort = choice(ask, "sort", &["start_time", "start_time:asc", "start_time:desc"])?;
        let time = |name: &str| ask.query(name).map(|text| utc(name, text)).transpose();
        let (from, to) = (time("min_start_time")?, time("max_start_time")?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Fail::argument("min_start_time", "must be before max_start_time"));
        }
        let mut found: Vec<&Event> = self.events.values().filter(|event| accounts.contains(&event.owner)).collect();
        found.retain(|event| {
            status.is_none_or(|status| (status == "canceled") == event.cancellation.is_some())
                && from.is_none_or(|from| event.start >= from)
                && to.is_none_or(|to| event.start < to)
                && ask.query("invitee_email").is_none_or(|email| event.invitees.iter().any(|invitee| invitee.email == email))
        });
        found.sort_by_key(|event| (event.start, event.id.clone()));
        if sort == Some("start_time:desc") {
            found.reverse();
        }
        let values = found.into_iter().map(|event| Ok(event.value(base, self.owner(&event.owner)?))).collect::<Try<_>>()?;
        page(base, ask, values)
    }

    pub(super) fn scheduled_event(&self, base: &Base, id: &str, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["scheduled_events:read"])?;
        let event = self.seen(&caller, id)?;
        Ok(Reply::json(200, &json!({"resource": event.value(base, self.owner(&event.owner)?)})))
    }

    pub(super) fn invitees(&self, base: &Base, id: &str, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["scheduled_events:read"])?;
        parameters(ask, &["status", "sort", "email", "count", "page_token"])?;
        let status = choice(ask, "status", &["active", "canceled"])?;
        let sort = choice(ask, "sort", &["created_at", "created_at:asc", "created_at:desc"])?;
        let event = self.seen(&caller, id)?;
        let mut found: Vec<&Invitee> = event.invitees.iter().collect();
        found.retain(|invitee| {
            status.is_none_or(|status| (status == "canceled") == invitee.canceled)
                && ask.query("email").is_none_or(|email| invitee.email == email)
        });
        if sort == Some("created_at:desc") {
            found.reverse();
        }
        page(base, ask, found.into_iter().map(|invitee| event.invitee_value(base, invitee)).collect())
    }

    pub(super) fn invitee(&self, base: &Base, id: &str, invitee: &str, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["scheduled_events:read"])?;
        let event = self.seen(&caller, id)?;
        let invitee = event.invitees.iter().find(|known| known.id == invitee).ok_or_else(Fail::not_found)?;
        Ok(Reply::json(200, &json!({"resource": event.invitee_value(base, invitee)})))
    }

    pub(super) fn event_types(&self, base: &Base, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["event_types:read"])?;
        parameters(ask, &["active", "organization", "user", "sort", "admin_managed", "count", "page_token"])?;
        let active = choice(ask, "active", &["true", "false"])?;
        choice(ask, "sort", &["name", "name:asc", "name:desc"])?;
        let accounts = self.scope(base, &caller, ask)?;
        let found = self.types.iter().filter(|kind| accounts.contains(&kind.owner) && active != Some("false"));
        let values = found.map(|kind| Ok(kind.value(base, self.owner(&kind.owner)?))).collect::<Try<_>>()?;
        page(base, ask, values)
    }

    pub(super) fn event_type(&self, base: &Base, id: &str, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["event_types:read"])?;
        let kind = self.types.iter().find(|kind| kind.id == id).ok_or_else(Fail::not_found)?;
        let owner = self.owner(&kind.owner)?;
        if owner.organization != caller.user.organization {
            return Err(Fail::access());
        }
        Ok(Reply::json(200, &json!({"resource": kind.value(base, owner)})))
    }

    pub(super) fn memberships(&self, base: &Base, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["organizations:read", "users:read"])?;
        parameters(ask, &["user", "organization", "email", "role", "count", "page_token"])?;
        let accounts = self.scope(base, &caller, ask)?;
        let found = self.users.values().filter(|user| accounts.contains(&user.account));
        let found = found.filter(|user| ask.query("email").is_none_or(|email| email == user.account));
        page(base, ask, found.map(|user| user.membership(base)).collect())
    }

    pub(super) fn busy_times(&self, base: &Base, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["availability:read"])?;
        parameters(ask, &["user", "start_time", "end_time"])?;
        let wanted = |name: &'static str| ask.query(name).ok_or_else(|| Fail::argument(name, "is missing"));
        let (from, to) = (utc("start_time", wanted("start_time")?)?, utc("end_time", wanted("end_time")?)?);
        let user = self.colleague(base, &caller, wanted("user")?)?;
        if to <= from || to - from > 7 * DAY {
            return Err(Fail::argument("end_time", "must be after start_time, seven days at most"));
        }
        let mut found: Vec<&Event> = self.events.values().collect();
        found.retain(|event| event.owner == user.account && event.cancellation.is_none() && event.start < to && event.end > from);
        found.sort_by_key(|event| event.start);
        let values: Vec<Value> = found
            .into_iter()
            .map(|event| {
                let (start, end) = (micros(event.start), micros(event.end));
                json!({"type": "calendly", "start_time": start, "end_time": end, "buffered_start_time": start, "buffered_end_time": end,
                    "event": {"uri": event.uri(base)}})
            })
            .collect();
        Ok(Reply::json(200, &json!({"collection": values})))
    }

    /// The event of an invitee, by the invitee's id or address.
    pub(super) fn event_of(&self, invitee: &str) -> Try<&Event> {
        let id = id_of(invitee);
        self.events.values().find(|event| event.invitees.iter().any(|known| known.id == id)).ok_or_else(Fail::not_found)
    }
}
