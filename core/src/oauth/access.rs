//! An access token whenever a request needs one.

use super::wire::{Endpoint, PATIENCE, Refused};
use super::{Tokens, problems, service};
use crate::error::{ProviderError, StoreError};
use crate::hub::Hub;
use crate::quota::Quota;
use crate::store::oauth;
use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use syncline_domain::failure::Class;
use syncline_domain::ids::ConnectionId;
use syncline_domain::sync::ProviderKind;

/// Where a provider gets its access token from.
#[async_trait]
pub trait Access: Send + Sync {
    /// One that is good for some minutes.
    ///
    /// # Errors
    /// When there is none and none can be had; of the class `Authentication` when only the user can mend that.
    async fn token(&self) -> Result<SecretString, ProviderError>;

    /// Another one: the service refused this one.
    ///
    /// # Errors
    /// As [`Access::token`].
    async fn renew(&self, refused: &SecretString) -> Result<SecretString, ProviderError>;

    /// How many requests may be made with it; `None`: nobody counts.
    fn quota(&self) -> Option<Arc<Quota>> {
        None
    }
}

/// A token that nobody renews: of a permission that was given a moment ago.
pub(crate) struct Fixed(pub(crate) SecretString, pub(crate) ProviderKind);

#[async_trait]
impl Access for Fixed {
    async fn token(&self) -> Result<SecretString, ProviderError> {
        Ok(self.0.clone())
    }

    async fn renew(&self, _refused: &SecretString) -> Result<SecretString, ProviderError> {
        Err(problems::gone(self.1, false))
    }
}

/// The locks of one process, by connection.
#[derive(Default)]
pub(crate) struct Locks(Mutex<HashMap<ConnectionId, Arc<tokio::sync::Mutex<()>>>>);

impl Locks {
    pub(crate) fn of(&self, id: &ConnectionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What nobody holds or waits for need not be kept.
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        locks.entry(id.clone()).or_default().clone()
    }
}

/// A token that ends sooner is renewed first, so that a pass does not run into its end.
const MARGIN_MS: i64 = 5 * 60 * 1000;
/// Between two looks at what another process is doing.
const LOOK: Duration = Duration::from_millis(200);
/// The lease: longer than any exchange.
const LEASE_MS: i64 = 2 * 1000 * PATIENCE.as_secs().cast_signed();

/// The tokens of a stored connection.
pub(crate) struct StoredAccess {
    hub: Hub,
    connection: ConnectionId,
    provider: ProviderKind,
    /// What was read last.
    last: Mutex<Option<Tokens>>,
}

/// The stored tokens with the sealed text that they were read from.
struct Read {
    sealed: String,
    tokens: Tokens,
}

impl StoredAccess {
    pub(crate) fn new(hub: Hub, connection: ConnectionId, provider: ProviderKind) -> Self {
        Self { hub, connection, provider, last: Mutex::default() }
    }

    fn is_fresh(&self, tokens: &Tokens) -> bool {
        tokens.expires_at - MARGIN_MS > self.hub.now()
    }

