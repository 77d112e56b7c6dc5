//! Calendly: signing in there, or a personal access token. The token is never written into the page's own address.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use super::use_show_added;
use crate::error::WireError;
#[cfg(feature = "ssr")]
use crate::ui::form::plain::refuse;
use crate::ui::form::{Field, FormError, FormState, PostForm, Submit};
use crate::wire::Wire;
use leptos::prelude::*;
use syncline_domain::ids::ConnectionId;
use syncline_domain::view::Connection;

/// Where the forms are.
#[cfg(feature = "ssr")]
const PAGE: &str = "/settings/connections";
const HINT: &str = "In Calendly: Integrations & apps, API & webhooks. Syncline needs users:read and scheduled_events:read; with webhooks:write \
    it learns of bookings at once. The token is stored encrypted and never shown again.";

/// Adds a Calendly account by a personal access token, starts its first sync, and gives its id.
///
/// # Errors
/// A problem of the token; nothing is stored then.
#[server(output = Wire)]
pub async fn add_calendly(token: String, name: Option<String>) -> Result<ConnectionId, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let typed = name.clone().unwrap_or_default();
    let refused = |error| refuse::<AddCalendly>(PAGE, &[("form", "calendly"), ("add", "calendly"), ("name", &typed)], error);
    let new = syncline_core::hub::NewCalendly { token: token.into(), name: super::begin::given(name) };
    let added = hub.add_calendly(&user, new).await.map_err(|error| refused(error.into()))?;
    Ok(super::begin::first_sync(&hub, &user, added).await)
}

/// Mends a Calendly connection with a new personal access token of the same account, and syncs it.
///
/// # Errors
/// A problem of the token; the connection stays as it was.
#[server(output = Wire)]
pub async fn mend_calendly(id: ConnectionId, token: String) -> Result<ConnectionId, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let refused = |error| refuse::<MendCalendly>(PAGE, &[("form", "mend-calendly"), ("reconnect", id.as_str())], error);
    let with = syncline_core::hub::Reconnect::Token(token.into());
    let mended = hub.reconnect(&user, &id, with).await.map_err(|error| refused(error.into()))?;
    Ok(super::begin::first_sync(&hub, &user, mended).await)
}

/// Adds a Calendly account: by signing in there, or by a token.
#[component]
pub(super) fn AddCalendlyForm() -> impl IntoView {
    let form = FormState::of::<AddCalendly>("calendly", &["token", "name"]);
    view! {
        <div class="card card-body stack">
            <p>"Allow Syncline to read your bookings, on Calendly's page:"</p>
            <div class="row">
                <a class="btn btn-primary" rel="external" href="/oauth/calendly/start">"Sign in at Calendly"</a>
            </div>
        </div>
        <PostForm state=form class="card card-body stack form" on_done=use_show_added()>
            <p>"Or give a token that you made there yourself:"</p>
            <FormError form />
            <Field form name="token" label="Personal access token" kind="password" hint=HINT />
            <Field form name="name" label="Name" placeholder="As it shall be called here" optional=true />
            <div class="row">
                <Submit form label="Add account" busy="Asking Calendly…" />
                <a class="btn btn-ghost" href="/settings/connections">"Cancel"</a>
            </div>
        </PostForm>
    }
    .into_any()
}

/// Mends a Calendly connection by a token.
#[component]
pub(super) fn NewToken(connection: Connection) -> impl IntoView {
    let form = FormState::of::<MendCalendly>("mend-calendly", &["token"]);
    view! {
        <PostForm state=form class="card card-body stack form" on_done=use_show_added()>
            <p>"Or give a new personal access token of the same account:"</p>
            <FormError form />
            <input type="hidden" name="id" value=connection.id.to_string() />
            <Field form name="token" label="Personal access token" kind="password" hint=HINT />
            <div class="row">
                <Submit form label="Reconnect" busy="Asking Calendly…" />
            </div>
        </PostForm>
    }
    .into_any()
}
