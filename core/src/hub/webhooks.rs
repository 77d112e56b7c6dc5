//! Webhooks: subscriptions at Calendly, and what they bring; what is Microsoft's own about them is in `notifications`.
//!
//! A webhook is verified on its bytes as they came, noted so that it counts once, and answered; then its connection is synced by a job
//! like any other. When one is at work already, another follows it, because the first may have asked before the change. Several that
//! come meanwhile wait together. The schedule stays as a safety net: what a process takes in and does not come to is due at once.

use super::Hub;
use super::notifications::MICROSOFT;
use super::syncs::{Scope, SyncOptions};
use crate::clock::fill_random;
use crate::error::{Error, StoreError};
use crate::oauth::access::StoredAccess;
use crate::provider::Meter;
use crate::provider::calendly::hooks::Body;
use crate::provider::calendly::signature::{self, Wrong};
use crate::provider::calendly::{Calendly, Hints, NAMED, STALE};
use crate::store::calendars;
use crate::store::connections::{self, ConnectionRow};
use crate::store::webhooks::{self, SubscriptionRow};
use crate::tasks;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use syncline_domain::failure::Problem;
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::{Mode, ProviderKind, Trigger};

/// Where Calendly calls.
const CALENDLY_PATH: &str = "/api/calendly/webhook";
const CALENDLY: ProviderKind = ProviderKind::Calendly;
const DAY_MS: i64 = 86_400_000;
/// A webhook that comes again later than this is a new one.
const KEEP_MS: i64 = 30 * DAY_MS;
/// When the sync that follows a webhook does not come about, the schedule does it so much later.
const NET_MS: i64 = 5_000;
/// A webhook waits for so many jobs that are at work.
const WAITS: u32 = 20;

/// A call to our address, as it came.
#[derive(Debug, Clone)]
pub struct CalendlyWebhook {
    /// `subscription` of the address: which of ours it is.
    pub subscription: Option<String>,
    /// The header `Calendly-Webhook-Signature`.
    pub signature: Option<String>,
    /// The body, untouched.
    pub body: Bytes,
}

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

