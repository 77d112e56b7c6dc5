//! Settings for my calendars: `/settings/calendars`.

use leptos::prelude::*;

/// Settings for my calendars: `/settings/calendars`.
#[component]
pub fn SettingsPage() -> impl IntoView {
    view! { <h1>"Settings for my calendars"</h1> }
}
