//! The tabs of the settings: addresses.

use crate::route::use_route;
use leptos::prelude::*;

const TABS: [(&str, &str); 5] = [
    ("/settings/calendars", "Calendars"),
    ("/settings/connections", "Connections"),
    ("/health", "Health"),
    ("/settings/account", "Account"),
    // The last one is for administrators.
    ("/settings/instance", "Instance"),
];

/// The tabs of the settings.
#[component]
pub fn SettingsTabs() -> impl IntoView {
    let route = use_route();
    let admin = crate::use_session().0.with_untracked(|viewer| viewer.as_ref().is_some_and(|viewer| viewer.is_admin));
    let shown = TABS.len() - usize::from(!admin);
    view! {
        <nav class="tabs" aria-label="Settings">
            {TABS
                .map(|(href, word)| view! { <a href=href aria-current=move || route.with(|address| address.path == href).then_some("page")>{word}</a> })
                .into_iter()
                .take(shown)
                .collect_view()}
        </nav>
    }
    .into_any()
}
