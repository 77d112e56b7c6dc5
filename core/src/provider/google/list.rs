//! The calendars of an account, by the list's own sync token.
//!
//! The token says only what changed, so what is known stands in the hints of each calendar. The token itself is in the hints of the
//! calendar with the smallest id. It is stored anew when the list changed, or when it becomes old.

use super::transport::Api;
use super::wire::{CalendarList, Entry};
use super::{Account, problems};
use crate::error::ProviderError;
use crate::provider::{KnownCalendar, Meter, RemoteCalendar};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use syncline_domain::failure::{Class, Problem};

const WHAT: &str = "google.list";
/// Google forgets tokens that were not used for weeks; a used one is replaced after a week.
const REPLACE_AFTER_MS: i64 = 7 * 86_400_000;

/// [`RemoteCalendar::hints`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hints {
    name: String,
    color: Option<String>,
    zone: Option<String>,
    /// `owner`, `writer`, `reader`, `freeBusyReader`, …
    pub(super) role: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    primary: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<Token>,
}

/// The list's token, and when it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Token {
    token: String,
    at: i64,
}

impl Hints {
    pub(super) fn parse(text: Option<&str>) -> Option<Self> {
        serde_json::from_str(text?).ok()
    }

    fn of(entry: Entry) -> Self {
        let name = entry.summary_override.or(entry.summary).filter(|name| !name.trim().is_empty());
        Self {
            name: name.unwrap_or_else(|| entry.id.clone()),
            color: entry.background_color.map(|color| color.to_ascii_lowercase()),
            zone: entry.time_zone,
            role: entry.access_role.unwrap_or_default(),
            primary: entry.primary,
            list: None,
        }
    }
}

type Known = BTreeMap<String, Hints>;

/// The calendars now: what is known, with what changed.
pub(super) async fn calendars(api: &Api, known: &[KnownCalendar], meter: &Meter) -> Result<Vec<RemoteCalendar>, ProviderError> {
    let mut calendars: Known = known.iter().filter_map(|one| Some((one.remote_id.clone(), Hints::parse(one.hints.as_deref())?))).collect();
    // A sync that reads everything anew reads the list anew, too.
    let is_partial = calendars.len() != known.len() || known.iter().all(|one| !one.enabled || one.cursor.is_none());
    let token = calendars.values().filter_map(|hints| hints.list.clone()).max_by_key(|token| token.at).filter(|_| !is_partial);
    if let Some(token) = token {
        match changes(api, Some(&token.token), meter).await {
            Ok((entries, next)) => {
                let is_same = entries.is_empty();
                for entry in entries {
                    if entry.deleted || entry.hidden {
                        calendars.remove(&entry.id);
                    } else {
                        calendars.insert(entry.id.clone(), Hints::of(entry));
                    }
                }
                let now = api.clock.now();
                let keep = is_same && (0..REPLACE_AFTER_MS).contains(&(now - token.at));
                let token = if keep { Some(token) } else { next.map(|token| Token { token, at: now }) };
                return Ok(finished(calendars, token));
            }
            Err(error) if error.class == Class::CursorInvalid => {}
            Err(error) => return Err(error),
        }
    }
    let (entries, token) = changes(api, None, meter).await?;
    let all = entries.into_iter().filter(|entry| !entry.deleted && !entry.hidden).map(|entry| (entry.id.clone(), Hints::of(entry)));
    Ok(finished(all.collect(), token.map(|token| Token { token, at: api.clock.now() })))
}

/// The account and its calendars.
pub(super) async fn account(api: &Api, meter: &Meter) -> Result<Account, ProviderError> {
    let calendars = calendars(api, &[], meter).await?;
    let is_primary = |one: &&RemoteCalendar| Hints::parse(one.hints.as_deref()).is_some_and(|hints| hints.primary);
    let email = calendars.iter().find(is_primary).map(|one| one.remote_id.clone()).ok_or_else(|| {
        let problem = Problem::new(
            "no_calendar",
            "This Google account has no calendar of its own.",
            "Open Google Calendar once with it, then start again.",
        );
        ProviderError::new(WHAT, Class::Permanent, problem)
    })?;
    Ok(Account { email, calendars })
}

async fn changes(api: &Api, token: Option<&str>, meter: &Meter) -> Result<(Vec<Entry>, Option<String>), ProviderError> {
    let mut entries = Vec::new();
    let mut page: Option<String> = None;
    loop {
        let mut query = vec![("maxResults", "250")];
        query.extend(token.map(|token| ("syncToken", token)));
        query.extend(page.as_deref().map(|page| ("pageToken", page)));
        let body = api.get(WHAT, &["users", "me", "calendarList"], &query, meter).await?;
        let list: CalendarList = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
        entries.extend(list.items);
        match list.next_page_token {
            Some(next) => page = Some(next),
            None => return Ok((entries, list.next_sync_token)),
        }
    }
}

fn finished(calendars: Known, mut token: Option<Token>) -> Vec<RemoteCalendar> {
    calendars
        .into_iter()
        .map(|(remote_id, hints)| {
            let hints = Hints { list: token.take(), ..hints };
            RemoteCalendar {
                remote_id,
                name: hints.name.clone(),
                color: hints.color.clone(),
                zone: hints.zone.clone(),
                read_only: !matches!(hints.role.as_str(), "owner" | "writer" | "writerWithoutPrivateAccess"),
                state: None,
                hints: Some(serde_json::to_string(&hints).expect("texts and numbers")),
            }
        })
        .collect()
}
