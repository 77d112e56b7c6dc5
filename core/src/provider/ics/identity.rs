//! Which stored object an object of a feed is.
//!
//! The UID says so, where it says anything: some hosts make new UIDs on every fetch, and every sync would then delete all events
//! and bring them back. So an object whose UID is not stored takes the place of a stored one that vanished from the feed and
//! has the same start, end, title and kind. It keeps the stored identity, UID included, so that nothing is deleted, nothing
//! is doubled, and a sync of an unchanged feed changes nothing. This needs no flag and no threshold: where a UID is stable,
//! the rule only turns "deleted and made again just the same" into "kept".
//!
//! To make this possible without reading stored events, the version of an object is `<content>.<face>`: the first 32 digits of
//! [`Object::hash`], and a short hash of what a person recognises the event by.

use super::body::hex;
use crate::ical::content_hash;
use crate::provider::{Change, Content, Object};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use syncline_domain::event::Event;

/// Stored objects: `remote id → version`.
pub(super) type Known = HashMap<String, Option<String>>;

/// Turns what a feed holds into changes against what is stored.
pub(super) fn changes(objects: Vec<(String, Content)>, known: &Known) -> Vec<Change> {
    let mut vacant = Vacant::new(&objects, known);
    let mut used = HashSet::with_capacity(objects.len());
    let mut changes = Vec::with_capacity(objects.len());
    for (uid, content) in objects {
        let (remote_id, content) = match content {
            Content::Present(object) if !known.contains_key(&uid) => vacant.settle(uid, object),
            content => (uid, content),
        };
        let remote_id = unique(remote_id, &mut used);
        let Content::Present(object) = content else {
            // Not the version of anything that can be read, so that it is compared anew as soon as it can.
            let version = if let Content::Unreadable { reason, .. } = &content { Some(format!("!{reason}")) } else { None };
            changes.push(Change { remote_id, version, content });
            continue;
        };
        let version = version(&object);
        let same = known.get(&remote_id).is_some_and(|stored| stored.as_ref() == Some(&version));
        let content = if same { Content::Same } else { Content::Present(object) };
        changes.push(Change { remote_id, version: Some(version), content });
    }
    changes
}

fn unique(id: String, used: &mut HashSet<String>) -> String {
    let mut candidate = id.clone();
    let mut number = 1;
    while !used.insert(candidate.clone()) {
        number += 1;
        candidate = format!("{id}#{number}");
    }
    candidate
}

/// `<content>.<face>`.
fn version(object: &Object) -> String {
    format!("{}.{}", object.hash.get(..32).unwrap_or(&object.hash), face(&object.events))
}

fn face_of(version: &str) -> Option<&str> {
    version.split_once('.').map(|(_, face)| face)
}

/// What a person recognises an object by: title, time and kind of its master, or of its first event.
fn face(events: &[Event]) -> String {
    let mut hasher = Sha256::new();
    if let Some(event) = events.iter().find(|event| event.instance.is_none()).or(events.first()) {
        let start_and_end = serde_json::to_vec(&event.when).expect("times have a JSON form");
        hasher.update(start_and_end);
        hasher.update([event.recurrence.is_some().into()]);
        hasher.update(event.instance.as_ref().map_or("", |key| key.as_str()));
        hasher.update("\n");
        hasher.update(&event.title);
    }
    hex(&hasher.finalize()[..8])
}

/// Stored objects that the feed no longer names, by their face.
struct Vacant(HashMap<String, Vec<(String, String)>>);

impl Vacant {
    fn new(objects: &[(String, Content)], known: &Known) -> Self {
        let named: HashSet<&str> = objects.iter().map(|(uid, _)| uid.as_str()).collect();
        let mut vacant: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for (id, version) in known {
            if let Some(version) = version
                && let Some(face) = face_of(version)
                && !named.contains(id.as_str())
            {
                vacant.entry(face.to_owned()).or_default().push((id.clone(), version.clone()));
            }
        }
        vacant.values_mut().for_each(|same| same.sort_unstable());
        Self(vacant)
    }

