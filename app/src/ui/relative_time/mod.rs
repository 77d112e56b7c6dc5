//! Relative times that update themselves, with the exact one in a tooltip.

#[cfg(feature = "hydrate")]
mod exact;
pub mod words;

use crate::memo::Memo;
use crate::ui::live::use_live;
use leptos::prelude::*;

/// In which direction of time a [`When`] looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// "5 minutes ago".
    #[default]
    Past,
    /// "in 5 minutes".
    Future,
}

/// "5 minutes ago" in a `<time datetime>`; the tooltip holds the exact time, in the viewer's zone once the page runs.
#[component]
pub fn When(
    /// Unix milliseconds.
    #[prop(into)]
    at: Signal<i64>,
    /// Past or future.
    #[prop(optional)]
    direction: Direction,
) -> impl IntoView {
    let now = use_live().now;
    let text = move || match direction {
        Direction::Past => words::ago(at.get(), now.get()),
        Direction::Future => words::until(at.get(), now.get()),
    };
    let exact = exact_time(at);
    view! {
        <time class="when" datetime=move || words::iso(at.get()) title=move || exact.get()>
            {text}
        </time>
    }
    .into_any()
}

/// An exact time: `10 March 2026, 08:05 UTC` in what the server renders, the viewer's own zone and clock once the page runs.
#[must_use]
pub fn exact_time(at: Signal<i64>) -> Memo<String> {
    let local = RwSignal::new(None::<String>);
    #[cfg(feature = "hydrate")]
    {
        let preferences = crate::use_session().preferences();
        Effect::new(move |_| local.set(preferences.with(|preferences| exact::in_zone(at.get(), preferences))));
    }
    Memo::new(move |_| local.get().unwrap_or_else(|| words::exact_utc(at.get())))
}

/// "Tuesday 14:05" of an instant, for a sentence; the server renders it in UTC.
#[component]
pub fn Exact(
    /// Unix milliseconds.
    #[prop(into)]
    at: Signal<i64>,
) -> impl IntoView {
    let exact = exact_time(at);
    view! { <time datetime=move || words::iso(at.get())>{move || exact.get()}</time> }.into_any()
}
