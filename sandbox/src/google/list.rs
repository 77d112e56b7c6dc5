//! `events.list`, `events.get` and `events.instances`.

use super::calendars::{Calendar, Role};
use super::edit::{find, horizon, instance};
use super::errors::{Fail, Try};
use super::gate::{Caller, page_size, query_key};
use super::render::{Look, send};
use super::store::{Events, Stored};
use super::times::{Series, When, span};
use super::{Google, channels};
use crate::hub::Base;
use crate::hub::time::{DAY, instant, millis};
use crate::hub::wire::{Ask, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a sync token must not be combined with.
const FORBIDDEN: [&str; 8] =
    ["iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMax", "timeMin", "updatedMin"];
/// With these a list is no base for a sync, and gets no sync token.
const UNSYNCED: [&str; 6] = ["iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin"];
/// What may differ between the request that made a sync token and the ones that use it.
const FREE: [&str; 5] = ["maxResults", "pageToken", "syncToken", "showDeleted", "fields"];
/// So far back `updatedMin` reaches.
const UPDATED_REACH: i64 = 28 * DAY;

#[derive(Serialize, Deserialize)]
struct Cursor {
    calendar: String,
    account: String,
    parameters: String,
    seq: u64,
    epoch: u64,
    given: i64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Page {
    calendar: String,
    query: String,
    /// The number of the last change or creation that was told, or a count of instances.
    after: u64,
    /// What was the last change when the first page was asked for.
    upto: u64,
    /// The page between two others that has nothing.
    empty: bool,
}

impl Google {
    pub(super) fn list_events(&self, base: &Base, caller: &Caller, id: &str, ask: &Ask) -> Try<Reply> {
        let (id, calendar, role) = self.calendar(caller, id, Role::Reader)?;
        let size = page_size(ask, 250, 2500)?;
        let look = Look::new(ask, role)?;
        let now = base.now();
        let events = calendar.events.view(now);
        let filter = Filter::new(ask, calendar, now)?;
        let parameters = query_key(ask, &[&FREE[..], &["timeMin", "timeMax"][..]].concat());
        let since = match ask.query("syncToken") {
            None => None,
            Some(token) => Some(since(base, ask, token, &id, caller, &parameters, calendar.epoch)?),
        };
        let query = query_key(ask, &["pageToken", "maxResults"]);
        let page = match ask.query("pageToken") {
            None => Page { calendar: id.clone(), query, after: since.unwrap_or(0), upto: events.seq, empty: false },
            Some(token) => {
                let page: Option<Page> = base.seal.open("google page", token);
                let page = page.filter(|page| page.calendar == id && page.query == query);
                page.ok_or_else(|| Fail::parameter("invalid", "Invalid page token value.", "pageToken"))?
            }
        };
        let (items, next) = if page.empty {
            (Vec::new(), Some(page.after))
        } else if filter.single || filter.order.is_some() {
            let all = gathered(events, &filter, since, page.upto, &look)?;
            let from = usize::try_from(page.after - since.unwrap_or(0)).unwrap_or(0);
            let more = all.len() > from + size;
            (all.into_iter().skip(from).take(size).collect(), more.then(|| page.after + size as u64))
        } else {
            streamed(events, &filter, since, &page, size, &look)?
        };
        let mut head = json!({
            "kind": "calendar#events", "etag": format!("\"p{:016}\"", events.seq), "summary": calendar.summary,
            "updated": millis(events.updated), "timeZone": ask.query("timeZone").unwrap_or(&calendar.zone), "accessRole": role.name(),
            "defaultReminders": [],
        });
        match next {
            Some(after) => {
                let empty = base.habits.google.empty_pages && !page.empty;
                head["nextPageToken"] = json!(base.seal.close("google page", &Page { after, empty, ..page }));
            }
            None if UNSYNCED.iter().any(|name| ask.query(name).is_some()) => {}
            None => {
                let cursor =
                    Cursor { calendar: id, account: caller.account.clone(), parameters, seq: page.upto, epoch: calendar.epoch, given: now };
                head["nextSyncToken"] = json!(base.seal.close("google sync", &cursor));
            }
        }
        let mut text = head.to_string();
        text.pop();
        text.push_str(",\"items\":[");
        text.push_str(&items.join(","));
        text.push_str("]}");
        if ask.query("fields").is_some() {
            return send(ask, serde_json::from_str(&text).expect("a list of JSON texts"));
        }
        Ok(Reply::raw_json(200, text))
    }

    pub(super) fn get_event(&self, base: &Base, caller: &Caller, id: &str, event: &str, ask: &Ask) -> Try<Reply> {
        let (_, calendar, role) = self.calendar(caller, id, Role::Reader)?;
        let event = find(calendar.events.view(base.now()), event, &calendar.zone)?;
        let event = Look::new(ask, role)?.event(event);
        let etag = event["etag"].as_str().unwrap_or_default().to_owned();
        Ok(send(ask, event)?.with("etag", etag))
    }

    pub(super) fn instances(&self, base: &Base, caller: &Caller, id: &str, event: &str, ask: &Ask) -> Try<Reply> {
        let (id, calendar, role) = self.calendar(caller, id, Role::Reader)?;
        let size = page_size(ask, 250, 2500)?;
        let (look, now) = (Look::new(ask, role)?, base.now());
        let events = calendar.events.view(now);
        let master = events.get(event).filter(|stored| stored.recurring && !stored.cancelled).ok_or_else(Fail::not_found)?;
        let filter = Filter { deleted: ask.query("showDeleted") == Some("true"), ..Filter::new(ask, calendar, now)? };
        let mut all = expanded(events, master, &filter)?;
        if let Some(original) = ask.query("originalStart") {
            all.retain(|event| event["originalStartTime"]["dateTime"] == original || event["originalStartTime"]["date"] == original);
        }
        let query = query_key(ask, &["pageToken", "maxResults"]);
        let from = match ask.query("pageToken") {
            None => 0,
            Some(token) => {
                let page: Option<Page> = base.seal.open("google instances", token);
                let page = page.filter(|page| page.calendar == id && page.query == query);
                page.ok_or_else(|| Fail::parameter("invalid", "Invalid page token value.", "pageToken"))?.after
            }
        };
        let skip = usize::try_from(from).unwrap_or(0);
        let more = all.len() > skip + size;
        let items: Vec<Value> = all.into_iter().skip(skip).take(size).map(|event| look.event(event)).collect();
        let mut body = json!({
            "kind": "calendar#events", "etag": format!("\"p{:016}\"", events.seq), "summary": calendar.summary,
            "updated": millis(events.updated), "timeZone": calendar.zone, "accessRole": role.name(), "defaultReminders": [], "items": items,
        });
        if more {
            let page = Page { calendar: id, query, after: from + size as u64, upto: 0, empty: false };
            body["nextPageToken"] = json!(base.seal.close("google instances", &page));
        }
        send(ask, body)
    }
}

/// The change that a sync token stands for.
fn since(base: &Base, ask: &Ask, token: &str, id: &str, caller: &Caller, parameters: &str, epoch: u64) -> Try<u64> {
    if let Some(name) = FORBIDDEN.into_iter().find(|name| ask.query(name).is_some()) {
        return Err(Fail::parameter("invalid", &format!("Sync token cannot be combined with {name}."), name));
    }
    if ask.query("showDeleted") == Some("false") {
        return Err(Fail::parameter("invalid", "showDeleted cannot be false together with syncToken.", "showDeleted"));
    }
    let invalid = |why: &str| Fail::parameter("invalid", &format!("Invalid sync token value.{why}"), "syncToken");
    let cursor: Cursor = base.seal.open("google sync", token).ok_or_else(|| invalid(""))?;
    if cursor.calendar != id || cursor.account != caller.account {
        return Err(invalid(""));
    }
    if cursor.parameters != parameters {
        return Err(invalid(" It was made with other parameters."));
    }
    if cursor.epoch != epoch || base.now() > cursor.given + base.habits.google.token_days * DAY {
        return Err(Fail::full_sync());
    }
    Ok(cursor.seq)
}

/// Which events are asked for.
struct Filter<'a> {
    ask: &'a Ask,
    zone: &'a str,
    single: bool,
    deleted: bool,
    order: Option<&'a str>,
    min: Option<i64>,
    max: Option<i64>,
    updated: Option<i64>,
    horizon: i64,
    /// Something beyond `showDeleted` is asked for, so that bodies must be looked at.
    looks: bool,
}

impl<'a> Filter<'a> {
    fn new(ask: &'a Ask, calendar: &'a Calendar, now: i64) -> Try<Self> {
        let time = |name: &str| ask.query(name).and_then(instant);
        let (min, max, updated) = (time("timeMin"), time("timeMax"), time("updatedMin"));
        if let (Some(min), Some(max)) = (min, max)
            && min >= max
        {
            let fail = Fail::new(400, "calendar", "timeRangeEmpty", "The specified time range is empty.");
            return Err(fail);
        }
        if updated.is_some_and(|updated| updated < now - UPDATED_REACH) {
            let message = "The requested minimum modification time lies too far in the past.";
            return Err(Fail::new(410, "calendar", "updatedMinTooLongAgo", message));
        }
        let single = ask.query("singleEvents") == Some("true");
        let order = ask.query("orderBy");
        if order == Some("startTime") && !single {
            return Err(Fail::parameter("badRequest", "The requested ordering is not available for the particular query.", "orderBy"));
        }
        let names = ["timeMin", "timeMax", "updatedMin", "q", "iCalUID", "eventTypes", "privateExtendedProperty", "sharedExtendedProperty"];
        Ok(Self {
            ask,
            zone: &calendar.zone,
            single,
            deleted: ask.query("showDeleted") == Some("true") || updated.is_some(),
            order,
            min,
            max,
            updated,
            horizon: horizon(now),
            looks: names.iter().any(|name| ask.query(name).is_some()),
        })
    }

    fn wants(&self, event: &Value) -> bool {
        let is = |name: &str, path: &str| self.ask.query(name).is_none_or(|wanted| event[path] == wanted);
        let extended = |name: &str, path: &str| {
            let wanted = self.ask.query.iter().filter(|(key, _)| key == name).filter_map(|(_, pair)| pair.split_once('='));
            wanted.into_iter().all(|(key, value)| event["extendedProperties"][path][key] == value)
        };
        let types: Vec<&str> = self.ask.query.iter().filter(|(name, _)| name == "eventTypes").map(|(_, value)| value.as_str()).collect();
        let text = self.ask.query("q").unwrap_or_default().to_lowercase();
        let said = ["summary", "description", "location"]
            .iter()
            .any(|name| event[*name].as_str().unwrap_or_default().to_lowercase().contains(&text));
        let updated = event["updated"].as_str().and_then(instant).unwrap_or(0);
        is("iCalUID", "iCalUID")
            && (types.is_empty() || types.iter().any(|kind| event["eventType"] == *kind))
            && said
            && self.updated.is_none_or(|least| updated >= least)
            && extended("privateExtendedProperty", "private")
            && extended("sharedExtendedProperty", "shared")
            && self.in_range(event)
    }

    /// `timeMin` bounds the end, `timeMax` the start, both exclusive; of a series, its first start and its last end.
    fn in_range(&self, event: &Value) -> bool {
        let Ok((start, end)) = span(event, self.zone) else { return true };
        let mut end = end.at();
        if event.get("recurrence").is_some()
            && let Ok(series) = Series::of(event, self.zone)
        {
            let last = series.instances(self.horizon).pop().map(|last| series.end_of(&last).at());
            end = if series.is_endless() { i64::MAX } else { last.unwrap_or(end) };
        }
        self.min.is_none_or(|min| end > min) && self.max.is_none_or(|max| start.at() < max)
    }
}

fn wanted(events: &Events, stored: &Stored, filter: &Filter<'_>, since: Option<u64>) -> bool {
    let shown = !stored.cancelled
        || since.is_some()
        || filter.deleted
        // A cancelled instance of a series that lives is told even then.
        || (!filter.single && stored.master.as_deref().is_some_and(|master| events.lives(master)));
    shown && (!filter.looks || filter.wants(&stored.value()))
}

/// A page of masters, single events and exceptions, copied as they are kept.
fn streamed(
    events: &Events,
    filter: &Filter<'_>,
    since: Option<u64>,
    page: &Page,
    size: usize,
    look: &Look,
) -> Try<(Vec<String>, Option<u64>)> {
    let all: Box<dyn Iterator<Item = (u64, &Stored)>> = match since {
        Some(_) => Box::new(events.changed(page.after, page.upto).map(|stored| (stored.seq, stored))),
        None => Box::new(events.all(page.after).map(|stored| (stored.ord, stored))),
    };
    let mut items = Vec::with_capacity(size.min(events.len()));
    let mut last = page.after;
    for (number, stored) in all.filter(|(_, stored)| wanted(events, stored, filter, since)) {
        if items.len() == size {
            return Ok((items, Some(last)));
        }
        last = number;
        items.push(look.listed(stored));
    }
    Ok((items, None))
}

/// All that is asked for at once: instances instead of series, or another order.
fn gathered(events: &Events, filter: &Filter<'_>, since: Option<u64>, upto: u64, look: &Look) -> Try<Vec<String>> {
    let chosen: Vec<&Stored> = match since {
        Some(since) => events.changed(since, upto).collect(),
        None => events.all(0).collect(),
    };
    let mut found: Vec<Value> = Vec::new();
    for stored in chosen {
        if !filter.single {
            if wanted(events, stored, filter, since) {
                found.push(if stored.cancelled { stored.stub() } else { look.event(stored.value()) });
            }
        } else if stored.recurring && !stored.cancelled {
            found.extend(expanded(events, stored, filter)?.into_iter().map(|event| look.event(event)));
        } else if stored.recurring {
            // A series that is gone takes its instances with it; only a sync is told.
            found.extend(since.map(|_| stored.stub()));
        } else if (stored.master.is_none() || since.is_some()) && wanted(events, stored, filter, since) {
            found.push(if stored.cancelled { stored.stub() } else { look.event(stored.value()) });
        }
    }
    let start = |event: &Value| span(event, filter.zone).map_or(0, |(start, _)| start.at());
    match filter.order {
        Some("updated") => found.sort_by_key(|event| event["updated"].as_str().and_then(instant)),
        _ if filter.single => found.sort_by_key(start),
        _ => {}
    }
    Ok(found.into_iter().map(|event| event.to_string()).collect())
}

/// The instances of a series, its exceptions in their places.
fn expanded(events: &Events, master: &Stored, filter: &Filter<'_>) -> Try<Vec<Value>> {
    let whole = master.value();
    let series = Series::of(&whole, filter.zone)?;
    let exceptions = events.exceptions(whole["id"].as_str().unwrap_or_default());
    let originals: Vec<(i64, &Stored)> = exceptions
        .iter()
        .filter_map(|exception| Some((When::read(&exception.value()["originalStartTime"], filter.zone).ok()?.at(), exception)))
        .collect();
    let last = filter.max.unwrap_or(filter.horizon).min(filter.horizon);
    let mut found = Vec::new();
    for start in series.instances(last) {
        let event = match originals.iter().find(|(at, _)| *at == start.at()) {
            Some((_, exception)) if exception.cancelled && !filter.deleted => continue,
            Some((_, exception)) if exception.cancelled => exception.stub(),
            Some((_, exception)) => exception.value(),
            None => instance(&whole, &series, &start),
        };
        if event["status"] == "cancelled" || filter.wants(&event) {
            found.push(event);
        }
    }
    Ok(found)
}

/// The address of a calendar's events, as channels name it.
pub(super) fn resource_uri(base: &Base, calendar: &str) -> String {
    let id = percent_encoding::utf8_percent_encode(calendar, percent_encoding::NON_ALPHANUMERIC);
    format!("{}/calendars/{id}/events?alt=json", channels::root(base))
}
