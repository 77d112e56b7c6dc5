//! Events of one UID: which is the master, which are its overrides, which are superseded, and the object they make.

use super::event::{Broken, Draft};
use crate::provider::{Content, Object};
use crate::recurrence::instance_key;
use std::collections::{BTreeMap, HashMap};
use syncline_domain::event::{DateValue, Event};
use syncline_domain::time::{InstanceKey, When, ZoneName};

/// The VEVENTs of one UID in the order of the file, each with the text it came from.
#[derive(Debug, Default)]
pub(super) struct Group<'a> {
    drafts: Vec<Draft>,
    /// Broken VEVENTs: whether it was (or may be) the master, and why.
    broken: Vec<(bool, Broken)>,
    blocks: Vec<&'a str>,
}

/// Groups in the order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Groups<'a> {
    order: Vec<(String, Group<'a>)>,
    index: HashMap<String, usize>,
}

impl<'a> Groups<'a> {
    pub(super) fn add(&mut self, uid: String, block: &'a str, read: Result<Draft, Broken>, is_override: bool) {
        let at = match self.index.get(&uid) {
            Some(at) => *at,
            None => {
                self.index.insert(uid.clone(), self.order.len());
                self.order.push((uid, Group::default()));
                self.order.len() - 1
            }
        };
        let group = &mut self.order[at].1;
        group.blocks.push(block);
        match read {
            Ok(draft) => group.drafts.push(draft),
            Err(broken) => group.broken.push((!is_override, broken)),
        }
    }

    /// The objects, with their identities.
    pub(super) fn finish(self) -> Vec<(String, Content)> {
        let mut objects = Vec::with_capacity(self.order.len());
        for (uid, group) in self.order {
            group.finish(uid, &mut objects);
        }
        objects
    }

    /// All groups as one object, with a text of its own.
    pub(super) fn into_one(self, raw: &str) -> Option<Content> {
        let mut events = Vec::new();
        let mut warnings = Vec::new();
        let mut unreadable = None;
        for (_, content) in self.finish() {
            match content {
                Content::Present(object) => {
                    events.extend(object.events);
                    warnings.extend(object.warnings);
                }
                other => unreadable = unreadable.or(Some(other)),
            }
        }
        if events.is_empty() {
            return unreadable;
        }
        if unreadable.is_some() {
            warnings.push("unreadable_part");
        }
        Some(Content::Present(object(events, raw.to_owned(), warnings)))
    }
}

fn object(mut events: Vec<Event>, raw: String, mut warnings: Vec<&'static str>) -> Object {
    warnings.sort_unstable();
    warnings.dedup();
    let hash = super::content_hash(&mut events);
    Object { events, hash, raw, warnings, copy_id: None }
}

impl Group<'_> {
    fn finish(self, uid: String, objects: &mut Vec<(String, Content)>) {
        let raw = || {
            let mut raw = self.blocks.concat();
            if !raw.ends_with('\n') {
                raw.push_str("\r\n");
            }
            raw
        };
        // Without its master a series would look like a few loose instances: better to keep what is stored.
        let fatal = self.broken.iter().find(|(is_master, _)| *is_master || self.drafts.is_empty());
        if let Some((_, broken)) = fatal {
            objects.push((uid, Content::Unreadable { reason: broken.reason, detail: broken.detail.clone() }));
            return;
        }
        let raw = raw();
        let mut warnings: Vec<&'static str> = self.drafts.iter().flat_map(|draft| draft.warnings.iter().copied()).collect();
        if !self.broken.is_empty() {
            warnings.push("unreadable_part");
        }
        let (overrides, masters): (Vec<Draft>, Vec<Draft>) = self.drafts.into_iter().partition(|draft| draft.recurrence_id.is_some());
        let mut masters = newest(masters);
        let apart = masters.len() > 1;
        let first = if masters.is_empty() { None } else { Some(masters.remove(0)) };
        if apart {
            warnings.push("duplicate_uid");
        }
        let overrides = settle(overrides, first.as_ref());
        for mut other in masters {
            other.event.uid = own_uid(&uid, &other.event.when);
            objects.push((other.event.uid.clone(), Content::Present(object(vec![other.event], raw.clone(), warnings.clone()))));
        }
        let mut events: Vec<Event> = first.into_iter().map(|draft| draft.event).chain(overrides).collect();
        let mut identity = uid;
        if apart && let Some(master) = events.first() {
            identity = own_uid(&identity, &master.when);
            for event in &mut events {
                event.uid.clone_from(&identity);
            }
        }
        objects.push((identity, Content::Present(object(events, raw, warnings))));
    }
}

