//! How a server function gets at the facade and at who asks. Only on the server.
//!
//! A server function has at most 15 lines: the facade from here, one call, `?`. [`WireError`] is made from the core's error by
//! `?`; the server turns its kind into the status code.
//!
//! ```ignore
//! #[server]
//! pub async fn list_holds() -> Result<Vec<Hold>, WireError> {
//!     let (hub, user) = crate::context::signed_in()?;
//!     Ok(hub.holds(&user).await?)
//! }
//! ```

use crate::error::{WireError, WireKind};
use crate::session::{ClientAddress, CurrentUser, SessionCookie, SignInGate};
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use secrecy::SecretString;
use std::sync::Arc;
use syncline_core::Hub;
use syncline_core::error::Error;
use syncline_core::hub::NewSession;
use syncline_domain::failure::Problem;
use syncline_domain::ids::UserId;
use syncline_domain::view::Viewer;

fn missing() -> WireError {
    WireError::new(WireKind::Server, Problem::new("internal_error", "Syncline met a fault of its own.", "Please report it."))
}

/// The facade.
///
/// # Errors
/// Only outside of a request.
pub fn hub() -> Result<Hub, WireError> {
    use_context::<Hub>().ok_or_else(missing)
}

/// Who asks, if anybody is signed in.
#[must_use]
pub fn viewer() -> Option<Viewer> {
    use_context::<Parts>()?.extensions.get::<CurrentUser>()?.0.clone()
}

/// Who asks.
///
/// # Errors
/// [`WireKind::Unauthenticated`] when nobody is signed in.
pub fn require_viewer() -> Result<Viewer, WireError> {
    viewer().ok_or_else(WireError::signed_out)
}

/// The facade and who asks: what nearly every server function begins with.
///
/// # Errors
/// [`WireKind::Unauthenticated`] when nobody is signed in.
pub fn signed_in() -> Result<(Hub, UserId), WireError> {
    Ok((hub()?, require_viewer()?.id))
}

/// The address that browsers use, where it is configured; in the context of the server.
#[derive(Debug, Clone)]
pub struct ConfiguredBase(pub Option<String>);

/// The address that browsers use: the configured one, and the one that counts, which is this browser's where none is configured.
#[must_use]
pub fn public_base() -> (Option<String>, String) {
    let configured = use_context::<ConfiguredBase>().and_then(|base| base.0);
    let host = use_context::<Parts>().and_then(|parts| parts.headers.get(header::HOST)?.to_str().ok().map(ToOwned::to_owned));
    let seen = configured.clone().unwrap_or_else(|| format!("http://{}", host.as_deref().unwrap_or("127.0.0.1")));
    (configured, seen)
}

/// Signs in and sets the cookie; throttled per address and per account.
///
/// # Errors
/// [`WireKind::Throttled`], or [`WireKind::Unauthenticated`] `wrong_credentials`.
pub async fn sign_in(email: &str, password: &SecretString) -> Result<(), WireError> {
    let hub = hub()?;
    let gate = use_context::<Arc<dyn SignInGate>>().ok_or_else(missing)?;
    let from = use_context::<Parts>().and_then(|parts| parts.extensions.get::<ClientAddress>().map(|address| address.0));
    gate.attempt(from, email).map_err(|retry_after_s| Error::Throttled { retry_after_s })?;
    let session = hub.sign_in(email, password).await?;
    gate.succeeded(email);
    set_session(&hub, &session);
    Ok(())
}

/// Makes the first account of the instance, an administrator, and signs it in.
///
/// # Errors
/// When an account exists already, or the address or the password can not be used.
pub async fn create_first_account(email: &str, password: &SecretString) -> Result<(), WireError> {
    let hub = hub()?;
    let session = hub.create_first_user(email, password).await?;
    set_session(&hub, &session);
    Ok(())
}

/// Ends the session of this browser and removes the cookie.
///
/// # Errors
/// When the database failed.
pub async fn sign_out() -> Result<(), WireError> {
    if let Some(token) = session_token() {
        hub()?.sign_out(&token).await?;
    }
    if let (Some(cookie), Some(response)) = (use_context::<SessionCookie>(), use_context::<ResponseOptions>()) {
        response.append_header(header::SET_COOKIE, cookie.clear());
    }
    Ok(())
}

/// The token of this browser's session: the one that a change of the password keeps.
#[must_use]
pub fn session_token() -> Option<String> {
    let cookie = use_context::<SessionCookie>()?;
    cookie.read(&use_context::<Parts>()?.headers).map(ToOwned::to_owned)
}

/// Sends the browser to another page after a form was posted without JavaScript. With JavaScript the caller decides, from
/// the server function's answer.
pub fn redirect_plain_form(to: &str) {
    if is_plain_form() {
        leptos_axum::redirect(crate::address::safe_next(Some(to)));
    }
}

/// Whether the form was posted by the browser itself, without JavaScript.
#[must_use]
pub fn is_plain_form() -> bool {
    use_context::<Parts>()
        .and_then(|parts| parts.headers.get(header::ACCEPT)?.to_str().ok().map(|accept| accept.contains("text/html")))
        .unwrap_or(false)
}

/// Sets a header of the answer.
pub fn set_header(name: HeaderName, value: HeaderValue) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(name, value);
    }
}

fn set_session(hub: &Hub, session: &NewSession) {
    if let (Some(cookie), Some(response)) = (use_context::<SessionCookie>(), use_context::<ResponseOptions>()) {
        response.append_header(header::SET_COOKIE, cookie.set(session, hub.now()));
    }
}
