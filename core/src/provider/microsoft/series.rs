//! From the items of a round to objects: a single event is one, and all parts of a series are one together. Pure.
//!
//! What Graph tells of a series is a list of occurrences in the window; what is stored is a rule with the differences. They are
//! computed here: an occurrence that the rule has and Graph does not is an exception date, one that Graph has and the rule does not
//! is an added date. What is known of the time outside of the window is kept as long as the pattern stays the same.

use super::normalize::{self, Normalized, Reading};
use super::wire::Item;
use crate::ical::{content_hash, hex};
use crate::provider::{Change, Content, Object};
use crate::recurrence::{Zone, expand, instance_key, instant_of_key};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use syncline_domain::event::{DateValue, Event, RecurrenceDate};
use syncline_domain::time::{DAY_MS, Millis, When, from_naive_ms};

/// The version of what lies beyond the window begins so.
pub(super) const BEYOND: &str = "beyond ";
/// Near its edges nothing is concluded from what the window does not have: whole days begin at another instant in each zone.
pub(super) const EDGE_MS: Millis = 2 * DAY_MS;
/// More occurrences than this are not compared.
const MOST: usize = 20_000;

/// The time that a round is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    pub(super) from: Millis,
    pub(super) to: Millis,
}

impl Window {
    /// Surely within it, so that a round has to tell it.
    pub(super) fn holds(self, (start, end): (Millis, Millis)) -> bool {
        start >= self.from + EDGE_MS && end <= self.to - EDGE_MS
    }
}

/// An item with its text.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) item: Item,
    pub(super) raw: Box<RawValue>,
}

impl Part {
    /// Reads an item. An error is what is wrong with it, and its id as far as it has one.
    pub(super) fn read(raw: Box<RawValue>) -> Result<Self, Box<Change>> {
        match serde_json::from_str::<Item>(raw.get()) {
            Ok(item) => Ok(Self { item, raw }),
            Err(error) => {
                #[derive(Deserialize)]
                struct Id {
                    id: String,
                }
                let remote_id = serde_json::from_str::<Id>(raw.get()).map_or_else(|_| "(no id)".to_owned(), |only| only.id);
                let content = Content::Unreadable { reason: "malformed", detail: error.to_string() };
                Err(Box::new(Change { remote_id, version: None, content }))
            }
        }
    }

    /// The series that it belongs to, as the id of its master.
    pub(super) fn series(&self) -> Option<&str> {
        match &self.item.series_master_id {
            Some(master) => Some(master),
            None => self.item.is_master().then_some(&self.item.id),
        }
    }

    /// Its content is its own, and not the master's.
    fn is_exception(&self) -> bool {
        match self.item.kind.as_deref() {
            Some(kind) => kind == "exception",
            None => self.item.subject.is_some(),
        }
    }

    /// Its version, by which it is recognised.
    pub(super) fn version(&self, beyond: bool) -> Option<String> {
        let etag = self.item.etag.as_deref().or(self.item.last_modified_date_time.as_deref())?;
        Some(if beyond { format!("{BEYOND}{etag}") } else { etag.to_owned() })
    }

    /// When it takes place.
    pub(super) fn span(&self, reading: &Reading) -> Option<(Millis, Millis)> {
        normalize::event(&self.item, None, reading).ok().map(|read| span(&read.event.when))
    }
}

/// A single event that stands for itself.
pub(super) fn single(part: Part, reading: &Reading, beyond: bool) -> Change {
    let version = part.version(beyond);
    let content = match normalize::event(&part.item, None, reading) {
        Ok(Normalized { event, warnings }) => {
            let mut events = vec![event];
            let hash = content_hash(&mut events);
            Content::Present(Object { events, hash, raw: String::from(Box::<str>::from(part.raw)), warnings, copy_id: None })
        }
        Err((reason, detail)) => Content::Unreadable { reason, detail },
    };
    Change { remote_id: part.item.id, version, content }
}

