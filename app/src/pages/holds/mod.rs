//! Deletions that wait for the user: `/holds`.

use leptos::prelude::*;

/// Deletions that wait for the user: `/holds`.
#[component]
pub fn HoldsPage() -> impl IntoView {
    view! { <h1>"Holds"</h1> }
}
