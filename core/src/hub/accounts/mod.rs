//! Accounts, sessions, API tokens and preferences.
//!
//! Session cookies and API tokens are 256 random bits; the store knows their SHA-256 alone. Passwords are argon2id hashes, made
//! and checked on blocking threads, a few at a time. How often somebody may try is the server's to decide.

mod rules;

pub(super) use rules::unknown_zone;

use super::Hub;
use crate::clock::{fill_random, new_id};
use crate::error::Error;
use crate::store::{sessions, tokens, users};
use crate::tasks;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use syncline_domain::failure::Problem;
use syncline_domain::ids::{TokenId, UserId};
use syncline_domain::time::DAY_MS;
use syncline_domain::view::{ApiToken, Preferences, Viewer};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// A session ends so long after its last use.
const SESSION_MS: i64 = 30 * DAY_MS;
/// The use of a session is noted at most so often.
const SESSION_NOTE_MS: i64 = 3_600_000;
/// The use of an API token is noted at most so often.
const TOKEN_NOTE_MS: i64 = 60_000;
/// How API tokens begin, so that scanners for leaked secrets know them.
const TOKEN_PREFIX: &str = "syn_";
/// An argon2id hash takes 19 MB while it is made: so many at once, and the others wait.
static HASHING: Semaphore = Semaphore::const_new(4);
/// The hash of a password that nobody knows, with the parameters of today: an unknown address takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c3luY2xpbmUgbm9ib2R5$2ZBSOoNmaxjnQnhUUE6ArT8PszL+2FX4sBmXNaqvYcg";

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
        Ok(!users::any(&self.0.db).await?)
    }

    /// Makes the very first account, an administrator, and signs it in. Refused once any account exists.
    ///
    /// # Errors
    /// [`Error::Forbidden`] `already_set_up`; [`Error::Invalid`] `invalid_email` or `weak_password`.
    pub async fn create_first_user(&self, email: &str, password: &SecretString) -> Result<NewSession, Error> {
        if users::any(&self.0.db).await? {
            return Err(already_set_up());
        }
        let (email, hash) = self.checked(email, password).await?;
        let id = UserId::trusted(new_id(&self.0.config.clock));
        let mut tx = self.0.db.begin().await?;
        if users::any_locked(&mut tx).await? {
            return Err(already_set_up());
        }
        let now = self.now();
        users::insert(&mut tx, &users::NewUser { id: &id, email: &email, password_hash: &hash, is_admin: true, now }).await?;
        let session = new_session(now);
        sessions::insert(&mut tx, &hash_of(session.token.expose_secret()), &id, now, session.expires_at).await?;
        tx.commit().await?;
        tracing::info!(user = %id, "the first account was created");
        Ok(session)
    }

    /// Makes an account (the command line's `user add`). The first one becomes administrator.
    ///
    /// # Errors
    /// [`Error::Invalid`] `email_taken`, `invalid_email` or `weak_password`.
    pub async fn add_user(&self, email: &str, password: &SecretString) -> Result<UserId, Error> {
        let (email, hash) = self.checked(email, password).await?;
        let id = UserId::trusted(new_id(&self.0.config.clock));
        let mut tx = self.0.db.begin().await?;
        let is_admin = !users::any_locked(&mut tx).await?;
        if !users::insert(&mut tx, &users::NewUser { id: &id, email: &email, password_hash: &hash, is_admin, now: self.now() }).await? {
            let message = format!("There is an account for {email} already.");
            return Err(Error::invalid("email_taken", message, "Sign in with it, or use another e-mail address."));
        }
        tx.commit().await?;
        tracing::info!(user = %id, "an account was created");
        Ok(id)
    }

    /// The account with an e-mail address.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<Viewer>, Error> {
        Ok(users::by_email(&self.0.db, &rules::normalise(email)).await?)
    }

    /// Signs in. Takes as long for an unknown address as for a wrong password.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] `wrong_credentials`.
    pub async fn sign_in(&self, email: &str, password: &SecretString) -> Result<NewSession, Error> {
        let known = users::credentials(&self.0.db, &rules::normalise(email)).await?;
        let hash = known.as_ref().map_or(NOBODY, |(_, hash)| hash);
        let right = verify(password, hash).await?;
        let Some((user, _)) = known.filter(|_| right) else {
            return Err(Error::Unauthenticated(Box::new(Problem::new(
                "wrong_credentials",
                "The e-mail address or the password is wrong.",
                "Check both and try again.",
            ))));
        };
        let now = self.now();
        let session = new_session(now);
        let mut tx = self.0.db.begin().await?;
        sessions::insert(&mut tx, &hash_of(session.token.expose_secret()), &user, now, session.expires_at).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// Ends a session. One that has ended already stays so.
    pub async fn sign_out(&self, token: &str) -> Result<(), Error> {
        let mut tx = self.0.db.begin().await?;
        sessions::delete(&mut tx, &hash_of(token)).await?;
        Ok(tx.commit().await?)
    }

    /// The user of a session cookie; moves its expiry (at most one write an hour).
    pub async fn viewer_by_session(&self, token: &str) -> Result<Option<Viewer>, Error> {
        let (hash, now) = (hash_of(token), self.now());
        let Some(session) = sessions::find(&self.0.db, &hash, now).await? else { return Ok(None) };
        if now - session.seen_at >= SESSION_NOTE_MS {
            let noted = async {
                let mut tx = self.0.db.begin().await?;
                sessions::touch(&mut tx, &hash, now, now + SESSION_MS).await?;
                tx.commit().await
            };
            unimportant(noted.await, "the use of a session");
        }
        Ok(Some(session.viewer))
    }

    /// The user of an API token (`syn_…`); notes its use (at most one write a minute).
    pub async fn viewer_by_token(&self, secret: &str) -> Result<Option<Viewer>, Error> {
        if !secret.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let Some(bearer) = tokens::find(&self.0.db, &hash_of(secret)).await? else { return Ok(None) };
        let now = self.now();
        if bearer.last_used_at.is_none_or(|last| now - last >= TOKEN_NOTE_MS) {
            let noted = async {
                let mut tx = self.0.db.begin().await?;
                tokens::touch(&mut tx, &bearer.token_id, now).await?;
                tx.commit().await
            };
            unimportant(noted.await, "the use of an API token");
        }
        Ok(Some(bearer.viewer))
    }

    /// Changes the password and ends every other session; `keep` is the cookie of the one that asks. API tokens stay.
    ///
    /// # Errors
    /// [`Error::Invalid`] `wrong_credentials` or `weak_password`.
    pub async fn change_password(&self, user: &UserId, old: &SecretString, new: &SecretString, keep: Option<&str>) -> Result<(), Error> {
        let stored = users::password_hash(&self.0.db, user).await?.ok_or(Error::NotFound("account"))?;
        let wrong = || Error::invalid("wrong_credentials", "The current password is wrong.", "Type the password that you sign in with.");
        if !verify(old, &stored).await? {
            return Err(wrong());
        }
        rules::check_password(new)?;
        let hash = hash_password(new).await?;
        let mut tx = self.0.db.begin().await?;
        if !users::replace_password(&mut tx, user, &stored, &hash).await? {
            return Err(wrong());
        }
        sessions::delete_others(&mut tx, user, &keep.map(hash_of).unwrap_or_default()).await?;
        tx.commit().await?;
        tracing::info!(user = %user, "the password was changed");
        Ok(())
    }

    /// The user's preferences, replaced as a whole. Zone names are stored in their usual spelling.
    ///
    /// # Errors
    /// [`Error::Invalid`] `unknown_zone`.
    pub async fn set_preferences(&self, user: &UserId, preferences: &Preferences) -> Result<(), Error> {
        let zone = |name: &Option<String>| name.as_deref().filter(|name| !name.trim().is_empty()).map(rules::zone_name).transpose();
        let time_zone = zone(&preferences.time_zone)?;
        let second_zone = zone(&preferences.second_zone)?;
        let preferences = Preferences { time_zone, second_zone, ..preferences.clone() };
        let mut tx = self.0.db.begin().await?;
        if !users::set_preferences(&mut tx, user, &preferences).await? {
            return Err(Error::NotFound("account"));
        }
        Ok(tx.commit().await?)
    }

    /// Stores the browser's zone when none is known yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] `unknown_zone`.
    pub async fn learn_time_zone(&self, user: &UserId, zone: &str) -> Result<(), Error> {
        let zone = rules::zone_name(zone)?;
        let mut tx = self.0.db.begin().await?;
        users::learn_zone(&mut tx, user, &zone).await?;
        Ok(tx.commit().await?)
    }

    /// Makes an API token.
    ///
    /// # Errors
    /// [`Error::Invalid`] `invalid_name`.
    pub async fn create_token(&self, user: &UserId, name: &str) -> Result<NewToken, Error> {
        let name = rules::token_name(name)?;
        let secret = SecretString::from(format!("{TOKEN_PREFIX}{}", random_text().as_str()));
        let token = ApiToken {
            id: TokenId::trusted(new_id(&self.0.config.clock)),
            name,
            prefix: secret.expose_secret().chars().take(TOKEN_PREFIX.len() + 4).collect(),
            created_at: self.now(),
            last_used_at: None,
        };
        let mut tx = self.0.db.begin().await?;
        tokens::insert(&mut tx, user, &token, &hash_of(secret.expose_secret())).await?;
        tx.commit().await?;
        Ok(NewToken { secret, token })
    }

    /// The user's API tokens, newest first.
    pub async fn tokens(&self, user: &UserId) -> Result<Vec<ApiToken>, Error> {
        Ok(tokens::list(&self.0.db, user).await?)
    }

    /// Revokes an API token.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the user has none of that id.
    pub async fn revoke_token(&self, user: &UserId, token: &TokenId) -> Result<(), Error> {
        let mut tx = self.0.db.begin().await?;
        if !tokens::delete(&mut tx, user, token).await? {
            return Err(Error::NotFound("API token"));
        }
        Ok(tx.commit().await?)
    }

    /// Removes the sessions that have expired and gives their number; the clean-up task calls it.
    pub async fn purge_sessions(&self, now: i64) -> Result<u64, Error> {
        let mut tx = self.0.db.begin().await?;
        let gone = sessions::purge(&mut tx, now).await?;
        tx.commit().await?;
        Ok(gone)
    }

    /// The address in its stored form and the password's hash, once both are found to be usable.
    async fn checked(&self, email: &str, password: &SecretString) -> Result<(String, String), Error> {
        let email = rules::email(email)?;
        rules::check_password(password)?;
        Ok((email, hash_password(password).await?))
    }
}