/// What a round told of a series.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) master: Option<Part>,
    parts: BTreeMap<String, Part>,
    /// The master is in the round, so all its occurrences in the window are.
    is_whole: bool,
}

impl Group {
    /// A master of which the window has nothing.
    pub(super) fn without_occurrences(master: Part) -> Self {
        Self { master: Some(master), parts: BTreeMap::new(), is_whole: true }
    }

    /// Adds a part in the place of an older one. A master in another version begins the series anew.
    pub(super) fn put(&mut self, part: Part) {
        if part.item.series_master_id.is_some() {
            self.parts.insert(part.item.id.clone(), part);
            return;
        }
        if self.is_whole && self.master.as_ref().is_some_and(|master| master.item.etag != part.item.etag) {
            self.parts.clear();
        }
        self.is_whole = true;
        self.master = Some(part);
    }
}

/// A series as it is stored ([`Object::raw`]).
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    master: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exceptions: Vec<Box<RawValue>>,
    /// Occurrences of the rule that do not take place, by their keys.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    out: BTreeSet<String>,
    /// Occurrences that the rule does not have.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    more: BTreeSet<String>,
}

/// Puts a series together with what is stored of it. The master has to be there.
pub(super) fn series(id: &str, group: Group, stored: Option<&str>, window: Window, reading: &Reading, beyond: bool) -> Change {
    let change = |version, content| Change { remote_id: id.to_owned(), version, content };
    let Some(master) = group.master else { return change(None, Content::Removed) };
    let (event, mut warnings) = match normalize::event(&master.item, None, reading) {
        Ok(Normalized { event, warnings }) => (event, warnings),
        Err((reason, detail)) => return change(master.version(beyond), Content::Unreadable { reason, detail }),
    };
    let before = stored.and_then(|text| Before::read(text, &event, reading)).unwrap_or_default();
    let mut exceptions: BTreeMap<String, (Part, Option<Event>)> = BTreeMap::new();
    for (id, part) in before.exceptions {
        let read = normalize::event(&part.item, Some(&event), reading).ok().map(|read| read.event);
        // In the window it would have been told.
        let is_kept = !group.is_whole || read.as_ref().is_some_and(|read| !window.holds(span(&read.when)));
        if is_kept && !group.parts.contains_key(&id) {
            exceptions.insert(id, (part, read));
        }
    }
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut bare: BTreeSet<String> = BTreeSet::new();
    for (id, part) in group.parts {
        let key = normalize::original(&part.item, &event.when).map(|value| instance_key(&value, &event.when).0);
        let Some(key) = key else {
            warnings.push("bad_instance");
            continue;
        };
        told.insert(key.clone());
        if part.is_exception() {
            let read = normalize::event(&part.item, Some(&event), reading);
            let read = read.map_err(|_| warnings.push("bad_instance")).ok().map(|read| {
                warnings.extend(read.warnings);
                read.event
            });
            exceptions.insert(id, (part, read));
        } else {
            bare.insert(key);
        }
    }
    told.extend(exceptions.values().filter_map(|(_, read)| read.as_ref()?.instance.as_ref().map(|key| key.0.clone())));

    let (out, more) = differences(&event, window, group.is_whole, (before.out, before.more), &told, &bare);
    let version = version(&master, exceptions.values().map(|(part, _)| part), &out, &more, beyond);
    let mut events = vec![event];
    for (_, read) in exceptions.values() {
        events.extend(read.clone());
    }
    let raw = Saved {
        master: master.raw,
        exceptions: exceptions.into_values().map(|(part, _)| part.raw).collect(),
        out: out.clone(),
        more: more.clone(),
    };
    let when = events[0].when.clone();
    if let Some(recurrence) = &mut events[0].recurrence {
        recurrence.except_dates = out.iter().filter_map(|key| value(key, &when)).collect();
        recurrence.dates = more.iter().filter_map(|key| Some(RecurrenceDate { start: value(key, &when)?, end: None })).collect();
    }
    warnings.sort_unstable();
    warnings.dedup();
    let raw = serde_json::to_string(&raw).expect("texts of JSON");
    let hash = content_hash(&mut events);
    change(Some(version), Content::Present(Object { events, hash, raw, warnings, copy_id: None }))
}

