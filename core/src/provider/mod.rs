//! Providers: how an external service is read.
//!
//! A provider turns what a service sends into [`Page`]s of [`Change`]s; it stores nothing and decides nothing about what is
//! kept. It does not retry (the job does), it does not log failures (the caller does), and it never invents a deletion: what
//! it could not read is a [`Content::Unreadable`], what a snapshot did not list is left to the engine's delete guard.
//!
//! How to add one: a folder with `mod.rs` (the trait), `transport.rs` (requests), `wire.rs` (their forms) and `normalize.rs`
//! (pure, to [`Event`]), a variant of [`ProviderKind`], and an instance of the provider suite in the tests.

pub mod caldav;
pub mod calendly;
pub mod google;
pub mod ics;
pub mod microsoft;
mod outbox;

use crate::error::ProviderError;
use async_trait::async_trait;
use futures::stream::BoxStream;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use syncline_domain::event::Event;
use syncline_domain::sync::ProviderKind;

/// The code of a refusal for good: the provider tells nobody by itself about such a calendar.
pub(crate) const PUSH_UNSUPPORTED: &str = "push_unsupported";

/// A calendar as the provider lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteCalendar {
    /// The provider's stable id: the decoded path for CalDAV, `feed` for ICS.
    pub remote_id: String,
    /// Display name.
    pub name: String,
    /// `#rrggbb` as the provider has it.
    pub color: Option<String>,
    /// Zone name for floating times and display.
    pub zone: Option<String>,
    /// We may not write to it.
    pub read_only: bool,
    /// Changes whenever anything in the calendar changes (sync token, CTag, ETag); equal to the last one means "unchanged".
    pub state: Option<String>,
    /// Private to the provider: what it wants to know about the calendar in the next pull (JSON).
    pub hints: Option<String>,
}

/// A calendar that is stored already, as far as a provider needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCalendar {
    /// The provider's stable id.
    pub remote_id: String,
    /// The cursor of the last finished pass.
    pub cursor: Option<String>,
    /// [`RemoteCalendar::hints`] of the last listing.
    pub hints: Option<String>,
    /// It is part of this job; the others are told so that a listing of changes can be completed.
    pub enabled: bool,
}

/// The pass that the engine chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Nothing is stored yet.
    Initial,
    /// Ask with the cursor.
    Incremental,
    /// Read everything (or every version) and reconcile against what is stored.
    Full,
}

/// What is stored about a calendar's remote objects: `remote id → version`. Loaded only when the provider asks for it.
#[async_trait]
pub trait KnownVersions: Send + Sync {
    /// All objects of the calendar that are live, cancelled or unreadable. `None` as a version: the provider gave none, or the
    /// object is to be read again.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn load(&self) -> Result<HashMap<String, Option<String>>, ProviderError>;

    /// What is stored of some live objects, as [`Object::raw`] gave it: `remote id → raw`. What is not stored is left out. Pages that
    /// are still being written may be missing, so ask only for what this pass has not sent yet.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn raw(&self, ids: &[String]) -> Result<HashMap<String, String>, ProviderError> {
        let _ = ids;
        Ok(HashMap::new())
    }
}

/// What the engine asks for.
#[derive(Clone)]
pub struct PullRequest {
    /// The calendar as listed in this job.
    pub calendar: RemoteCalendar,
    /// Which pass.
    pub pass: Pass,
    /// The cursor of the last finished pass; `None` for an initial one.
    pub cursor: Option<String>,
    /// The checkpoint of an unfinished pass that is to be resumed.
    pub checkpoint: Option<String>,
    /// What is stored.
    pub known: Arc<dyn KnownVersions>,
    /// Where requests and bytes are counted.
    pub meter: Meter,
    /// Now, unix milliseconds.
    pub now: i64,
}

/// Requests and bytes, shared between a provider and the engine.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<(AtomicU64, AtomicU64)>);

impl Meter {
    /// One more request went out.
    pub fn request(&self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }

