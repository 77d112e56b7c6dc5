//! The events of one calendar, with the order of their changes. Bodies are kept as text: a list is mostly copied.

use crate::hub::time::millis;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// One event as it is now.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    /// The number of its last change.
    pub(super) seq: u64,
    /// The number of its creation.
    pub(super) ord: u64,
    /// The master's id, of an exception.
    pub(super) master: Option<Arc<str>>,
    pub(super) recurring: bool,
    pub(super) cancelled: bool,
    /// JSON, in full also when it is cancelled.
    pub(super) body: Arc<str>,
}

impl Stored {
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(&self.body).expect("bodies are written by the store")
    }

    /// What a list tells of a cancelled event: what the documentation guarantees, and no more.
    pub(super) fn stub(&self) -> Value {
        let event = self.value();
        let mut stub = json!({"kind": "calendar#event", "etag": event["etag"], "id": event["id"], "status": "cancelled"});
        if self.master.is_some() {
            stub["recurringEventId"] = event["recurringEventId"].clone();
            stub["originalStartTime"] = event["originalStartTime"].clone();
        }
        stub
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Events {
    /// The number of the last change.
    pub(super) seq: u64,
    /// When that was.
    pub(super) updated: i64,
    made: u64,
    by_ord: BTreeMap<u64, Stored>,
    by_id: HashMap<Arc<str>, u64>,
    by_seq: BTreeMap<u64, u64>,
    of_master: HashMap<Arc<str>, BTreeSet<u64>>,
}

impl Events {
    pub(super) fn get(&self, id: &str) -> Option<&Stored> {
        self.by_ord.get(self.by_id.get(id)?)
    }

    /// Writes an event; gives it its etag and its date of change.
    pub(super) fn put(&mut self, mut event: Value, now: i64) -> Value {
        self.seq += 1;
        self.updated = now;
        event["kind"] = json!("calendar#event");
        event["etag"] = json!(format!("\"{:016}\"", 3_545_874_000_000_000 + self.seq * 2));
        event["updated"] = json!(millis(now));
        let id: Arc<str> = event["id"].as_str().expect("events have ids").into();
        let ord = self.by_id.get(&id).copied().unwrap_or_else(|| {
            self.made += 1;
            self.made
        });
        if let Some(old) = self.by_ord.get(&ord) {
            self.by_seq.remove(&old.seq);
        }
        let master: Option<Arc<str>> = event["recurringEventId"].as_str().map(Arc::from);
        if let Some(master) = &master {
            self.of_master.entry(master.clone()).or_default().insert(ord);
        }
        let stored = Stored {
            seq: self.seq,
            ord,
            master,
            recurring: event.get("recurrence").is_some(),
            cancelled: event["status"] == "cancelled",
            body: event.to_string().into(),
        };
        self.by_seq.insert(self.seq, ord);
        self.by_id.insert(id, ord);
        self.by_ord.insert(ord, stored);
        event
    }

    /// All events in the order of their creation, after one.
    pub(super) fn all(&self, after: u64) -> impl Iterator<Item = &Stored> {
        self.by_ord.range(after + 1..).map(|(_, stored)| stored)
    }

    /// What changed after one number, up to another, in the order of the changes.
    pub(super) fn changed(&self, after: u64, upto: u64) -> impl Iterator<Item = &Stored> {
        let range = if after < upto { after + 1..upto + 1 } else { 0..0 };
        self.by_seq.range(range).map(|(_, ord)| &self.by_ord[ord])
    }

    /// The exceptions of a master, cancelled instances among them.
    pub(super) fn exceptions(&self, master: &str) -> Vec<Stored> {
        let ords = self.of_master.get(master).into_iter().flatten();
        ords.map(|ord| self.by_ord[ord].clone()).collect()
    }

    /// True when a master is there and not cancelled.
    pub(super) fn lives(&self, id: &str) -> bool {
        self.get(id).is_some_and(|stored| !stored.cancelled)
    }

    pub(super) fn len(&self) -> usize {
        self.by_ord.len()
    }
}