/// What is stored of a series and still counts: its pattern is the same. With another one Outlook drops what was changed.
#[derive(Default)]
struct Before {
    exceptions: BTreeMap<String, Part>,
    out: BTreeSet<String>,
    more: BTreeSet<String>,
}

impl Before {
    fn read(text: &str, now: &Event, reading: &Reading) -> Option<Self> {
        let Saved { master, exceptions, out, more } = serde_json::from_str(text).ok()?;
        let master = normalize::event(&Part::read(master).ok()?.item, None, reading).ok()?.event;
        let is_same = master.when == now.when && master.recurrence == now.recurrence;
        let exceptions = exceptions.into_iter().filter_map(|raw| Part::read(raw).ok()).map(|part| (part.item.id.clone(), part));
        is_same.then(|| Self { exceptions: exceptions.collect(), out, more })
    }
}

/// The occurrences of the rule that do not take place, and those that it does not have.
fn differences(
    master: &Event,
    window: Window,
    is_whole: bool,
    (mut out, mut more): (BTreeSet<String>, BTreeSet<String>),
    told: &BTreeSet<String>,
    bare: &BTreeSet<String>,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let by_rule = expand(std::slice::from_ref(master), window.from - EDGE_MS, window.to + EDGE_MS, MOST);
    let is_stale = |key: &String| {
        let length = { span(&master.when).1 - span(&master.when).0 };
        is_whole && instant_of_key(key).is_some_and(|at| window.holds((at, at + length)))
    };
    out.retain(|key| !is_stale(key) && !told.contains(key));
    more.retain(|key| !is_stale(key) || told.contains(key));
    if is_whole && !by_rule.truncated {
        let missing = by_rule.instances.iter().filter(|one| window.holds((one.start_ms, one.end_ms)) && !told.contains(&one.key.0));
        out.extend(missing.map(|one| one.key.0.clone()));
    }
    let keys: BTreeSet<&str> = by_rule.instances.iter().map(|one| one.key.as_str()).collect();
    more.extend(bare.iter().filter(|key| !keys.contains(key.as_str())).cloned());
    (out, more)
}

fn version<'a>(
    master: &'a Part,
    exceptions: impl Iterator<Item = &'a Part>,
    out: &BTreeSet<String>,
    more: &BTreeSet<String>,
    beyond: bool,
) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update(text.as_bytes());
        digest.update(b"\n");
    };
    for part in std::iter::once(master).chain(exceptions) {
        add(&part.item.id);
        add(part.version(false).as_deref().unwrap_or_default());
    }
    out.iter().for_each(|key| add(key));
    add("");
    more.iter().for_each(|key| add(key));
    let mut text = hex(&digest.finalize());
    text.truncate(32);
    if beyond { format!("{BEYOND}{text}") } else { text }
}

/// The start that a key names, in the form of the master's.
fn value(key: &str, master: &When) -> Option<DateValue> {
    let at = instant_of_key(key)?;
    Some(match master {
        When::AllDay { .. } => DateValue::Date(from_naive_ms(at).date()),
        When::Timed { start, .. } => DateValue::Zoned(Zone::of(start).moment_at(at, &start.zone)),
        When::Floating { .. } => return None,
    })
}

/// Start and end, whole days as if they were in UTC.
fn span(when: &When) -> (Millis, Millis) {
    let day = |date: &jiff::civil::Date| syncline_domain::time::naive_ms(date.at(0, 0, 0, 0));
    match when {
        When::AllDay { start, end } => (day(start), day(end)),
        When::Timed { start, end } => (start.at, end.at),
        When::Floating { start, end } => (syncline_domain::time::naive_ms(*start), syncline_domain::time::naive_ms(*end)),
    }
}

#[cfg(test)]
#[path = "series_tests.rs"]
mod tests;
