//! Watch channels: `sync` first, then `exists` for each change, until the channel expires or is stopped.

use super::Google;
use super::errors::{Fail, Try};
use super::gate::Caller;
use super::list::resource_uri;
use crate::hub::time::{DAY, http_date};
use crate::hub::wire::{Ask, Reply};
use crate::hub::{Base, Delivery, Provider};
use crate::schema::GOOGLE;
use bytes::Bytes;
use serde_json::{Value, json};
use url::{Host, Url};

/// An open channel.
pub(super) struct Channel {
    id: String,
    token: Option<String>,
    address: String,
    /// The calendar; `None` for the account's list.
    calendar: Option<String>,
    account: String,
    client: Option<String>,
    resource: String,
    uri: String,
    expires: i64,
    messages: u64,
}

/// A watch channel that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenChannel {
    /// Its id, as whoever opened it chose it.
    pub id: String,
    /// Its token, likewise.
    pub token: Option<String>,
    /// The id of what is watched.
    pub resource: String,
    /// The calendar; `None` for the account's list.
    pub calendar: Option<String>,
    /// When it ends, unix milliseconds.
    pub expires: i64,
}

pub(super) fn root(base: &Base) -> String {
    base.api(Provider::Google)
}

/// Webhooks go only to `https`; the address of this very machine is let pass, as no certificate can be had for it.
pub(crate) fn is_webhook_address(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && local)
}

