//! Subscriptions: the handshake, notifications with ids only, lifecycle messages, expiry.

use super::Microsoft;
use super::errors::{Fail, Try};
use super::gate::{Caller, root};
use super::render::etag;
use crate::google::is_webhook_address;
use crate::hub::time::{MINUTE, instant, ticks};
use crate::hub::wire::{Ask, Reply};
use crate::hub::{Answer, Base, Delivery, Provider};
use crate::schema::MICROSOFT;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest life: the documentation says 10,080 minutes, the service takes 10,070.
const LONGEST: i64 = 10_070 * MINUTE;
/// A shorter life is made this long.
const SHORTEST: i64 = 45 * MINUTE;
/// The tenant of everybody.
const TENANT: &str = "84bd8158-6d4d-4958-8b9f-9d6445542f95";

/// What happened to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Created,
    Updated,
    Deleted,
}

impl Change {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

/// A lifecycle message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Lifecycle {
    /// Nothing is told until the subscription is authorised again or renewed.
    ReauthorizationRequired,
    /// The subscription is gone.
    SubscriptionRemoved,
    /// Some notifications were not sent.
    Missed,
}

/// A subscription.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    id: String,
    pub(super) account: String,
    client: Option<String>,
    resource: String,
    calendar: Option<String>,
    change_type: String,
    url: String,
    lifecycle_url: Option<String>,
    state: Option<String>,
    expires: i64,
    immutable: bool,
    /// Since a lifecycle message nothing is told.
    paused: bool,
}

/// A subscription whose addresses were not called yet.
pub(crate) struct Pending {
    subscription: Subscription,
    token: String,
}

impl Pending {
    /// The addresses to call, one after the other.
    pub(crate) fn urls(&self) -> Vec<String> {
        [Some(self.subscription.url.clone()), self.subscription.lifecycle_url.clone()].into_iter().flatten().collect()
    }

    /// The address with the token that must come back.
    pub(crate) fn validation_url(&self, url: &str) -> String {
        let mark = if url.contains('?') { '&' } else { '?' };
        format!("{url}{mark}validationToken={}", utf8_percent_encode(&self.token, NON_ALPHANUMERIC))
    }

    /// Whether an address answered as it must: 200, `text/plain`, the decoded token.
    pub(crate) fn accepts(&self, base: &mut Base, answer: Option<Answer>) -> Result<(), Reply> {
        let why = match answer {
            None => "The request timed out or the endpoint could not be reached.".to_owned(),
            Some(answer) if answer.status != 200 => format!("Notification endpoint must respond with 200 OK, it was {}.", answer.status),
            Some(answer) if !answer.content_type.starts_with("text/plain") => "The response must be text/plain.".to_owned(),
            Some(answer) if answer.body != self.token.as_bytes() => "The response must be the decoded validation token.".to_owned(),
            Some(_) => return Ok(()),
        };
        Err(Fail::bad("ValidationError", &format!("Subscription validation request failed. {why}")).reply(base))
    }
}

impl Subscription {
    fn value(&self) -> Value {
        json!({
            "id": self.id, "resource": self.resource, "applicationId": self.client, "changeType": self.change_type,
            "clientState": self.state, "notificationUrl": self.url, "lifecycleNotificationUrl": self.lifecycle_url,
            "expirationDateTime": ticks(self.expires), "creatorId": self.account, "includeResourceData": null,
            "latestSupportedTlsVersion": "v1_2", "encryptionCertificate": null, "encryptionCertificateId": null,
            "notificationQueryOptions": null, "notificationUrlAppId": null,
        })
    }
}

/// The end of a subscription's life that is asked for.
fn expiry(body: &Value, now: i64) -> Try<i64> {
    let at = body["expirationDateTime"].as_str().and_then(instant);
    let at = at.ok_or_else(|| Fail::bad("InvalidRequest", "expirationDateTime is required."))?;
    if at <= now {
        return Err(Fail::bad("InvalidRequest", "Subscription expiration must be in the future."));
    }
    if at > now + LONGEST {
        let message = "Subscription expiration can only be 10070 minutes in the future.";
        return Err(Fail::bad("ExtensionError", message));
    }
    Ok(at.max(now + SHORTEST))
}

