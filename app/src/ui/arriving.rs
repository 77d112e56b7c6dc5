//! Places that show what is loaded: one piece of code for all of them, whatever they wait for.

use leptos::prelude::*;
use std::future::Future;
use std::pin::Pin;

type Arrives = Box<dyn Fn() -> Pin<Box<dyn Future<Output = AnyView> + Send>> + Send + Sync>;

/// Shows what `view` makes once what it awaits is there; what was shown before stays until then. Before the first time,
/// `fallback` stands in its place.
pub fn arriving<F>(fallback: fn() -> AnyView, view: impl Fn() -> F + Send + Sync + 'static) -> AnyView
where
    F: Future<Output = AnyView> + Send + 'static,
{
    boxed(fallback, Box::new(move || Box::pin(view())))
}

/// Nothing in its place.
#[must_use]
pub fn nothing() -> AnyView {
    ().into_any()
}

fn boxed(fallback: fn() -> AnyView, view: Arrives) -> AnyView {
    view! { <Transition fallback>{move || Suspend::new(view())}</Transition> }.into_any()
}
