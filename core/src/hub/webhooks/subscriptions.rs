//! Subscriptions: that a provider tells us, that it goes on, and that it ends. One mechanism; what differs is a [`Push`].
//!
//! - A connection has a subscription for each of its topics: the account, and at some providers each calendar that is synced. What is
//!   not wanted any more (a calendar or the connection was switched off) is taken back.
//! - A subscription's random id is in the address that the provider calls; its random secret is stored sealed with that id, before the
//!   provider is asked, so that no call comes that can not be checked.
//! - One that is not good any more (gone, nearly over, or with an address that is not ours now) is replaced. Where two may be alive at
//!   the same time, the new one is made first.
//! - What a provider refuses is noted (`webhook_refusals`) and not asked again for an hour, a day or a month. Everything is polled as well.
//! - Nothing is asked while a transaction is open: it may be the only one.
//! - Two processes that look after the same connection at the same moment may make two: the next look takes one back.
//!
//! To add a provider: a [`Push`], an arm in `Hub::push_of`, and the provider in [`TELLING`].

use super::{CALENDLY, GOOGLE, MICROSOFT, Reach, random};
use crate::error::{Error, ProviderError, StoreError};
use crate::hub::Hub;
use crate::provider::{Meter, PUSH_UNSUPPORTED};
use crate::store::calendars::{self, CalendarRow};
use crate::store::connections::{self, ConnectionRow};
use crate::store::webhooks::{self, SubscriptionRow};
use crate::tasks;
use async_trait::async_trait;
use futures::future::join_all;
use secrecy::SecretString;
use std::time::Duration;
use syncline_domain::failure::Class;
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::ProviderKind;

/// The providers that can tell us, and whether they do by calendar.
pub(crate) const TELLING: [(ProviderKind, bool); 3] = [(CALENDLY, false), (GOOGLE, true), (MICROSOFT, false)];

const HOUR_MS: i64 = 3_600_000;
/// One that is being made is left alone for so long.
const MAKING_MS: i64 = HOUR_MS / 6;
/// Requests about subscriptions of a connection at the same time.
const AT_ONCE: usize = 6;
/// Whoever connects waits no longer than this for an account with many calendars.
const PATIENCE: Duration = Duration::from_secs(4);
/// Whoever disconnects waits no longer than this for the provider.
const PARTING: Duration = Duration::from_secs(10);

/// How one provider is asked to tell about a connection.
#[async_trait]
pub(super) trait Push: Send + Sync {
    /// Where it calls, after our public address.
    fn path(&self) -> &'static str;

    /// What it should tell about: an empty text for the account, a calendar's remote id for what has a subscription of its own.
    fn topics(&self, _calendars: &[CalendarRow]) -> Vec<String> {
        vec![String::new()]
    }

    /// Two subscriptions may be alive for one topic.
    fn overlaps(&self) -> bool {
        false
    }

    /// Whether a subscription is good for some time; renews it where that is how it stays so.
    ///
    /// # Errors
    /// When the provider does not say.
    async fn keep(&self, row: &SubscriptionRow, meter: &Meter) -> Result<Kept, ProviderError>;

    /// Makes one.
    ///
    /// # Errors
    /// When the provider refuses.
    async fn subscribe(&self, new: &NewSubscription<'_>, meter: &Meter) -> Result<Made, ProviderError>;

    /// Ends one; one that is gone already is no error.
    ///
    /// # Errors
    /// When the provider does not answer.
    async fn unsubscribe(&self, row: &SubscriptionRow, meter: &Meter) -> Result<(), ProviderError>;
}

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// The provider said that it lives.
    Alive(Life),
    /// Nobody was asked: it is not time yet.
    AsItWas,
    /// It is gone, or soon will be.
    Ended,
}

/// How long a subscription lives, unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    /// When it ends; `None`: never, as far as is known.
    pub(super) expires_at: Option<i64>,
    /// When it has to be looked after.
    pub(super) renew_at: i64,
}

/// A subscription that is to be made.
pub(super) struct NewSubscription<'a> {
    /// Our id of it.
    pub(super) id: &'a str,
    /// One of [`Push::topics`].
    pub(super) topic: &'a str,
    /// The whole address that is called.
    pub(super) address: &'a str,
    /// What only the provider is told.
    pub(super) secret: &'a str,
}

/// A subscription that was made.
pub(super) struct Made {
    /// The provider's name for it.
    pub(super) remote_id: String,
    /// The provider's name for what is watched.
    pub(super) resource_id: Option<String>,
    /// The provider has reached our address already.
    pub(super) is_proven: bool,
    /// How long it lives.
    pub(super) life: Life,
}

/// What came of a look at a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Done,
    /// For a while nobody told.
    Gap,
    /// The provider asks us to slow down.
    Limited,
}

/// A look at the subscriptions of one connection.
struct Look<'a> {
    row: &'a ConnectionRow,
    push: &'a dyn Push,
    base: &'a str,
    meter: Meter,
}