fn already_set_up() -> Error {
    let problem = Problem::new("already_set_up", "This Syncline has its first account already.", "Sign in with it.");
    Error::Forbidden(Box::new(problem))
}

fn new_session(now: i64) -> NewSession {
    NewSession { token: SecretString::from(random_text().as_str()), expires_at: now + SESSION_MS }
}

fn random_text() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    fill_random(bytes.as_mut_slice());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// SHA-256 in hex. A token has 256 random bits, so that neither salt nor a slow hash adds anything.
fn hash_of(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn hash_password(password: &SecretString) -> Result<String, Error> {
    let password = password.clone();
    let _turn = HASHING.acquire().await.expect("nobody closes it");
    Ok(tasks::blocking("password.hash", move || password_auth::generate_hash(password.expose_secret())).await?)
}

async fn verify(password: &SecretString, hash: &str) -> Result<bool, Error> {
    let (password, hash) = (password.clone(), hash.to_owned());
    let _turn = HASHING.acquire().await.expect("nobody closes it");
    Ok(tasks::blocking("password.verify", move || password_auth::verify_password(password.expose_secret(), &hash).is_ok()).await?)
}

/// A note that can not be written (disk full, a long writer) keeps nobody from reading their calendar.
fn unimportant(result: Result<(), crate::error::StoreError>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(error = &error as &dyn std::error::Error, "{what} could not be noted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_for_unknown_addresses_costs_as_much_as_a_real_one() {
        assert_eq!(password_auth::is_hash_obsolete(NOBODY).ok(), Some(false));
        assert!(password_auth::verify_password("", NOBODY).is_err());
    }

    #[test]
    fn tokens_hash_to_the_hex_of_their_sha256() {
        assert_eq!(hash_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(random_text().len(), 43);
        assert_ne!(*random_text(), *random_text());
    }

    #[test]
    fn fresh_secrets_do_not_print_themselves() {
        let session = new_session(0);
        assert!(!format!("{session:?}").contains(session.token.expose_secret()));
    }
}
