//! Looking around with sample data: the way in, and the bar of those who are in.
//!
//! Both are plain forms that the server writes into the page, so they cost the WASM nothing. Where something happens at a provider the
//! server answers "no content": the browser stays where it is, and the live stream brings what happened.

use leptos::prelude::*;

/// What a page shows of demos; in the context of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoPart {
    /// Nothing.
    Nowhere,
    /// The way in: on the first page, and `always` beside the sign-in as well.
    Offered {
        /// Also where there are accounts.
        always: bool,
    },
    /// This is a demo.
    Running,
}

/// Where a part of the demo stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The page that makes the first account.
    Setup,
    /// The sign-in.
    SignIn,
    /// The frame around every page of somebody who is signed in.
    Frame,
}

/// The way in, or the bar, where there is one.
pub fn demo(place: Place) -> AnyView {
    let html = crate::wire::shared(move || html(place));
    view! { <div class="demo" inner_html=html.unwrap_or_default()></div> }.into_any()
}

/// In the browser there is only what the server wrote.
#[cfg(not(feature = "ssr"))]
fn html(_place: Place) -> Option<String> {
    None
}

#[cfg(feature = "ssr")]
fn html(place: Place) -> Option<String> {
    let part = use_context::<DemoPart>().unwrap_or(DemoPart::Nowhere);
    match (part, place) {
        (DemoPart::Running, Place::Frame) => Some(bar().to_html()),
        (DemoPart::Offered { .. }, Place::Setup) | (DemoPart::Offered { always: true }, Place::SignIn) => Some(way_in().to_html()),
        _ => None,
    }
}

#[cfg(feature = "ssr")]
fn way_in() -> AnyView {
    view! {
        <form class="stack" action="/demo/start" method="post">
            <p class="muted small">"Or see first what it is like: three made-up accounts, nothing to register, nothing that stays."</p>
            <button class="btn btn-lg" type="submit">"Look around with sample data"</button>
        </form>
    }
    .into_any()
}

#[cfg(feature = "ssr")]
fn bar() -> AnyView {
    let button = |what: &'static str, words: &'static str, tip: &'static str| {
        view! { <button class="btn btn-sm" name="what" value=what type="submit" title=tip>{words}</button> }
    };
    view! {
        <section class="demo-bar" aria-label="Sample data">
            <p class="grow">
                <strong>"This is sample data."</strong>
                <span class="demo-more">" Let something happen at the providers, and watch it arrive:"</span>
            </p>
            <form class="row" action="/demo/do" method="post">
                <noscript>
                    <input type="hidden" name="plain" value="1" />
                </noscript>
                {button("book", "A guest books through Calendly", "A webhook brings it at once")}
                {button("move", "Someone moves a meeting", "The next meeting of the Outlook calendar moves by a day")}
                {button("delete", "Delete most events at Google", "The next sync does not believe it and asks you")}
            </form>
            <form action="/demo/leave" method="post">
                <button class="btn btn-sm btn-ghost" type="submit">"Leave the sample data"</button>
            </form>
        </section>
    }
    .into_any()
}
