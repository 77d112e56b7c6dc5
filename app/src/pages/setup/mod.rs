//! The first account of this instance: `/setup`.

use leptos::prelude::*;

/// The first account of this instance: `/setup`.
#[component]
pub fn SetupPage() -> impl IntoView {
    view! { <h1>"Create the first account"</h1> }
}
