//! The first account.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::Wire;
use leptos::prelude::*;

/// Makes the first account, an administrator, and signs it in.
///
/// # Errors
/// `invalid_email`, `weak_password`, or `already_set_up`.
#[server(output = Wire)]
pub async fn create_account(
    email: String,
    password: String,
    zone: Option<String>,
    week_start: Option<String>,
    hour12: Option<String>,
) -> Result<(), WireError> {
    use crate::pages::sign_in::browser::Browser;
    let refused = |error| crate::ui::form::plain::refuse::<CreateAccount>("/setup", &[("email", &email)], error);
    crate::context::create_first_account(&email, &password.into()).await.map_err(refused)?;
    Browser { zone, week_start, hour12 }.learn(&email).await;
    crate::context::redirect_plain_form("/settings/connections");
    Ok(())
}
