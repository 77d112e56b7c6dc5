//! Google Calendar API v3.
//!
//! - `transport`: requests with an access token, which is renewed once when it is refused; `problems`: failures in the user's words;
//! - `wire`: the forms of the answers; `list`: the calendars, by their own sync token;
//! - `push`: watch channels;
//! - `pull`: the passes; `series`: the parts of a series put together; `normalize`: events to the domain's.
//!
//! Invariants:
//! - A pass asks without any bound in time and with `singleEvents=false`; series are expanded here. So nothing is lost at an edge, and
//!   a sync token means the same for ever. The token is kept with the parameters that it was made with.
//! - Without a change a sync is one request for the list of calendars and one for each calendar.
//! - One series is one object, whose id is the master's: master, changed instances and cancelled ones. Google sends the parts one by one
//!   and in any order, so singles are passed on at once, and parts of series are held until the last page. An incremental pass adds
//!   what is stored of the series. Instances whose master we do not get (an invitation to one of them) are such an object without a
//!   master.
//! - A pass is not resumed inside: what was committed before a break is recognised by its version and its hash. At 2,500 events a page
//!   a job comes through 900,000 of them in its time.
//! - Removals are only what Google says is cancelled, or the absence in a listing that came to its end.
//!
//! Sources: the discovery document of Calendar v3, and developers.google.com/workspace/calendar/api/guides (sync, errors).

mod list;
mod normalize;
mod problems;
mod pull;
mod push;
mod series;
mod transport;
mod wire;

use crate::clock::Clock;
use crate::error::ProviderError;
use crate::net::HttpClient;
use crate::oauth::access::Access;
use crate::oauth::bearer::BearerApi;
use crate::provider::{KnownCalendar, Meter, Page, Provider, PullRequest, RemoteCalendar};
use async_trait::async_trait;
use futures::stream::BoxStream;
use std::sync::Arc;
use syncline_domain::sync::ProviderKind;
use transport::Api;
use url::Url;

/// Calendars of one account that are pulled at the same time: Google counts 600 requests a minute.
const PARALLEL: usize = 6;

/// The provider of one account.
pub struct Google {
    api: Arc<Api>,
}

/// An account as its first listing shows it.
#[derive(Debug)]
pub struct Account {
    /// Its address, which is the id of its primary calendar.
    pub email: String,
    /// Its calendars.
    pub calendars: Vec<RemoteCalendar>,
}

impl Google {
    /// Makes the provider. Asks nothing.
    #[must_use]
    pub fn new(client: HttpClient, base: Url, access: Arc<dyn Access>, clock: Clock) -> Self {
        Self { api: Arc::new(Api { http: BearerApi::new(client, base, access), clock }) }
    }

    /// Who the account is.
    ///
    /// # Errors
    /// [`ProviderError`] when the calendars can not be listed.
    pub async fn account(&self, meter: &Meter) -> Result<Account, ProviderError> {
        list::account(&self.api, meter).await
    }
}

#[async_trait]
impl Provider for Google {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Google
    }

    fn parallel(&self) -> usize {
        PARALLEL
    }

    async fn list(&self, known: &[KnownCalendar], meter: &Meter) -> Result<Vec<RemoteCalendar>, ProviderError> {
        list::calendars(&self.api, known, meter).await
    }

    fn pull(&self, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>> {
        pull::stream(self.api.clone(), request)
    }
}
