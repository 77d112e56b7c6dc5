//! The calendar view: `/`.

use leptos::prelude::*;

/// The calendar view: `/`.
#[component]
pub fn CalendarPage() -> impl IntoView {
    view! { <h1>"Calendar"</h1> }
}
