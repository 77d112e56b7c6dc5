//! Subscriptions: that a provider tells us, that it goes on, and that it ends. One mechanism; what differs is a [`Push`].
//!
//! - A subscription's random id is in the address that the provider calls; its random secret is stored sealed with that id.
//! - One that is not good any more (gone, ended, or with an address that is not ours now) is taken back and another one is made.
//! - Nothing is asked while a transaction is open: it may be the only one.
//! - What goes wrong is logged and tried again by [`Hub::tidy_webhooks`]: everything is polled as well.
//!
//! To add a provider: a [`Push`], an arm in `Hub::push_of`, and the provider in [`TELLING`].

use super::{CALENDLY, MICROSOFT, random};
use crate::error::{Error, ProviderError};
use crate::hub::Hub;
use crate::provider::Meter;
use crate::store::calendars::{self, CalendarRow};
use crate::store::connections::{self, ConnectionRow};
use crate::store::webhooks::{self, SubscriptionRow};
use async_trait::async_trait;
use secrecy::SecretString;
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::ProviderKind;

/// The providers that can tell us.
pub(super) const TELLING: [ProviderKind; 2] = [CALENDLY, MICROSOFT];

/// How one provider is asked to tell about a connection.
#[async_trait]
pub(super) trait Push: Send + Sync {
    /// Where it calls, after our public address.
    fn path(&self) -> &'static str;

    /// How long one lives that is not renewed, in milliseconds; `None`: for ever.
    fn life(&self) -> Option<i64> {
        None
    }

    /// Whether a subscription is good for the next day; renews it where that is how it stays so.
    ///
    /// # Errors
    /// When the provider does not say.
    async fn keep(&self, row: &SubscriptionRow, meter: &Meter) -> Result<bool, ProviderError>;

    /// Makes one. Gives its id at the provider.
    ///
    /// # Errors
    /// When the provider refuses.
    async fn subscribe(&self, new: &NewSubscription<'_>, meter: &Meter) -> Result<String, ProviderError>;

    /// Ends one; one that is gone already is no error.
    ///
    /// # Errors
    /// When the provider does not answer.
    async fn unsubscribe(&self, row: &SubscriptionRow, meter: &Meter) -> Result<(), ProviderError>;
}

/// A subscription that is to be made.
pub(super) struct NewSubscription<'a> {
    /// The whole address that is called.
    pub(super) address: &'a str,
    /// What only the provider is told.
    pub(super) secret: &'a str,
}

impl Hub {
    /// The address that providers reach us at: https, or this very machine for tests and demos.
    pub(super) fn public_base(&self) -> Option<&str> {
        let base = self.config().public_url.as_deref()?.trim_end_matches('/');
        let is_near = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|near| base.starts_with(near));
        (base.starts_with("https://") || is_near).then_some(base)
    }

    /// How the provider of a connection is asked to tell; `None`: it can not, or only the user can mend the connection.
    fn push_of(&self, row: &ConnectionRow, calendars: &[CalendarRow]) -> Option<Box<dyn Push>> {
        match ProviderKind::parse(&row.provider).filter(|_| !row.needs_user)? {
            ProviderKind::Calendly => self.calendly_push(row, calendars),
            ProviderKind::Microsoft => self.microsoft_push(row),
            _ => None,
        }
    }

    /// Sees to it that the provider tells us about a connection, where it can. What goes wrong is logged: everything is polled as well.
    pub(in crate::hub) async fn subscribe(&self, user: &UserId, connection: &ConnectionId) {
        if let Err(error) = self.subscribed(user, connection).await {
            let problem = error.problem();
            tracing::info!(%connection, code = %problem.code, "no webhooks for connection {connection}: {}", problem.code);
        }
    }

    async fn subscribed(&self, user: &UserId, connection: &ConnectionId) -> Result<(), Error> {
        let Some(base) = self.public_base() else { return Ok(()) };
        let row = connections::find(self.db(), user, connection).await?.ok_or(Error::NotFound("connection"))?;
        let calendars = calendars::of_connection(self.db(), user, connection).await?;
        let Some(push) = self.push_of(&row, &calendars) else { return Ok(()) };
        let meter = Meter::default();
        let mut is_alive = false;
        for old in webhooks::of_connection(self.db(), &row.id).await? {
            let is_ours = !is_alive && old.address == address(base, push.path(), &old.id);
            let is_good = is_ours && push.keep(&old, &meter).await?;
            if !is_good {
                push.unsubscribe(&old, &meter).await?;
            }
            let mut tx = self.db().begin().await?;
            if is_good {
                webhooks::touch(&mut tx, &old.id, self.now(), push.life().map(|life| self.now() + life)).await?;
            } else {
                webhooks::delete(&mut tx, &old.id).await?;
            }
            tx.commit().await?;
            is_alive |= is_good;
        }
        if is_alive { Ok(()) } else { self.subscribe_anew(&row, &*push, base, &meter).await }
    }

    async fn subscribe_anew(&self, row: &ConnectionRow, push: &dyn Push, base: &str, meter: &Meter) -> Result<(), Error> {
        let (id, secret) = (random(), random());
        let address = address(base, push.path(), &id);
        let remote_id = push.subscribe(&NewSubscription { address: &address, secret: &secret }, meter).await?;
        let signing_key = self.0.secrets.seal(&SecretString::from(secret), &id);
        let (connection_id, checked_at) = (row.id.clone(), self.now());
        let expires_at = push.life().map(|life| checked_at + life);
        let subscription = SubscriptionRow { id, connection_id, remote_id, address, signing_key, checked_at, expires_at };
        let stored = async {
            let mut tx = self.db().begin().await?;
            webhooks::insert(&mut tx, &subscription).await?;
            tx.commit().await
        };
        if let Err(error) = stored.await {
            // What we can not check must not be sent.
            let _ = push.unsubscribe(&subscription, meter).await;
            return Err(error.into());
        }
        Ok(())
    }

    /// Takes the subscriptions of a connection that goes back, as far as the provider answers.
    pub(in crate::hub) async fn unsubscribe(&self, row: &ConnectionRow) {
        let (user, connection) = (UserId::trusted(row.user_id.clone()), ConnectionId::trusted(row.id.clone()));
        let calendars = calendars::of_connection(self.db(), &user, &connection).await.unwrap_or_default();
        let Some(push) = self.push_of(row, &calendars) else { return };
        for subscription in webhooks::of_connection(self.db(), &row.id).await.unwrap_or_default() {
            if let Err(error) = push.unsubscribe(&subscription, &Meter::default()).await {
                tracing::info!(code = %error.problem.code, "a webhook subscription could not be taken back");
            }
        }
    }
}

fn address(base: &str, path: &str, id: &str) -> String {
    format!("{base}{path}?subscription={id}")
}
