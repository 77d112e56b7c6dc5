//! The bus: what happens to syncs, for everybody of this process who watches.
//!
//! A watcher gets whole snapshots with a sequence number, so a snapshot that it missed costs nothing. What is told only once (the
//! end of a run, a change of the connections) is kept for a while, so that a watcher who was away for a moment gets exactly what
//! it missed. Messages are numbered within the *epoch* of the process: a number of another epoch, or of one that is too old,
//! says only when the watcher was there last; then the database is asked. Jobs of other processes on the same database are brought
//! in by `tasks::watch`.

use crate::clock::fill_random;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use syncline_domain::ids::UserId;
use syncline_domain::sync::JobProgress;
use syncline_domain::view::Live;
use tokio::sync::broadcast;

/// So many messages that are told only once are kept.
const KEPT: usize = 256;
/// A watcher that was away for longer is told from the database: nobody may have watched other processes meanwhile.
pub(crate) const AWAY_MS: i64 = 10 * 60 * 1000;

/// The number of a message; SSE's `id:`. As text: epoch, number and time, with hyphens between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveId {
    /// Of the process that told it; random.
    epoch: u64,
    /// Grows by one with every message of the process.
    seq: u64,
    /// When it was told, unix milliseconds.
    at: i64,
}

impl fmt::Display for LiveId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}-{}-{}", self.epoch, self.seq, self.at)
    }
}

/// It is not the number of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the number of a live message")]
pub struct NotALiveId;

impl FromStr for LiveId {
    type Err = NotALiveId;

    fn from_str(text: &str) -> Result<Self, NotALiveId> {
        let mut parts = text.trim().splitn(3, '-');
        let mut next = || parts.next().ok_or(NotALiveId);
        let epoch = u64::from_str_radix(next()?, 16).map_err(|_| NotALiveId)?;
        let seq = next()?.parse().map_err(|_| NotALiveId)?;
        let at = next()?.parse().ok().filter(|at| *at >= 0).ok_or(NotALiveId)?;
        Ok(Self { epoch, seq, at })
    }
}

impl LiveId {
    /// When it was told, unix milliseconds.
    pub(crate) fn at(self) -> i64 {
        self.at
    }
}

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// For whom.
    pub(crate) user: UserId,
    pub(crate) id: LiveId,
    /// What.
    pub(crate) live: Live,
}

/// What a watcher missed that was told only once.
#[derive(Debug)]
pub(crate) enum Missed {
    /// Exactly these.
    Notes(Vec<Arc<Note>>),
    /// It can not be told from here; the database knows.
    Unknown,
}

/// The bus. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bus(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    epoch: u64,
    sender: broadcast::Sender<Arc<Note>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of the last message.
    seq: u64,
    /// Of the last message that is not kept any more.
    forgotten: u64,
    /// Messages that are told only once.
    kept: VecDeque<Arc<Note>>,
    /// Newest sequence number that was sent, by job.
    sent: HashMap<String, u64>,
}

impl Default for Bus {
    fn default() -> Self {
        let mut epoch = [0; 8];
        fill_random(&mut epoch);
        Self(Arc::new(Shared { epoch: u64::from_le_bytes(epoch), sender: broadcast::channel(1024).0, state: Mutex::default() }))
    }
}

impl Bus {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells something.
    pub(crate) fn tell(&self, user: &UserId, at: i64, live: Live) {
        // Numbers go out in their order, and what is kept is what was sent: all under one lock.
        let mut state = self.state();
        state.seq += 1;
        let id = LiveId { epoch: self.0.epoch, seq: state.seq, at };
        let note = Arc::new(Note { user: user.clone(), id, live });
        if !matches!(note.live, Live::Progress(_)) {
            if state.kept.len() >= KEPT
                && let Some(gone) = state.kept.pop_front()
            {
                state.forgotten = gone.id.seq;
            }
            state.kept.push_back(note.clone());
        }
        // Nobody listening is no failure.
        let _ = self.0.sender.send(note);
    }

