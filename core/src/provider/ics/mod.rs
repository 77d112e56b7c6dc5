//! ICS: a feed behind an address, or a file that the user uploaded. One connection, one calendar, read-only.
//!
//! `address` (what people paste) → `transport` (conditional requests, redirects by hand) → `body` (is it a calendar, is it
//! whole, is it the same as last time) → [`crate::ical`] → `read` and `identity` (pages of changes).
//!
//! Invariants:
//! - An unchanged feed costs one request and writes nothing, whether the host answers 304, sends the same bytes, or stamps
//!   `DTSTAMP` anew on each fetch.
//! - What is not a whole calendar (a web page, an error, a cut-off file) is an error before the first page, so nothing is
//!   deleted because of it. A whole calendar is a snapshot, however empty: the engine's delete guard judges that.
//! - Feeds that drop the past, and feeds that make new UIDs on each fetch, lose and double nothing (`read::Read::reaches_back_to`,
//!   `identity`).
//! - What the schedule fetches for one connection may serve others with the same address (`shared`).
//! - The address is a secret: it is in no message, no cursor and no log.
//!
//! A pass is not resumed inside: it is one request, and what was committed before a break comes back as [`Content::Same`].
//!
//! [`Content::Same`]: super::Content::Same

mod address;
mod body;
mod cursor;
mod identity;
mod probe;
mod read;
mod refresh;
mod shared;
mod transport;

pub use cursor::FeedProps;
pub use probe::{ProbedFeed, probe, probe_file};
pub use shared::Feeds;

use super::{Coverage, KnownCalendar, Meter, Page, Pass, PassEnd, Provider, PullRequest, RemoteCalendar};
use crate::error::ProviderError;
use crate::net::{HttpClient, host_of};
use crate::tasks::blocking;
use async_trait::async_trait;
use body::{Checked, NotCalendar, Origin};
use bytes::Bytes;
use cursor::Cursor;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use read::Read;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use syncline_domain::sync::ProviderKind;
use transport::{Fetched, MAX_FEED};

/// The id of a feed's only calendar.
pub const CALENDAR_ID: &str = "feed";

const WHAT: &str = "ics.read";

/// Where a feed comes from.
#[derive(Clone)]
pub enum IcsSource {
    /// An address, in any spelling that [`probe`] accepts.
    Url {
        /// Whoever has it can read the calendar.
        url: SecretString,
    },
    /// A file that the user uploaded.
    File {
        /// Plain or gzip.
        bytes: Bytes,
        /// Its name, for messages and as a last resort for the calendar's.
        name: String,
    },
}

/// The provider of one feed or file.
#[derive(Clone)]
pub struct Ics {
    client: HttpClient,
    source: IcsSource,
    defaults: FeedProps,
    chosen_name: Option<String>,
    share: Option<shared::Share>,
}

impl Ics {
    /// A feed. `defaults` is what is known about it before its first sync, from [`probe`].
    #[must_use]
    pub fn new(client: HttpClient, source: IcsSource, defaults: FeedProps) -> Self {
        Self { client, source, defaults, chosen_name: None, share: None }
    }

    /// The name that the user gave; it goes before whatever the feed calls itself.
    #[must_use]
    pub fn named(self, chosen_name: Option<String>) -> Self {
        Self { chosen_name, ..self }
    }

    /// Lets what was fetched for other connections serve this one for `fresh_ms`, and the other way round.
    #[must_use]
    pub fn shared(self, feeds: Arc<Feeds>, who: &str, fresh_ms: i64) -> Self {
        Self { share: Some(shared::Share { feeds, who: who.to_owned(), fresh_ms }), ..self }
    }

    fn default_name(&self) -> String {
        match &self.source {
            IcsSource::Url { url } => address::parse(url.expose_secret()).map_or_else(|_| "Feed".to_owned(), |url| host_of(&url)),
            IcsSource::File { name, .. } => probe::stem(name).to_owned(),
        }
    }

    async fn read(&self, request: PullRequest) -> Result<Vec<Page>, ProviderError> {
        // A full pass forgets what would let it skip something.
        let before = if request.pass == Pass::Incremental { Cursor::read(request.cursor.as_deref()) } else { Cursor::default() };
        match &self.source {
            IcsSource::Url { url } => {
                let address = address::parse(url.expose_secret())?;
                let (client, meter, now) = (&self.client, &request.meter, request.now);
                let fetched = match &self.share {
                    Some(share) if request.pass != Pass::Full => share.fetch(client, &address, &before, meter, now).await?,
                    _ => transport::fetch(client, &address, &before, meter, now).await?,
                };
                Self::from_network(fetched, before, request).await
            }
            IcsSource::File { bytes, name } => {
                let (bytes, from) = (bytes.clone(), name.clone());
                let checked = blocking(WHAT, move || Checked::new(bytes.into(), None, MAX_FEED))
                    .await?
                    .map_err(|why| fail(why, Origin::File(&from)))?;
                let Some((read, cursor)) = parse(checked, &before, Origin::File(name)).await? else {
                    return Ok(unchanged(&before, None, None));
                };
                let end = PassEnd {
                    cursor: Some(cursor.write()),
                    // The user replaced the file, and means what is in it.
                    coverage: Coverage::Snapshot { keep_ended_before: None },
                    next_sync_s: None,
                    moved_to: None,
                };
                pages(read, end, request).await
            }
        }
    }

