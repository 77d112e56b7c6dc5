//! Prepares a page for writing: what to do with each object, under which ids, with which occurrences. Pure but for fresh
//! ids; runs on a blocking thread while the page before is written.

use super::materialize::{self, Budget};
use super::outcome::Outcome;
use crate::clock::{Clock, new_id};
use crate::provider::{Change, Content, Object};
use crate::store::apply::{EventWrite, JournalWrite, MirrorWrite, OccurrenceWrite, StoredEvent};
use crate::store::mirror::{MirrorRow, OddRow, UnreadableWrite};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use syncline_domain::event::EventStatus;
use syncline_domain::plan::{Action, Incoming, Mirror, plan};
use syncline_domain::time::Millis;

/// What is stored about the objects of a page.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Mirror rows by remote id.
    pub(crate) mirror: HashMap<String, MirrorRow>,
    /// Events by remote id, of the objects that changed.
    pub(crate) events: HashMap<String, Vec<StoredEvent>>,
}

/// A page, ready to be written.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) mirror: Vec<MirrorWrite>,
    pub(crate) touched: Vec<(String, Option<String>)>,
    pub(crate) events: Vec<EventWrite>,
    /// Events whose occurrences are written anew.
    pub(crate) rewritten: Vec<String>,
    /// Events that are not part of their object any more, or whose object was cancelled.
    pub(crate) deleted_events: Vec<String>,
    pub(crate) occurrences: Vec<OccurrenceWrite>,
    pub(crate) horizons: Vec<(String, Millis, Millis)>,
    /// Objects that had a horizon perhaps and have none now.
    pub(crate) no_horizon: Vec<String>,
    pub(crate) journal: Vec<JournalWrite>,
    /// Objects that were cancelled as a whole: deleted by their owner, one by one, so the guard does not apply.
    pub(crate) buried: Vec<String>,
    /// Objects that the provider says are gone: the guard decides at the end of the pass.
    pub(crate) missing: Vec<String>,
    /// Objects that carry a mark of the guard and are listed again.
    pub(crate) listed: Vec<String>,
    /// Objects that can not be read in a version that was not noted yet.
    pub(crate) unreadable: Vec<UnreadableWrite>,
    /// Cancelled or unreadable objects that the provider does not have any more.
    pub(crate) forgotten: Vec<String>,
    /// Change of the number of live objects.
    pub(crate) live_delta: i64,
    /// What is counted for the result.
    pub(crate) outcome: Outcome,
    /// Every object of the page that the provider has.
    pub(crate) seen: Vec<String>,
    /// Changes in the page.
    pub(crate) size: u64,
}

impl Batch {
    /// Takes the next page in. The two name no object in common.
    pub(crate) fn append(&mut self, next: Self) {
        self.mirror.extend(next.mirror);
        self.touched.extend(next.touched);
        self.events.extend(next.events);
        self.rewritten.extend(next.rewritten);
        self.deleted_events.extend(next.deleted_events);
        self.occurrences.extend(next.occurrences);
        self.horizons.extend(next.horizons);
        self.no_horizon.extend(next.no_horizon);
        self.journal.extend(next.journal);
        self.buried.extend(next.buried);
        self.missing.extend(next.missing);
        self.listed.extend(next.listed);
        self.unreadable.extend(next.unreadable);
        self.forgotten.extend(next.forgotten);
        self.live_delta += next.live_delta;
        self.outcome.add(next.outcome);
        self.seen.extend(next.seen);
        self.size += next.size;
    }
}

/// Remote ids whose stored events are needed before [`prepare`]: what changed, was cancelled or comes back.
#[must_use]
pub(crate) fn needs_events<'a>(changes: &'a [Change], mirror: &HashMap<String, MirrorRow>) -> Vec<&'a str> {
    changes
        .iter()
        .filter(|change| match (&change.content, mirror.get(&change.remote_id)) {
            (Content::Present(object), Some(row)) => row.gone || row.hash != object.hash,
            _ => false,
        })
        .map(|change| change.remote_id.as_str())
        .collect()
}

/// Objects that are not simply in step (marked by the guard, cancelled, unreadable), by remote id.
pub(crate) type Odd = HashMap<String, OddRow>;

/// Everything that a page needs to become a batch.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) changes: Vec<Change>,
    pub(crate) stored: Stored,
    /// What is not simply in step.
    pub(crate) odd: std::sync::Arc<Odd>,
    /// Remote ids that were counted already in this job (an earlier attempt of the pass).
    pub(crate) counted: std::sync::Arc<HashSet<String>>,
    /// For the series of the whole pass.
    pub(crate) budget: std::sync::Arc<Budget>,
    pub(crate) clock: Clock,
}

