//! Calendly API v2.
//!
//! - `transport`: requests with an access token, which is renewed once when it is refused, and the pace that the quota allows;
//!   `problems`: failures in the user's words; `wire`: the forms of the answers;
//! - `list`: the one calendar of a user; `pull`: the passes; `known`: what is stored, by booking; `moved`: bookings that took another
//!   time; `normalize`: a booking with its invitees to the domain's event;
//! - `hooks`: webhook subscriptions and the bodies of webhooks; `signature`: whether a webhook is Calendly's.
//!
//! Invariants:
//! - Calendly has neither a cursor nor "changed since". A pass lists a window and compares `updated_at`: 730 days back and 365 ahead
//!   until that was done once ([`crate::provider::Pass::Initial`], or `Full` when the user asks), later 90 back and 180 ahead. That it
//!   was done is what the cursor says.
//! - Invitees are asked for only when their event is new or has changed. Without a change a sync is one request for each 100 bookings
//!   in the window, and none for invitees.
//! - One booking is one object, whatever time it takes: Calendly cancels the old event and makes a new one, which takes the old one's
//!   place. The object keeps the id of its first event; its version names all of them.
//! - An event outside of the window is never gone for being absent. One inside is gone when Calendly, asked for it by its address, does
//!   not know it; when many are absent at once, the delete guard decides.
//!
//! Sources: developer.calendly.com (API reference, rate limits, webhook signatures).

pub mod hooks;
mod known;
mod list;
mod moved;
mod normalize;
mod problems;
mod pull;
pub mod signature;
mod transport;
mod wire;

use crate::clock::Clock;
use crate::error::ProviderError;
use crate::net::HttpClient;
use crate::oauth::access::Access;
use crate::provider::{KnownCalendar, Meter, Page, Provider, PullRequest, RemoteCalendar};
use async_trait::async_trait;
use futures::stream::BoxStream;
use std::sync::Arc;
use syncline_domain::sync::ProviderKind;
use transport::Api;
use url::Url;

pub(crate) use known::{NAMED, STALE};
pub(crate) use list::Hints;

/// The provider of one account.
pub struct Calendly {
    api: Arc<Api>,
}

/// An account as it tells about itself.
#[derive(Debug)]
pub struct Account {
    /// Its address.
    pub email: String,
    /// Its bookings.
    pub calendar: RemoteCalendar,
}

impl Calendly {
    /// Makes the provider. Asks nothing.
    #[must_use]
    pub fn new(client: HttpClient, base: Url, access: Arc<dyn Access>, clock: Clock) -> Self {
        Self { api: Arc::new(Api::new(client, base, access, clock)) }
    }

    /// Who the account is, and whether its bookings can be read.
    ///
    /// # Errors
    /// [`ProviderError`] when the token is refused, or does not allow to read bookings.
    pub async fn account(&self, meter: &Meter) -> Result<Account, ProviderError> {
        list::account(&self.api, meter).await
    }
}

#[async_trait]
impl Provider for Calendly {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Calendly
    }

    fn parallel(&self) -> usize {
        1
    }

    async fn list(&self, known: &[KnownCalendar], meter: &Meter) -> Result<Vec<RemoteCalendar>, ProviderError> {
        Ok(vec![list::calendar(&self.api, known, meter).await?])
    }

    fn pull(&self, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>> {
        pull::stream(self.api.clone(), request)
    }
}
