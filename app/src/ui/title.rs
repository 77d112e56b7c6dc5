//! The document's title.

use leptos::prelude::*;
use leptos::text_prop::TextProp;

/// Sets the title of the document: "History · Syncline", or "Syncline" alone.
#[component]
pub fn Title(
    /// What the page is called.
    #[prop(into)]
    text: TextProp,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    drop(leptos_meta::Title(leptos_meta::TitleProps::builder().text(move || full(&text.get())).build()));
    // The library's own effect in the browser is a list of titles and a parser of templates; there is one title at a time.
    #[cfg(all(feature = "hydrate", not(feature = "ssr")))]
    Effect::new(move |_| document().set_title(&full(&text.get())));
    #[cfg(not(any(feature = "ssr", feature = "hydrate")))]
    let _ = full(&text.get());
}

fn full(text: &str) -> String {
    if text.is_empty() { "Syncline".to_owned() } else { format!("{text} · Syncline") }
}
