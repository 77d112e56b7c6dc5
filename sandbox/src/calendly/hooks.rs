//! Webhook subscriptions: signed bodies, retries, and the end of a hook that fails for a day.

use super::Calendly;
use super::book::LETTERS;
use super::errors::{Fail, Try};
use super::gate::{Caller, choice, page, parameters};
use super::model::{Role, uri};
use crate::google::is_webhook_address;
use crate::hub::time::{DAY, micros};
use crate::hub::wire::{Ask, Reply};
use crate::hub::{Base, Delivery, Provider};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The events that can be subscribed to, and the scope whose reading they need.
const EVENTS: [(&str, &str); 5] = [
    ("invitee.created", "scheduled_events:read"),
    ("invitee.canceled", "scheduled_events:read"),
    ("invitee_no_show.created", "scheduled_events:read"),
    ("invitee_no_show.deleted", "scheduled_events:read"),
    ("routing_form_submission.created", "routing_forms:read"),
];

/// A subscription.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    id: String,
    url: String,
    events: Vec<String>,
    organization: String,
    /// The user's account, with the scope `user`.
    user: Option<String>,
    creator: String,
    key: Option<String>,
    disabled: bool,
    retry_since: Option<i64>,
    created: i64,
    updated: i64,
}

impl Calendly {
    fn hook_value(&self, base: &Base, hook: &Hook) -> Value {
        json!({
            "uri": uri(base, &format!("webhook_subscriptions/{}", hook.id)), "callback_url": hook.url,
            "created_at": micros(hook.created), "updated_at": micros(hook.updated), "retry_started_at": hook.retry_since.map(micros),
            "state": if hook.disabled { "disabled" } else { "active" }, "events": hook.events,
            "scope": if hook.user.is_some() { "user" } else { "organization" },
            "organization": uri(base, &format!("organizations/{}", hook.organization)),
            "user": hook.user.as_ref().map(|account| self.user_uri(base, account)), "creator": self.user_uri(base, &hook.creator),
        })
    }

    pub(super) fn subscriptions(&mut self, base: &mut Base, parts: &[&str], ask: &Ask) -> Try<Reply> {
        let write = ask.method != "GET";
        let caller = self.enter(base, ask, &[if write { "webhooks:write" } else { "webhooks:read" }])?;
        match (ask.method.as_str(), parts) {
            ("POST", []) => self.subscribe(base, &caller, ask),
            ("GET", []) => {
                parameters(ask, &["organization", "user", "scope", "sort", "count", "page_token"])?;
                let scope = choice(ask, "scope", &["organization", "user"])?.ok_or_else(|| Fail::argument("scope", "is missing"))?;
                self.own_organization(base, &caller, ask.query("organization"))?;
                let account = match (scope, ask.query("user")) {
                    ("user", None) => return Err(Fail::argument("user", "is missing")),
                    ("user", Some(user)) => Some(self.colleague(base, &caller, user)?.account.clone()),
                    _ => None,
                };
                let found = self.hooks.iter().filter(|hook| hook.organization == caller.user.organization && hook.user == account);
                page(base, ask, found.map(|hook| self.hook_value(base, hook)).collect())
            }
            ("GET" | "DELETE", [id]) => {
                let fits = |hook: &Hook| hook.id == *id && hook.organization == caller.user.organization;
                let at = self.hooks.iter().position(fits).ok_or_else(Fail::not_found)?;
                if write {
                    base.outbox.forget(&self.hooks.remove(at).id);
                    return Ok(Reply::empty(204));
                }
                Ok(Reply::json(200, &json!({"resource": self.hook_value(base, &self.hooks[at])})))
            }
            _ => Err(Fail::not_found()),
        }
    }

    fn own_organization(&self, base: &Base, caller: &Caller, organization: Option<&str>) -> Try<()> {
        let organization = organization.ok_or_else(|| Fail::argument("organization", "is missing"))?;
        if organization == caller.user.organization_uri(base) { Ok(()) } else { Err(Fail::denied("You do not have permission")) }
    }

