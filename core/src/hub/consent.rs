//! Connecting an account by allowing it at the provider: the way to the consent page and back.

use super::Hub;
use super::connections::Found;
use crate::clock::fill_random;
use crate::error::Error;
use crate::net::host_of;
use crate::oauth::access::Fixed;
use crate::oauth::wire::{Endpoint, Refused};
use crate::oauth::{GrantSettings, ServiceSettings, Tokens, problems, service};
use crate::provider::Meter;
use crate::store::connections::{self, ConnectionRow};
use crate::store::oauth::{self, StateRow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use syncline_domain::failure::Problem;
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::Connection;
use url::Url;

/// A way to the consent page is good for so long.
const WAY_MS: i64 = 15 * 60 * 1000;
/// The user is told about the end of a permission so long before it.
pub const FORECAST_MS: i64 = 7 * 86_400_000;

/// Where a way to the consent page begins.
#[derive(Debug, Clone)]
pub struct BeginConsent {
    /// Which provider.
    pub provider: ProviderKind,
    /// Where it sends the browser back to; registered in its console, letter by letter.
    pub redirect_uri: String,
    /// The browser's session token: only that session can end what it began.
    pub session: SecretString,
    /// The connection to mend; `None` for a new one.
    pub mend: Option<ConnectionId>,
}

/// What the provider sent back with the browser.
#[derive(Debug, Clone)]
pub struct ConsentAnswer {
    /// Which provider.
    pub provider: ProviderKind,
    /// The browser's session token.
    pub session: SecretString,
    /// `state`.
    pub state: String,
    /// `code`, when it was allowed.
    pub code: Option<SecretString>,
    /// `error`, when it was not.
    pub error: Option<String>,
}

impl Hub {
    /// Whether accounts of a provider can be connected on this server.
    #[must_use]
    pub fn can_connect(&self, provider: ProviderKind) -> bool {
        self.oauth().of(provider).is_some_and(|settings| settings.client_id.is_some())
    }

    /// The words for a code that the way back carries in its address.
    #[must_use]
    pub fn consent_problem(&self, provider: ProviderKind, code: &str) -> Problem {
        problems::of(provider, code)
    }

    /// Begins a way to the consent page and gives the address that the browser has to go to.
    ///
    /// # Errors
    /// `not_configured`, or [`Error::NotFound`] when the connection to mend is not the user's or of another provider.
    pub async fn begin_consent(&self, user: &UserId, begin: BeginConsent) -> Result<String, Error> {
        let BeginConsent { provider, redirect_uri, session, mend } = begin;
        let (service, settings, client) = self.service(provider)?;
        let mut hint = None;
        if let Some(id) = &mend {
            let row = connections::find(self.db(), user, id).await?.filter(|row| row.provider == provider.as_str());
            hint = Some(row.ok_or(Error::NotFound("connection"))?.account);
        }
        let (state, verifier) = (random(), random());
        let state_hash = hash(&state);
        let row = StateRow {
            session_hash: hash(session.expose_secret()),
            user_id: user.as_str().to_owned(),
            provider: provider.as_str().to_owned(),
            connection_id: mend.map(|id| id.as_str().to_owned()),
            verifier: self.0.secrets.seal(&SecretString::from(verifier.clone()), &state_hash),
            redirect_uri: redirect_uri.clone(),
            expires_at: self.now() + WAY_MS,
            state_hash,
        };
        let mut tx = self.db().begin().await?;
        oauth::begin(&mut tx, &row, self.now()).await?;
        tx.commit().await?;
        let mut url = service.authorize(&settings).ok_or_else(|| problems::refuse(provider, "not_configured"))?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("client_id", &client).append_pair("redirect_uri", &redirect_uri).append_pair("response_type", "code");
            query.append_pair("scope", &service.scopes()).append_pair("state", &state);
            query.append_pair("code_challenge", &challenge).append_pair("code_challenge_method", "S256");
            query.extend_pairs(service.parameters);
            if let Some(hint) = &hint {
                query.append_pair("login_hint", hint);
            }
        }
        Ok(url.into())
    }

    /// Ends the way: exchanges the code, checks what was granted, looks at the account, and stores the connection with its
    /// calendars. An account that is connected already is mended: calendars and events stay.
    ///
    /// # Errors
    /// What [`Hub::consent_problem`] knows by its code, and what the provider gives. Nothing is stored then, and nothing is
    /// changed.
    pub async fn finish_consent(&self, user: &UserId, answer: ConsentAnswer) -> Result<Connection, Error> {
        let ConsentAnswer { provider, session, state, code, error } = answer;
        let (service, settings, _) = self.service(provider)?;
        let refuse = |code| problems::refuse(provider, code);
        let mut tx = self.db().begin().await?;
        let way = oauth::take(&mut tx, &hash(&state)).await?;
        tx.commit().await?;
        let is_own = |way: &StateRow| {
            way.user_id == user.as_str()
                && way.session_hash == hash(session.expose_secret())
                && way.provider == provider.as_str()
                && way.expires_at > self.now()
        };
        let way = way.filter(is_own).ok_or_else(|| refuse("state_expired"))?;
        let verifier = self.0.secrets.open(&way.verifier, &way.state_hash).map_err(|_| refuse("state_expired"))?;
        let Some(code) = code else {
            let refused = error.as_deref() == Some("access_denied");
            tracing::info!(provider = provider.as_str(), refused, "a consent page gave no code");
            return Err(refuse(if refused { "consent_refused" } else { "connect_failed" }));
        };
        let endpoint = Endpoint { client: &self.0.client, service, settings: &settings };
        let exchanged = endpoint.exchange(code.expose_secret(), verifier.expose_secret(), &way.redirect_uri, self.now()).await;
        let tokens = exchanged.map_err(|refused| match refused {
            Refused::Grant => refuse("code_refused"),
            Refused::Client => refuse("client_refused"),
            Refused::Other(error) => Error::Provider(crate::advice::while_connecting(error)),
        })?;
        if !service.is_enough(&tokens.scopes) {
            return Err(refuse("scope_missing"));
        }
        if tokens.refresh.is_none() {
            return Err(refuse("no_refresh_token"));
        }
        let found = self.look(provider, &tokens).await?;
        let same = connections::list(self.db(), user)
            .await?
            .into_iter()
            .find(|row| row.provider == provider.as_str() && row.account.eq_ignore_ascii_case(&found.account));
        let connection = match (&way.connection_id, same) {
            (Some(id), same) if same.as_ref().is_none_or(|row| row.id != *id) => return Err(refuse("other_account")),
            (_, Some(row)) => self.mend_consent(user, row, &found).await?,
            (_, None) => self.store_connection(user, provider, found, None).await?,
        };
        let mut tx = self.db().begin().await?;
        oauth::set_grant_end(&mut tx, &connection.id, tokens.grant_expires_at).await?;
        tx.commit().await?;
        self.subscribe_soon(&connection.id).await;
        self.connection(user, &connection.id).await
    }

    /// The account behind a fresh permission.
    async fn look(&self, provider: ProviderKind, tokens: &Tokens) -> Result<Found, Error> {
        let not_configured = || problems::refuse(provider, "not_configured");
        let grant = GrantSettings { granted_at: self.now(), scopes: tokens.scopes.clone() };
        let access = Arc::new(Fixed(SecretString::from(tokens.access.clone()), provider));
        let meter = Meter::default();
        let found = match provider {
            ProviderKind::Google => {
                let account = self.google(access).ok_or_else(not_configured)?.account(&meter).await;
                account.map(|account| (account.email, account.calendars))
            }
            ProviderKind::Microsoft => {
                let account = self.microsoft(access).ok_or_else(not_configured)?.account(&meter).await;
                account.map(|account| (account.email, account.calendars))
            }
            ProviderKind::Calendly => return self.look_calendly(access, tokens, &grant).await,
            _ => return Err(not_configured()),
        };
        let (account, calendars) = found.map_err(crate::advice::while_connecting)?;
        Ok(Found {
            name: account.clone(),
            account,
            host: String::new(),
            settings: serde_json::to_string(&grant).unwrap_or_default(),
            secret: Some(tokens.to_secret()),
            file: None,
            calendars,
        })
    }

    async fn mend_consent(&self, user: &UserId, row: ConnectionRow, found: &Found) -> Result<Connection, Error> {
        let id = ConnectionId::trusted(row.id.clone());
        let secret = found.secret.as_ref().map(|secret| self.0.secrets.seal(secret, id.as_str()));
        let mut tx = self.db().begin().await?;
        if !connections::mend(&mut tx, user, &id, &found.settings, secret.as_deref(), &row.host).await? {
            return Err(Error::NotFound("connection"));
        }
        if row.interval_s > 0 {
            connections::set_due(&mut tx, &id, Some(self.now())).await?;
        }
        tx.commit().await?;
        self.after_change(user);
        self.connection(user, &id).await
    }

    /// Gives the permission of a connection that goes back to the provider, unless another connection lives on it.
    pub(super) async fn give_back(&self, row: &ConnectionRow) -> Result<(), Error> {
        let Some(provider) = ProviderKind::parse(&row.provider).filter(|provider| provider.is_oauth()) else { return Ok(()) };
        let Ok((service, settings, _)) = self.service(provider) else { return Ok(()) };
        if row.needs_user || oauth::sharing(self.db(), &row.provider, &row.account).await? > 1 {
            return Ok(());
        }
        let secret = row.secret.as_deref().and_then(|sealed| self.0.secrets.open(sealed, &row.id).ok());
        // Without a refresh token it is one that the user made at the provider and may use elsewhere.
        if let Some(tokens) = secret.as_ref().and_then(Tokens::parse).filter(|tokens| tokens.refresh.is_some()) {
            Endpoint { client: &self.0.client, service, settings: &settings }.revoke(&tokens).await;
        }
        Ok(())
    }

    /// A provider with what is configured for it, and our client id.
    fn service(&self, provider: ProviderKind) -> Result<(service::Service, ServiceSettings, String), Error> {
        let found = service::of(provider).zip(self.oauth().of(provider).cloned());
        let found = found.and_then(|(service, settings)| settings.client_id.clone().map(|client| (service, settings, client)));
        found.ok_or_else(|| problems::refuse(provider, "not_configured"))
    }

    /// What an operator has to know about connecting accounts of a provider: the hosts that are asked, and what is missing.
    #[must_use]
    pub fn consent_setup(&self, provider: ProviderKind) -> Option<ConsentSetup> {
        let oauth = self.oauth();
        let (service, settings) = service::of(provider).zip(oauth.of(provider))?;
        let host = |url: Option<Url>| url.as_ref().map(host_of).unwrap_or_default();
        Some(ConsentSetup {
            has_id: settings.client_id.is_some(),
            has_secret: settings.client_secret.is_some(),
            token_host: host(service.token(settings)),
            api_host: host(service.api(settings)),
            scopes: service.scopes().split(' ').map(str::to_owned).collect(),
        })
    }
}

/// How connecting accounts of a provider is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentSetup {
    /// There is a client id.
    pub has_id: bool,
    /// There is a client secret.
    pub has_secret: bool,
    /// Who is asked for tokens.
    pub token_host: String,
    /// Who is asked for calendars.
    pub api_host: String,
    /// What the consent screen has to allow.
    pub scopes: Vec<String>,
}

/// 32 random bytes, in a form that addresses take as it is (43 characters, as RFC 7636 §4.1 wants them).
fn random() -> String {
    let mut bytes = [0_u8; 32];
    fill_random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn hash(text: &str) -> String {
    crate::ical::hex(&Sha256::digest(text.as_bytes()))
}
