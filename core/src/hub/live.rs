//! The live stream of one user.

use super::Hub;
use super::syncs::progress_of;
use crate::store::jobs;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use std::collections::HashMap;
use syncline_domain::ids::{JobId, UserId};
use syncline_domain::view::Live;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

/// Messages with their number; the number goes into SSE's `id:`.
pub type LiveStream = BoxStream<'static, (u64, Live)>;

impl Hub {
    /// What happens to the user's syncs from now on, whichever process does it. Starts with a snapshot of every running job;
    /// with `after` (SSE `Last-Event-ID`) also brings the reports of runs that ended since.
    #[must_use]
    pub fn live(&self, user: &UserId, after: Option<u64>) -> LiveStream {
        // Listening begins before the snapshot is read, so nothing falls between the two.
        let notes = BroadcastStream::new(self.bus().listen());
        let (hub, user) = (self.clone(), user.clone());
        let snapshot = {
            let (hub, user) = (hub.clone(), user.clone());
            stream::once(async move { hub.missed(&user, after).await }).flat_map(stream::iter)
        };
        let rest = notes
            .then(move |note| {
                let (hub, user) = (hub.clone(), user.clone());
                async move {
                    match note {
                        Ok(note) if note.user == user => vec![(note.at, note.live.clone())],
                        Ok(_) => Vec::new(),
                        // Too slow a reader lost messages; a fresh snapshot makes up for them.
                        Err(BroadcastStreamRecvError::Lagged(_)) => hub.missed(&user, None).await,
                    }
                }
            })
            .flat_map(stream::iter);
        let mut newest: HashMap<JobId, u64> = HashMap::new();
        // A message may have been told already by the snapshot that was read after it.
        let is_news = move |(_, live): &(u64, Live)| match live {
            Live::Progress(progress) => {
                let last = newest.entry(progress.job_id.clone()).or_default();
                let news = progress.seq > *last;
                *last = progress.seq.max(*last);
                futures::future::ready(news)
            }
            _ => futures::future::ready(true),
        };
        snapshot.chain(rest).filter(is_news).boxed()
    }

    /// Running jobs, and the reports of runs that ended after an instant. What can not be read is left out: the stream goes on.
    async fn missed(&self, user: &UserId, after: Option<u64>) -> Vec<(u64, Live)> {
        let mut found = Vec::new();
        if let Some(after) = after.and_then(|after| i64::try_from(after).ok()) {
            for (run,) in jobs::runs_finished_after(self.db(), user, after).await.unwrap_or_default() {
                let jobs = jobs::of_run(self.db(), user, &JobId::trusted(run)).await.unwrap_or_default();
                let ended = jobs.iter().filter_map(|job| job.finished_at).max().unwrap_or(after);
                if let Ok(report) = self.report_of(user, &jobs).await {
                    found.push((u64::try_from(ended).unwrap_or(0), Live::Complete(report)));
                }
            }
        }
        let now = u64::try_from(self.now()).unwrap_or(0);
        let open = jobs::open(self.db(), user).await.unwrap_or_default();
        found.extend(open.iter().filter_map(progress_of).map(|progress| (now, Live::Progress(progress))));
        found
    }
}
