//! Password, preferences and API tokens: `/settings/account`.

use leptos::prelude::*;

/// Password, preferences and API tokens: `/settings/account`.
#[component]
pub fn AccountPage() -> impl IntoView {
    view! { <h1>"Account"</h1> }
}