/// Prepares a page.
#[must_use]
pub(crate) fn prepare(job: Job) -> Batch {
    let Job { changes, mut stored, odd, counted, budget, clock } = job;
    let mut batch = Batch { size: changes.len() as u64, ..Batch::default() };
    for Change { remote_id, version, content } in last_of_each(changes) {
        let row = stored.mirror.get(&remote_id);
        let count = !counted.contains(&remote_id);
        let mirror = match row {
            None => Mirror::Unknown,
            Some(row) if !row.gone => Mirror::Live { hash: &row.hash, version: row.version.as_deref() },
            Some(row) if row.gone_reason.as_deref() == Some("cancelled") => Mirror::Cancelled,
            Some(_) => Mirror::Gone,
        };
        let (incoming, reason) = match &content {
            Content::Present(object) if is_cancelled(object) => (Incoming::Cancelled, None),
            Content::Present(object) => (Incoming::Present { hash: &object.hash, version: version.as_deref() }, None),
            Content::Unreadable { reason, .. } => (Incoming::Unreadable, Some(*reason)),
            // Without a mirror row at hand the provider compared versions itself: it is what it was.
            Content::Same => (Incoming::Same, None),
            Content::Removed => (Incoming::Removed, None),
        };
        let known = odd.get(&remote_id);
        let action = match (&content, row, known) {
            (Content::Same, None, Some(known)) if known.is_unstored() => {
                if count {
                    batch.outcome.standing(known);
                }
                batch.seen.push(remote_id);
                continue;
            }
            (Content::Same, None, _) => Action::Keep,
            // It can be read again, and says what is stored: that is noted.
            (Content::Present(_), _, Some(known)) if known.unreadable.is_some() && plan(mirror, incoming) == Action::Keep => Action::Touch,
            _ => plan(mirror, incoming),
        };
        if known.is_some_and(|known| known.marked) && !matches!(content, Content::Removed) {
            batch.listed.push(remote_id.clone());
        }
        if known.is_some_and(OddRow::is_unstored) && matches!(content, Content::Removed) {
            batch.forgotten.push(remote_id.clone());
        }
        if !matches!(content, Content::Removed) {
            batch.seen.push(remote_id.clone());
        }
        match (action, content) {
            (Action::Insert | Action::Revive | Action::Update, Content::Present(object)) => {
                if count {
                    let counts = &mut batch.outcome.counts;
                    if action == Action::Update { counts.updated += 1 } else { counts.synced += 1 }
                }
                if action != Action::Update {
                    batch.live_delta += 1;
                }
                let before = stored.events.remove(&remote_id).unwrap_or_default();
                put(&mut batch, &clock, &budget, (remote_id, version), object, before);
            }
            (Action::Touch, _) => {
                batch.outcome.counts.unchanged += u64::from(count);
                batch.touched.push((remote_id, version));
            }
            (Action::Delete, Content::Present(object)) => {
                // Cancelled by its owner. The row stays as gone, with its version, so that it is not fetched again.
                batch.outcome.counts.deleted += u64::from(count);
                batch.live_delta -= 1;
                for event in stored.events.remove(&remote_id).unwrap_or_default() {
                    if !event.deleted {
                        batch.journal.push(JournalWrite {
                            event_id: event.id.as_str().into(),
                            action: "delete",
                            before: Some(event.content),
                        });
                        batch.deleted_events.push(event.id);
                    }
                }
                batch.no_horizon.push(remote_id.clone());
                batch.mirror.push(unstored(remote_id.clone(), version, object, "cancelled"));
                batch.buried.push(remote_id);
            }
            (Action::Delete, _) => batch.missing.push(remote_id),
            (Action::Skip(reason), content) => {
                if count {
                    batch.outcome.skip(reason.as_str());
                }
                if let Content::Present(object) = content
                    && row.is_none_or(|row| {
                        row.hash != object.hash || row.version != version || row.gone_reason.as_deref() != Some("cancelled")
                    })
                {
                    batch.mirror.push(unstored(remote_id, version, object, "cancelled"));
                }
            }
            (Action::Fail, content) => {
                if count {
                    batch.outcome.fail(&remote_id, reason.unwrap_or("unreadable"), matches!(mirror, Mirror::Live { .. }));
                }
                // In this version it need not be read again, unless the server only held it back.
                let version = version.filter(|_| !content.is_held_back());
                let is_noted = known.is_some_and(|known| known.unreadable.as_deref() == reason && known.version == version);
                if let Content::Unreadable { reason, detail } = content
                    && !is_noted
                {
                    batch.unreadable.push(UnreadableWrite { remote_id, version, reason, detail: strip_nul(detail) });
                }
            }
            (Action::Keep, _) => batch.outcome.counts.unchanged += u64::from(count),
            (Action::Ignore | Action::Insert | Action::Revive | Action::Update, _) => {}
        }
    }
    batch
}

