//! The live stream of one user.

use super::Hub;
use super::syncs::progress_of;
use crate::progress::{LiveId, Missed, Note};
use crate::store::jobs;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use syncline_domain::ids::{JobId, UserId};
use syncline_domain::view::Live;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Messages with their number; the number goes into SSE's `id:`.
pub type LiveStream = BoxStream<'static, (LiveId, Live)>;

/// What ended so shortly before a watcher was there last is told again when it comes back to another process: a commit may have
/// taken that long. Whoever gets a report twice knows it by its job.
const OVERLAP_MS: i64 = 60_000;
/// Of what ended while a watcher was away for long, so many reports are brought.
const REPORTS: usize = 20;

impl Hub {
    /// What happens to the user's syncs from now on, whichever process does it. Starts with a snapshot of every running job.
    /// With `after` (SSE `Last-Event-ID`) it first brings what was told once since: exactly that where this process told the message
    /// `after`, and not long ago; else the reports of runs that ended since, and [`Live::Changed`].
    #[must_use]
    pub fn live(&self, user: &UserId, after: Option<LiveId>) -> LiveStream {
        // Listening begins before the snapshot is read, so nothing falls between the two.
        let notes = self.bus().listen();
        let begins = self.live_position();
        let watcher = Watcher {
            hub: self.clone(),
            user: user.clone(),
            notes,
            last: after.unwrap_or(begins),
            behind: true,
            waiting: VecDeque::new(),
            newest: HashMap::new(),
            ended: HashSet::new(),
        };
        stream::unfold(watcher, Watcher::next).boxed()
    }

    /// The number that a watcher who listens from now on has seen everything before.
    #[must_use]
    pub fn live_position(&self) -> LiveId {
        self.bus().position(self.now())
    }
}

/// The state of one stream.
struct Watcher {
    hub: Hub,
    user: UserId,
    notes: Receiver<Arc<Note>>,
    /// Everything up to here was told, or waits.
    last: LiveId,
    /// Messages since `last` may have been missed.
    behind: bool,
    waiting: VecDeque<(LiveId, Live)>,
    /// Newest snapshot that was told, by job.
    newest: HashMap<JobId, u64>,
    /// Runs whose end was told.
    ended: HashSet<JobId>,
}

impl Watcher {
    async fn next(mut self) -> Option<((LiveId, Live), Self)> {
        loop {
            if let Some((id, live)) = self.waiting.pop_front() {
                if self.is_news(&live) {
                    return Some(((id, live), self));
                }
                continue;
            }
            if std::mem::take(&mut self.behind) {
                self.catch_up().await;
                continue;
            }
            match self.notes.recv().await {
                Ok(note) => {
                    self.last = note.id;
                    if note.user == self.user {
                        self.waiting.push_back((note.id, note.live.clone()));
                    }
                }
                // Too slow a reader lost messages.
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// A message may have been told already by the snapshot that was read after it.
    fn is_news(&mut self, live: &Live) -> bool {
        match live {
            Live::Progress(progress) => {
                let last = self.newest.entry(progress.job_id.clone()).or_default();
                let news = progress.seq > *last;
                *last = progress.seq.max(*last);
                news
            }
            Live::Complete(report) => self.ended.insert(report.job_id.clone()),
            Live::Changed => true,
        }
    }

    /// Brings what was told since `last`, and the running jobs. What can not be read is left out: the stream goes on.
    async fn catch_up(&mut self) {
        let now = self.hub.now();
        let here = self.hub.live_position();
        match self.hub.bus().since(&self.user, self.last, now) {
            Missed::Notes(notes) => self.waiting.extend(notes.iter().map(|note| (note.id, note.live.clone()))),
            Missed::Unknown => {
                // A stream that breaks in the middle of this is to begin with it again: only its end has a new number.
                let reports = self.reports_since(self.last.at() - OVERLAP_MS).await;
                self.waiting.extend(reports.into_iter().map(|report| (self.last, report)));
                self.waiting.push_back((here, Live::Changed));
            }
        }
        let open = jobs::open(self.hub.db(), &self.user).await.unwrap_or_default();
        self.waiting.extend(open.iter().filter_map(progress_of).map(|progress| (here, Live::Progress(progress))));
        self.last = here;
    }

    /// The reports of runs that ended after an instant, the oldest first.
    async fn reports_since(&self, after: i64) -> Vec<Live> {
        let mut found = Vec::new();
        let runs = jobs::runs_finished_after(self.hub.db(), &self.user, after).await.unwrap_or_default();
        for (run,) in runs.iter().skip(runs.len().saturating_sub(REPORTS)) {
            let jobs = jobs::of_run(self.hub.db(), &self.user, &JobId::trusted(run.clone())).await.unwrap_or_default();
            if let Ok(report) = self.hub.report_of(&self.user, &jobs).await {
                found.push(Live::Complete(report));
            }
        }
        found
    }
}

#[cfg(all(test, feature = "test-support"))]
#[path = "live_tests.rs"]
mod tests;
