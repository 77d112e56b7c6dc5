//! Notifications of Microsoft Graph: subscriptions to mailboxes, and what they bring. As in [`super::webhooks`], which has the parts
//! that all providers share: noted once, followed by a sync, polled besides.
//!
//! Our id of a subscription is in the address; its `clientState` is random, sealed in the database, and proves that Graph calls.

use super::Hub;
use super::webhooks::{Taken, random};
use crate::error::Error;
use crate::oauth::access::StoredAccess;
use crate::oauth::service;
use crate::provider::Meter;
use crate::provider::microsoft::{LIFE_MS, Microsoft, Notification, Notifications};
use crate::store::connections::{self, ConnectionRow};
use crate::store::webhooks::{self, SubscriptionRow};
use crate::tasks;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use syncline_domain::failure::Problem;
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::ProviderKind;

/// Where Graph calls.
const PATH: &str = "/api/microsoft/notifications";
pub(super) const MICROSOFT: ProviderKind = ProviderKind::Microsoft;
/// When the sync that follows does not come about, the schedule does it so much later.
const NET_MS: i64 = 5_000;

impl Hub {
    /// Takes notifications in. Returns as soon as they are noted; the sync follows.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the subscription is not ours or none bears its `clientState`; `invalid_body`.
    pub async fn take_microsoft_notifications(&self, subscription: Option<&str>, body: &Bytes) -> Result<Taken, Error> {
        let row = match subscription {
            Some(id) => webhooks::find(self.db(), id).await?,
            None => None,
        };
        let row = row.ok_or_else(refused)?;
        let state = self.0.secrets.open(&row.signing_key, &row.id).map_err(|_| refused())?;
        let told: Notifications = serde_json::from_slice(body).map_err(|_| unreadable())?;
        let told: Vec<Notification> = told.value.into_iter().filter(|one| is_authentic(one, &row, &state)).collect();
        if told.is_empty() {
            return Err(refused());
        }
        let targets = webhooks::concerned(self.db(), MICROSOFT.as_str(), Some(&row.connection_id), &[]).await?;
        let Some((connection, user)) = targets.into_iter().next() else { return Ok(Taken::Ignored) };
        let (connection, user) = (ConnectionId::trusted(connection), UserId::trusted(user));
        let now = self.now();
        let says = |event: &str| told.iter().any(|one| one.lifecycle_event.as_deref() == Some(event));
        let (is_removed, needs_renewal) = (says("subscriptionRemoved"), says("reauthorizationRequired"));
        let mut is_new = told.iter().any(|one| one.lifecycle_event.is_some());
        let mut tx = self.db().begin().await?;
        for identity in told.iter().filter_map(Notification::identity) {
            let delivery = crate::ical::hex(&Sha256::digest(format!("microsoft\n{}\n{identity}", row.id)));
            is_new |= webhooks::accept(&mut tx, &delivery, MICROSOFT.as_str(), now).await?;
        }
        if !is_new {
            return Ok(Taken::Repeated);
        }
        if is_removed {
            webhooks::delete(&mut tx, &row.id).await?;
        }
        connections::make_due(&mut tx, &connection, now + NET_MS).await?;
        tx.commit().await?;
        if is_removed || needs_renewal {
            let (hub, user, connection) = (self.clone(), user.clone(), connection.clone());
            tasks::detach(async move { hub.subscribe(&user, &connection).await });
        }
        self.nudge(user, connection, Vec::new());
        Ok(Taken::New { connections: 1 })
    }

    /// Renews the subscription of a mailbox, or makes one.
    pub(super) async fn subscribed_to_mailbox(&self, row: &ConnectionRow, base: &str) -> Result<(), Error> {
        let Some(microsoft) = self.microsoft_of(row) else { return Ok(()) };
        let meter = Meter::default();
        let mut is_alive = false;
        for old in webhooks::of_connection(self.db(), &row.id).await? {
            let is_ours = !is_alive && old.address == address(base, &old.id);
            let is_good = is_ours && microsoft.renew_subscription(&old.remote_id, &meter).await?;
            if !is_good {
                microsoft.unsubscribe(&old.remote_id, &meter).await?;
            }
            let mut tx = self.db().begin().await?;
            if is_good {
                webhooks::touch(&mut tx, &old.id, self.now(), Some(self.now() + LIFE_MS)).await?;
            } else {
                webhooks::delete(&mut tx, &old.id).await?;
            }
            tx.commit().await?;
            is_alive |= is_good;
        }
        if is_alive {
            return Ok(());
        }
        let (id, state) = (random(), random());
        let address = address(base, &id);
        let remote_id = microsoft.subscribe(&address, &state, &meter).await?;
        let signing_key = self.0.secrets.seal(&SecretString::from(state), &id);
        let connection_id = row.id.clone();
        let (checked_at, expires_at) = (self.now(), Some(self.now() + LIFE_MS));
        let subscription = SubscriptionRow { id, connection_id, remote_id, address, signing_key, checked_at, expires_at };
        let stored = async {
            let mut tx = self.db().begin().await?;
            webhooks::insert(&mut tx, &subscription).await?;
            tx.commit().await
        };
        if let Err(error) = stored.await {
            // What we can not check must not be sent.
            let _ = microsoft.unsubscribe(&subscription.remote_id, &meter).await;
            return Err(error.into());
        }
        Ok(())
    }

    /// Takes the subscriptions of a mailbox back, as far as Graph answers.
    pub(super) async fn unsubscribe_from_mailbox(&self, row: &ConnectionRow) {
        let Some(microsoft) = self.microsoft_of(row) else { return };
        for subscription in webhooks::of_connection(self.db(), &row.id).await.unwrap_or_default() {
            if let Err(error) = microsoft.unsubscribe(&subscription.remote_id, &Meter::default()).await {
                tracing::info!(code = %error.problem.code, "a subscription to a mailbox could not be taken back");
            }
        }
    }

    fn microsoft_of(&self, row: &ConnectionRow) -> Option<Microsoft> {
        let (service, settings) = service::of(MICROSOFT).zip(self.config().oauth.of(MICROSOFT))?;
        let access = StoredAccess::new(self.clone(), ConnectionId::trusted(row.id.clone()), MICROSOFT);
        Some(Microsoft::new(self.0.client.clone(), service.api(settings)?, Arc::new(access), self.clock().clone()))
    }
}

/// It names the subscription and bears what only Graph was told. Hashes are compared, so that time tells nothing about the text.
fn is_authentic(one: &Notification, row: &SubscriptionRow, state: &SecretString) -> bool {
    let hash = |text: &str| Sha256::digest(text.as_bytes());
    one.subscription_id == row.remote_id && one.client_state.as_deref().is_some_and(|told| hash(told) == hash(state.expose_secret()))
}

fn address(base: &str, id: &str) -> String {
    format!("{base}{PATH}?subscription={id}")
}

fn refused() -> Error {
    let message = "The notification is of no subscription of this server.";
    let action = "Microsoft proves itself by the clientState that Syncline gave it.";
    Error::Unauthenticated(Box::new(Problem::new("client_state_wrong", message, action)))
}

fn unreadable() -> Error {
    Error::invalid("invalid_body", "The notification can not be read.", "Microsoft sends JSON with a list of them in value.")
}
