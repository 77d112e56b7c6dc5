//! What every request passes first: token, scope, quota; and the parameters of lists.

use super::Calendly;
use super::errors::{Fail, Try};
use super::model::User;
use crate::hub::quota::Standing;
use crate::hub::time::MINUTE;
use crate::hub::wire::{Ask, Reply};
use crate::hub::{Base, Provider};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Who asks.
pub(super) struct Caller {
    pub(super) user: User,
    /// `None` with a personal access token.
    pub(super) client: Option<String>,
}

impl Calendly {
    /// The caller, when the token is good for one of the scopes.
    pub(super) fn enter(&self, base: &Base, ask: &Ask, scopes: &[&str]) -> Try<Caller> {
        let session = base.oauth.session(Provider::Calendly, ask.bearer(), base.now()).ok_or_else(Fail::token)?;
        let user = self.users.get(&session.account).cloned().ok_or_else(Fail::token)?;
        // `:write` implies `:read`.
        let has = |scope: &str| session.scopes.contains(scope) || session.scopes.contains(&scope.replace(":read", ":write"));
        if !has("default") && !scopes.iter().any(|scope| has(scope)) {
            return Err(Fail::access());
        }
        Ok(Caller { user, client: session.client })
    }

    /// Counts a request.
    pub(super) fn count(&mut self, base: &Base, ask: &Ask) -> Option<Standing> {
        let account = base.oauth.account_of(ask.bearer()?)?;
        Some(self.quota.count(&account, base.now(), MINUTE, base.habits.calendly.per_minute?, false))
    }
}

/// Tells how the quota stands, as every answer does.
pub(super) fn metered(base: &Base, standing: Standing, reply: Reply) -> Reply {
    // The seconds until the window begins anew.
    let reset = (standing.reset + 999) / 1000;
    reply
        .with("x-ratelimit-limit", base.habits.calendly.per_minute.unwrap_or_default().to_string())
        .with("x-ratelimit-remaining", standing.left.to_string())
        .with("x-ratelimit-reset", reset.to_string())
}

/// Refuses parameters that do not exist or come twice.
pub(super) fn parameters(ask: &Ask, known: &[&str]) -> Try<()> {
    for (at, (name, _)) in ask.query.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            return Err(Fail::argument(name, "is not a known parameter"));
        }
        if ask.query[..at].iter().any(|(other, _)| other == name) {
            return Err(Fail::argument(name, "is given twice"));
        }
    }
    Ok(())
}

/// One of some values, when it is there.
pub(super) fn choice<'a>(ask: &'a Ask, name: &str, values: &[&str]) -> Try<Option<&'a str>> {
    match ask.query(name) {
        Some(value) if !values.contains(&value) => Err(Fail::argument(name, "is not included in the list")),
        value => Ok(value),
    }
}

/// An instant in UTC, such as `2020-01-02T03:04:05.678123Z`.
pub(super) fn utc(name: &str, text: &str) -> Try<i64> {
    let at = text.parse::<jiff::Timestamp>().ok().filter(|_| text.ends_with('Z'));
    at.map(jiff::Timestamp::as_millisecond).ok_or_else(|| Fail::argument(name, "is not a time in UTC"))
}

/// The last part of an address of this API, or an id as it is.
pub(super) fn id_of(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

#[derive(Serialize, Deserialize)]
struct Mark {
    list: String,
    query: String,
    from: usize,
}

/// A page of a list with its envelope.
pub(super) fn page(base: &Base, ask: &Ask, all: Vec<Value>) -> Try<Reply> {
    let count = match ask.query("count") {
        None => 20,
        Some(text) => {
            let count = text.parse().ok().filter(|count| (1..=100).contains(count));
            count.ok_or_else(|| Fail::argument("count", "must be between 1 and 100"))?
        }
    };
    let pairs = || ask.query.iter().filter(|(name, _)| name != "page_token");
    let mut sorted: Vec<String> = pairs().filter(|(name, _)| name != "count").map(|(name, value)| format!("{name}={value}")).collect();
    sorted.sort_unstable();
    let (list, query) = (ask.path.clone(), sorted.join("&"));
    let from = match ask.query("page_token") {
        None => 0,
        Some(token) => {
            let mark: Option<Mark> = base.seal.open("calendly page", token);
            let mark = mark.filter(|mark| mark.list == list && mark.query == query);
            mark.ok_or_else(|| Fail::argument("page_token", "is invalid"))?.from
        }
    };
    let token = |from: usize| base.seal.close("calendly page", &Mark { list: list.clone(), query: query.clone(), from });
    let link = |token: &str| {
        let mut query: Vec<String> =
            pairs().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
        query.push(format!("page_token={token}"));
        format!("{}{}?{}", base.origin, ask.path, query.join("&"))
    };
    let next = (all.len() > from + count).then(|| token(from + count));
    let previous = (from > 0).then(|| token(from.saturating_sub(count)));
    let items: Vec<Value> = all.into_iter().skip(from).take(count).collect();
    let pagination = json!({
        "count": items.len(), "next_page": next.as_deref().map(link), "previous_page": previous.as_deref().map(link),
        "next_page_token": next, "previous_page_token": previous,
    });
    Ok(Reply::json(200, &json!({"collection": items, "pagination": pagination})))
}
