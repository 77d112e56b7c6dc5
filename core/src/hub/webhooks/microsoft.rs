//! Notifications of Microsoft Graph. Our id of a subscription is in the address; its `clientState` is random, sealed in the database,
//! and proves that Graph calls.

use super::subscriptions::{Kept, Life, Made, NewSubscription, Push};
use super::{DAY_MS, MICROSOFT, NET_MS, Reach, Taken, delivery};
use crate::error::{Error, ProviderError};
use crate::hub::Hub;
use crate::provider::Meter;
use crate::provider::microsoft::{LIFE_MS, Microsoft, Notification, Notifications};
use crate::secrets::same;
use crate::store::connections::{self, ConnectionRow};
use crate::store::webhooks::{self, SubscriptionRow};
use crate::tasks;
use async_trait::async_trait;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use syncline_domain::failure::Problem;
use syncline_domain::ids::{ConnectionId, UserId};

/// Where Graph calls.
const PATH: &str = "/api/microsoft/notifications";

impl Hub {
    /// Takes notifications in. Returns as soon as they are noted; the sync follows.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the subscription is not ours or none bears its `clientState`; `invalid_body`.
    pub async fn take_microsoft_notifications(&self, subscription: Option<&str>, body: &Bytes) -> Result<Taken, Error> {
        let row = self.named_subscription(subscription).await?.ok_or_else(refused)?;
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
        webhooks::prove(&mut tx, &row.id, None, now).await?;
        for identity in told.iter().filter_map(Notification::identity) {
            is_new |= webhooks::accept(&mut tx, &delivery(MICROSOFT, &row.id, &identity), MICROSOFT.as_str(), now).await?;
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
            let (hub, connection) = (self.clone(), connection.clone());
            tasks::detach(async move { hub.subscribe(&connection).await });
        }
        self.nudge(user, connection, Vec::new(), Reach::Everything);
        Ok(Taken::New { connections: 1 })
    }

    pub(super) fn microsoft_push(&self, row: &ConnectionRow) -> Option<Box<dyn Push>> {
        Some(Box::new(Mailbox { microsoft: self.microsoft(self.access(row, MICROSOFT))?, now: self.now() }))
    }
}

/// One mailbox.
struct Mailbox {
    microsoft: Microsoft,
    now: i64,
}

impl Mailbox {
    /// It is renewed every day.
    fn life(&self) -> Life {
        Life { expires_at: Some(self.now + LIFE_MS), renew_at: self.now + DAY_MS }
    }
}

#[async_trait]
impl Push for Mailbox {
    fn path(&self) -> &'static str {
        PATH
    }

    async fn keep(&self, row: &SubscriptionRow, meter: &Meter) -> Result<Kept, ProviderError> {
        let is_alive = self.microsoft.renew_subscription(&row.remote_id, meter).await?;
        Ok(if is_alive { Kept::Alive(self.life()) } else { Kept::Ended })
    }

    async fn subscribe(&self, new: &NewSubscription<'_>, meter: &Meter) -> Result<Made, ProviderError> {
        let remote_id = self.microsoft.subscribe(new.address, new.secret, meter).await?;
        // It was made because our address answered.
        Ok(Made { remote_id, resource_id: None, is_proven: true, life: self.life() })
    }

    async fn unsubscribe(&self, row: &SubscriptionRow, meter: &Meter) -> Result<(), ProviderError> {
        if row.remote_id.is_empty() { Ok(()) } else { self.microsoft.unsubscribe(&row.remote_id, meter).await }
    }
}

/// It names the subscription and bears what only Graph was told.
fn is_authentic(one: &Notification, row: &SubscriptionRow, state: &SecretString) -> bool {
    let is_told = |told: &str| same(told.as_bytes(), state.expose_secret().as_bytes());
    one.subscription_id == row.remote_id && one.client_state.as_deref().is_some_and(is_told)
}

fn refused() -> Error {
    let message = "The notification is of no subscription of this server.";
    let action = "Microsoft proves itself by the clientState that Syncline gave it.";
    Error::Unauthenticated(Box::new(Problem::new("client_state_wrong", message, action)))
}

fn unreadable() -> Error {
    Error::invalid("invalid_body", "The notification can not be read.", "Microsoft sends JSON with a list of them in value.")
}