    fn subscribe(&mut self, base: &mut Base, caller: &Caller, ask: &Ask) -> Try<Reply> {
        let now = base.now();
        let body = ask.json().ok_or_else(|| Fail::argument("body", "is no JSON"))?;
        let known = ["url", "events", "organization", "user", "scope", "signing_key"];
        if let Some(name) = body.as_object().into_iter().flatten().map(|(name, _)| name).find(|name| !known.contains(&name.as_str())) {
            return Err(Fail::argument(name, "is not known"));
        }
        let url = body["url"].as_str().unwrap_or_default();
        if !is_webhook_address(url) {
            return Err(Fail::argument("url", "must be an HTTPS address"));
        }
        let events: Vec<&str> = body["events"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let asked = body["events"].as_array().map_or(0, Vec::len);
        let distinct: BTreeSet<&str> = events.iter().copied().collect();
        let all_known = events.iter().all(|event| EVENTS.iter().any(|(known, _)| known == event));
        if events.is_empty() || events.len() != asked || distinct.len() != asked || !all_known {
            return Err(Fail::argument("events", "must be known events, each once"));
        }
        // The scope that reads what is told must have been granted too.
        for (_, scope) in EVENTS.iter().filter(|(event, _)| events.contains(event)) {
            self.enter(base, ask, &[scope])?;
        }
        self.own_organization(base, caller, body["organization"].as_str())?;
        let admin = caller.user.role >= Role::Admin;
        let user = match (body["scope"].as_str(), body["user"].as_str()) {
            (Some("user"), Some(user)) => {
                let user = self.colleague(base, caller, user)?;
                if user.id != caller.user.id && !admin {
                    return Err(Fail::denied("You do not have permission"));
                }
                if events.contains(&"routing_form_submission.created") {
                    return Err(Fail::argument("events", "routing_form_submission.created needs the scope organization"));
                }
                Some(user.account.clone())
            }
            (Some("user"), None) => return Err(Fail::argument("user", "is missing")),
            (Some("organization"), _) if !admin => return Err(Fail::access()),
            (Some("organization"), _) => None,
            _ => return Err(Fail::argument("scope", "is not included in the list")),
        };
        if self.hooks.iter().any(|hook| hook.url == url && hook.user == user && hook.organization == caller.user.organization) {
            return Err(Fail::exists());
        }
        // Hooks of an OAuth application are signed with the application's key.
        let app_key = caller.client.as_ref().and_then(|client| self.keys.get(client));
        let hook = Hook {
            id: base.seal.id(LETTERS, 16),
            url: url.to_owned(),
            events: events.into_iter().map(str::to_owned).collect(),
            organization: caller.user.organization.clone(),
            user,
            creator: caller.user.account.clone(),
            key: app_key.cloned().or_else(|| body["signing_key"].as_str().map(str::to_owned)),
            disabled: false,
            retry_since: None,
            created: now,
            updated: now,
        };
        let value = self.hook_value(base, &hook);
        self.hooks.push(hook);
        Ok(Reply::json(201, &json!({"resource": value})))
    }

    fn payload(&self, base: &Base, kind: &str, event: &str, invitee: &str) -> Option<Value> {
        let event = self.events.get(event)?;
        let owner = self.users.get(&event.owner)?;
        let invitee = event.invitees.iter().find(|known| known.id == invitee)?;
        let mut payload = event.invitee_value(base, invitee);
        if base.habits.calendly.scheduled_event_in_webhooks {
            payload["scheduled_event"] = event.value(base, owner);
        }
        Some(json!({"event": kind, "created_at": micros(base.now()), "created_by": owner.uri(base), "payload": payload}))
    }

    /// Tells the hooks about an invitee.
    pub(super) fn tell(&mut self, base: &mut Base, kind: &str, event: &str, invitee: &str) {
        let now = base.now();
        let Some(owner) = self.events.get(event).and_then(|event| self.users.get(&event.owner)) else { return };
        let fits = |hook: &&Hook| {
            !hook.disabled
                && hook.organization == owner.organization
                && hook.user.as_ref().is_none_or(|user| *user == owner.account)
                && hook.events.iter().any(|known| known == kind)
        };
        let hooks: Vec<Hook> = self.hooks.iter().filter(fits).cloned().collect();
        let Some(body) = self.payload(base, kind, event, invitee).map(|body| body.to_string()) else { return };
        for hook in hooks {
            base.outbox.push(Delivery {
                provider: Provider::Calendly,
                url: hook.url,
                headers: vec![("Content-Type".to_owned(), "application/json".to_owned()), ("User-Agent".to_owned(), "Calendly".to_owned())],
                body: body.clone().into(),
                signing_key: hook.key,
                target: hook.id,
                failed: 0,
                first: now,
                due: now,
            });
        }
    }

    /// Notes how a call went; `false` when the hook is disabled now.
    pub(crate) fn delivered(&mut self, id: &str, good: bool, first: i64, now: i64) -> bool {
        let Some(hook) = self.hooks.iter_mut().find(|hook| hook.id == id) else { return false };
        hook.retry_since = if good { None } else { hook.retry_since.or(Some(first)) };
        if !good && now >= first + DAY {
            hook.disabled = true;
            hook.updated = now;
        }
        !hook.disabled
    }

    /// `GET /sample_webhook_data`: what a body looks like, of any booking that is there.
    pub(super) fn sample(&self, base: &Base, ask: &Ask) -> Try<Reply> {
        let caller = self.enter(base, ask, &["webhooks:read"])?;
        parameters(ask, &["event", "organization", "user", "scope"])?;
        let names: Vec<&str> = EVENTS.iter().map(|(name, _)| *name).collect();
        let kind = choice(ask, "event", &names)?.ok_or_else(|| Fail::argument("event", "is missing"))?;
        self.own_organization(base, &caller, ask.query("organization"))?;
        let event = self.events.values().find(|event| event.owner == caller.user.account).ok_or_else(Fail::not_found)?;
        let invitee = event.invitees.first().ok_or_else(Fail::not_found)?;
        Ok(Reply::json(200, &self.payload(base, kind, &event.id, &invitee.id).ok_or_else(Fail::not_found)?))
    }
}
