//! The tabs of the settings: addresses.

use crate::route::use_route;
use leptos::prelude::*;

const TABS: [(&str, &str); 4] = [
    ("/settings/calendars", "Calendars"),
    ("/settings/connections", "Connections"),
    ("/health", "Health"),
    ("/settings/account", "Account"),
];

/// The tabs of the settings.
#[component]
pub fn SettingsTabs() -> impl IntoView {
    let route = use_route();
    view! {
        <nav class="tabs" aria-label="Settings">
            {TABS
                .map(|(href, word)| view! { <a href=href aria-current=move || route.with(|address| address.path == href).then_some("page")>{word}</a> })
                .into_iter()
                .collect_view()}
        </nav>
    }
    .into_any()
}
