//! Sync jobs that ended: `/history`.

use leptos::prelude::*;

/// Sync jobs that ended: `/history`.
#[component]
pub fn HistoryPage() -> impl IntoView {
    view! { <h1>"History"</h1> }
}
