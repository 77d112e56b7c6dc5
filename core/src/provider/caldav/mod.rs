//! CalDAV (RFC 4791, RFC 6578).
//!
//! - `address`, `auth`, `dns`, `discover`: from what a user typed to [`CalDavSettings`];
//! - `transport`: requests, redirects, credentials; `wire`: the XML of both directions; `problems`: failures in the user's words;
//! - `list`: the calendars; `pull`: the passes; `normalize`: one object to events.
//!
//! Invariants:
//! - A first pass is *one* streamed query that takes no token, because that is the fastest a server can give. What it proves
//!   nothing about (whether the server cut it, what changed meanwhile) the next pass does: it takes the token first, then
//!   compares every version. Only a pass that did so stores a token, so nothing between the two can be lost.
//! - When the listing shows the token (or CTag) that the cursor holds, nothing is asked: a sync without changes is one request
//!   for the whole account.
//! - A refused token is never a failure, and a server that answers a stale token with a full listing is noticed: both lead
//!   to a comparison of every version. So does a day without one.
//! - Nothing is deleted because it was missing somewhere: removals are a 404 row of a token report, a 404 of the object
//!   itself, or the absence in a listing that was complete to its last byte. What is listed and can not be read is unreadable.
//! - Hrefs are compared decoded and asked in the server's own spelling.
//!
//! How to handle the next odd server: name the oddity in `sandbox::caldav::Quirks`, add a line to `core/tests/caldav_quirks.rs`,
//! then make it pass here.

mod address;
mod auth;
mod cursor;
mod discover;
mod dns;
mod list;
mod normalize;
mod problems;
mod pull;
mod transport;
mod wire;

pub use auth::AuthKind;
pub use discover::{Discovered, discover};

use crate::error::ProviderError;
use crate::net::HttpClient;
use crate::provider::{KnownCalendar, Meter, Page, Provider, PullRequest, RemoteCalendar};
use async_trait::async_trait;
use auth::Login;
use cursor::Cursor;
use futures::stream::BoxStream;
use problems::Subject;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use syncline_domain::sync::ProviderKind;
use transport::Dav;
use wire::Listing;

/// Where an account's calendars are and how it is reached. Nothing in it is secret; it is stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CalDavSettings {
    /// The collections that hold the calendars; some servers have several, on several hosts.
    pub homes: Vec<Home>,
    /// User name.
    pub username: String,
    /// How the server wants the password.
    pub auth: AuthKind,
    /// The owner's e-mail addresses, lower case: they tell who "me" is among the attendees.
    #[serde(default)]
    pub addresses: Vec<String>,
}

/// One place where calendars are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// Its address.
    pub url: String,
    /// It is not a home but one calendar, because that is all the user has access to.
    #[serde(default)]
    pub single: bool,
}

/// An account with its password.
#[derive(Debug, Clone)]
pub struct CalDavAccount {
    /// What [`discover`] found.
    pub settings: CalDavSettings,
    /// Password or app password.
    pub password: SecretString,
}

/// The provider.
pub struct CalDav {
    dav: Arc<Dav>,
    settings: Arc<CalDavSettings>,
}

impl CalDav {
    /// Makes the provider for one account. Asks nothing.
    #[must_use]
    pub fn new(client: HttpClient, account: CalDavAccount) -> Self {
        let CalDavAccount { settings, password } = account;
        let login = Login::known(&settings.username, &password, settings.auth);
        Self { dav: Arc::new(Dav { client, login }), settings: Arc::new(settings) }
    }
}

#[async_trait]
impl Provider for CalDav {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Caldav
    }

    fn parallel(&self) -> usize {
        4
    }

    async fn list(&self, known: &[KnownCalendar], meter: &Meter) -> Result<Vec<RemoteCalendar>, ProviderError> {
        let cursors = known.iter().filter(|calendar| calendar.enabled).filter_map(|calendar| calendar.cursor.as_deref());
        let listing = cursors.map(|text| Cursor::parse(text).listing()).max().unwrap_or(Listing::Plain);
        let homes = self.settings.homes.iter().map(|home| list::home(&self.dav, home, listing, Subject::Home, meter));
        let found = futures::future::try_join_all(homes).await?;
        Ok(list::in_order(found.into_iter().flatten().collect()))
    }

    fn pull(&self, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>> {
        pull::stream(self.dav.clone(), self.settings.clone(), request)
    }
}
