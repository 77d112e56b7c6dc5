//! The facade: everything that the page, REST and the command line can do. One file per area; each method takes the user
//! whose data it touches, and nothing of another user can be named through it.

mod accounts;
mod calendar;
mod calendly;
mod config;
mod connections;
mod consent;
mod health;
mod holds;
pub mod instance;
mod listing;
mod live;
mod open;
mod operator;
mod provide;
mod shown;
mod syncs;
mod webhooks;

pub use crate::progress::{LiveId, NotALiveId};
pub use accounts::{NewSession, NewToken};
pub use calendly::NewCalendly;
pub use config::Config;
pub use connections::{CalendarChange, NewCaldav, NewIcs, Reconnect};
pub use consent::{BeginConsent, ConsentAnswer, ConsentSetup, FORECAST_MS};
pub use health::Check;
pub use live::LiveStream;
pub use shown::{MOST_MONTHS, Shown};

pub(crate) use syncs::progress_of;
pub use syncs::{Scope, Started, SyncOptions};
pub(crate) use webhooks::TELLING;
pub use webhooks::{CalendlyWebhook, GoogleNotification, Taken, WebhookSetup};

use crate::clock::Clock;
use crate::engine;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::net::HttpClient;
use crate::progress::Bus;
use crate::quota::Quotas;
use crate::secrets::Keyring;
use crate::store::Db;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use syncline_domain::ids::JobId;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Connections that one process syncs at the same time.
const PARALLEL_CONNECTIONS: usize = 8;

/// The sync hub. Cheap to clone.
#[derive(Clone)]
pub struct Hub(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) secrets: Keyring,
    pub(crate) config: Config,
    pub(crate) client: HttpClient,
    /// What webhooks named, by connection, while its next sync has not begun.
    nudges: webhooks::Nudges,
    /// Who renews tokens in this process.
    pub(crate) token_locks: crate::oauth::access::Locks,
    /// Who looks after subscriptions in this process.
    pub(crate) push_locks: crate::oauth::access::Locks,
    /// Providers that asked not to be asked before a time, by connection.
    pauses: webhooks::Pauses,
    /// What feeds were fetched a moment ago.
    pub(crate) feeds: Arc<crate::provider::ics::Feeds>,
    bus: Bus,
    /// Names this process in locks.
    owner: String,
    /// Jobs of this process that are at work.
    running: Mutex<HashMap<JobId, CancellationToken>>,
    gate: Semaphore,
    metrics: Metrics,
    quotas: Quotas,
    oauth: instance::Effective,
    refusals: instance::Refusals,
    opened: Instant,
    /// When the scheduler last looked, milliseconds after `opened`; 0: never.
    beat: AtomicU64,
    /// The process is about to end.
    closing: AtomicBool,
    /// Wakes the scheduler when something may be due earlier than it thinks.
    pub(crate) due: Notify,
}

impl Hub {
    /// Opens the database (and makes it on first start). Starts no task; see [`Hub::run_tasks`].
    ///
    /// # Errors
    /// When the folder, the key or the database can not be used; the message says which and why.
    pub async fn open(config: Config) -> Result<Self, Error> {
        let db = open::database(&config).await?;
        let secrets = open::keyring(&config, &db).await?;
        let metrics = Metrics::default();
        let client = HttpClient::new(config.outbound.clone())?.counted_by(metrics.clone());
        let hub = Self(Arc::new(Inner {
            db,
            secrets,
            config,
            client,
            nudges: webhooks::Nudges::default(),
            token_locks: crate::oauth::access::Locks::default(),
            push_locks: crate::oauth::access::Locks::default(),
            pauses: webhooks::Pauses::default(),
            feeds: Arc::default(),
            bus: Bus::default(),
            owner: engine::lease::owner(),
            running: Mutex::default(),
            gate: Semaphore::new(PARALLEL_CONNECTIONS),
            metrics,
            quotas: Quotas::default(),
            oauth: instance::Effective::default(),
            refusals: instance::Refusals::default(),
            opened: Instant::now(),
            beat: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            due: Notify::new(),
        }));
        hub.reload_instance().await?;
        Ok(hub)
    }

    /// Runs the scheduler, the watch on other processes, the horizon and the clean-up until the returned future is dropped.
    /// `syncline serve` does this; the command line does not.
    pub async fn run_tasks(&self) {
        crate::tasks::run(self.clone()).await;
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ready(&self) -> Result<(), Error> {
        Ok(self.0.db.ping().await?)
    }

    /// The hub's clock, unix milliseconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.0.config.clock.now()
    }

    /// What a clock on the wall shows now in a zone (an IANA name); UTC when there is none or it is unknown.
    #[must_use]
    pub fn wall_now(&self, zone: Option<&str>) -> DateTime {
        self.wall_at(self.now(), zone)
    }

    /// The same of an instant, unix milliseconds.
    #[must_use]
    pub fn wall_at(&self, at: i64, zone: Option<&str>) -> DateTime {
        let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        Timestamp::from_millisecond(at).map_or(DateTime::ZERO, |at| zone.to_datetime(at))
    }

    /// Ends running jobs in an orderly way (they can be resumed) and closes the database.
    pub async fn close(&self) {
        self.0.closing.store(true, Ordering::Release);
        for token in self.running().values() {
            token.cancel();
        }
        // Each job needs a moment to store how it ended; what takes longer is found by the next start.
        for _ in 0..100 {
            if self.running().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.0.db.close().await;
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.config.clock
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn bus(&self) -> &Bus {
        &self.0.bus
    }

    pub(crate) fn gate(&self) -> &Semaphore {
        &self.0.gate
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.0.quotas
    }

    /// The scheduler is at work.
    pub(crate) fn beat(&self) {
        let since = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.beat.store(since.max(1), Ordering::Release);
    }

    /// How long the scheduler has not looked; `None`: it was not started.
    fn silent_for(&self) -> Option<Duration> {
        let beat = Some(self.0.beat.load(Ordering::Acquire)).filter(|beat| *beat > 0)?;
        Some(self.0.opened.elapsed().saturating_sub(Duration::from_millis(beat)))
    }

    pub(crate) fn due(&self) -> &Notify {
        &self.0.due
    }

    pub(crate) fn owner(&self) -> &str {
        &self.0.owner
    }

    pub(crate) fn running(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, CancellationToken>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jobs that stop now are interrupted, not cancelled.
    pub(crate) fn is_closing(&self) -> bool {
        self.0.closing.load(Ordering::Acquire)
    }

    /// As the beginning of [`Hub::close`].
    #[cfg(test)]
    pub(crate) fn testing_begin_closing(&self) {
        self.0.closing.store(true, Ordering::Release);
    }

    /// A job of this process has ended.
    pub(crate) fn forget(&self, job: &JobId) {
        self.running().remove(job);
    }
}
