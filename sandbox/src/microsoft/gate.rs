//! What every request passes first: token, scope, quota; and the options of queries.

use super::Microsoft;
use super::errors::{Fail, Try};
use super::store::Calendar;
use crate::hub::time::MINUTE;
use crate::hub::wire::Ask;
use crate::hub::{Base, Provider};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Who asks.
pub(super) struct Caller {
    pub(super) account: String,
    pub(super) client: Option<String>,
    /// Only `Calendars.ReadBasic`.
    pub(super) basic: bool,
    /// Shared calendars too.
    shared: bool,
}

/// What a request needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    User,
    Read,
    Write,
}

/// Where a calendar's events are: the mailbox, the calendar's id there, and how the caller sees the calendar.
pub(super) struct Place<'a> {
    pub(super) mailbox: &'a str,
    pub(super) id: &'a str,
    pub(super) calendar: &'a Calendar,
}

pub(super) fn root(base: &Base) -> String {
    base.api(Provider::Microsoft)
}

impl Microsoft {
    pub(super) fn enter_as(&mut self, base: &Base, ask: &Ask, need: Need) -> Try<Caller> {
        let now = base.now();
        let session = base.oauth.session(Provider::Microsoft, ask.bearer(), now).ok_or_else(Fail::credentials)?;
        let has = |names: &[&str]| names.iter().any(|name| session.scopes.contains(*name));
        let write = has(&["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"]);
        let read = write || has(&["Calendars.Read", "Calendars.Read.Shared"]);
        let enough = match need {
            Need::User => has(&["User.Read"]),
            Need::Read => read || has(&["Calendars.ReadBasic"]),
            Need::Write => write,
        };
        if !enough {
            return Err(Fail::denied());
        }
        if let Some(limit) = base.habits.microsoft.per_ten_minutes {
            // Requests that are refused count too.
            let standing = self.quota.count(&session.account, now, 10 * MINUTE, limit, true);
            if standing.over {
                let fail = Fail::throttled(429, "Application is over its request limit.");
                return Err(fail.with("retry-after", (standing.reset / 1000).max(1).to_string()));
            }
        }
        let shared = has(&["Calendars.Read.Shared", "Calendars.ReadWrite.Shared"]);
        Ok(Caller { account: session.account, client: session.client, basic: !read, shared })
    }

    /// A calendar by its id in the caller's mailbox, or the default one.
    pub(super) fn place<'a>(&'a self, caller: &'a Caller, id: Option<&'a str>) -> Try<Place<'a>> {
        let mailbox = self.mailbox(&caller.account)?;
        let found = match id {
            Some(id) => mailbox.calendars.get_key_value(id),
            None => mailbox.calendars.iter().find(|(_, calendar)| calendar.default),
        };
        let (id, calendar) = found.ok_or_else(Fail::not_found)?;
        match &calendar.source {
            None => Ok(Place { mailbox: &caller.account, id, calendar }),
            Some(_) if !caller.shared => Err(Fail::denied()),
            Some((mailbox, id)) => Ok(Place { mailbox, id, calendar }),
        }
    }
}

/// Refuses options that do not exist, or that the stand-in does not have.
pub(super) fn options(ask: &Ask, known: &[&str]) -> Try<()> {
    for (name, _) in &ask.query {
        if known.contains(&name.as_str()) {
            continue;
        }
        let all = ["$filter", "$search", "$expand", "$orderby", "$count", "$select", "$top", "$skip", "$format"];
        return Err(if all.contains(&name.as_str()) {
            Fail::new(501, "NotImplemented", &format!("The stand-in has no {name} here."))
        } else {
            Fail::bad("ErrorInvalidUrlQuery", &format!("The query option {name} is not known."))
        });
    }
    Ok(())
}

/// `$top` and `$skip`.
pub(super) fn paging(ask: &Ask) -> Try<(usize, usize)> {
    let bad = |name: &str| Fail::bad("ErrorInvalidUrlQuery", &format!("The value of {name} is not valid."));
    let top = match ask.query("$top") {
        None => 10,
        Some(text) => text.parse().ok().filter(|top| (1..=1000).contains(top)).ok_or_else(|| bad("$top"))?,
    };
    let skip = match ask.query("$skip") {
        None => 0,
        Some(text) => text.parse().map_err(|_| bad("$skip"))?,
    };
    Ok((top, skip))
}

/// The link to the next page of a list.
pub(super) fn next_link(base: &Base, ask: &Ask, skip: usize) -> String {
    let pairs = ask.query.iter().filter(|(name, _)| name != "$skip");
    let mut query: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
    query.push(format!("$skip={skip}"));
    format!("{}{}?{}", base.origin, ask.path, query.join("&"))
}
