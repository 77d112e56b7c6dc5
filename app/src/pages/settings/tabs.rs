//! The tabs of the settings: addresses.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

const TABS: [(&str, &str); 3] =
    [("/settings/calendars", "Calendars"), ("/settings/connections", "Connections"), ("/settings/account", "Account")];

/// The tabs of the settings.
#[component]
pub fn SettingsTabs() -> impl IntoView {
    let path = use_location().pathname;
    view! {
        <nav class="tabs" aria-label="Settings">
            {TABS
                .map(|(href, word)| view! { <a href=href aria-current=move || (path.get() == href).then_some("page")>{word}</a> })
                .into_iter()
                .collect_view()}
        </nav>
    }
    .into_any()
}
