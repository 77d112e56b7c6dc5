//! Sign-in: `/sign-in`.

use leptos::prelude::*;

/// Sign-in: `/sign-in`.
#[component]
pub fn SignInPage() -> impl IntoView {
    view! { <h1>"Sign in"</h1> }
}