/// A page may name an object twice; its last word counts.
fn last_of_each(changes: Vec<Change>) -> impl Iterator<Item = Change> {
    let mut last: HashMap<String, usize> = HashMap::with_capacity(changes.len());
    for (at, change) in changes.iter().enumerate() {
        last.insert(change.remote_id.clone(), at);
    }
    changes.into_iter().enumerate().filter(move |(at, change)| last.get(&change.remote_id) == Some(at)).map(|(_, change)| change)
}

/// Cancelled as a whole: every event of it is.
fn is_cancelled(object: &Object) -> bool {
    object.events.iter().all(|event| event.status == EventStatus::Cancelled)
}

fn unstored(remote_id: String, version: Option<String>, object: Object, reason: &'static str) -> MirrorWrite {
    MirrorWrite { remote_id, version, hash: object.hash, raw: strip_nul(object.raw), last_end: None, gone_reason: Some(reason) }
}

/// PostgreSQL keeps no NUL in a text, and no calendar means one.
fn strip_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

fn put(
    batch: &mut Batch,
    clock: &Clock,
    budget: &Budget,
    (remote_id, version): (String, Option<String>),
    object: Object,
    before: Vec<StoredEvent>,
) {
    let is_new = before.is_empty();
    let mut old: HashMap<String, StoredEvent> = before.into_iter().map(|event| (event.instance.clone(), event)).collect();
    let mut ids = Vec::with_capacity(object.events.len());
    let mut used: HashSet<String> = HashSet::with_capacity(object.events.len());
    for event in &object.events {
        let mut instance = event.instance.as_ref().map_or_else(String::new, |key| key.0.clone());
        // An object should hold one event for each instance; where it holds more, all are kept.
        while !used.insert(instance.clone()) {
            instance.push('#');
        }
        let content = strip_nul(serde_json::to_string(event).unwrap_or_default());
        let (id, entry) = match old.remove(&instance) {
            None => (new_id(clock), Some(("insert", None))),
            Some(stored) if stored.deleted => (stored.id, Some(("revive", Some(stored.content)))),
            Some(stored) if stored.content == content && stored.copy_id == object.copy_id => (stored.id, None),
            Some(stored) => (stored.id, Some(("update", Some(stored.content)))),
        };
        let id: Arc<str> = id.into();
        ids.push(id.clone());
        if let Some((action, before)) = entry {
            batch.journal.push(JournalWrite { event_id: id.clone(), action, before });
            batch.events.push(EventWrite {
                id,
                remote_id: remote_id.clone(),
                instance,
                uid: strip_nul(event.uid.clone()),
                kind: event.kind().as_str(),
                title: strip_nul(event.title.clone()),
                content,
                copy_id: object.copy_id.clone(),
            });
        }
    }
    // Overrides that the object does not have any more.
    for stored in old.into_values().filter(|stored| !stored.deleted) {
        batch.journal.push(JournalWrite { event_id: stored.id.as_str().into(), action: "delete", before: Some(stored.content) });
        batch.deleted_events.push(stored.id);
    }
    let made = materialize::materialize(&object.events, &ids, clock.now(), budget);
    if !is_new {
        batch.rewritten.extend(ids.iter().map(ToString::to_string));
        if made.horizon.is_none() {
            batch.no_horizon.push(remote_id.clone());
        }
    }
    if let Some((from, until)) = made.horizon {
        batch.horizons.push((remote_id.clone(), from, until));
    }
    for warning in object.warnings.iter().chain(&made.warnings) {
        *batch.outcome.warnings.entry((*warning).to_owned()).or_default() += 1;
    }
    batch.occurrences.extend(made.rows);
    batch.mirror.push(MirrorWrite {
        remote_id,
        version,
        hash: object.hash,
        raw: strip_nul(object.raw),
        last_end: made.last_end,
        gone_reason: None,
    });
}
