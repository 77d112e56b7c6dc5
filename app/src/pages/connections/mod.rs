//! Adding and mending connections: `/settings/connections`.

use leptos::prelude::*;

/// Adding and mending connections: `/settings/connections`.
#[component]
pub fn ConnectionsPage() -> impl IntoView {
    view! { <h1>"Connections"</h1> }
}
