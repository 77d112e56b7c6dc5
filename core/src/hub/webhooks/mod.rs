//! Webhooks: subscriptions at Calendly, and what they bring; what is Microsoft's own about them is in `notifications`.
//!
//! A webhook is verified on its bytes as they came, noted so that it counts once, and answered; then its connection is synced by a job
//! like any other. When one is at work already, another follows it, because the first may have asked before the change. Several that
//! come meanwhile wait together. The schedule stays as a safety net: what a process takes in and does not come to is due at once.

//! Webhooks: what providers tell us, and what follows. [`subscriptions`] is the one way in which they are asked to; how a call is
//! verified is the provider's own, in a file for each.
//!
//! A webhook is verified on its bytes as they came, noted so that it counts once, and answered; then its connection is synced by a job
//! like any other. When one is at work already, another follows it, because the first may have asked before the change. Several that
//! come meanwhile wait together. The schedule stays as a safety net: what a process takes in and does not come to is due at once.

mod calendly;
mod microsoft;
mod subscriptions;

pub use calendly::{CalendlyWebhook, WebhookSetup};

use super::Hub;
use super::syncs::{Scope, SyncOptions};
use crate::clock::fill_random;
use crate::error::{Error, StoreError};
use crate::provider::calendly::{NAMED, STALE};
use crate::store::webhooks;
use crate::tasks;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::{Mode, ProviderKind, Trigger};

const CALENDLY: ProviderKind = ProviderKind::Calendly;
const MICROSOFT: ProviderKind = ProviderKind::Microsoft;
const DAY_MS: i64 = 86_400_000;
/// A webhook that comes again later than this is a new one.
const KEEP_MS: i64 = 30 * DAY_MS;
/// When the sync that follows a webhook does not come about, the schedule does it so much later.
const NET_MS: i64 = 5_000;
/// A webhook waits for so many jobs that are at work.
const WAITS: u32 = 20;

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is new, and so many connections are synced.
    New {
        /// How many.
        connections: usize,
    },
    /// It came before.
    Repeated,
    /// It is about nothing that is synced.
    Ignored,
}

/// What webhooks named, by connection.
#[derive(Default)]
pub(crate) struct Nudges(Mutex<HashMap<ConnectionId, Vec<String>>>);

impl Nudges {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Vec<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `true`: nobody waits yet.
    fn add(&self, connection: &ConnectionId, events: Vec<String>) -> bool {
        let mut waiting = self.lock();
        let is_first = !waiting.contains_key(connection);
        waiting.entry(connection.clone()).or_default().extend(events);
        is_first
    }

    fn take(&self, connection: &ConnectionId) -> Vec<String> {
        self.lock().remove(connection).unwrap_or_default()
    }
}

impl Hub {
    /// Lets a sync of the connection follow, which reads these events again whatever their versions say.
    fn nudge(&self, user: UserId, connection: ConnectionId, events: Vec<String>) {
        if self.0.nudges.add(&connection, events) {
            tasks::detach(nudged(self.clone(), user, connection));
        }
    }

    /// Notes what a webhook named in the mirror, where the next pass finds it.
    async fn note_named(&self, connection: &ConnectionId, events: &[String]) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        for event in events {
            webhooks::mark_stale(&mut tx, connection, event, STALE).await?;
            webhooks::put_named(&mut tx, connection, event, NAMED, self.now()).await?;
        }
        tx.commit().await
    }

    /// Connections whose provider could tell us, and was not seen to since then.
    async fn without_subscription(&self, since: i64) -> Result<Vec<(String, String)>, StoreError> {
        let mut found = Vec::new();
        for provider in subscriptions::TELLING {
            found.extend(webhooks::without(self.db(), provider.as_str(), since).await?);
        }
        Ok(found)
    }

    /// Forgets old webhooks, and looks after subscriptions that were not seen alive for a day.
    pub(crate) async fn tidy_webhooks(&self) {
        let now = self.now();
        let purged = async {
            let mut tx = self.db().begin().await?;
            webhooks::purge(&mut tx, now - KEEP_MS).await?;
            tx.commit().await
        };
        let open = match purged.await {
            Ok(()) if self.public_base().is_some() => self.without_subscription(now - DAY_MS).await,
            Ok(()) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        match open {
            Ok(open) => {
                for (connection, user) in open {
                    self.subscribe(&UserId::trusted(user), &ConnectionId::trusted(connection)).await;
                }
            }
            Err(error) => tracing::warn!(what = error.what, cause = %error.source, "webhooks could not be tidied up"),
        }
    }
}

#[cfg(feature = "test-support")]
impl Hub {
    /// What the hourly task does about webhooks.
    pub async fn testing_tidy_webhooks(&self) {
        self.tidy_webhooks().await;
    }
}

/// Waits for the job that is at work, then syncs.
async fn nudged(hub: Hub, user: UserId, connection: ConnectionId) {
    let options = SyncOptions { mode: Mode::Auto, trigger: Trigger::Webhook };
    for _ in 0..WAITS {
        if hub.is_closing() {
            return;
        }
        // Whoever comes from here on waits for the sync after this one.
        let events = hub.0.nudges.take(&connection);
        if let Err(error) = hub.note_named(&connection, &events).await {
            tracing::warn!(what = error.what, cause = %error.source, "a webhook could not be followed");
            return;
        }
        match hub.start_sync(&user, Scope::Connections(vec![connection.clone()]), options).await {
            Err(Error::AlreadyRunning { job }) => {
                if !hub.0.nudges.add(&connection, events) {
                    return;
                }
                if hub.wait_for(&user, &job).await.is_err() {
                    break;
                }
            }
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%connection, code = %error.problem().code, "no sync followed a webhook");
                return;
            }
        }
    }
    hub.0.nudges.take(&connection);
}

/// 192 random bits as text.
fn random() -> String {
    let mut bytes = [0_u8; 24];
    fill_random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What tells a delivery from others, as it is stored.
fn delivery(provider: ProviderKind, subscription: &str, identity: &str) -> String {
    crate::ical::hex(&Sha256::digest(format!("{}\n{subscription}\n{identity}", provider.as_str())))
}
