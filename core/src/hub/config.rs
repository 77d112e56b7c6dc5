//! What a hub needs to know.

use crate::clock::Clock;
use crate::net::OutboundPolicy;
use crate::oauth::OAuthSettings;
use secrecy::SecretString;
use std::path::PathBuf;
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
    /// Our clients at the providers, and where these are.
    pub oauth: OAuthSettings,
    /// The address that providers reach us at, `https://calendar.example.org`; `None`: they can not, and everything is polled.
    pub public_url: Option<String>,
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
            oauth: OAuthSettings::default(),
            public_url: None,
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