/// How webhooks are set up on this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSetup {
    /// The address that Calendly calls; `None` when providers can not reach this server.
    pub address: Option<String>,
    /// There is a key for the webhooks of our application.
    pub has_key: bool,
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
    /// How webhooks of Calendly are set up.
    #[must_use]
    pub fn calendly_webhooks(&self) -> WebhookSetup {
        let address = self.public_base().map(|base| format!("{base}{CALENDLY_PATH}"));
        WebhookSetup { address, has_key: self.config().oauth.calendly.webhook_key.is_some() }
    }

    /// The address that providers reach us at: https, or this very machine for tests and demos.
    fn public_base(&self) -> Option<&str> {
        let base = self.config().public_url.as_deref()?.trim_end_matches('/');
        let is_near = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|near| base.starts_with(near));
        (base.starts_with("https://") || is_near).then_some(base)
    }

    /// Takes a webhook in. Returns as soon as it is noted; the sync follows.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the signature is missing, too old, or not made with a key that is known; `invalid_body`.
    pub async fn take_calendly_webhook(&self, hook: CalendlyWebhook) -> Result<Taken, Error> {
        let CalendlyWebhook { subscription, signature, body } = hook;
        let named = match &subscription {
            Some(id) => webhooks::find(self.db(), id).await?,
            None => None,
        };
        let own = named.as_ref().and_then(|row| self.0.secrets.open(&row.signing_key, &row.id).ok());
        // An application's webhooks are signed with its key, whatever a subscription asked for.
        let keys: Vec<&SecretString> = own.iter().chain(&self.config().oauth.calendly.webhook_key).collect();
        let keys: Vec<&[u8]> = keys.iter().map(|key| key.expose_secret().as_bytes()).collect();
        signature::check(signature.as_deref(), &body, &keys, self.now()).map_err(|wrong| refused(wrong, keys.is_empty()))?;
        let body_read: Body = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        if !body_read.is_about_bookings() {
            return Ok(Taken::Ignored);
        }
        // Two subscriptions are told the same; each is one.
        let scope = named.as_ref().map_or("", |row| row.id.as_str());
        let identity = body_read.identity().unwrap_or_else(|| crate::ical::hex(&Sha256::digest(&body)));
        let delivery = crate::ical::hex(&Sha256::digest(format!("calendly\n{scope}\n{identity}")));
        let hosts = if named.is_some() { Vec::new() } else { body_read.hosts() };
        let targets =
            webhooks::concerned(self.db(), CALENDLY.as_str(), named.as_ref().map(|row| row.connection_id.as_str()), &hosts).await?;
        let now = self.now();
        let mut tx = self.db().begin().await?;
        if !webhooks::accept(&mut tx, &delivery, CALENDLY.as_str(), now).await? {
            return Ok(Taken::Repeated);
        }
        for (connection, _) in &targets {
            connections::make_due(&mut tx, &ConnectionId::trusted(connection.clone()), now + NET_MS).await?;
        }
        tx.commit().await?;
        if targets.is_empty() {
            return Ok(Taken::Ignored);
        }
        let connections = targets.len();
        for (connection, user) in targets {
            let events = body_read.booking().map(str::to_owned).into_iter().collect();
            self.nudge(UserId::trusted(user), ConnectionId::trusted(connection), events);
        }
        Ok(Taken::New { connections })
    }

    /// Lets a sync of the connection follow, which reads these events again whatever their versions say.
    pub(super) fn nudge(&self, user: UserId, connection: ConnectionId, events: Vec<String>) {
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

    /// Sees to it that the provider tells us about a connection, where it can. What goes wrong is logged: everything is polled as well.
    pub(super) async fn subscribe(&self, user: &UserId, connection: &ConnectionId) {
        if let Err(error) = self.subscribed(user, connection).await {
            let problem = error.problem();
            tracing::info!(%connection, code = %problem.code, "no webhooks for connection {connection}: {}", problem.code);
        }
    }

    async fn subscribed(&self, user: &UserId, connection: &ConnectionId) -> Result<(), Error> {
        let Some(base) = self.public_base() else { return Ok(()) };
        let row = connections::find(self.db(), user, connection).await?.ok_or(Error::NotFound("connection"))?;
        if row.provider == MICROSOFT.as_str() && !row.needs_user {
            return self.subscribed_to_mailbox(&row, base).await;
        }
        let Some(calendly) = self.calendly_of(&row).filter(|_| !row.needs_user) else { return Ok(()) };
        let meter = Meter::default();
        let mut is_alive = false;
        for old in webhooks::of_connection(self.db(), connection.as_str()).await? {
            let is_ours = !is_alive && old.address == address(base, &old.id);
            // Nothing is asked while a transaction is open: it may be the only one.
            let is_good = is_ours && calendly.is_subscribed(&old.remote_id, &meter).await?;
            if !is_good {
                calendly.unsubscribe(&old.remote_id, &meter).await?;
            }
            let mut tx = self.db().begin().await?;
            if is_good {
                webhooks::touch(&mut tx, &old.id, self.now(), None).await?;
            } else {
                webhooks::delete(&mut tx, &old.id).await?;
            }
            tx.commit().await?;
            is_alive |= is_good;
        }
        if is_alive {
            return Ok(());
        }
        let calendars = calendars::of_connection(self.db(), user, connection).await?;
        let Some(hints) = calendars.iter().find_map(|calendar| Hints::parse(calendar.hints.as_deref())) else { return Ok(()) };
        let (id, key) = (random(), random());
        let address = address(base, &id);
        let remote_id = calendly.subscribe(&hints, &address, &key, &meter).await?;
        let signing_key = self.0.secrets.seal(&SecretString::from(key), &id);
        let checked_at = self.now();
        let subscription = SubscriptionRow { id, connection_id: row.id, remote_id, address, signing_key, checked_at, expires_at: None };
        let stored = async {
            let mut tx = self.db().begin().await?;
            webhooks::insert(&mut tx, &subscription).await?;
            tx.commit().await
        };
        if let Err(error) = stored.await {
            // What we can not check must not be sent.
            let _ = calendly.unsubscribe(&subscription.remote_id, &meter).await;
            return Err(error.into());
        }
        Ok(())
    }

    /// Takes the subscriptions of a connection that goes back, as far as the provider answers.
    pub(super) async fn unsubscribe(&self, row: &ConnectionRow) {
        if row.provider == MICROSOFT.as_str() && !row.needs_user {
            return self.unsubscribe_from_mailbox(row).await;
        }
        let Some(calendly) = self.calendly_of(row).filter(|_| !row.needs_user) else { return };
        for subscription in webhooks::of_connection(self.db(), &row.id).await.unwrap_or_default() {
            if let Err(error) = calendly.unsubscribe(&subscription.remote_id, &Meter::default()).await {
                tracing::info!(code = %error.problem.code, "a webhook subscription could not be taken back");
            }
        }
    }

    fn calendly_of(&self, row: &ConnectionRow) -> Option<Calendly> {
        let id = ConnectionId::trusted(row.id.clone());
        (row.provider == CALENDLY.as_str()).then(|| self.calendly(Arc::new(StoredAccess::new(self.clone(), id, CALENDLY))))?
    }

    /// Connections whose provider could tell us, and was not seen to since then.
    async fn without_subscription(&self, since: i64) -> Result<Vec<(String, String)>, StoreError> {
        let mut found = webhooks::without(self.db(), CALENDLY.as_str(), since).await?;
        found.extend(webhooks::without(self.db(), MICROSOFT.as_str(), since).await?);
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

fn address(base: &str, id: &str) -> String {
    format!("{base}{CALENDLY_PATH}?subscription={id}")
}

pub(super) fn random() -> String {
    let mut bytes = [0_u8; 24];
    fill_random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn refused(wrong: Wrong, no_key: bool) -> Error {
    let (code, message, action) = match wrong {
        _ if no_key => (
            "webhook_key_missing",
            "This server has no key to check this webhook with.",
            "Set CALENDLY_WEBHOOK_SIGNING_KEY, or let Syncline make the subscription.",
        ),
        Wrong::Missing => ("signature_missing", "The webhook bears no signature.", "Calendly sends it as Calendly-Webhook-Signature."),
        Wrong::Old => (
            "signature_expired",
            "The signature was made more than three minutes ago.",
            "Compare the clock of this server; `syncline doctor` does it, too.",
        ),
        Wrong::Forged => (
            "signature_wrong",
            "The signature is not Calendly's.",
            "Compare CALENDLY_WEBHOOK_SIGNING_KEY with the key of the application at Calendly.",
        ),
    };
    Error::Unauthenticated(Box::new(Problem::new(code, message, action)))
}

fn unreadable() -> Error {
    Error::invalid("invalid_body", "The webhook can not be read.", "Calendly sends JSON with event and payload.")
}