    /// Tells a snapshot, unless a newer one of the job was told already.
    pub(crate) fn progress(&self, user: &UserId, at: i64, progress: &JobProgress) {
        if self.advance(progress.job_id.as_str(), progress.seq) {
            self.tell(user, at, Live::Progress(progress.clone()));
        }
    }

    /// Notes that something numbered was told. `false` when it or something newer was told before.
    pub(crate) fn advance(&self, what: &str, seq: u64) -> bool {
        let sent = &mut self.state().sent;
        if sent.len() > 10_000 {
            sent.clear();
        }
        match sent.get_mut(what) {
            Some(last) if *last >= seq => false,
            Some(last) => {
                *last = seq;
                true
            }
            None => {
                sent.insert(what.to_owned(), seq);
                true
            }
        }
    }

    /// Listens from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Note>> {
        self.0.sender.subscribe()
    }

    /// The number that stands for "now".
    pub(crate) fn position(&self, now: i64) -> LiveId {
        LiveId { epoch: self.0.epoch, seq: self.state().seq, at: now }
    }

    /// What a user was told once and only once after a message.
    pub(crate) fn since(&self, user: &UserId, after: LiveId, now: i64) -> Missed {
        let state = self.state();
        let is_ours = after.epoch == self.0.epoch && after.seq <= state.seq;
        if !is_ours || after.seq < state.forgotten || after.at < now - AWAY_MS {
            return Missed::Unknown;
        }
        Missed::Notes(state.kept.iter().filter(|note| note.id.seq > after.seq && note.user == *user).cloned().collect())
    }

    /// Whether anybody listens.
    pub(crate) fn has_listeners(&self) -> bool {
        self.0.sender.receiver_count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> UserId {
        UserId::trusted("u")
    }

    fn missed(bus: &Bus, after: LiveId, now: i64) -> Option<usize> {
        match bus.since(&user(), after, now) {
            Missed::Notes(notes) => Some(notes.len()),
            Missed::Unknown => None,
        }
    }

    #[test]
    fn an_older_snapshot_is_never_told_after_a_newer_one() {
        let bus = Bus::default();
        assert!(bus.advance("job", 2));
        assert!(!bus.advance("job", 2));
        assert!(!bus.advance("job", 1));
        assert!(bus.advance("job", 3));
    }

    #[test]
    fn two_messages_in_one_millisecond_are_two() {
        let bus = Bus::default();
        let before = bus.position(7);
        bus.tell(&user(), 7, Live::Changed);
        let between = bus.position(7);
        bus.tell(&user(), 7, Live::Changed);
        bus.tell(&UserId::trusted("somebody else"), 7, Live::Changed);
        assert_eq!((missed(&bus, before, 7), missed(&bus, between, 7), missed(&bus, bus.position(7), 7)), (Some(2), Some(1), Some(0)));
    }

    #[test]
    fn what_is_not_kept_any_more_is_not_known() {
        let bus = Bus::default();
        let ids: Vec<LiveId> = (0..KEPT + 2)
            .map(|_| {
                let id = bus.position(7);
                bus.tell(&user(), 7, Live::Changed);
                id
            })
            .collect();
        assert_eq!((missed(&bus, ids[0], 7), missed(&bus, ids[1], 7), missed(&bus, ids[2], 7)), (None, None, Some(KEPT)));
        assert_eq!(missed(&bus, bus.position(7), 8 + AWAY_MS), None, "too long ago");
        assert_eq!(missed(&Bus::default(), bus.position(7), 7), None, "another process");
    }

    #[test]
    fn a_number_is_read_as_it_is_written() {
        let id = Bus::default().position(1_773_144_000_000);
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "7", "1773144000000", "x-1-2", "1-2", "1-2--3", "1-2-3-4"] {
            assert_eq!(wrong.parse::<LiveId>(), Err(NotALiveId), "{wrong}");
        }
    }
}
