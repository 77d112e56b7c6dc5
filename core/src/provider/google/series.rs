//! From the items of a listing to objects: a single event is one, and all parts of a series are one together. Pure.

use super::normalize::{self, Reading};
use super::wire::Item;
use crate::ical::{content_hash, hex};
use crate::provider::{Change, Content, Object};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// An item with its text.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) item: Item,
    pub(super) raw: Box<RawValue>,
}

impl Part {
    /// The series that it belongs to, as the id of its master.
    pub(super) fn series(&self) -> &str {
        self.item.recurring_event_id.as_deref().unwrap_or(&self.item.id)
    }

    /// It has to be put together with others: a master, or an instance.
    pub(super) fn is_of_series(&self) -> bool {
        self.item.recurring_event_id.is_some() || !self.item.recurrence.is_empty()
    }

    fn version(&self) -> &str {
        let Item { etag, updated, status, .. } = &self.item;
        etag.as_deref().or(updated.as_deref()).or(status.as_deref()).unwrap_or_default()
    }
}

/// An item that is no event.
#[derive(Debug)]
pub(super) struct Unread {
    id: String,
    detail: String,
}

impl Unread {
    /// It is told, and stops nothing.
    pub(super) fn change(self) -> Change {
        let content = Content::Unreadable { reason: "malformed", detail: self.detail };
        Change { remote_id: self.id, version: None, content }
    }
}

/// Reads an item.
pub(super) fn part(raw: Box<RawValue>) -> Result<Part, Unread> {
    match serde_json::from_str::<Item>(raw.get()) {
        Ok(item) => Ok(Part { item, raw }),
        Err(error) => {
            #[derive(serde::Deserialize)]
            struct Id {
                id: String,
            }
            let id = serde_json::from_str::<Id>(raw.get()).map_or_else(|_| "(no id)".to_owned(), |only| only.id);
            Err(Unread { id, detail: error.to_string() })
        }
    }
}

/// A single event that stands for itself and is not cancelled.
pub(super) fn single(part: Part, reading: &Reading) -> Change {
    let version = part.item.etag.clone();
    let content = match normalize::event(&part.item, None, reading) {
        Ok(read) => {
            let mut events = vec![read.event];
            let hash = content_hash(&mut events);
            Content::Present(Object { events, hash, raw: String::from(Box::<str>::from(part.raw)), warnings: read.warnings, copy_id: None })
        }
        Err((reason, detail)) => Content::Unreadable { reason, detail },
    };
    Change { remote_id: part.item.id, version, content }
}

/// The parts of one series, each by its id.
#[derive(Debug, Default)]
pub(super) struct Parts(BTreeMap<String, Part>);

impl Parts {
    /// Adds a part in the place of an older one.
    pub(super) fn put(&mut self, part: Part) {
        self.0.insert(part.item.id.clone(), part);
    }