/// Of several masters with one UID the newest revision. Where nothing says which is newer, or a feed gives the same UID to
/// everything (three or more at different times), they are different events: none is dropped. A series comes first.
fn newest(mut masters: Vec<Draft>) -> Vec<Draft> {
    if masters.len() < 2 {
        return masters;
    }
    let sequence = masters.iter().map(|draft| draft.event.sequence).max().unwrap_or(0);
    masters.retain(|draft| draft.event.sequence == sequence);
    let mut starts: Vec<String> = masters.iter().map(|draft| start_key(&draft.event.when)).collect();
    starts.sort_unstable();
    starts.dedup();
    if starts.len() < 3 {
        let stamp = masters.iter().map(|draft| draft.stamp).max().unwrap_or(i64::MIN);
        masters.retain(|draft| draft.stamp == stamp);
    }
    let mut by_start: BTreeMap<String, Draft> = BTreeMap::new();
    for draft in masters {
        let key = start_key(&draft.event.when);
        match by_start.get(&key) {
            Some(other) if other.stamp > draft.stamp => {}
            _ => {
                by_start.insert(key, draft);
            }
        }
    }
    let mut masters: Vec<Draft> = by_start.into_values().collect();
    masters.sort_by_key(|draft| draft.event.recurrence.is_none());
    masters
}

/// Gives overrides the key of their instance and drops superseded ones (RFC 5545 §3.8.7.4, then the newest stamp).
fn settle(overrides: Vec<Draft>, master: Option<&Draft>) -> Vec<Event> {
    let mut by_key: BTreeMap<InstanceKey, Draft> = BTreeMap::new();
    for mut draft in overrides {
        let Some(id) = &draft.recurrence_id else { continue };
        let key = match master {
            Some(master) => instance_key(&at_home(id, master.midnight_zone.as_ref()), &master.event.when),
            None => instance_key(&at_home(id, draft.midnight_zone.as_ref()), &own_frame(id, &draft)),
        };
        draft.event.instance = Some(key.clone());
        let rank = |draft: &Draft| (draft.event.sequence, draft.stamp);
        match by_key.get(&key) {
            Some(other) if rank(other) > rank(&draft) => {}
            _ => {
                by_key.insert(key, draft);
            }
        }
    }
    by_key.into_values().map(|draft| draft.event).collect()
}

/// For series of whole days that were written as midnights in a zone: the identifier as that zone shows it.
fn at_home(id: &DateValue, zone: Option<&ZoneName>) -> DateValue {
    match (id, zone.and_then(|name| Some((name, crate::recurrence::Zone::from_name(name)?)))) {
        (DateValue::Zoned(moment), Some((name, zone))) => DateValue::Zoned(zone.moment_at(moment.at, name)),
        _ => id.clone(),
    }
}

/// What an override without its master can know about the master's start: the form of its own RECURRENCE-ID, or, when it
/// is a moment of whole days, the day.
fn own_frame(id: &DateValue, draft: &Draft) -> When {
    match id {
        DateValue::Date(date) => When::AllDay { start: *date, end: *date },
        DateValue::Zoned(_) if draft.midnight_zone.is_some() => draft.event.when.clone(),
        DateValue::Zoned(moment) => When::Timed { start: moment.clone(), end: moment.clone() },
        DateValue::Floating(at) => When::Floating { start: *at, end: *at },
    }
}

fn start_key(when: &When) -> String {
    let start = match when {
        When::AllDay { start, .. } => DateValue::Date(*start),
        When::Timed { start, .. } => DateValue::Zoned(start.clone()),
        When::Floating { start, .. } => DateValue::Floating(*start),
    };
    instance_key(&start, when).0
}

fn own_uid(uid: &str, when: &When) -> String {
    format!("{uid}#{}", start_key(when))
}
