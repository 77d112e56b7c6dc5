//! Google's watch channels: one for each calendar that is synced, one for the account's list of calendars.
//!
//! Our id of a subscription is the channel's name; its random token is stored sealed and comes back with every call, which has no body.
//! The first call (`sync`) only says that the channel is open. A channel is renewed by another one: for a while both tell, which does no
//! harm, as a call is a hint and the pull is the truth.

use super::subscriptions::{Kept, Life, Made, NewSubscription, Push};
use super::{DAY_MS, GOOGLE, NET_MS, Reach, Taken, delivery};
use crate::error::{Error, ProviderError};
use crate::hub::Hub;
use crate::provider::Meter;
use crate::provider::google::Google;
use crate::secrets::same;
use crate::store::calendars::{self, CalendarRow};
use crate::store::connections::{self, ConnectionRow};
use crate::store::webhooks::{self, SubscriptionRow};
use crate::tasks;
use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use syncline_domain::failure::Problem;
use syncline_domain::ids::{CalendarId, ConnectionId, UserId};

/// Where Google calls.
const PATH: &str = "/api/google/notifications";

/// A call as its headers tell it.
#[derive(Debug, Clone, Default)]
pub struct GoogleNotification {
    /// `X-Goog-Channel-ID`.
    pub channel: Option<String>,
    /// `X-Goog-Channel-Token`.
    pub token: Option<String>,
    /// `X-Goog-Resource-ID`.
    pub resource: Option<String>,
    /// `X-Goog-Resource-State`: `sync`, `exists` or `not_exists`.
    pub state: Option<String>,
    /// `X-Goog-Message-Number`: grows, but not one by one.
    pub number: Option<String>,
}

impl Hub {
    /// Takes a notification in. Returns as soon as it is noted; the sync follows.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the channel is not one of ours, or of something that is not synced any more (it is then stopped);
    /// [`Error::Unauthenticated`] when it does not bear its token.
    pub async fn take_google_notification(&self, told: GoogleNotification) -> Result<Taken, Error> {
        let row = self.named_subscription(told.channel.as_deref()).await?.ok_or(UNKNOWN)?;
        let token = self.0.secrets.open(&row.signing_key, &row.id).map_err(|_| UNKNOWN)?;
        if !told.token.as_deref().is_some_and(|said| same(said.as_bytes(), token.expose_secret().as_bytes())) {
            return Err(refused());
        }
        if row.resource_id.is_some() && row.resource_id != told.resource {
            return Err(UNKNOWN);
        }
        let Some((user, connection, reach)) = self.watched(&row).await? else { return Err(UNKNOWN) };
        let reach = match told.state.as_deref() {
            Some("exists") => Some(reach),
            // The calendar is gone: the list of calendars tells.
            Some("not_exists") => Some(Reach::Everything),
            _ => None,
        };
        let now = self.now();
        let mut tx = self.db().begin().await?;
        webhooks::prove(&mut tx, &row.id, told.resource.as_deref(), now).await?;
        let number = told.number.as_deref().unwrap_or_default();
        let is_new = webhooks::accept(&mut tx, &delivery(GOOGLE, &row.id, number), GOOGLE.as_str(), now).await?;
        if is_new && reach.is_some() {
            connections::make_due(&mut tx, &connection, now + NET_MS).await?;
        }
        tx.commit().await?;
        match reach {
            _ if !is_new => Ok(Taken::Repeated),
            Some(reach) => {
                self.nudge(user, connection, Vec::new(), reach);
                Ok(Taken::New { connections: 1 })
            }
            None => Ok(Taken::Ignored),
        }
    }

    /// What a channel is about; `None`: it is not synced any more, and its channels are stopped.
    async fn watched(&self, row: &SubscriptionRow) -> Result<Option<(UserId, ConnectionId, Reach)>, Error> {
        let found = webhooks::concerned(self.db(), GOOGLE.as_str(), Some(&row.connection_id), &[]).await?;
        let found = found.into_iter().next().map(|(connection, user)| (UserId::trusted(user), ConnectionId::trusted(connection)));
        let reach = match &found {
            Some(_) if row.topic.is_empty() => Some(Reach::Everything),
            Some((user, connection)) => {
                let calendars = calendars::of_connection(self.db(), user, connection).await?;
                let calendar = calendars.into_iter().find(|calendar| calendar.remote_id == row.topic && is_synced(calendar));
                calendar.map(|calendar| Reach::Calendars(vec![CalendarId::trusted(calendar.id)]))
            }
            None => None,
        };
        if reach.is_none() {
            let (hub, connection) = (self.clone(), ConnectionId::trusted(row.connection_id.clone()));
            tasks::detach(async move { hub.look_after(&connection).await });
        }
        Ok(found.zip(reach).map(|((user, connection), reach)| (user, connection, reach)))
    }

    pub(super) fn google_push(&self, row: &ConnectionRow) -> Option<Box<dyn Push>> {
        Some(Box::new(Account { google: self.google(self.access(row, GOOGLE))?, now: self.now() }))
    }
}

/// One account.
struct Account {
    google: Google,
    now: i64,
}

#[async_trait]
impl Push for Account {
    fn path(&self) -> &'static str {
        PATH
    }

    fn topics(&self, calendars: &[CalendarRow]) -> Vec<String> {
        let synced = calendars.iter().filter(|calendar| is_synced(calendar)).map(|calendar| calendar.remote_id.clone());
        std::iter::once(String::new()).chain(synced).collect()
    }

    fn overlaps(&self) -> bool {
        true
    }

    /// Google does not say whether a channel lives; it lives until its end.
    async fn keep(&self, row: &SubscriptionRow, _meter: &Meter) -> Result<Kept, ProviderError> {
        Ok(if self.now < row.renew_at { Kept::AsItWas } else { Kept::Ended })
    }

    async fn subscribe(&self, new: &NewSubscription<'_>, meter: &Meter) -> Result<Made, ProviderError> {
        let calendar = Some(new.topic).filter(|topic| !topic.is_empty());
        let channel = self.google.watch(calendar, new.id, new.secret, new.address, meter).await?;
        let life = channel.expires_at - self.now;
        // A day before the end, or in the last quarter of a short life.
        let life = Life { expires_at: Some(channel.expires_at), renew_at: channel.expires_at - (life / 4).min(DAY_MS) };
        Ok(Made { remote_id: new.id.to_owned(), resource_id: Some(channel.resource), is_proven: false, life })
    }

    async fn unsubscribe(&self, row: &SubscriptionRow, meter: &Meter) -> Result<(), ProviderError> {
        match &row.resource_id {
            Some(resource) => self.google.stop(&row.id, resource, meter).await,
            // It never came to be, or nobody knows how to stop it: it ends by itself.
            None => Ok(()),
        }
    }
}

fn is_synced(calendar: &CalendarRow) -> bool {
    calendar.enabled && calendar.vanished_at.is_none()
}

const UNKNOWN: Error = Error::NotFound("channel");

fn refused() -> Error {
    let message = "The notification does not bear the token of its channel.";
    let action = "Google proves itself by the token that Syncline gave it.";
    Error::Unauthenticated(Box::new(Problem::new("channel_token_wrong", message, action)))
}
