//! Calendly accounts: allowed by OAuth, or by a personal access token that the user made there.
//!
//! A personal access token is stored like the tokens of OAuth, sealed, without an end and without anything to renew it with. So a
//! refused one is what a permission is that was taken back: the user reconnects.

use super::Hub;
use super::connections::{Found, require};
use crate::advice::while_connecting;
use crate::error::{Error, ProviderError};
use crate::oauth::access::{Access, Fixed};
use crate::oauth::{GrantSettings, Tokens, problems};
use crate::provider::Meter;
use crate::store::connections::{self, ConnectionRow};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::Connection;

/// A Calendly account by a personal access token.
#[derive(Debug, Clone)]
pub struct NewCalendly {
    /// The token, as Calendly showed it once.
    pub token: SecretString,
    /// What to call it; `None` takes the account's address.
    pub name: Option<String>,
}

impl Hub {
    /// Looks at the account of a personal access token and stores the connection. Nothing is stored when anything fails.
    ///
    /// # Errors
    /// `token_refused`, `scope_missing`, or `already_connected` when the user has this account.
    pub async fn add_calendly(&self, user: &UserId, new: NewCalendly) -> Result<Connection, Error> {
        let found = self.look_token(&new.token).await?;
        let rows = connections::list(self.db(), user).await?;
        if let Some(row) = rows.iter().find(|row| is_account(row, &found.account)) {
            return Err(Error::invalid(
                "already_connected",
                format!("This account is connected already as \u{201c}{}\u{201d}.", row.name),
                "Use Reconnect there to give a new token.",
            ));
        }
        let connection = self.store_connection(user, ProviderKind::Calendly, found, new.name).await?;
        self.subscribe_soon(&connection.id).await;
        Ok(connection)
    }

    /// The user's connections of a provider that are switched on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enabled_connections(&self, user: &UserId, provider: ProviderKind) -> Result<Vec<ConnectionId>, Error> {
        let rows = connections::list(self.db(), user).await?;
        let found = rows.into_iter().filter(|row| row.enabled && row.provider == provider.as_str());
        Ok(found.map(|row| ConnectionId::trusted(row.id)).collect())
    }

    /// What a new token gives for a connection that is there.
    pub(super) async fn mend_calendly(&self, row: &ConnectionRow, token: &SecretString) -> Result<Found, Error> {
        let found = self.look_token(token).await?;
        if is_account(row, &found.account) { Ok(found) } else { Err(problems::refuse(ProviderKind::Calendly, "other_account")) }
    }

    async fn look_token(&self, token: &SecretString) -> Result<Found, Error> {
        require("token", token.expose_secret(), "the token", "in Calendly: Integrations & apps, API & webhooks, Personal access tokens")?;
        let text = token.expose_secret().trim().to_owned();
        let tokens = Tokens { access: text, refresh: None, expires_at: i64::MAX, grant_expires_at: None, scopes: Vec::new() };
        let access = Arc::new(Fixed(SecretString::from(tokens.access.clone()), ProviderKind::Calendly));
        let grant = GrantSettings { granted_at: self.now(), scopes: Vec::new() };
        self.look_calendly(access, &tokens, &grant).await.map_err(|error| match error {
            Error::Provider(error) if error.problem.code == "permission_gone" => token_refused().into(),
            error => error,
        })
    }

    /// The account behind a fresh permission.
    pub(super) async fn look_calendly(&self, access: Arc<dyn Access>, tokens: &Tokens, grant: &GrantSettings) -> Result<Found, Error> {
        let calendly = self.calendly(access).ok_or_else(|| problems::refuse(ProviderKind::Calendly, "not_configured"))?;
        let account = calendly.account(&Meter::default()).await.map_err(while_connecting)?;
        Ok(Found {
            name: account.email.clone(),
            account: account.email,
            host: String::new(),
            settings: serde_json::to_string(grant).unwrap_or_default(),
            secret: Some(tokens.to_secret()),
            file: None,
            calendars: vec![account.calendar],
        })
    }
}

fn is_account(row: &ConnectionRow, account: &str) -> bool {
    row.provider == ProviderKind::Calendly.as_str() && row.account.eq_ignore_ascii_case(account)
}

fn token_refused() -> ProviderError {
    let problem = Problem::new(
        "token_refused",
        "Calendly does not accept this token.",
        "Copy the whole token, or make a new one in Calendly: Integrations & apps, API & webhooks, Personal access tokens.",
    );
    ProviderError::new("calendly.account", Class::Authentication, problem)
}
