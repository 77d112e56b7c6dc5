//! The passes over one calendar. `members` asks what is there, `objects` fetches some, `bulk` fetches all at once; `reconcile`
//! and `delta` decide. Nothing here runs unless the stream is polled, and dropping the stream stops it.

mod bulk;
mod delta;
mod members;
mod objects;
mod output;
mod reconcile;

use super::cursor::{Cursor, Hints, State};
use super::normalize::Reading;
use super::transport::Dav;
use super::{CalDavSettings, address, problems};
use crate::error::ProviderError;
use crate::provider::{Coverage, Meter, Page, Pass, PassEnd, PullRequest};
use bulk::Bulk;
use futures::stream::{self, BoxStream, StreamExt};
use output::Output;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use url::Url;

/// A quick first pass is followed by its proof this soon.
const PROVE_AFTER_S: u64 = 60;

/// One object as a listing names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    /// Decoded: the remote id.
    path: String,
    /// In the server's own spelling.
    href: String,
    etag: Option<String>,
}

/// Remote id → version.
type Versions = HashMap<String, Option<String>>;

/// The calendar and the way to it.
struct Target {
    dav: Arc<Dav>,
    meter: Meter,
    /// The calendar's address in the server's own spelling.
    url: Url,
    /// Its decoded path.
    path: String,
    reading: Reading,
}

/// One pass.
struct Puller {
    target: Arc<Target>,
    request: PullRequest,
    /// What the listing said about the calendar.
    state: State,
    /// The listing asked for all signs of a change, so there is no use in asking again.
    asked: bool,
    out: Output,
}

/// Runs a pass. The work and its output are polled together, so no task is needed.
pub(super) fn stream(
    dav: Arc<Dav>,
    settings: Arc<CalDavSettings>,
    request: PullRequest,
) -> BoxStream<'static, Result<Page, ProviderError>> {
    let (sender, pages) = mpsc::channel(2);
    let work = async move {
        let mut puller = match Puller::new(dav, &settings, request, Output::new(sender.clone())) {
            Ok(puller) => puller,
            Err(error) => {
                let _ = sender.send(Err(error)).await;
                return;
            }
        };
        if let Err(error) = puller.run().await {
            // What was read is valid; the error comes after it. A reader that went away wants neither.
            let _ = puller.out.flush().await;
            let _ = sender.send(Err(error)).await;
        }
    };
    stream::select(ReceiverStream::new(pages), stream::once(work).filter_map(|()| async { None })).boxed()
}

impl Puller {
    fn new(dav: Arc<Dav>, settings: &CalDavSettings, request: PullRequest, out: Output) -> Result<Self, ProviderError> {
        let calendar = &request.calendar;
        let hints = Hints::parse(calendar.hints.as_deref());
        let url = hints.as_ref().and_then(|hints| Url::parse(&hints.url).ok()).or_else(|| {
            let base = Url::parse(&settings.homes.first()?.url).ok()?;
            Some(address::at(&base, &address::encode(&calendar.remote_id)))
        });
        let url = url.ok_or_else(|| problems::bad_address("caldav.pull"))?;
        let target = Target {
            dav,
            meter: request.meter.clone(),
            url,
            path: calendar.remote_id.clone(),
            reading: Reading { zone: calendar.zone.clone(), addresses: settings.addresses.clone() },
        };
        let state = State::parse(calendar.state.as_deref());
        let asked = hints.is_some_and(|hints| hints.asked);
        Ok(Self { target: Arc::new(target), state, asked, out, request })
    }

    async fn run(&mut self) -> Result<(), ProviderError> {
        let cursor = self.request.cursor.as_deref().map(Cursor::parse);
        match (self.request.pass, cursor) {
            (Pass::Initial, _) | (Pass::Incremental, None) => self.initial().await,
            (Pass::Incremental, Some(cursor)) if !cursor.reconcile_is_due(self.request.now) => self.delta(cursor).await,
            (Pass::Incremental | Pass::Full, cursor) => self.reconcile(cursor.unwrap_or_default(), Versions::new()).await,
        }
    }

    /// Everything in one query. What an unfinished pass left behind is compared instead, so that nothing is fetched twice.
    async fn initial(&mut self) -> Result<(), ProviderError> {
        if self.request.checkpoint.is_some() {
            return self.reconcile(Cursor::default(), Versions::new()).await;
        }
        match self.bulk(None).await? {
            Bulk::Whole(seen) => {
                self.out.total = Some(seen.len() as u64);
                let cursor = Some(Cursor::default().to_text());
                let end = PassEnd { cursor, coverage: Coverage::Delta, next_sync_s: Some(PROVE_AFTER_S), moved_to: None };
                self.out.finish(end).await
            }
            Bulk::Refused => self.reconcile(Cursor::default(), Versions::new()).await,
            Bulk::Cut(seen) => self.reconcile(Cursor::default(), seen).await,
        }
    }

    /// The end of a pass after which every change since is listed one by one.
    async fn finish(&mut self, cursor: &Cursor, coverage: Coverage) -> Result<(), ProviderError> {
        self.out.finish(PassEnd { cursor: Some(cursor.to_text()), coverage, next_sync_s: None, moved_to: None }).await
    }
}

/// Decoded path and the server's own spelling of a member; `None` for the collection itself, in whatever spelling, and for
/// collections below it (iCloud lists the collection among the changes).
fn member_path(href: &str, url: &Url, collection: &str) -> Option<(String, String)> {
    let raw = address::raw_path(href, url);
    let path = address::decode(&raw);
    let own = path.ends_with('/') || path == collection.trim_end_matches('/');
    (!own).then_some((path, raw))
}
