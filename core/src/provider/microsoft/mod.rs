//! Microsoft Graph v1.0: the calendars of an Outlook mailbox.
//!
//! - `transport`: requests with an access token, four at once for a mailbox; `problems`: failures in the user's words;
//! - `wire`: the forms of the answers; `list`: the calendars and whose mailbox it is;
//! - `pull`: the passes; `round`: one round of `calendarView/delta`; `lookup`: single events by their ids;
//! - `push`: subscriptions, and what a notification says;
//! - `series`: the parts of a series put together; `pattern`: a recurrence as RRULE; `normalize`: events to the domain's.
//!
//! Invariants:
//! - Ids are immutable ones (`Prefer: IdType="ImmutableId"` on every request), times are asked for in UTC, and an event keeps the zone
//!   that it was made in.
//! - A round is about a window, two years back and two ahead, which is frozen in its links. The window is moved a month after it was
//!   fixed: the old round is told to its end first, so that nothing is lost that is about to fall out, and then the new window is
//!   read as a whole. What ended before the new window stays as it is.
//! - `@removed` says "deleted" also of what was changed outside of the window. So what is stored is looked up before it is believed;
//!   what is still there is kept, under a version that says so (`beyond`), and looked up again whenever everything is compared.
//! - One series is one object, whose id is the master's. Graph tells a series as its master, bare occurrences and exceptions in full,
//!   and a deleted occurrence by its absence. So the rule is expanded here and compared with what was told: within the window the
//!   series shows what Graph shows, to the last occurrence, and beyond it what the rule says.
//! - Links are followed verbatim, but only to the configured host.
//! - A pass is not resumed inside: what was committed before a break is recognised by its version and its hash.
//!
//! Sources: learn.microsoft.com/graph (event-delta, delta-query-events, outlook-immutable-id, throttling-limits, json-batching), the
//! issues of microsoft-graph-docs on what it does not say (#7632: bare occurrences, #4501: deleted ones, #6599: outside the window).

mod list;
mod lookup;
mod normalize;
mod pattern;
mod problems;
mod pull;
mod push;
mod round;
mod series;
mod transport;
mod wire;

use crate::clock::Clock;
use crate::error::ProviderError;
use crate::net::HttpClient;
use crate::oauth::access::Access;
use crate::provider::{KnownCalendar, Meter, Page, Provider, PullRequest, RemoteCalendar};
use async_trait::async_trait;
use futures::stream::BoxStream;
pub(crate) use push::{LIFE_MS, Notification, Notifications};
use std::sync::Arc;
use syncline_domain::sync::ProviderKind;
use transport::{AT_ONCE, Api};
use url::Url;

/// The provider of one mailbox.
pub struct Microsoft {
    api: Arc<Api>,
}

/// A mailbox as its first listing shows it.
#[derive(Debug)]
pub struct Account {
    /// Its address.
    pub email: String,
    /// Its calendars.
    pub calendars: Vec<RemoteCalendar>,
}

impl Microsoft {
    /// Makes the provider. Asks nothing.
    #[must_use]
    pub fn new(client: HttpClient, base: Url, access: Arc<dyn Access>, clock: Clock) -> Self {
        Self { api: Arc::new(Api::new(client, base, access, clock)) }
    }

    /// Whose mailbox it is.
    ///
    /// # Errors
    /// [`ProviderError`] when the account or its calendars can not be read.
    pub async fn account(&self, meter: &Meter) -> Result<Account, ProviderError> {
        list::account(&self.api, meter).await
    }
}

#[async_trait]
impl Provider for Microsoft {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Microsoft
    }

    fn parallel(&self) -> usize {
        AT_ONCE
    }

    async fn list(&self, _known: &[KnownCalendar], meter: &Meter) -> Result<Vec<RemoteCalendar>, ProviderError> {
        list::calendars(&self.api, meter).await
    }

    fn pull(&self, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>> {
        pull::stream(self.api.clone(), request)
    }
}
