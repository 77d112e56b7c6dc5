//! Icons: one sprite, `/icons.svg`, so that an icon costs one element and no code.

use leptos::prelude::*;

/// An icon of the sprite `public/icons.svg`. It is decoration: what it stands for is said in words beside it or in the label
/// of what holds it.
#[component]
pub fn Icon(
    /// The symbol's id in the sprite.
    #[prop(into)]
    name: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use href=move || format!("/icons.svg#{}", name.get())></use>
        </svg>
    }
}