    /// So many bytes came in, after decompression.
    pub fn bytes(&self, number: usize) {
        self.0.1.fetch_add(number as u64, Ordering::Relaxed);
    }

    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }

    /// Bytes so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.0.1.load(Ordering::Relaxed)
    }
}

/// A part of a pass. Pages hold 200 to 1,000 changes, so that a transaction is worth its commit and progress still moves.
#[derive(Debug, Default)]
pub struct Page {
    /// What the provider says, in its order.
    pub changes: Vec<Change>,
    /// How many objects the whole pass will bring, as soon as that is known.
    pub total: Option<u64>,
    /// Where the pass can be resumed once this page is committed.
    pub checkpoint: Option<String>,
    /// Only on the last page.
    pub end: Option<PassEnd>,
}

/// One remote object in a page.
#[derive(Debug)]
pub struct Change {
    /// The provider's stable id of the object.
    pub remote_id: String,
    /// Its version, when the provider gives one.
    pub version: Option<String>,
    /// What became of it.
    pub content: Content,
}

/// What a provider says about one object.
#[derive(Debug)]
pub enum Content {
    /// Its events.
    Present(Object),
    /// It is there, but can not be read; what is stored stays. The code goes into the result's reasons.
    Unreadable {
        /// Stable reason: `no_start`, `bad_rule`, `empty_body`, …
        reason: &'static str,
        /// What the log and the "why" page show; never a secret.
        detail: String,
    },
    /// It is there and did not change.
    Same,
    /// It is gone.
    Removed,
}

impl Content {
    /// Whether the object could not be read for a reason that may pass by itself: the server held it back, so the same version may
    /// be readable the next time.
    #[must_use]
    pub fn is_held_back(&self) -> bool {
        matches!(self, Self::Unreadable { reason: "refused_object" | "empty_body", .. })
    }
}

/// The content of one remote object.
#[derive(Debug, Clone)]
pub struct Object {
    /// A master with its overrides, overrides alone, or one single event. Never empty.
    pub events: Vec<Event>,
    /// SHA-256 (hex) over the normalised content: equal means nothing a user could see changed.
    pub hash: String,
    /// The object as the provider sent it, for round trips and for "why is this event here".
    pub raw: String,
    /// What was odd but could be mended: `unknown_zone`, `end_before_start`, …
    pub warnings: Vec<&'static str>,
    /// The id of the copy that the provider keeps of it in a calendar elsewhere: a booking in the calendar that it blocks.
    pub copy_id: Option<String>,
}

/// How a pass ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassEnd {
    /// The cursor for the next incremental pass. It is stored in the transaction of the last page.
    pub cursor: Option<String>,
    /// What the absence of an object in this pass means.
    pub coverage: Coverage,
    /// Ask for the next sync no later than in so many seconds (a feed's refresh hint asks for later, an unverified first
    /// pass for sooner); `None` leaves the connection's interval alone.
    pub next_sync_s: Option<u64>,
    /// The feed moved for good: store this address from now on.
    pub moved_to: Option<String>,
}

/// What the absence of an object in a pass means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Nothing: removals were listed one by one.
    Delta,
    /// It is gone: the pass listed everything. The engine sweeps, through the delete guard.
    Snapshot {
        /// Objects whose last instance ended before this instant stay all the same (feeds drop the past).
        keep_ended_before: Option<i64>,
    },
}

/// One authorised account at a provider, ready to be asked.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Which provider it is.
    fn kind(&self) -> ProviderKind;

    /// How many calendars of one connection may be pulled at once.
    fn parallel(&self) -> usize;

    /// The calendars of the account. `known` lets it save requests, and lets it leave out expensive properties: a
    /// provider may give no [`RemoteCalendar::state`] where no known calendar has a cursor yet.
    ///
    /// # Errors
    /// [`ProviderError`] when the account as a whole can not be read.
    async fn list(&self, known: &[KnownCalendar], meter: &Meter) -> Result<Vec<RemoteCalendar>, ProviderError>;

    /// Runs one pass over a calendar. The stream ends after the page with [`Page::end`], or with an error; everything
    /// before the error is valid and may be committed.
    fn pull(&self, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>>;
}
