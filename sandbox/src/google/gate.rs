//! What every request passes before it is looked at: token, API enabled, scope, parameters, quota.

use super::Google;
use super::errors::{Fail, Try};
use crate::hub::time::MINUTE;
use crate::hub::wire::Ask;
use crate::hub::{Base, Provider};
use crate::schema::{GOOGLE, plain};
use serde_json::Value;

/// Who asks.
pub(super) struct Caller {
    pub(super) account: String,
    pub(super) client: Option<String>,
    /// Calendars of others may be read too (scopes without `.owned`).
    pub(super) foreign: bool,
}

impl Caller {
    /// The calendar's id; `primary` is the account's own.
    pub(super) fn resolve(&self, id: &str) -> String {
        if id == "primary" { self.account.clone() } else { id.to_owned() }
    }
}

impl Google {
    pub(super) fn enter(&mut self, base: &Base, ask: &Ask, method: &str) -> Try<Caller> {
        let now = base.now();
        let session = base.oauth.session(Provider::Google, ask.bearer(), now).ok_or_else(Fail::credentials)?;
        let client = session.client.as_deref().and_then(|id| base.oauth.client(Provider::Google, id));
        if client.is_some_and(|client| client.api_disabled) {
            return Err(Fail::not_enabled());
        }
        let operation = &GOOGLE.methods[method];
        let granted = |scope: &&String| session.scopes.contains(&format!("https://www.googleapis.com/auth/{scope}"));
        let fitting: Vec<&String> = operation.scopes.iter().filter(granted).collect();
        if fitting.is_empty() {
            return Err(Fail::scopes());
        }
        parameters(ask, method)?;
        if let Some(limit) = base.habits.google.per_minute
            && self.quota.count(&session.account, now, MINUTE, limit, false).over
        {
            return Err(Fail::limited(403));
        }
        let foreign = fitting.iter().any(|scope| !scope.contains(".owned"));
        Ok(Caller { account: session.account, client: session.client, foreign })
    }
}

/// Checks the query by the discovery document.
fn parameters(ask: &Ask, method: &str) -> Try<()> {
    let operation = &GOOGLE.methods[method];
    for (at, (name, value)) in ask.query.iter().enumerate() {
        let kind = operation.parameters.get(name).or_else(|| GOOGLE.common.get(name));
        let Some(kind) = kind else { return Err(Fail::parameter("invalidParameter", &format!("Unknown parameter: {name}"), name)) };
        let kind = kind.trim_start_matches('!');
        let repeated = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']'));
        if repeated.is_none() && ask.query[..at].iter().any(|(other, _)| other == name) {
            return Err(Fail::parameter("invalidParameter", &format!("Parameter given twice: {name}"), name));
        }
        let fits = match repeated.unwrap_or(kind) {
            "boolean" => value == "true" || value == "false",
            "integer" => value.parse::<u32>().is_ok(),
            kind => match kind.strip_prefix("enum ") {
                Some(values) => values.split('|').any(|known| known == value),
                None => plain(kind, &Value::String(value.clone())),
            },
        };
        if !fits {
            return Err(Fail::parameter("invalidParameter", &format!("Invalid value '{value}' for {name}"), name));
        }
    }
    let missing = operation.parameters.iter().find(|(name, kind)| kind.starts_with('!') && ask.query(name).is_none());
    match missing {
        Some((name, _)) => Err(Fail::parameter("required", &format!("Required parameter: {name}"), name)),
        None => Ok(()),
    }
}

/// A page size between 1 and the maximum.
pub(super) fn page_size(ask: &Ask, default: usize, most: usize) -> Try<usize> {
    let Some(text) = ask.query("maxResults") else { return Ok(default) };
    let message = format!("Invalid value '{text}'. Values must be within the range: [1, {most}]");
    let size = text.parse().ok().filter(|size| (1..=most).contains(size));
    size.ok_or_else(|| Fail::parameter("invalidParameter", &message, "maxResults"))
}

/// What must stay the same from page to page: all of the query but these.
pub(super) fn query_key(ask: &Ask, but: &[&str]) -> String {
    let pairs = ask.query.iter().filter(|(name, _)| !but.contains(&name.as_str()) && !GOOGLE.common.contains_key(name));
    let mut pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    pairs.sort_unstable();
    pairs.join("&")
}
