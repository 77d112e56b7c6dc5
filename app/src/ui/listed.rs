//! Lists whose lines stay as they are while their keys do: one piece of code for all of them.

use leptos::prelude::*;
use std::sync::Arc;

struct Line {
    key: String,
    view: Box<dyn FnOnce() -> AnyView + Send>,
}

/// A line for each of `items`, in their order; `key` tells them apart. A line is made once, when its key comes.
pub fn listed<T: Send + 'static>(
    items: impl Fn() -> Vec<T> + Send + Sync + 'static,
    key: fn(&T) -> String,
    view: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let view = Arc::new(view);
    let line = move |item: T| {
        let view = Arc::clone(&view);
        Line { key: key(&item), view: Box::new(move || view(item)) }
    };
    boxed(Box::new(move || items().into_iter().map(&line).collect()))
}

fn boxed(lines: Box<dyn Fn() -> Vec<Line> + Send + Sync>) -> AnyView {
    view! { <For each=lines key=|line| line.key.clone() children=|line: Line| (line.view)() /> }.into_any()
}
