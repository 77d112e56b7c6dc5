//! Password, preferences and API tokens: `/settings/account`.

pub mod api;
#[cfg(feature = "ssr")]
mod flash;
pub mod password;
pub mod preferences;
pub mod tokens;

use crate::pages::settings::tabs::SettingsTabs;
use crate::pages::sign_in::SignOutButton;
use crate::route::use_route;
use crate::ui::Title;
use crate::use_session;
use leptos::prelude::*;
use password::PasswordForm;
use preferences::PreferencesForm;
use tokens::Tokens;

/// A text that may be left empty.
#[cfg(feature = "ssr")]
fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Password, preferences and API tokens: `/settings/account`.
#[component]
pub fn AccountPage() -> impl IntoView {
    let session = use_session();
    let who = move || session.0.with(|viewer| viewer.as_ref().map(|viewer| viewer.email.clone()));
    let role = move || session.0.with(|viewer| viewer.as_ref().is_some_and(|viewer| viewer.is_admin)).then_some("Administrator");
    view! {
        <Title text="Account" />
        <div class="page settings">
            <SettingsTabs />
            <header class="page-head">
                <div>
                    <h1>"Account"</h1>
                    <p class="muted">"Signed in as " <strong>{who}</strong> " " <span class="badge">{role}</span></p>
                </div>
                <SignOutButton />
            </header>
            <Saved />
            <PreferencesForm />
            <PasswordForm />
            <Tokens />
        </div>
    }
    .into_any()
}

/// What a form that was posted without JavaScript has done.
#[component]
fn Saved() -> impl IntoView {
    let said = use_route().with_untracked(|address| match address.get("saved") {
        Some("password") => Some("The password is changed. Every other session is signed out."),
        Some("preferences") => Some("Saved."),
        _ => None,
    });
    said.map(|said| view! { <p class="note note-good" role="status">{said}</p> })
}
