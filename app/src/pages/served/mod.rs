//! Pages that the server writes as a whole. The browser gets their HTML and puts it into the frame: such a page adds no code of its own
//! to the WASM, and is the same with and without scripts. Its forms are plain forms that post to server functions and come back with a
//! redirect (see [`crate::ui::form::plain`]).
//!
//! Everything that is written goes through leptos views on the server, which escape it; there is no other way to make the HTML.
//!
//! To add one: a variant of [`Page`], its title in `title`, and a file here (only on the server) that `api::load_served` calls.

pub mod api;
#[cfg(feature = "ssr")]
mod health;
#[cfg(feature = "ssr")]
mod instance;
#[cfg(feature = "ssr")]
pub mod save;
#[cfg(feature = "ssr")]
mod shown;

use crate::pages::settings::tabs::SettingsTabs;
use crate::route::{Page, use_route};
use crate::ui::Title;
use crate::ui::form::RefusedNote;
use crate::ui::live::use_live;
use crate::ui::problem::ProblemNote;
use crate::ui::{arriving, nothing};
use crate::wire::load_first;
use api::load_served;
use leptos::prelude::*;

/// What a page that the server writes is called.
fn title(page: Page) -> &'static str {
    match page {
        Page::Instance => "Instance",
        Page::Checks => "Checks",
        Page::Shown => "What is shown",
        _ => "Health",
    }
}

/// Puts the `data-copy` of a button on the clipboard. Where the browser has none the button says so by staying as it is.
fn copy(event: leptos::ev::MouseEvent) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast as _;
        let button = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()?.closest("[data-copy]").ok()?);
        if let Some(button) = button
            && let Some(text) = button.get_attribute("data-copy")
            && crate::pages::account::tokens::put_on_clipboard(&text)
        {
            button.set_text_content(Some("Copied"));
        }
    }
    #[cfg(not(feature = "hydrate"))]
    drop(event);
}

/// A page that the server writes.
#[component]
pub fn ServedPage(
    /// Which.
    page: Page,
) -> impl IntoView {
    let live = use_live();
    let (path, saved) = use_route().with_untracked(|address| (address.path.clone(), address.filled("saved")));
    // What somebody types into a form must not go away because a sync ended.
    let version = move || if page == Page::Health { live.version.get() } else { 0 };
    let html = load_first(version, move |_| load_served(path.clone(), saved.clone()));
    view! {
        <Title text=title(page) />
        <div class="page settings">
            <SettingsTabs />
            <header class="page-head">
                <h1>{title(page)}</h1>
            </header>
            <RefusedNote />
            {arriving(nothing, move || async move {
                match html.await {
                    Ok::<String, _>(html) => view! { <div class="stack" inner_html=html on:click=copy></div> }.into_any(),
                    Err(error) => view! { <ProblemNote problem=error.problem /> }.into_any(),
                }
            })}
        </div>
    }
    .into_any()
}
