//! The frame around every page of a signed-in user.

use crate::ui::live::LiveRoot;
use leptos::prelude::*;
use leptos_router::components::Outlet;

/// The frame around every page of a signed-in user; the page itself is the outlet.
#[component]
pub fn Frame() -> impl IntoView {
    view! {
        <a class="skip" href="#main">
            "Skip to the content"
        </a>
        <LiveRoot>
            <main id="main">
                <Outlet />
            </main>
        </LiveRoot>
    }
}
