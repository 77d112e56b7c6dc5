//! The facade: everything that the page, REST and the command line can do. One file per area; each method takes the user
//! whose data it touches, and nothing of another user can be named through it.

mod accounts;
mod calendar;
mod connections;
mod holds;
mod live;
mod open;
mod syncs;

pub use accounts::{NewSession, NewToken};
pub use connections::{CalendarChange, NewCaldav, NewIcs, Reconnect};
pub use live::LiveStream;
pub use syncs::{Scope, Started, SyncOptions};

use crate::clock::Clock;
use crate::error::{Error, StoreError};
use crate::net::OutboundPolicy;
use crate::secrets::Keyring;
use crate::store::Db;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a hub needs to know. It never reads the environment itself.
#[derive(Clone)]
pub struct Config {
    /// The folder of the SQLite file and the key file; made with mode 0700 when it is missing.
    pub data_dir: PathBuf,
    /// `postgres://…`, or `None` for SQLite in the data folder. `sqlite::memory:` is for tests.
    pub database_url: Option<String>,
    /// The key that seals secrets (base64 of 32 bytes); `None` uses the key file, which is made on first start.
    pub secret_key: Option<SecretString>,
    /// Which addresses may be asked, and how long.
    pub outbound: OutboundPolicy,
    /// A job that takes longer ends `partial`.
    pub sync_budget: Duration,
    /// Where "now" comes from.
    pub clock: Clock,
}

impl Config {
    /// Everything by default in a folder.
    #[must_use]
    pub fn in_dir(data_dir: PathBuf) -> Self {
        Self {
            data_dir,
            database_url: None,
            secret_key: None,
            outbound: OutboundPolicy::default(),
            sync_budget: Duration::from_secs(270),
            clock: Clock::System,
        }
    }
}

impl std::fmt::Debug for Config {
    /// Leaves out the database URL, which may hold a password.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Config").field("data_dir", &self.data_dir).field("outbound", &self.outbound).finish_non_exhaustive()
    }
}

/// The sync hub. Cheap to clone.
#[derive(Clone)]
pub struct Hub(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) secrets: Keyring,
    pub(crate) config: Config,
}

impl Hub {
    /// Opens the database (and makes it on first start). Starts no task; see [`Hub::run_tasks`].
    ///
    /// # Errors
    /// When the folder, the key or the database can not be used; the message says which and why.
    pub async fn open(config: Config) -> Result<Self, Error> {
        let db = open::database(&config).await?;
        let secrets = open::keyring(&config, &db).await?;
        Ok(Self(Arc::new(Inner { db, secrets, config })))
    }

    /// Runs the scheduler, the horizon and the clean-up until the returned future is dropped. `syncline serve` does this;
    /// the command line does not.
    pub async fn run_tasks(&self) {
        std::future::pending::<()>().await;
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
        let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        Timestamp::from_millisecond(self.now()).map_or(DateTime::ZERO, |now| zone.to_datetime(now))
    }

    /// Ends running jobs in an orderly way (they can be resumed) and closes the database.
    pub async fn close(&self) {
        self.0.db.close().await;
    }
}

fn pending<T>() -> Result<T, Error> {
    Err(Error::Store(StoreError { what: "not built yet", source: sqlx::Error::PoolClosed }))
}
