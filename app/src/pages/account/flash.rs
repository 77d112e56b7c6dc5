//! Carries a fresh API token over the redirect of a form that was posted without JavaScript: in a cookie that scripts can not
//! read, for one minute and this page alone, never in an address. Only on the server.

use crate::context::is_plain_form;
use crate::session::SessionCookie;
use http::request::Parts;
use http::{HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

const NAME: &str = "syncline_new_token";

/// Leaves the secret for the page that the browser is sent to; with JavaScript it is in the answer and nothing is left.
pub(super) fn leave(secret: &str) {
    if is_plain_form() {
        set(secret, 60);
    }
}

/// Takes what was left.
pub(super) fn take() -> Option<String> {
    let parts = use_context::<Parts>()?;
    let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let secret = cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='));
    let secret = secret.filter(|secret| secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')))?.to_owned();
    set("", 0);
    Some(secret).filter(|secret| !secret.is_empty())
}

fn set(value: &str, max_age: u32) {
    let secure = if use_context::<SessionCookie>().is_some_and(|cookie| cookie.secure) { "; Secure" } else { "" };
    let line = format!("{NAME}={value}; Path=/settings/account; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}");
    if let (Ok(mut line), Some(response)) = (HeaderValue::from_str(&line), use_context::<ResponseOptions>()) {
        line.set_sensitive(true);
        response.append_header(header::SET_COOKIE, line);
    }
}