    fn remember(&self, tokens: Tokens) -> SecretString {
        let access = SecretString::from(tokens.access.clone());
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens);
        access
    }

    async fn read(&self) -> Result<Read, ProviderError> {
        let sealed = oauth::secret(self.hub.db(), &self.connection).await.map_err(|error| failed(&error))?;
        let opened = sealed.and_then(|sealed| Some((self.hub.0.secrets.open(&sealed, self.connection.as_str()).ok()?, sealed)));
        let read = opened.and_then(|(secret, sealed)| Some(Read { tokens: Tokens::parse(&secret)?, sealed }));
        read.ok_or_else(|| problems::gone(self.provider, false))
    }

    /// The stored token when it serves, else a renewed one.
    async fn obtain(&self, refused: Option<&SecretString>) -> Result<SecretString, ProviderError> {
        let lock = self.hub.0.token_locks.of(&self.connection);
        let _one_at_a_time = lock.lock().await;
        let serves = |tokens: &Tokens| self.is_fresh(tokens) && refused.is_none_or(|refused| refused.expose_secret() != tokens.access);
        // As long as the longest exchange of another process, in real time.
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            let read = self.read().await?;
            if serves(&read.tokens) {
                return Ok(self.remember(read.tokens));
            }
            if self.claim().await? {
                let renewed = self.renew_once(refused).await;
                self.release().await;
                return renewed;
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(problems::busy(self.provider))
    }

    /// Renews with the lease in hand.
    async fn renew_once(&self, refused: Option<&SecretString>) -> Result<SecretString, ProviderError> {
        // Another process may have renewed between the look and the claim.
        let Read { sealed, tokens } = self.read().await?;
        if self.is_fresh(&tokens) && refused.is_none_or(|refused| refused.expose_secret() != tokens.access) {
            return Ok(self.remember(tokens));
        }
        let oauth = self.hub.oauth();
        let (Some(service), Some(settings)) = (service::of(self.provider), oauth.of(self.provider)) else {
            return Err(problems::gone(self.provider, false));
        };
        let endpoint = Endpoint { client: &self.hub.0.client, service, settings };
        match endpoint.refresh(&tokens, self.hub.now()).await {
            Ok(fresh) => self.store(&sealed, fresh).await,
            Err(Refused::Grant) => {
                let now = self.read().await?;
                if now.sealed != sealed && self.is_fresh(&now.tokens) {
                    // The user allowed it anew meanwhile.
                    return Ok(self.remember(now.tokens));
                }
                let expired = tokens.grant_expires_at.is_some_and(|end| end <= self.hub.now() + 60_000);
                Err(problems::gone(self.provider, expired))
            }
            Err(Refused::Client) => {
                let problem = problems::of(self.provider, "client_refused");
                Err(ProviderError::new("oauth.refresh", Class::Permanent, problem))
            }
            Err(Refused::Other(error)) => Err(error),
        }
    }

    /// Stores renewed tokens, and only then gives them out.
    async fn store(&self, old: &str, fresh: Tokens) -> Result<SecretString, ProviderError> {
        let sealed = self.hub.0.secrets.seal(&fresh.to_secret(), self.connection.as_str());
        let stored = async {
            let mut tx = self.hub.db().begin().await?;
            let done = oauth::replace_secret(&mut tx, &self.connection, old, &sealed, fresh.grant_expires_at).await?;
            tx.commit().await?;
            Ok::<bool, StoreError>(done)
        };
        if stored.await.map_err(|error| failed(&error))? {
            return Ok(self.remember(fresh));
        }
        // A newer permission is there; this one is forgotten.
        let read = self.read().await?;
        Ok(self.remember(read.tokens))
    }

    async fn claim(&self) -> Result<bool, ProviderError> {
        let claimed = async {
            let now = self.hub.now();
            let mut tx = self.hub.db().begin().await?;
            let ours = oauth::claim(&mut tx, &self.connection, self.hub.owner(), now, now + LEASE_MS).await?;
            tx.commit().await?;
            Ok::<bool, StoreError>(ours)
        };
        claimed.await.map_err(|error| failed(&error))
    }

    async fn release(&self) {
        let released = async {
            let mut tx = self.hub.db().begin().await?;
            oauth::release(&mut tx, &self.connection, self.hub.owner()).await?;
            tx.commit().await
        };
        // It ends by itself.
        if let Err(error) = released.await {
            tracing::warn!(what = error.what, cause = %error.source, "the lease on a renewal could not be given back");
        }
    }
}

#[async_trait]
impl Access for StoredAccess {
    async fn token(&self) -> Result<SecretString, ProviderError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match last {
            Some(tokens) if self.is_fresh(&tokens) => Ok(SecretString::from(tokens.access)),
            _ => self.obtain(None).await,
        }
    }

    async fn renew(&self, refused: &SecretString) -> Result<SecretString, ProviderError> {
        self.obtain(Some(refused)).await
    }

    fn quota(&self) -> Option<Arc<Quota>> {
        self.hub.quotas().of(self.provider, &self.connection, self.hub.metrics(), self.hub.clock())
    }
}

fn failed(error: &StoreError) -> ProviderError {
    tracing::error!(what = error.what, cause = %error.source, "tokens could not be read or stored");
    ProviderError::new("oauth.store", Class::Storage, error.problem())
}
