//! Calendly: webhooks with a signature, by subscriptions of our own or of the application.

use super::subscriptions::{Kept, Life, Made, NewSubscription, Push};
use super::{CALENDLY, DAY_MS, NET_MS, Reach, Taken, delivery};
use crate::error::{Error, ProviderError};
use crate::hub::Hub;
use crate::provider::Meter;
use crate::provider::calendly::hooks::Body;
use crate::provider::calendly::signature::{self, Wrong};
use crate::provider::calendly::{Calendly, Hints};
use crate::store::calendars::CalendarRow;
use crate::store::connections::{self, ConnectionRow};
use crate::store::webhooks::{self, SubscriptionRow};
use async_trait::async_trait;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use syncline_domain::failure::Problem;
use syncline_domain::ids::{ConnectionId, UserId};

/// Where Calendly calls.
const PATH: &str = "/api/calendly/webhook";

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

/// How webhooks are set up on this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSetup {
    /// The address that Calendly calls; `None` when providers can not reach this server.
    pub address: Option<String>,
    /// There is a key for the webhooks of our application.
    pub has_key: bool,
}

/// The bookings of one account.
struct CalendlyPush {
    calendly: Calendly,
    hints: Hints,
    now: i64,
}

impl CalendlyPush {
    /// It has no end, but Calendly stops for good when our address failed for a day.
    fn life(&self) -> Life {
        Life { expires_at: None, renew_at: self.now + DAY_MS }
    }
}

#[async_trait]
impl Push for CalendlyPush {
    fn path(&self) -> &'static str {
        PATH
    }

    async fn keep(&self, row: &SubscriptionRow, meter: &Meter) -> Result<Kept, ProviderError> {
        let is_alive = self.calendly.is_subscribed(&row.remote_id, meter).await?;
        Ok(if is_alive { Kept::Alive(self.life()) } else { Kept::Ended })
    }

    async fn subscribe(&self, new: &NewSubscription<'_>, meter: &Meter) -> Result<Made, ProviderError> {
        let remote_id = self.calendly.subscribe(&self.hints, new.address, new.secret, meter).await?;
        Ok(Made { remote_id, resource_id: None, is_proven: false, life: self.life() })
    }

    async fn unsubscribe(&self, row: &SubscriptionRow, meter: &Meter) -> Result<(), ProviderError> {
        if row.remote_id.is_empty() { Ok(()) } else { self.calendly.unsubscribe(&row.remote_id, meter).await }
    }
}

impl Hub {
    pub(super) fn calendly_push(&self, row: &ConnectionRow, calendars: &[CalendarRow]) -> Option<Box<dyn Push>> {
        let calendly = self.calendly(self.access(row, CALENDLY))?;
        let hints = calendars.iter().find_map(|calendar| Hints::parse(calendar.hints.as_deref()))?;
        Some(Box::new(CalendlyPush { calendly, hints, now: self.now() }))
    }

    /// How webhooks of Calendly are set up.
    #[must_use]
    pub fn calendly_webhooks(&self) -> WebhookSetup {
        let address = self.public_base().map(|base| format!("{base}{PATH}"));
        WebhookSetup { address, has_key: self.oauth().calendly.webhook_key.is_some() }
    }

    /// Takes a webhook in. Returns as soon as it is noted; the sync follows.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the signature is missing, too old, or not made with a key that is known; `invalid_body`.
    pub async fn take_calendly_webhook(&self, hook: CalendlyWebhook) -> Result<Taken, Error> {
        let CalendlyWebhook { subscription, signature, body } = hook;
        let named = self.named_subscription(subscription.as_deref()).await?;
        let own = named.as_ref().and_then(|row| self.0.secrets.open(&row.signing_key, &row.id).ok());
        // An application's webhooks are signed with its key, whatever a subscription asked for.
        let oauth = self.oauth();
        let keys: Vec<&SecretString> = own.iter().chain(&oauth.calendly.webhook_key).collect();
        let keys: Vec<&[u8]> = keys.iter().map(|key| key.expose_secret().as_bytes()).collect();
        signature::check(signature.as_deref(), &body, &keys, self.now()).map_err(|wrong| refused(wrong, keys.is_empty()))?;
        let body_read: Body = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        if !body_read.is_about_bookings() {
            return Ok(Taken::Ignored);
        }
        // Two subscriptions are told the same; each is one.
        let scope = named.as_ref().map_or("", |row| row.id.as_str());
        let identity = body_read.identity().unwrap_or_else(|| crate::ical::hex(&Sha256::digest(&body)));
        let delivery = delivery(CALENDLY, scope, &identity);
        let hosts = if named.is_some() { Vec::new() } else { body_read.hosts() };
        let targets =
            webhooks::concerned(self.db(), CALENDLY.as_str(), named.as_ref().map(|row| row.connection_id.as_str()), &hosts).await?;
        let now = self.now();
        let mut tx = self.db().begin().await?;
        if !webhooks::accept(&mut tx, &delivery, CALENDLY.as_str(), now).await? {
            return Ok(Taken::Repeated);
        }
        if let Some(row) = &named {
            webhooks::prove(&mut tx, &row.id, None, now).await?;
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
            self.nudge(UserId::trusted(user), ConnectionId::trusted(connection), events, Reach::Everything);
        }
        Ok(Taken::New { connections })
    }
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