    /// The identity of an object with a new UID, and the object as it is under that identity.
    fn settle(&mut self, uid: String, mut object: Object) -> (String, Content) {
        /// Of many objects that look alike, only so many are compared in full.
        const COMPARED: usize = 8;
        let Some(candidates) = self.0.get_mut(&face(&object.events)).filter(|candidates| !candidates.is_empty()) else {
            return (uid, Content::Present(object));
        };
        let mut chosen = 0;
        for (index, (id, stored)) in candidates.iter().take(COMPARED).enumerate() {
            rename(&mut object, id);
            if version(&object) == *stored {
                chosen = index;
                break;
            }
        }
        let (id, _) = candidates.remove(chosen);
        rename(&mut object, &id);
        (id, Content::Present(object))
    }
}

fn rename(object: &mut Object, uid: &str) {
    for event in &mut object.events {
        uid.clone_into(&mut event.uid);
    }
    object.hash = content_hash(&mut object.events);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ical::{Context, read_feed};

    /// One event a line: `uid title day description`.
    fn feed(lines: &[&str]) -> Vec<(String, Content)> {
        let events: String = lines
            .iter()
            .map(|line| {
                let [uid, title, day, description] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("four words") };
                format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{title}\nDTSTART:202611{day}T090000Z\nDESCRIPTION:{description}\nEND:VEVENT\n")
            })
            .collect();
        read_feed(format!("BEGIN:VCALENDAR\n{events}END:VCALENDAR\n").as_bytes(), &Context::default()).expect("a calendar").objects
    }

    /// What is stored after the first sync of a feed.
    fn stored(lines: &[&str]) -> Known {
        changes(feed(lines), &Known::new()).into_iter().map(|change| (change.remote_id, change.version)).collect()
    }

    /// `id` for a change that is to be written, `id =` for one that is the same.
    fn told(changes: &[Change]) -> Vec<String> {
        let tell = |change: &Change| match &change.content {
            Content::Same => format!("{} =", change.remote_id),
            Content::Present(object) => {
                assert_eq!(object.events[0].uid, change.remote_id, "an adopted event keeps its stored UID");
                assert_eq!(object.hash, content_hash(&mut object.events.clone()));
                change.remote_id.clone()
            }
            _ => change.remote_id.clone(),
        };
        changes.iter().map(tell).collect()
    }

    fn after(first: &[&str], then: &[&str]) -> Vec<String> {
        told(&changes(feed(then), &stored(first)))
    }

    #[test]
    fn with_stable_uids_only_what_changed_is_written() {
        assert_eq!(after(&["a Lunch 01 x", "b Gym 02 x"], &["a Lunch 01 x", "b Gym 03 x", "c Tea 04 x"]), ["a =", "b", "c"]);
    }

    #[test]
    fn new_uids_for_the_same_events_change_nothing() {
        assert_eq!(after(&["a Lunch 01 x", "b Gym 02 x"], &["k Gym 02 x", "l Lunch 01 x"]), ["b =", "a ="]);
    }

    #[test]
    fn among_new_uids_a_changed_description_is_an_update_and_a_new_event_is_new() {
        assert_eq!(after(&["a Lunch 01 x", "b Gym 02 x"], &["k Lunch 01 y", "l Gym 02 x", "m Tea 03 x"]), ["a", "b =", "m"]);
    }

    #[test]
    fn events_that_look_alike_are_matched_one_to_one() {
        let first = ["a Busy 01 x", "b Busy 01 y"];
        assert_eq!(after(&first, &["k Busy 01 y", "l Busy 01 x"]), ["b =", "a ="], "those that are the same in full find each other");
        assert_eq!(after(&first, &["k Busy 01 z", "l Busy 01 z", "m Busy 01 z"]), ["a", "b", "m"], "a third one is new");
    }

    #[test]
    fn an_event_that_is_still_in_the_feed_gives_its_place_to_nobody() {
        assert_eq!(after(&["a Lunch 01 x"], &["k Lunch 01 x", "a Lunch 01 x"]), ["k", "a ="]);
    }

    #[test]
    fn the_same_id_is_never_given_twice() {
        let content = || Content::Unreadable { reason: "no_start", detail: String::new() };
        let told = told(&changes(vec![("a".into(), content()), ("a".into(), content())], &Known::new()));
        assert_eq!(told, ["a", "a#2"]);
    }
}
