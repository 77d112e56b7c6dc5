//! A mailbox: its calendars, and its events with the order of their changes.

use super::errors::{Fail, Try};
use super::times::Shape;
use crate::hub::Seal;
use crate::hub::lagging::Lagging;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Characters of ids.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A mailbox.
pub(super) struct Mailbox {
    pub(super) account: String,
    /// The user's id.
    pub(super) user: String,
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) calendars: BTreeMap<String, Calendar>,
    pub(super) events: Lagging<Events>,
    /// Delta links of an older epoch are lost.
    pub(super) epoch: u64,
}

/// A calendar in a mailbox.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    pub(super) ord: usize,
    pub(super) name: String,
    pub(super) color: String,
    pub(super) hex: String,
    pub(super) default: bool,
    pub(super) can_edit: bool,
    pub(super) version: u64,
    /// Whose it is and its id there, when it is shared by another mailbox.
    pub(super) source: Option<(String, String)>,
}

/// Where an event was before it was moved.
#[derive(Debug, Clone)]
pub(super) struct Left {
    pub(super) calendar: String,
    pub(super) seq: u64,
    pub(super) id: Arc<str>,
}

/// An exception of a series.
#[derive(Debug, Clone)]
pub(super) struct Exception {
    pub(super) body: Arc<str>,
    pub(super) version: u64,
}

/// A single event or a whole series.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) key: u64,
    /// The number of the last change.
    pub(super) seq: u64,
    pub(super) calendar: String,
    pub(super) gone: bool,
    pub(super) immutable: Arc<str>,
    /// The id without `IdType="ImmutableId"`; another one after each move.
    pub(super) mutable: Arc<str>,
    pub(super) left: Vec<Left>,
    pub(super) body: Arc<str>,
    pub(super) exceptions: BTreeMap<i64, Exception>,
    pub(super) cancelled: BTreeSet<i64>,
    pub(super) created: i64,
    pub(super) modified: i64,
}

impl Stored {
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(&self.body).expect("bodies are written by the store")
    }

    pub(super) fn shape(&self) -> Shape {
        Shape::of(&self.value()).expect("it was checked when it was written")
    }

    pub(super) fn id(&self, immutable: bool) -> &str {
        if immutable { &self.immutable } else { &self.mutable }
    }
}

/// What an id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A single event or a series.
    Whole(u64),
    /// The occurrence of a series with this original start.
    Occurrence(u64, i64),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Events {
    pub(super) seq: u64,
    by_key: BTreeMap<u64, Stored>,
    by_seq: BTreeMap<u64, u64>,
    by_id: HashMap<Arc<str>, u64>,
}

impl Events {
    pub(super) fn get(&self, key: u64) -> Option<&Stored> {
        self.by_key.get(&key).filter(|stored| !stored.gone)
    }

    /// An event, also one that is gone.
    pub(super) fn known(&self, key: u64) -> Option<&Stored> {
        self.by_key.get(&key)
    }

    /// What an id stands for, when it is there. Ids of both kinds are taken, as by the real one.
    pub(super) fn find(&self, id: &str) -> Try<(Target, &Stored)> {
        let (whole, minutes) = match id.rsplit_once(".O") {
            Some((whole, minutes)) => (whole, Some(minutes.parse::<i64>().map_err(|_| Fail::not_found())?)),
            None => (id, None),
        };
        let key = *self.by_id.get(whole).ok_or_else(Fail::not_found)?;
        let stored = self.get(key).filter(|stored| whole == &*stored.immutable || whole == &*stored.mutable).ok_or_else(Fail::not_found)?;
        let Some(minutes) = minutes else { return Ok((Target::Whole(key), stored)) };
        let at = minutes * 60_000;
        let there = !stored.cancelled.contains(&at) && stored.shape().is_series() && stored.shape().starts(at).last() == Some(&at);
        if there { Ok((Target::Occurrence(key, at), stored)) } else { Err(Fail::not_found()) }
    }

    /// Makes an event.
    pub(super) fn make(&mut self, calendar: &str, body: &Value, now: i64, seal: &mut Seal) -> u64 {
        let key = self.by_key.len() as u64 + 1;
        let immutable: Arc<str> = format!("AAkALg{}=", seal.id(LETTERS, 57)).into();
        let mutable: Arc<str> = format!("AAMkAG{}=", seal.id(LETTERS, 57)).into();
        self.seq += 1;
        let stored = Stored {
            key,
            seq: self.seq,
            calendar: calendar.to_owned(),
            gone: false,
            immutable: immutable.clone(),
            mutable: mutable.clone(),
            left: Vec::new(),
            body: body.to_string().into(),
            exceptions: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            created: now,
            modified: now,
        };
        self.by_id.insert(immutable, key);
        self.by_id.insert(mutable, key);
        self.by_seq.insert(self.seq, key);
        self.by_key.insert(key, stored);
        key
    }

    /// Changes an event.
    pub(super) fn change(&mut self, key: u64, now: i64, how: impl FnOnce(&mut Stored, u64)) {
        self.seq += 1;
        let seq = self.seq;
        let Some(stored) = self.by_key.get_mut(&key) else { return };
        let leaves = stored.left.len();
        let old = stored.seq;
        stored.seq = seq;
        stored.modified = now;
        how(stored, seq);
        let (id, keeps) = (stored.mutable.clone(), stored.left.len() > leaves);
        self.by_seq.remove(&old);
        self.by_seq.insert(seq, key);
        if keeps {
            // The old calendar is told by this number, the new one by the next.
            self.seq += 1;
            if let Some(stored) = self.by_key.get_mut(&key) {
                stored.seq = self.seq;
            }
            self.by_seq.insert(self.seq, key);
        }
        self.by_id.insert(id, key);
    }

    /// Moves an event to another calendar; it gets another id of the kind that is not immutable.
    pub(super) fn carry(&mut self, key: u64, to: &str, now: i64, seal: &mut Seal) {
        let mutable: Arc<str> = format!("AAMkAG{}=", seal.id(LETTERS, 57)).into();
        self.change(key, now, |stored, seq| {
            let calendar = std::mem::replace(&mut stored.calendar, to.to_owned());
            let id = std::mem::replace(&mut stored.mutable, mutable);
            stored.left.push(Left { calendar, seq, id });
        });
    }

    /// The events of a calendar, after a key.
    pub(super) fn all<'a>(&'a self, calendar: &'a str, after: u64) -> impl Iterator<Item = &'a Stored> {
        self.by_key.range(after + 1..).map(|(_, stored)| stored).filter(move |stored| !stored.gone && stored.calendar == calendar)
    }

    /// What changed after one number up to another, with the number, in order.
    pub(super) fn changed(&self, after: u64, upto: u64) -> impl Iterator<Item = (u64, &Stored)> {
        let range = if after < upto { after + 1..upto + 1 } else { 0..0 };
        self.by_seq.range(range).map(|(seq, key)| (*seq, &self.by_key[key]))
    }

    /// The event that was made with this transaction id.
    pub(super) fn of_transaction(&self, id: &str) -> Option<u64> {
        let mark = format!("\"transactionId\":{}", Value::from(id));
        self.by_key.values().find(|stored| !stored.gone && stored.body.contains(&mark)).map(|stored| stored.key)
    }
}

/// The id of an occurrence.
pub(super) fn occurrence_id(master: &str, original: i64) -> String {
    format!("{master}.O{}", original / 60_000)
}

pub(super) fn calendar_id(seal: &mut Seal) -> String {
    format!("AAMkAG{}=", seal.id(LETTERS, 41))
}
