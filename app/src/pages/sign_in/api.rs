//! Signing in and out.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::Wire;
use leptos::prelude::*;

/// Signs in and gives the address to go to. What the browser said of zone, week and clock is stored when nothing is known yet.
///
/// # Errors
/// `wrong_credentials`, or too many attempts.
#[server(output = Wire)]
pub async fn sign_in(
    email: String,
    password: String,
    next: Option<String>,
    zone: Option<String>,
    week_start: Option<String>,
    hour12: Option<String>,
) -> Result<String, WireError> {
    let next = crate::address::safe_next(next.as_deref()).to_owned();
    let typed = [("email", email.as_str()), ("next", next.as_str())];
    let refused = |error| crate::ui::form::plain::refuse::<SignIn>("/sign-in", &typed, error);
    crate::context::sign_in(&email, &password.into()).await.map_err(refused)?;
    super::browser::Browser { zone, week_start, hour12 }.learn(&email).await;
    crate::context::redirect_plain_form(&next);
    Ok(next)
}

/// Ends this browser's session.
///
/// # Errors
/// When the database failed.
#[server(output = Wire)]
pub async fn sign_out() -> Result<(), WireError> {
    crate::context::sign_out().await?;
    crate::context::redirect_plain_form("/sign-in");
    Ok(())
}