impl Microsoft {
    /// Checks a request for a subscription, up to the handshake.
    pub(super) fn prepare(&mut self, base: &mut Base, caller: &Caller, ask: &Ask) -> Try<Pending> {
        let now = base.now();
        self.prune(now);
        let bad = |why: &str| Fail::bad("InvalidRequest", why);
        let body = ask.json().ok_or_else(|| bad("Unable to read JSON request payload."))?;
        if let Some(finding) = MICROSOFT.check_input("Subscription", &body).first() {
            return Err(bad(finding));
        }
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        if base.habits.microsoft.refuse_subscriptions {
            return Err(Fail::new(403, "Forbidden", "Operation: Create; Exception: the tenant's policy does not allow subscriptions."));
        }
        let change_type = text("changeType").unwrap_or_default();
        let known = |name: &str| ["created", "updated", "deleted"].contains(&name.trim());
        if change_type.is_empty() || !change_type.split(',').all(known) {
            return Err(bad("changeType is missing or not known."));
        }
        let (url, lifecycle_url) = (text("notificationUrl").unwrap_or_default(), text("lifecycleNotificationUrl"));
        for url in [Some(&url), lifecycle_url.as_ref()].into_iter().flatten() {
            if !is_webhook_address(url) {
                return Err(bad("The notification URL must be an HTTPS address."));
            }
        }
        if text("clientState").is_some_and(|state| state.chars().count() > 128) {
            return Err(bad("clientState is longer than 128 characters."));
        }
        let expires = expiry(&body, now)?;
        let resource = text("resource").unwrap_or_default();
        let user = self.mailbox(&caller.account)?.user.clone();
        let parts: Vec<&str> = resource.trim_matches('/').split('/').collect();
        let calendar = match parts.as_slice() {
            ["me", "events"] => None,
            ["users", id, "events"] if *id == user || *id == caller.account => None,
            ["me", "calendars", id, "events"] if base.habits.microsoft.calendar_subscriptions => {
                Some(self.place(caller, Some(id))?.id.to_owned())
            }
            _ => return Err(bad("The resource is not supported for subscriptions.")),
        };
        let same = |known: &Subscription| {
            known.account == caller.account
                && known.client == caller.client
                && known.resource == resource
                && known.change_type == change_type
        };
        if self.subscriptions.iter().any(same) {
            return Err(Fail::new(
                409,
                "ExtensionError",
                "A subscription of this application with the same resource and change type exists.",
            ));
        }
        let hex = base.seal.id(b"0123456789abcdef", 32);
        let subscription = Subscription {
            id: format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]),
            account: caller.account.clone(),
            client: caller.client.clone(),
            resource,
            calendar,
            change_type,
            url,
            lifecycle_url,
            state: text("clientState"),
            expires,
            immutable: super::render::Look::new(ask)?.immutable,
            paused: false,
        };
        // Something that must be decoded, as the real one has blanks and colons in it.
        Ok(Pending { subscription, token: format!("Validation: Testing client application reachability for {hex}.") })
    }

    /// Makes a subscription whose addresses answered.
    pub(crate) fn subscribe(&mut self, base: &mut Base, pending: Pending) -> Reply {
        let mut value = pending.subscription.value();
        value["@odata.context"] = json!(format!("{}/$metadata#subscriptions/$entity", root(base)));
        self.subscriptions.push(pending.subscription);
        Reply::json(201, &value)
    }

    /// `/subscriptions` but for making one.
    pub(super) fn subscription(&mut self, base: &mut Base, caller: &Caller, parts: &[&str], ask: &Ask) -> Try<Reply> {
        let now = base.now();
        self.prune(now);
        let own = |known: &Subscription| known.account == caller.account && known.client == caller.client;
        let context = format!("{}/$metadata#subscriptions", root(base));
        if (ask.method.as_str(), parts) == ("GET", &[]) {
            let values: Vec<Value> = self.subscriptions.iter().filter(|known| own(known)).map(Subscription::value).collect();
            return Ok(Reply::json(200, &json!({"@odata.context": context, "value": values})));
        }
        let [id, rest @ ..] = parts else { return Err(Fail::bad("BadRequest", "Resource not found for the segment.")) };
        let at = self.subscriptions.iter().position(|known| own(known) && known.id == *id);
        let at = at.ok_or_else(|| Fail::new(404, "ResourceNotFound", "The object was not found."))?;
        let subscription = &mut self.subscriptions[at];
        match (ask.method.as_str(), rest) {
            ("GET", []) => {}
            ("PATCH", []) => {
                let body = ask.json().ok_or_else(|| Fail::bad("InvalidRequest", "Unable to read JSON request payload."))?;
                if let Some(name) = body
                    .as_object()
                    .and_then(|body| body.keys().find(|name| !["expirationDateTime", "notificationUrl"].contains(&name.as_str())))
                {
                    return Err(Fail::bad("InvalidRequest", &format!("{name} cannot be updated.")));
                }
                subscription.expires = expiry(&body, now)?;
                subscription.paused = false;
            }
            ("POST", ["reauthorize"]) => {
                subscription.paused = false;
                return Ok(Reply::empty(200));
            }
            ("DELETE", []) => {
                base.outbox.forget(&self.subscriptions.remove(at).id);
                return Ok(Reply::empty(204));
            }
            _ => return Err(Fail::bad("BadRequest", "Resource not found for the segment.")),
        }
        let mut value = self.subscriptions[at].value();
        value["@odata.context"] = json!(format!("{context}/$entity"));
        Ok(Reply::json(200, &value))
    }

    fn prune(&mut self, now: i64) {
        self.subscriptions.retain(|known| known.expires > now);
    }

    /// Tells the subscriptions of a mailbox about an event.
    pub(super) fn tell(&mut self, base: &mut Base, account: &str, key: u64, change: Change) {
        let now = base.now();
        self.prune(now);
        let Some(mailbox) = self.mailboxes.get(account) else { return };
        let Some(stored) = mailbox.events.truth().known(key) else { return };
        for known in &self.subscriptions {
            let fits = known.account == account
                && !known.paused
                && known.calendar.as_ref().is_none_or(|calendar| *calendar == stored.calendar)
                && known.change_type.split(',').any(|name| name.trim() == change.name());
            if !fits {
                continue;
            }
            let id = stored.id(known.immutable);
            let resource = format!("Users/{}/Events/{id}", mailbox.user);
            let mut item = envelope(known);
            item["changeType"] = json!(change.name());
            item["resource"] = json!(resource);
            item["resourceData"] = json!({"@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": etag(stored.key, stored.seq), "id": id});
            send(base, known, &known.url, &item, now);
        }
    }

    /// Sends a lifecycle message to all subscriptions of a mailbox.
    pub(super) fn lifecycle(&mut self, base: &mut Base, account: &str, kind: Lifecycle) {
        let now = base.now();
        self.prune(now);
        for known in self.subscriptions.iter_mut().filter(|known| known.account == account) {
            let mut item = envelope(known);
            item["lifecycleEvent"] = json!(match kind {
                Lifecycle::ReauthorizationRequired => "reauthorizationRequired",
                Lifecycle::SubscriptionRemoved => "subscriptionRemoved",
                Lifecycle::Missed => "missed",
            });
            item["resource"] = json!(known.resource);
            known.paused |= kind == Lifecycle::ReauthorizationRequired;
            if let Some(url) = &known.lifecycle_url {
                send(base, known, url, &item, now);
            }
        }
        if kind == Lifecycle::SubscriptionRemoved {
            self.subscriptions.retain(|known| known.account != account);
        }
    }
}

fn envelope(known: &Subscription) -> Value {
    json!({
        "subscriptionId": known.id, "subscriptionExpirationDateTime": ticks(known.expires), "clientState": known.state, "tenantId": TENANT,
    })
}

fn send(base: &mut Base, known: &Subscription, url: &str, item: &Value, now: i64) {
    base.outbox.push(Delivery {
        provider: Provider::Microsoft,
        url: url.to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())],
        body: json!({"value": [item]}).to_string().into(),
        signing_key: None,
        target: known.id.clone(),
        failed: 0,
        first: now,
        due: now,
    });
}
