//! OAuth 2 with PKCE: how a user allows a connection, and how its tokens stay alive.
//!
//! - `service`: what differs from provider to provider, as data;
//! - `wire`: the requests to a provider's token endpoint; `problems`: what goes wrong, in the user's words;
//! - `guide`: what has to be registered, and what is wrong with it; `probe`: whether a provider accepts our client;
//! - `access`: an access token whenever a request needs one; `bearer`: requests that carry it.
//!
//! The way to the consent page and back is in `hub::consent`.
//!
//! Invariants:
//! - `state` is 32 random bytes. Only its hash is stored, with the hash of the browser session that began the way; it expires after
//!   15 minutes, and reading it takes it out, so it works once and for that session alone. It is in the database and not in a
//!   cookie, because only a database can say "once" for several processes.
//! - The PKCE verifier (S256, RFC 7636) never leaves the server: it is sealed next to that hash.
//! - Tokens are sealed in `connections.secret`. They never reach a log, an error or the page.
//! - The tokens of a connection are renewed by one worker at a time: a lock in the process, and a lease in the database for several
//!   processes, because some providers' refresh tokens work once. The lease outlives the longest exchange.
//! - What a renewal brought is stored *before* it is used; when it can not be stored, it is not used.
//! - `invalid_grant` is final only while the refused token is still the one that is stored; otherwise another worker was faster.
//!
//! How to add a provider: a line in `service::of`, its settings in [`OAuthSettings`], and its arm in `hub::consent::look`.

pub mod access;
pub(crate) mod bearer;
pub mod guide;
pub mod probe;
pub(crate) mod problems;
pub(crate) mod service;
pub(crate) mod wire;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use syncline_domain::sync::ProviderKind;

/// What the operator configured for the providers with OAuth.
#[derive(Debug, Clone, Default)]
pub struct OAuthSettings {
    /// Google.
    pub google: ServiceSettings,
    /// Microsoft.
    pub microsoft: ServiceSettings,
    /// Calendly.
    pub calendly: ServiceSettings,
}

impl OAuthSettings {
    /// Those of one provider; `None` for one without OAuth.
    #[must_use]
    pub fn of(&self, provider: ProviderKind) -> Option<&ServiceSettings> {
        match provider {
            ProviderKind::Google => Some(&self.google),
            ProviderKind::Microsoft => Some(&self.microsoft),
            ProviderKind::Calendly => Some(&self.calendly),
            ProviderKind::Caldav | ProviderKind::Ics => None,
        }
    }
}

impl OAuthSettings {
    /// The same, to be changed.
    pub(crate) fn of_mut(&mut self, provider: ProviderKind) -> Option<&mut ServiceSettings> {
        match provider {
            ProviderKind::Google => Some(&mut self.google),
            ProviderKind::Microsoft => Some(&mut self.microsoft),
            ProviderKind::Calendly => Some(&mut self.calendly),
            ProviderKind::Caldav | ProviderKind::Ics => None,
        }
    }
}

/// What the operator configured for one provider.
#[derive(Debug, Clone, Default)]
pub struct ServiceSettings {
    /// Instead of the API's own address: a stand-in or a proxy.
    pub api_base: Option<String>,
    /// Microsoft: the directory whose accounts may sign in, an id or a domain; `None` for all of them.
    pub tenant: Option<String>,
    /// Instead of the addresses of the authorization server.
    pub oauth_base: Option<String>,
    /// The client id from the provider's console. `None`: nobody can connect an account.
    pub client_id: Option<String>,
    /// Its secret; `None` for a public client.
    pub client_secret: Option<SecretString>,
    /// The key that the provider signs our application's webhooks with (Calendly).
    pub webhook_key: Option<SecretString>,
}

/// The tokens of a connection, as they are sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    /// `None`: the permission ends with the access token.
    pub(crate) refresh: Option<String>,
    /// When the access token ends, unix milliseconds.
    pub(crate) expires_at: i64,
    /// When the refresh token ends, as far as the provider says so.
    pub(crate) grant_expires_at: Option<i64>,
    /// What was granted.
    pub(crate) scopes: Vec<String>,
}

impl Tokens {
    /// The form that is sealed.
    pub(crate) fn to_secret(&self) -> SecretString {
        SecretString::from(serde_json::to_string(self).expect("texts and numbers"))
    }

    /// Reads [`Tokens::to_secret`].
    pub(crate) fn parse(secret: &SecretString) -> Option<Self> {
        serde_json::from_str(secret.expose_secret()).ok()
    }
}

/// What is stored openly about a connection that was allowed by OAuth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantSettings {
    /// When the user last allowed it, unix milliseconds. It tells a new permission from renewed tokens.
    pub(crate) granted_at: i64,
    /// What was granted.
    pub(crate) scopes: Vec<String>,
}
