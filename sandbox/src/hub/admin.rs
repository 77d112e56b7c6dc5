//! The administration over HTTP: `POST /_admin/<action>` with a JSON body, answered by JSON; the list is in the crate's documentation.

use super::fault::Fault;
use super::outbox::Order;
use super::wire::{Ask, Reply};
use super::{Provider, Refusal, Shared, World, refuse};
use crate::oauth::{ClientApp, Consent};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    provider: Provider,
    account: String,
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consents {
    provider: Provider,
    consent: Consent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    #[serde(default)]
    order: Order,
    #[serde(default)]
    twice: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    #[serde(default)]
    millis: i64,
    #[serde(default)]
    seconds: i64,
}

pub(super) async fn answer(shared: &Shared, action: &str, ask: &Ask) -> Reply {
    let arguments = match (ask.method.as_str(), ask.body.is_empty()) {
        ("GET", _) | ("POST", true) => json!({}),
        ("POST", false) => match serde_json::from_slice(&ask.body) {
            Ok(arguments) => arguments,
            Err(error) => return Reply::json(400, &json!({"error": error.to_string()})),
        },
        _ => return Reply::empty(405),
    };
    let made = run(&mut shared.lock(), action.trim_end_matches('/'), arguments);
    shared.wake.notify_one();
    match made {
        Ok(value) => Reply::json(200, &value),
        Err(Refusal(why)) => Reply::json(400, &json!({"error": why})),
    }
}

fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, Refusal> {
    serde_json::from_value(arguments).map_err(|error| Refusal(error.to_string()))
}

pub(super) fn run(world: &mut World, action: &str, arguments: Value) -> Result<Value, Refusal> {
    let base = &mut world.base;
    let now = base.now();
    match action {
        "clock" => {}
        "clock/advance" => base.clock.advance(read::<Number>(arguments)?.millis),
        "faults" => base.faults.arm(read::<Fault>(arguments)?),
        "faults/clear" => base.faults.clear(),
        "log" => return Ok(json!(base.log.all())),
        "log/take" => return Ok(json!(base.log.take())),
        "violations" => return Ok(json!(base.log.violations)),
        "habits" => {
            let mut habits = json!(base.habits);
            merge(&mut habits, &arguments);
            base.habits = read(habits)?;
            return Ok(json!(base.habits));
        }
        "webhooks" => return Ok(json!(base.outbox.done)),
        "webhooks/hold" => base.outbox.held = true,
        "webhooks/release" => {
            let release: Release = read(arguments)?;
            base.outbox.release(release.order, release.twice);
        }
        "webhooks/skew" => base.outbox.skew = read::<Number>(arguments)?.seconds,
        "oauth/client" => base.oauth.register(read::<ClientApp>(arguments)?),
        "oauth/consent" => {
            let consents: Consents = read(arguments)?;
            base.oauth.consent(consents.provider, consents.consent);
        }
        "oauth/revoke" => {
            let account: Account = read(arguments)?;
            base.oauth.revoke_account(account.provider, &account.account);
        }
        "oauth/expire" => {
            let account: Account = read(arguments)?;
            base.oauth.expire_access(account.provider, &account.account, now);
        }
        "oauth/token" => {
            let account: Account = read(arguments)?;
            let scopes: Vec<&str> = account.scopes.iter().map(String::as_str).collect();
            let token = base.oauth.token(account.provider, &account.account, &scopes, now, &mut base.seal);
            return Ok(json!({"access_token": token}));
        }
        "google" => return world.google.act(base, read(arguments)?),
        "microsoft" => return world.microsoft.act(base, read(arguments)?),
        "calendly" => return world.calendly.act(base, read(arguments)?),
        other => return refuse(format!("there is no action `{other}`")),
    }
    Ok(json!({"now": world.base.now()}))
}

/// Puts what is said into what is there, object by object; `null` takes away.
pub(crate) fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