    /// The series' own event is among them.
    pub(super) fn has_master(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// The parts that are stored ([`Object::raw`]), with these in their places.
    pub(super) fn over(self, stored: Option<&str>) -> Self {
        let texts: Vec<Box<RawValue>> = match stored {
            Some(text) if text.starts_with('[') => serde_json::from_str(text).unwrap_or_default(),
            Some(text) => serde_json::from_str(text).map(|one| vec![one]).unwrap_or_default(),
            None => Vec::new(),
        };
        let mut parts: BTreeMap<String, Part> =
            texts.into_iter().filter_map(|raw| part(raw).ok()).map(|part| (part.item.id.clone(), part)).collect();
        parts.extend(self.0);
        Self(parts)
    }

    /// The version of the whole: it changes when any part does.
    pub(super) fn version(&self) -> String {
        let mut digest = Sha256::new();
        for (id, part) in &self.0 {
            digest.update(id.as_bytes());
            digest.update(b"\0");
            digest.update(part.version().as_bytes());
            digest.update(b"\n");
        }
        let mut text = hex(&digest.finalize());
        text.truncate(32);
        text
    }

    /// The series as one change. `None`: there is nothing to say (a cancelled instance of a series that we do not have).
    pub(super) fn change(self, id: &str, reading: &Reading, is_stored: bool) -> Option<Change> {
        let version = Some(self.version());
        let gone = |is_stored: bool| is_stored.then(|| Change { remote_id: id.to_owned(), version: None, content: Content::Removed });
        let master = self.0.get(id);
        if master.is_some_and(|master| master.item.is_cancelled()) {
            return gone(true);
        }
        let mut events = Vec::new();
        let mut warnings = Vec::new();
        if let Some(master) = master {
            match normalize::event(&master.item, None, reading) {
                Ok(read) => {
                    events.push(read.event);
                    warnings.extend(read.warnings);
                }
                Err((reason, detail)) => {
                    return Some(Change { remote_id: id.to_owned(), version, content: Content::Unreadable { reason, detail } });
                }
            }
        }
        let when = events.first().map(|event| event.when.clone());
        let mut first_problem = None;
        for part in self.0.values().filter(|part| part.item.id != id) {
            if part.item.is_cancelled() {
                let recurrence = events.first_mut().and_then(|master| master.recurrence.as_mut());
                if let (Some(recurrence), Some(original)) = (recurrence, normalize::original(&part.item, reading)) {
                    recurrence.except_dates.push(original);
                }
                continue;
            }
            match normalize::event(&part.item, when.as_ref(), reading) {
                Ok(read) => {
                    events.push(read.event);
                    warnings.extend(read.warnings);
                }
                Err(problem) => {
                    first_problem = Some(problem);
                    warnings.push("bad_instance");
                }
            }
        }
        if events.is_empty() {
            return match first_problem {
                Some((reason, detail)) => {
                    Some(Change { remote_id: id.to_owned(), version, content: Content::Unreadable { reason, detail } })
                }
                None => gone(is_stored),
            };
        }
        let hash = content_hash(&mut events);
        let texts: Vec<&RawValue> = self.0.values().map(|part| &*part.raw).collect();
        let raw = serde_json::to_string(&texts).expect("texts of JSON");
        warnings.sort_unstable();
        warnings.dedup();
        Some(Change { remote_id: id.to_owned(), version, content: Content::Present(Object { events, hash, raw, warnings, copy_id: None }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_domain::event::EventKind;

    const MASTER: &str = r#"{"id":"4k8c","etag":"\"4\"","status":"confirmed","summary":"Team weekly","start":{"dateTime":"2026-03-09T09:00:00+01:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-09T10:00:00+01:00","timeZone":"Europe/Berlin"},"recurrence":["RRULE:FREQ=WEEKLY;BYDAY=MO"]}"#;
    const MOVED: &str = r#"{"id":"4k8c_20260316T080000Z","etag":"\"6\"","status":"confirmed","summary":"Team weekly","start":{"dateTime":"2026-03-17T14:00:00+01:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-17T15:00:00+01:00","timeZone":"Europe/Berlin"},"recurringEventId":"4k8c","originalStartTime":{"dateTime":"2026-03-16T09:00:00+01:00","timeZone":"Europe/Berlin"}}"#;
    const OFF: &str = r#"{"id":"4k8c_20260323T080000Z","etag":"\"8\"","status":"cancelled","recurringEventId":"4k8c","originalStartTime":{"dateTime":"2026-03-23T09:00:00+01:00","timeZone":"Europe/Berlin"}}"#;

    fn parts(texts: &[&str]) -> Parts {
        let mut parts = Parts::default();
        for text in texts {
            parts.put(part(RawValue::from_string((*text).to_owned()).unwrap()).unwrap());
        }
        parts
    }

    fn object(parts: Parts) -> Object {
        match parts.change("4k8c", &Reading::default(), true).unwrap().content {
            Content::Present(object) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_parts_of_a_series_are_one_object_in_whatever_order_they_come() {
        let one = object(parts(&[MASTER, MOVED, OFF]));
        assert_eq!(
            one.events.iter().map(syncline_domain::event::Event::kind).collect::<Vec<_>>(),
            [EventKind::Master, EventKind::Override]
        );
        assert_eq!(one.events[1].instance.as_ref().unwrap().as_str(), "20260316T080000Z");
        assert_eq!(one.events[0].recurrence.as_ref().unwrap().except_dates.len(), 1);
        assert_eq!(one.hash, object(parts(&[OFF, MOVED, MASTER])).hash);
    }

    #[test]
    fn what_is_stored_is_completed_by_what_changed() {
        let stored = object(parts(&[MASTER, MOVED])).raw;
        let merged = object(parts(&[OFF]).over(Some(&stored)));
        assert_eq!(merged.hash, object(parts(&[MASTER, MOVED, OFF])).hash);
        let single = r#"{"id":"4k8c","start":{"date":"2026-03-09"},"end":{"date":"2026-03-10"}}"#;
        assert_eq!(object(parts(&[MASTER]).over(Some(single))).events[0].kind(), EventKind::Master, "a single that became a series");
        assert_ne!(parts(&[MASTER]).version(), parts(&[MASTER, MOVED]).version());
    }

    #[test]
    fn an_instance_without_its_master_stands_alone_until_it_is_cancelled() {
        let alone = object(parts(&[MOVED]));
        assert_eq!((alone.events.len(), alone.events[0].kind()), (1, EventKind::Override));
        let cancelled = MOVED.replace("confirmed", "cancelled");
        let change = |stored: bool| parts(&[&cancelled]).over(Some(&alone.raw)).change("4k8c", &Reading::default(), stored);
        assert!(matches!(change(true).unwrap().content, Content::Removed));
        assert!(change(false).is_none());
    }

    #[test]
    fn a_cancelled_master_takes_its_instances_along() {
        let gone = r#"{"id":"4k8c","status":"cancelled"}"#;
        let change = parts(&[gone, MOVED]).change("4k8c", &Reading::default(), true).unwrap();
        assert!(matches!(change.content, Content::Removed));
    }

    #[test]
    fn a_broken_instance_does_not_stop_its_series() {
        let broken = MOVED.replace(r#""start":{"dateTime":"2026-03-17T14:00:00+01:00","timeZone":"Europe/Berlin"},"#, "");
        let whole = object(parts(&[MASTER, &broken]));
        assert_eq!((whole.events.len(), whole.warnings), (1, vec!["bad_instance"]));
    }
}
