//! Webhooks: what providers tell us, and what follows. [`subscriptions`] is the one way in which they are asked to; how a call is
//! verified is the provider's own, in a file for each.
//!
//! A webhook is verified on its bytes as they came, noted so that it counts once, and answered; then its connection is synced by a job
//! like any other. When one is at work already, another follows it, because the first may have asked before the change. Several that
//! come meanwhile wait together. The schedule stays as a safety net: what a process takes in and does not come to is due at once.

mod calendly;
mod google;
mod microsoft;
mod subscriptions;

pub use calendly::{CalendlyWebhook, WebhookSetup};
pub use google::GoogleNotification;
pub(crate) use subscriptions::TELLING;

use super::Hub;
use super::syncs::{Scope, SyncOptions};
use crate::clock::fill_random;
use crate::error::{Error, StoreError};
use crate::provider::calendly::{NAMED, STALE};
use crate::store::webhooks::{self, SubscriptionRow};
use crate::tasks;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use syncline_domain::ids::{CalendarId, ConnectionId, UserId};
use syncline_domain::sync::{Mode, ProviderKind, Trigger};

const CALENDLY: ProviderKind = ProviderKind::Calendly;
const GOOGLE: ProviderKind = ProviderKind::Google;
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

/// How far the sync goes that follows a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reach {
    /// These calendars.
    Calendars(Vec<CalendarId>),
    /// All that are synced.
    Everything,
}

/// What webhooks named.
#[derive(Debug, Clone)]
struct Named {
    /// Events to be read again whatever their versions say.
    events: Vec<String>,
    reach: Reach,
}

impl Named {
    fn with(&mut self, other: Self) {
        self.events.extend(other.events);
        match (&mut self.reach, other.reach) {
            (Reach::Calendars(these), Reach::Calendars(those)) => {
                these.extend(those);
                these.sort();
                these.dedup();
            }
            (reach, _) => *reach = Reach::Everything,
        }
    }
}

/// What webhooks named, by connection.
#[derive(Default)]
pub(crate) struct Nudges(Mutex<HashMap<ConnectionId, Named>>);

impl Nudges {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Named>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `true`: nobody waits yet.
    fn add(&self, connection: &ConnectionId, named: Named) -> bool {
        match self.lock().entry(connection.clone()) {
            Entry::Occupied(mut waiting) => {
                waiting.get_mut().with(named);
                false
            }
            Entry::Vacant(free) => {
                free.insert(named);
                true
            }
        }
    }

    fn take(&self, connection: &ConnectionId) -> Option<Named> {
        self.lock().remove(connection)
    }
}

/// Until when connections are left alone, unix milliseconds, because their provider asked for it. A sync that a webhook or the schedule
/// begins waits for that; who presses a button does not. It is forgotten with the process: the provider would ask again.
#[derive(Default)]
pub(crate) struct Pauses(Mutex<HashMap<ConnectionId, i64>>);

impl Pauses {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn until(&self, connection: &ConnectionId, now: i64) -> Option<i64> {
        let mut pauses = self.lock();
        pauses.retain(|_, until| *until > now);
        pauses.get(connection).copied()
    }
}

impl Hub {
    /// The provider asked to be left alone until then, `None`: it did not.
    pub(crate) fn pause(&self, connection: &ConnectionId, until: Option<i64>) {
        let mut pauses = self.0.pauses.lock();
        match until {
            Some(until) => pauses.insert(connection.clone(), until),
            None => pauses.remove(connection),
        };
    }

    /// Until when a connection is left alone by whatever begins by itself.
    pub(crate) fn paused_until(&self, connection: &ConnectionId) -> Option<i64> {
        self.0.pauses.until(connection, self.now())
    }

    /// The subscription that a call names.
    async fn named_subscription(&self, id: Option<&str>) -> Result<Option<SubscriptionRow>, StoreError> {
        match id {
            Some(id) => webhooks::find(self.db(), id).await,
            None => Ok(None),
        }
    }

    /// Lets a sync of the connection follow, which reads these events again whatever their versions say.
    fn nudge(&self, user: UserId, connection: ConnectionId, events: Vec<String>, reach: Reach) {
        if self.0.nudges.add(&connection, Named { events, reach }) {
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

    /// Forgets old webhooks.
    pub(crate) async fn tidy_webhooks(&self) {
        let purged = async {
            let mut tx = self.db().begin().await?;
            webhooks::purge(&mut tx, self.now() - KEEP_MS).await?;
            tx.commit().await
        };
        if let Err(error) = purged.await {
            log(&error);
        }
    }

    /// Looks after the subscriptions that need it: new ones, missing ones, and those that end soon.
    pub(crate) async fn look_after_subscriptions(&self) {
        if self.public_base().is_none() {
            return;
        }
        for (provider, by_calendar) in TELLING {
            match webhooks::to_look_after(self.db(), provider.as_str(), by_calendar, self.now()).await {
                Ok(open) => {
                    for (connection, _) in open {
                        self.look_after(&ConnectionId::trusted(connection)).await;
                    }
                }
                Err(error) => log(&error),
            }
        }
    }
}

#[cfg(feature = "test-support")]
impl Hub {
    /// One look of the schedule.
    pub async fn testing_start_due(&self) {
        tasks::start_due(self).await;
    }

    /// What the tasks do about webhooks.
    pub async fn testing_tidy_webhooks(&self) {
        self.tidy_webhooks().await;
        self.look_after_subscriptions().await;
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
        let Some(named) = hub.0.nudges.take(&connection) else { return };
        if let Err(error) = hub.note_named(&connection, &named.events).await {
            tracing::warn!(what = error.what, cause = %error.source, "a webhook could not be followed");
            return;
        }
        if hub.paused_until(&connection).is_some() {
            // The schedule follows when the pause is over.
            return;
        }
        let scope = match &named.reach {
            Reach::Calendars(ids) => Scope::Calendars(ids.clone()),
            Reach::Everything => Scope::Connections(vec![connection.clone()]),
        };
        match hub.start_sync(&user, scope, options).await {
            Err(Error::AlreadyRunning { job }) => {
                if !hub.0.nudges.add(&connection, named) {
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

fn log(error: &StoreError) {
    tracing::warn!(what = error.what, cause = %error.source, "what is about webhooks could not be stored: {}", error.what);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_together_reaches_as_far_as_the_farthest() {
        let id = |id: &str| CalendarId::trusted(id);
        let named = |reach: Reach, event: &str| Named { events: vec![event.to_owned()], reach };
        let (nudges, connection) = (Nudges::default(), ConnectionId::trusted("c"));
        assert!(nudges.add(&connection, named(Reach::Calendars(vec![id("b")]), "1")));
        assert!(!nudges.add(&connection, named(Reach::Calendars(vec![id("a"), id("b")]), "2")));
        let both = nudges.take(&connection).unwrap();
        assert_eq!((both.events.join(" "), both.reach), ("1 2".to_owned(), Reach::Calendars(vec![id("a"), id("b")])));
        assert!(nudges.take(&connection).is_none(), "it is taken once");
        for (first, second) in [(Reach::Everything, Reach::Calendars(vec![id("a")])), (Reach::Calendars(vec![id("a")]), Reach::Everything)]
        {
            nudges.add(&connection, named(first, ""));
            nudges.add(&connection, named(second, ""));
            assert_eq!(nudges.take(&connection).unwrap().reach, Reach::Everything);
        }
    }
}
