//! The bus: what happens to syncs, for everybody of this process who watches.
//!
//! A watcher gets whole snapshots with a sequence number, so a message that it missed costs nothing. Jobs of other processes
//! on the same database are brought in by `tasks::watch`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use syncline_domain::ids::UserId;
use syncline_domain::sync::JobProgress;
use syncline_domain::view::Live;
use tokio::sync::broadcast;

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// For whom.
    pub(crate) user: UserId,
    /// Unix milliseconds; SSE's `id:`.
    pub(crate) at: u64,
    /// What.
    pub(crate) live: Live,
}

/// The bus. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bus(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    sender: broadcast::Sender<Arc<Note>>,
    /// Newest sequence number that was sent, by job; `u64::MAX` when the run's end was told.
    sent: Mutex<HashMap<String, u64>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self(Arc::new(Shared { sender: broadcast::channel(1024).0, sent: Mutex::default() }))
    }
}

impl Bus {
    /// Tells something.
    pub(crate) fn tell(&self, user: &UserId, at: i64, live: Live) {
        // Nobody listening is no failure.
        let _ = self.0.sender.send(Arc::new(Note { user: user.clone(), at: u64::try_from(at).unwrap_or(0), live }));
    }

    /// Tells a snapshot, unless a newer one of the job was told already.
    pub(crate) fn progress(&self, user: &UserId, at: i64, progress: &JobProgress) {
        if self.advance(progress.job_id.as_str(), progress.seq) {
            self.tell(user, at, Live::Progress(progress.clone()));
        }
    }

    /// Notes that something numbered was told. `false` when it or something newer was told before.
    pub(crate) fn advance(&self, what: &str, seq: u64) -> bool {
        let mut sent = self.0.sent.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Whether anybody listens.
    pub(crate) fn has_listeners(&self) -> bool {
        self.0.sender.receiver_count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_snapshot_is_never_told_after_a_newer_one() {
        let bus = Bus::default();
        assert!(bus.advance("job", 2));
        assert!(!bus.advance("job", 2));
        assert!(!bus.advance("job", 1));
        assert!(bus.advance("job", 3));
    }
}