impl Google {
    /// `…/watch`.
    pub(super) fn watch(&mut self, base: &mut Base, caller: &Caller, calendar: Option<&str>, ask: &Ask) -> Try<Reply> {
        let now = base.now();
        let body = ask.json().ok_or_else(|| Fail::body("Parse Error"))?;
        if let Some(finding) = GOOGLE.check_input("Channel", &body).first() {
            return Err(Fail::body(&format!("Invalid value: {finding}")));
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let id = text("id").unwrap_or_default();
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(letters) {
            return Err(Fail::new(400, "global", "channelIdInvalid", "Channel id is missing or malformed."));
        }
        if self.channels.iter().any(|channel| channel.id == id && channel.expires > now) {
            return Err(Fail::new(400, "global", "channelIdNotUnique", &format!("Channel id {id} not unique")));
        }
        if !matches!(text("type"), Some("web_hook" | "webhook")) {
            return Err(Fail::body("Unknown channel type"));
        }
        let address = text("address").unwrap_or_default();
        if !is_webhook_address(address) {
            return Err(Fail::new(400, "push", "push.webhookUrlNotHttps", &format!("WebHook callback must be HTTPS: {address}")));
        }
        // Calendars that Google fills itself.
        if calendar.is_some_and(|id| ["#holiday@", "#contacts@", "#weeknum@"].iter().any(|kind| id.contains(kind))) {
            let message = "Push notifications are not supported by this resource.";
            return Err(Fail::new(400, "push", "pushNotSupportedForRequestedResource", message));
        }
        let longest = now + base.habits.google.channel_days * DAY;
        let asked = match (&body["expiration"], body["params"]["ttl"].as_str()) {
            (Value::String(at), _) => at.parse().ok(),
            (_, Some(seconds)) => seconds.parse::<i64>().ok().map(|seconds| now + seconds * 1000),
            _ => Some(longest),
        };
        let expires = asked.filter(|at| *at > now).ok_or_else(|| Fail::body("Invalid channel expiration"))?.min(longest);
        let uri = match calendar {
            Some(calendar) => resource_uri(base, calendar),
            None => format!("{}/users/me/calendarList?alt=json", root(base)),
        };
        // The same for each channel of the same resource.
        let resource = calendar
            .unwrap_or("list")
            .bytes()
            .chain(caller.account.bytes())
            .fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        self.channels.retain(|channel| channel.id != id);
        self.channels.push(Channel {
            id: id.to_owned(),
            token: text("token").map(str::to_owned),
            address: address.to_owned(),
            calendar: calendar.map(str::to_owned),
            account: caller.account.clone(),
            client: caller.client.clone(),
            resource: format!("res-{resource:016x}"),
            uri,
            expires,
            messages: 0,
        });
        let channel = self.channels.last_mut().expect("it was just put in");
        send(base, channel, "sync", now);
        let mut answer = json!({
            "kind": "api#channel", "id": channel.id, "resourceId": channel.resource, "resourceUri": channel.uri,
            "expiration": channel.expires.to_string(),
        });
        if let Some(token) = &channel.token {
            answer["token"] = json!(token);
        }
        Ok(Reply::json(200, &answer))
    }

    /// The channels that have not ended.
    pub(crate) fn open_channels(&self, now: i64) -> Vec<OpenChannel> {
        let open = self.channels.iter().filter(|channel| channel.expires > now);
        let shown = |channel: &Channel| OpenChannel {
            id: channel.id.clone(),
            token: channel.token.clone(),
            resource: channel.resource.clone(),
            calendar: channel.calendar.clone(),
            expires: channel.expires,
        };
        open.map(shown).collect()
    }

    /// `channels/stop`.
    pub(super) fn stop(&mut self, base: &mut Base, caller: &Caller, ask: &Ask) -> Try<Reply> {
        let now = base.now();
        let body = ask.json().ok_or_else(|| Fail::body("Parse Error"))?;
        let (id, resource) = (body["id"].as_str().unwrap_or_default(), body["resourceId"].as_str().unwrap_or_default());
        let fits = |channel: &Channel| {
            channel.id == id
                && channel.resource == resource
                && channel.account == caller.account
                && channel.client == caller.client
                && channel.expires > now
        };
        let at = self.channels.iter().position(fits).ok_or_else(|| {
            let message = format!("Channel '{id}' not found for project '123456789012'");
            Fail::new(404, "global", "notFound", &message)
        })?;
        base.outbox.forget(&self.channels.remove(at).id);
        Ok(Reply::empty(204))
    }

    /// Tells the channels of a calendar, or of an account's list, that something changed.
    pub(super) fn tell(&mut self, base: &mut Base, calendar: Option<&str>, account: Option<&str>) {
        let now = base.now();
        self.channels.retain(|channel| channel.expires > now);
        for channel in &mut self.channels {
            let fits = channel.calendar.as_deref() == calendar && account.is_none_or(|account| channel.account == account);
            if fits {
                send(base, channel, "exists", now);
            }
        }
    }
}

/// Puts a message without a body into the outbox. The numbers grow, but not one by one.
fn send(base: &mut Base, channel: &mut Channel, state: &str, now: i64) {
    channel.messages += if channel.messages == 0 { 1 } else { 1 + channel.messages % 3 };
    let mut headers = vec![
        ("Content-Type".to_owned(), "application/json; utf-8".to_owned()),
        ("X-Goog-Channel-ID".to_owned(), channel.id.clone()),
        ("X-Goog-Message-Number".to_owned(), channel.messages.to_string()),
        ("X-Goog-Resource-ID".to_owned(), channel.resource.clone()),
        ("X-Goog-Resource-State".to_owned(), state.to_owned()),
        ("X-Goog-Resource-URI".to_owned(), channel.uri.clone()),
        ("X-Goog-Channel-Expiration".to_owned(), http_date(channel.expires)),
        ("User-Agent".to_owned(), "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)".to_owned()),
    ];
    if let Some(token) = &channel.token {
        headers.push(("X-Goog-Channel-Token".to_owned(), token.clone()));
    }
    base.outbox.push(Delivery {
        provider: Provider::Google,
        url: channel.address.clone(),
        headers,
        body: Bytes::new(),
        signing_key: None,
        target: channel.id.clone(),
        failed: 0,
        first: now,
        due: now,
    });
}
