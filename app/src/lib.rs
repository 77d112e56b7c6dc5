//! The page of Syncline: leptos components, pages and thin server functions. Logic sits in `domain` or `core`.
//!
//! The same code renders on the server (feature `ssr`) and in the browser (feature `hydrate`). Every page is rendered as a
//! whole on the server (leptos' asynchronous mode) and can be read without JavaScript. Who is signed in and what is provided to
//! server functions: `context` and `session` (both only on the server). Nothing of the server's side ships to the browser.

// A page is one type, as deep as its elements are nested; laying out its future recurses through it.
#![recursion_limit = "512"]

pub mod address;
#[cfg(feature = "ssr")]
pub mod context;
pub mod error;
pub mod memo;
pub mod pages;
pub mod route;
#[cfg(feature = "ssr")]
pub mod session;
pub mod ui;
pub mod wire;

use crate::memo::Memo;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use route::{Page, Route};
use std::sync::Arc;
use syncline_domain::view::{Preferences, Theme, Viewer};

/// What the document needs to know of the site.
#[derive(Debug, Clone)]
pub struct Site {
    /// A hash over the stylesheet, the script and the WASM: part of their addresses, so that they can be cached for ever.
    pub version: Arc<str>,
}

/// Who is signed in, as the page knows it. The same value on the server and at hydration, so nothing flickers.
#[derive(Debug, Clone, Copy)]
pub struct Session(pub RwSignal<Option<Viewer>>);

impl Session {
    /// The signed-in user's preferences; the defaults when nobody is signed in.
    #[must_use]
    pub fn preferences(self) -> Memo<Preferences> {
        Memo::new(move |_| self.0.with(|viewer| viewer.as_ref().map(|viewer| viewer.preferences.clone()).unwrap_or_default()))
    }
}

/// Who is signed in.
///
/// # Panics
/// Outside of [`App`].
#[must_use]
pub fn use_session() -> Session {
    expect_context::<Session>()
}

/// The whole document; only the server renders it.
#[must_use]
pub fn shell(site: &Site) -> impl IntoView + use<> {
    let version = &site.version;
    let script = format!("/pkg/syncline.js?v={version}");
    let wasm = format!("/pkg/syncline.wasm?v={version}");
    // A module script waits for the document; the page is readable long before.
    let hydrate = format!("import({script:?}).then(page => page.default({{ module_or_path: {wasm:?} }}).then(() => page.hydrate()));");
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme_name(signed_in().map(|viewer| viewer.preferences.theme).unwrap_or_default())>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=format!("/pkg/syncline.css?v={version}") />
                <link rel="modulepreload" href=script />
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
                {meta_tags()}
                <script type="module" nonce=use_nonce()>
                    {hydrate}
                </script>
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The page: signals that every part shares, and what its address shows.
#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    leptos_meta::provide_meta_context();
    let session = Session(RwSignal::new(wire::shared(signed_in)));
    provide_context(session);
    let page = Route::provide().page();
    let layout = Memo::new(move |_| match page.get() {
        Some(page) if page.is_bare() => Layout::Bare(page),
        Some(_) => Layout::Frame,
        None => Layout::Nowhere,
    });
    view! {
        {move || match layout.get() {
            Layout::Frame => view! { <ui::frame::Frame page /> }.into_any(),
            Layout::Bare(Page::Setup) => pages::setup::SetupPage().into_any(),
            Layout::Bare(_) => pages::sign_in::SignInPage().into_any(),
            Layout::Nowhere => view! { <NotFound /> }.into_any(),
        }}
    }
    .into_any()
}

/// Where the title and the like are written into the document; only the server writes them.
fn meta_tags() -> AnyView {
    #[cfg(feature = "ssr")]
    return leptos_meta::MetaTags().into_any();
    #[cfg(not(feature = "ssr"))]
    ().into_any()
}

/// What stands around a page. From one page in the frame to another the frame stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Frame,
    Bare(Page),
    Nowhere,
}

/// The value of `data-theme` on `<html>`.
#[must_use]
pub fn theme_name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

/// An address that no page has; the server answers it with 404.
#[component]
fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <ui::Title text="Page not found" />
        <main class="bare" id="main">
            <div class="bare-box">
                <h1>"There is no such page"</h1>
                <p class="muted">"The address may be mistyped, or what it led to is gone."</p>
                <p>
                    <a class="btn btn-primary" href="/">"Go to the calendar"</a>
                </p>
            </div>
        </main>
    }
}

/// Who is signed in, on the server; in the browser the value comes with the document.
fn signed_in() -> Option<Viewer> {
    #[cfg(feature = "ssr")]
    return context::viewer();
    #[cfg(not(feature = "ssr"))]
    None
}
