//! What a server function does for a form that was posted without JavaScript. Only on the server.

use crate::context::redirect_plain_form;
use crate::error::{WireError, WireKind};
use leptos::server_fn::ServerFn;
use leptos::server_fn::error::ServerFnUrlError;
use syncline_domain::failure::Problem;

/// Sends the form back to its page with the error and what was typed (never a secret). With JavaScript it does nothing: the
/// fields keep what they hold, and the error is the answer.
#[must_use]
pub fn refuse<S: ServerFn<Error = WireError>>(page: &str, typed: &[(&str, &str)], error: WireError) -> WireError {
    // The host is thrown away again: only path and query are used.
    if let Ok(mut url) = ServerFnUrlError::new(S::PATH, error.clone()).to_url(&format!("http://page.invalid{page}")) {
        url.query_pairs_mut().extend_pairs(typed);
        redirect_plain_form(&format!("{}?{}", url.path(), url.query().unwrap_or_default()));
    }
    error
}

/// A form that this page does not make.
#[must_use]
pub fn bad_form() -> WireError {
    WireError::new(
        WireKind::Invalid,
        Problem::new("invalid_input", "Something in the form can not be used.", "Reload the page, then try again."),
    )
}