    async fn from_network(mut fetched: Fetched, mut before: Cursor, request: PullRequest) -> Result<Vec<Page>, ProviderError> {
        let moved_to = fetched.moved_to.take().map(String::from);
        let Some(body) = fetched.body.take() else {
            let next = refresh::next_sync_s(before.refresh_s, &fetched.headers);
            return Ok(unchanged(&before, next, moved_to));
        };
        let charset = fetched.charset();
        let checked = blocking(WHAT, move || Checked::new(body, charset.as_deref(), MAX_FEED))
            .await?
            .map_err(|why| fail(why, Origin::Host(&fetched.host)))?;
        let Some((read, mut cursor)) = parse(checked, &before, Origin::Host(&fetched.host)).await? else {
            fetched.remember(&mut before);
            let next = refresh::next_sync_s(before.refresh_s, &fetched.headers);
            return Ok(unchanged(&before, next, moved_to));
        };
        fetched.remember(&mut cursor);
        let end = PassEnd {
            cursor: Some(cursor.write()),
            coverage: Coverage::Snapshot { keep_ended_before: Some(read.reaches_back_to(request.now)) },
            next_sync_s: refresh::next_sync_s(read.refresh_s, &fetched.headers),
            moved_to,
        };
        pages(read, end, request).await
    }
}

fn fail(why: NotCalendar, from: Origin<'_>) -> ProviderError {
    ProviderError::new(WHAT, why.class(), why.problem(from))
}

/// Reads a body unless it says the same as the last one. The cursor has no validators yet.
async fn parse(checked: Checked, before: &Cursor, from: Origin<'_>) -> Result<Option<(Read, Cursor)>, ProviderError> {
    let last = before.body.clone();
    let parsed = blocking(WHAT, move || {
        let fingerprint = checked.fingerprint();
        if fingerprint == last { Ok(None) } else { read::read(&checked).map(|read| Some((read, fingerprint))).ok_or(NotCalendar::Other) }
    })
    .await?
    .map_err(|why| fail(why, from))?;
    Ok(parsed.map(|(read, fingerprint)| {
        let cursor = Cursor::new(fingerprint, read.props.clone(), read.refresh_s);
        (read, cursor)
    }))
}

async fn pages(read: Read, end: PassEnd, request: PullRequest) -> Result<Vec<Page>, ProviderError> {
    let known = request.known.load().await?;
    blocking(WHAT, move || read.pages(&known, end)).await
}

fn unchanged(cursor: &Cursor, next_sync_s: Option<u64>, moved_to: Option<String>) -> Vec<Page> {
    let end = PassEnd { cursor: Some(cursor.write()), coverage: Coverage::Delta, next_sync_s, moved_to };
    vec![Page { total: Some(0), end: Some(end), ..Page::default() }]
}

#[async_trait]
impl Provider for Ics {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Ics
    }

    fn parallel(&self) -> usize {
        1
    }

    /// The one calendar, without a request: its name (unless the user chose one), colour and zone are those of the last pass.
    async fn list(&self, known: &[KnownCalendar], _meter: &Meter) -> Result<Vec<RemoteCalendar>, ProviderError> {
        let cursor = known.iter().find(|calendar| calendar.remote_id == CALENDAR_ID).and_then(|calendar| calendar.cursor.as_deref());
        let props = Cursor::read(cursor).props;
        let defaults = &self.defaults;
        let name = self.chosen_name.clone().or(props.name).or_else(|| defaults.name.clone());
        Ok(vec![RemoteCalendar {
            remote_id: CALENDAR_ID.to_owned(),
            name: name.unwrap_or_else(|| self.default_name()),
            color: props.color.or_else(|| defaults.color.clone()),
            zone: props.zone.or_else(|| defaults.zone.clone()),
            read_only: true,
            state: None,
            hints: None,
        }])
    }

    fn pull(&self, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>> {
        let this = self.clone();
        stream::once(async move { this.read(request).await })
            .flat_map(|read| match read {
                Ok(pages) => stream::iter(pages).map(Ok).left_stream(),
                Err(error) => stream::iter([Err(error)]).right_stream(),
            })
            .boxed()
    }
}
