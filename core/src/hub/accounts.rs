//! Accounts, sessions, API tokens and preferences.

use super::{Hub, pending};
use crate::error::Error;
use secrecy::SecretString;
use syncline_domain::ids::{TokenId, UserId};
use syncline_domain::view::{ApiToken, Preferences, Viewer};

/// A fresh session. The token goes into the cookie and is stored only as its hash.
#[derive(Debug)]
pub struct NewSession {
    /// The cookie's value: 256 random bits in base64url.
    pub token: SecretString,
    /// When it ends unless it is used (30 days after the last use), unix milliseconds.
    pub expires_at: i64,
}

/// A fresh API token. The secret is shown once and stored only as its hash.
#[derive(Debug)]
pub struct NewToken {
    /// `syn_` and 256 random bits in base64url.
    pub secret: SecretString,
    /// How it is listed from now on.
    pub token: ApiToken,
}

impl Hub {
    /// Whether no account exists yet: the page then shows "create the first account".
    pub async fn needs_first_user(&self) -> Result<bool, Error> {
        pending()
    }

    /// Makes the very first account, an administrator, and signs it in. Refused once any account exists.
    pub async fn create_first_user(&self, _email: &str, _password: &SecretString) -> Result<NewSession, Error> {
        pending()
    }

    /// Makes an account (the command line's `user add`). The first one becomes administrator.
    pub async fn add_user(&self, _email: &str, _password: &SecretString) -> Result<UserId, Error> {
        pending()
    }

    /// The account with an e-mail address.
    pub async fn user_by_email(&self, _email: &str) -> Result<Option<Viewer>, Error> {
        pending()
    }

    /// Signs in. Takes as long for an unknown address as for a wrong password.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] `wrong_credentials`.
    pub async fn sign_in(&self, _email: &str, _password: &SecretString) -> Result<NewSession, Error> {
        pending()
    }

    /// Ends a session.
    pub async fn sign_out(&self, _token: &str) -> Result<(), Error> {
        pending()
    }

    /// The user of a session cookie; moves its expiry (at most one write an hour).
    pub async fn viewer_by_session(&self, _token: &str) -> Result<Option<Viewer>, Error> {
        pending()
    }

    /// The user of an API token (`syn_…`); notes its use (at most one write a minute).
    pub async fn viewer_by_token(&self, _secret: &str) -> Result<Option<Viewer>, Error> {
        pending()
    }

    /// Changes the password and ends every other session; `keep` is the cookie of the one that asks.
    pub async fn change_password(
        &self,
        _user: &UserId,
        _old: &SecretString,
        _new: &SecretString,
        _keep: Option<&str>,
    ) -> Result<(), Error> {
        pending()
    }

    /// The user's preferences, replaced as a whole. An unknown zone is refused.
    pub async fn set_preferences(&self, _user: &UserId, _preferences: &Preferences) -> Result<(), Error> {
        pending()
    }

    /// Stores the browser's zone when none is known yet.
    pub async fn learn_time_zone(&self, _user: &UserId, _zone: &str) -> Result<(), Error> {
        pending()
    }

    /// Makes an API token.
    pub async fn create_token(&self, _user: &UserId, _name: &str) -> Result<NewToken, Error> {
        pending()
    }

    /// The user's API tokens, newest first.
    pub async fn tokens(&self, _user: &UserId) -> Result<Vec<ApiToken>, Error> {
        pending()
    }

    /// Revokes an API token.
    pub async fn revoke_token(&self, _user: &UserId, _token: &TokenId) -> Result<(), Error> {
        pending()
    }
}
