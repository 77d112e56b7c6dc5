//! Password, preferences and API tokens.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
#[cfg(feature = "ssr")]
use crate::ui::form::plain::refuse;
use crate::wire::{Packed, Wire};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use syncline_domain::ids::TokenId;
use syncline_domain::view::{ApiToken, Preferences, Theme, WeekStart};

/// Changes the password and ends every other session.
///
/// # Errors
/// `wrong_credentials` or `weak_password`.
#[server(output = Wire)]
pub async fn change_password(old: String, new: String) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let keep = crate::context::session_token();
    let changed = hub.change_password(&user, &old.into(), &new.into(), keep.as_deref()).await;
    changed.map_err(|error| refuse::<ChangePassword>("/settings/account", &[], error.into()))?;
    crate::context::redirect_plain_form("/settings/account?saved=password");
    Ok(())
}

/// Replaces the preferences and gives them as they are stored.
///
/// # Errors
/// `unknown_zone`.
#[server(output = Wire)]
pub async fn save_preferences(
    time_zone: Option<String>,
    second_zone: Option<String>,
    week_start: WeekStart,
    hour12: bool,
    theme: Theme,
) -> Result<Preferences, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let (time_zone, second_zone) = (super::given(time_zone), super::given(second_zone));
    let stored = crate::context::require_viewer()?.preferences;
    let preferences = Preferences { time_zone, second_zone, week_start, hour12, theme, ..stored };
    let saved = hub.set_preferences(&user, &preferences).await;
    saved.map_err(|error| refuse::<SavePreferences>("/settings/account", &[], error.into()))?;
    crate::context::redirect_plain_form("/settings/account?saved=preferences");
    Ok(preferences)
}

/// The user's API tokens, newest first.
///
/// # Errors
/// When nobody is signed in, or the database failed.
#[server(input = GetUrl, output = Wire)]
pub async fn load_tokens() -> Result<Packed<Vec<ApiToken>>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Packed::of(&hub.tokens(&user).await?)
}

/// Makes an API token and gives its secret: the only time that it is shown.
///
/// # Errors
/// `invalid_name`.
#[server(output = Wire)]
pub async fn create_token(name: String) -> Result<String, WireError> {
    use secrecy::ExposeSecret as _;
    let (hub, user) = crate::context::signed_in()?;
    let made = hub.create_token(&user, &name).await;
    let made = made.map_err(|error| refuse::<CreateToken>("/settings/account", &[("name", &name)], error.into()))?;
    let secret = made.secret.expose_secret().to_owned();
    super::flash::leave(&secret);
    crate::context::redirect_plain_form("/settings/account#tokens");
    Ok(secret)
}

/// Revokes an API token.
///
/// # Errors
/// When there is no such token.
#[server(output = Wire)]
pub async fn revoke_token(id: TokenId) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Ok(hub.revoke_token(&user, &id).await?)
}