impl Look<'_> {
    fn address(&self, id: &str) -> String {
        format!("{}{}?subscription={id}", self.base, self.push.path())
    }
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
            ProviderKind::Google => self.google_push(row),
            ProviderKind::Microsoft => self.microsoft_push(row),
            _ => None,
        }
    }

    /// As [`Hub::subscribe`], for somebody who waits: what takes long goes on without them.
    pub(in crate::hub) async fn subscribe_soon(&self, connection: &ConnectionId) {
        let (hub, connection) = (self.clone(), connection.clone());
        let work = tasks::to_the_end("webhooks.subscribe", async move { hub.subscribe(&connection).await });
        let _ = tokio::time::timeout(PATIENCE, work).await;
    }

    /// Sees to it that the provider tells us about a connection, where it can, whatever it refused before. What goes wrong is logged:
    /// everything is polled as well.
    pub(super) async fn subscribe(&self, connection: &ConnectionId) {
        let forgiven = async {
            let mut tx = self.db().begin().await?;
            webhooks::forgive(&mut tx, connection.as_str(), None).await?;
            tx.commit().await
        };
        if let Err(error) = forgiven.await {
            super::log(&error);
        }
        self.look_after(connection).await;
    }

    /// As [`Hub::subscribe`], but what was refused is not asked again before its time.
    pub(in crate::hub) async fn look_after(&self, connection: &ConnectionId) {
        if let Err(error) = self.looked_after(connection).await {
            let problem = error.problem();
            tracing::info!(%connection, code = %problem.code, "no webhooks for connection {connection}: {}", problem.code);
        }
    }

    async fn looked_after(&self, connection: &ConnectionId) -> Result<(), Error> {
        let Some(base) = self.public_base() else { return Ok(()) };
        // Two looks at once would make everything twice.
        let lock = self.0.push_locks.of(connection);
        let _alone = lock.lock().await;
        let Some(row) = connections::find_any(self.db(), connection).await? else { return Ok(()) };
        let calendars = calendars::of_connection(self.db(), &UserId::trusted(row.user_id.clone()), connection).await?;
        let Some(push) = self.push_of(&row, &calendars) else { return Ok(()) };
        let look = Look { row: &row, push: &*push, base, meter: Meter::default() };
        let wanted = if row.enabled { push.topics(&calendars) } else { Vec::new() };
        let refused = webhooks::refused(self.db(), &row.id, self.now()).await?;
        let (mut of_topic, unwanted): (Vec<_>, Vec<_>) =
            webhooks::of_connection(self.db(), &row.id).await?.into_iter().partition(|old| wanted.contains(&old.topic));
        self.end_all(&look, &unwanted).await?;
        let mut todo = Vec::new();
        for topic in wanted.into_iter().filter(|topic| !refused.contains(topic)) {
            let (rows, rest) = of_topic.into_iter().partition(|old: &SubscriptionRow| old.topic == topic);
            of_topic = rest;
            todo.push((topic, rows));
        }
        let (mut gap, mut is_limited) = (false, false);
        // When the provider asks us to slow down, the rest is seen to at the next look.
        while !todo.is_empty() && !is_limited {
            let some: Vec<_> = todo.drain(..todo.len().min(AT_ONCE)).collect();
            for result in join_all(some.iter().map(|(topic, rows)| self.keep_topic(&look, topic, rows))).await {
                let seen = result?;
                gap |= seen == Seen::Gap;
                is_limited |= seen == Seen::Limited;
            }
        }
        if gap {
            // Nobody told what changed since the end of the old one.
            self.nudge(UserId::trusted(row.user_id.clone()), connection.clone(), Vec::new(), Reach::Everything);
        }
        Ok(())
    }

    /// Sees to one topic. What the provider refuses is noted, and no error.
    async fn keep_topic(&self, look: &Look<'_>, topic: &str, rows: &[SubscriptionRow]) -> Result<Seen, StoreError> {
        match self.kept_topic(look, topic, rows).await {
            Ok(gap) => Ok(if gap { Seen::Gap } else { Seen::Done }),
            Err(Error::Store(error)) => Err(error),
            Err(Error::Provider(error)) => {
                let problem = &error.problem;
                tracing::info!(connection = %look.row.id, code = %problem.code, "a provider does not tell by itself: {}", problem.code);
                let wait = match error.class {
                    _ if problem.code == PUSH_UNSUPPORTED => 30 * super::DAY_MS,
                    Class::Transient | Class::RateLimited => HOUR_MS,
                    _ => super::DAY_MS,
                };
                let asked = error.retry_after.map_or(0, |after| i64::try_from(after.as_millis()).unwrap_or(0));
                let mut tx = self.db().begin().await?;
                webhooks::refuse(&mut tx, &look.row.id, topic, &problem.code, self.now() + wait.max(asked)).await?;
                tx.commit().await?;
                Ok(if error.class == Class::RateLimited { Seen::Limited } else { Seen::Done })
            }
            Err(_) => Ok(Seen::Done),
        }
    }

    /// `true`: for a while nobody told.
    async fn kept_topic(&self, look: &Look<'_>, topic: &str, rows: &[SubscriptionRow]) -> Result<bool, Error> {
        let now = self.now();
        let mut is_alive = false;
        let mut old = Vec::new();
        for row in rows {
            let is_ours = !is_alive && row.address == look.address(&row.id);
            let is_new = row.remote_id.is_empty() && now < row.renew_at;
            let kept = match is_ours {
                true if is_new => Kept::AsItWas,
                true if !row.remote_id.is_empty() => look.push.keep(row, &look.meter).await?,
                _ => Kept::Ended,
            };
            if let Kept::Alive(life) = kept {
                let mut tx = self.db().begin().await?;
                webhooks::touch(&mut tx, &row.id, self.now(), life.expires_at, life.renew_at).await?;
                tx.commit().await?;
            }
            is_alive |= kept != Kept::Ended;
            if kept == Kept::Ended {
                old.push(row.clone());
            }
        }
        if is_alive {
            self.end_all(look, &old).await?;
            return Ok(false);
        }
        if !look.push.overlaps() {
            self.end_all(look, &old).await?;
        }
        self.subscribe_anew(look, topic).await?;
        if look.push.overlaps() {
            self.end_all(look, &old).await?;
        }
        Ok(old.iter().any(|row| row.expires_at.is_some_and(|end| end <= now)))
    }

    async fn subscribe_anew(&self, look: &Look<'_>, topic: &str) -> Result<(), Error> {
        let (id, secret) = (random(), random());
        let now = self.now();
        let mut row = SubscriptionRow {
            address: look.address(&id),
            signing_key: self.0.secrets.seal(&SecretString::from(secret.clone()), &id),
            connection_id: look.row.id.clone(),
            topic: topic.to_owned(),
            remote_id: String::new(),
            resource_id: None,
            checked_at: 0,
            expires_at: None,
            renew_at: now + MAKING_MS,
            proven_at: None,
            id,
        };
        let mut tx = self.db().begin().await?;
        webhooks::insert(&mut tx, &row, now).await?;
        tx.commit().await?;
        let new = NewSubscription { id: &row.id, topic, address: &row.address, secret: &secret };
        let made = match look.push.subscribe(&new, &look.meter).await {
            Ok(made) => made,
            Err(error) => {
                self.forget_subscription(&row.id).await?;
                return Err(error.into());
            }
        };
        row = SubscriptionRow {
            remote_id: made.remote_id,
            resource_id: made.resource_id,
            checked_at: now,
            expires_at: made.life.expires_at,
            renew_at: made.life.renew_at,
            proven_at: made.is_proven.then_some(now),
            ..row
        };
        let confirmed = async {
            let mut tx = self.db().begin().await?;
            let is_there = webhooks::confirm(&mut tx, &row).await?;
            webhooks::forgive(&mut tx, &row.connection_id, Some(topic)).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(is_there)
        };
        match confirmed.await {
            Ok(true) => Ok(()),
            // What we can not check must not be sent: the connection was removed meanwhile, or the database failed.
            other => {
                let _ = look.push.unsubscribe(&row, &look.meter).await;
                other.map(drop).map_err(Error::from)
            }
        }
    }

    /// Takes subscriptions back. What the provider does not answer about is tried again later.
    async fn end_all(&self, look: &Look<'_>, rows: &[SubscriptionRow]) -> Result<(), StoreError> {
        for some in rows.chunks(AT_ONCE) {
            let ended = join_all(some.iter().map(|row| look.push.unsubscribe(row, &look.meter))).await;
            for (row, ended) in some.iter().zip(ended) {
                let Err(error) = ended else {
                    self.forget_subscription(&row.id).await?;
                    continue;
                };
                tracing::info!(code = %error.problem.code, "a webhook subscription could not be taken back");
                let mut tx = self.db().begin().await?;
                webhooks::put_off(&mut tx, &row.id, self.now() + HOUR_MS).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    async fn forget_subscription(&self, id: &str) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        webhooks::delete(&mut tx, id).await?;
        tx.commit().await
    }

    /// Takes the subscriptions of a connection that goes back, as far as the provider answers soon.
    pub(in crate::hub) async fn unsubscribe(&self, row: &ConnectionRow) {
        let (user, connection) = (UserId::trusted(row.user_id.clone()), ConnectionId::trusted(row.id.clone()));
        let calendars = calendars::of_connection(self.db(), &user, &connection).await.unwrap_or_default();
        let Some(push) = self.push_of(row, &calendars) else { return };
        let rows = webhooks::of_connection(self.db(), &row.id).await.unwrap_or_default();
        let look = Look { row, push: &*push, base: "", meter: Meter::default() };
        match tokio::time::timeout(PARTING, self.end_all(&look, &rows)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => super::log(&error),
            Err(_) => tracing::info!(%connection, "the provider did not answer in time; its subscriptions end by themselves"),
        }
    }
}
